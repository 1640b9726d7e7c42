//! mlopsctl beside Terraform: the same resources, on the same endpoint, one after the other.

use crate::{
    endpoint::Endpoint,
    goals::{DESTROY_TIMES, PLAN_TIMES, UP_TIMES},
    process::{self, Job},
    project::Project,
    round::{Event, Round},
    table,
    terraform::{self, Terraform},
};
use std::path::Path;

/// The region of environments/dev.toml.
pub(crate) const REGION: &str = "ap-south-1";

/// Both, and whether mlopsctl reaches the goals.
pub(crate) fn report(binary: &Path, runs: usize) -> Result<(String, bool), String> {
    if !terraform::is_installed() {
        return Err("Terraform is not installed: there is nothing to compare with".to_owned());
    }
    let endpoint = Endpoint::start(REGION)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut version = String::new();
    for _ in 0..runs.max(1) {
        ours.push(of_mlopsctl(binary, &endpoint)?);
        let terraform = Terraform::new(&endpoint, REGION, 0)?;
        version = terraform::version(&terraform)?;
        endpoint.take();
        theirs.push(of_terraform(&terraform, &endpoint)?);
    }
    let names = [("up", UP_TIMES), ("plan", PLAN_TIMES), ("destroy", DESTROY_TIMES)];
    let rounds = medians(ours).into_iter().zip(medians(theirs));
    let events: Vec<Event> = names
        .into_iter()
        .zip(rounds)
        .map(|((name, goal), (ours, theirs))| Event { name, goal, ours, theirs })
        .collect();
    let well = events.iter().flat_map(Event::ratios).all(|(_, goal, ratio)| ratio >= goal);
    Ok((format!("Beside {version}, median of {runs}\n{}", table::contest(&events)), well))
}

fn of_mlopsctl(binary: &Path, endpoint: &Endpoint) -> Result<Vec<Round>, String> {
    let project = Project::new()?;
    let commands: [&[&str]; 3] = [
        &["up", "dev", "--yes", "--json"],
        &["plan", "dev", "--exit-code", "--json"],
        &["destroy", "dev", "--yes", "--delete-data", "--with-state", "--json"],
    ];
    commands.into_iter().map(|command| round_of_mlopsctl(binary, command, &project, endpoint)).collect()
}

/// One command of mlopsctl against the endpoint.
pub(crate) fn round_of_mlopsctl(
    binary: &Path,
    command: &[&str],
    project: &Project,
    endpoint: &Endpoint,
) -> Result<Round, String> {
    endpoint.take();
    let job = Job::new(binary, command, project.path()).with(endpoint.settings());
    let (usage, _) = process::run(&job)?;
    Ok(Round { usage, traffic: endpoint.take() })
}

fn of_terraform(terraform: &Terraform, endpoint: &Endpoint) -> Result<Vec<Round>, String> {
    let mut rounds = Vec::new();
    for command in [Terraform::apply, Terraform::plan, Terraform::destroy] {
        rounds.push(Round { usage: command(terraform)?, traffic: endpoint.take() });
    }
    Ok(rounds)
}

/// Of several runs of the same commands, for each command the one whose time is in the middle.
fn medians(runs: Vec<Vec<Round>>) -> Vec<Round> {
    let mut commands: Vec<Vec<Round>> = Vec::new();
    for run in runs {
        commands.resize_with(run.len(), Vec::new);
        for (rounds, round) in commands.iter_mut().zip(run) {
            rounds.push(round);
        }
    }
    let middle = |mut rounds: Vec<Round>| {
        rounds.sort_by_key(|round| round.usage.wall);
        let at = rounds.len() / 2;
        rounds.swap_remove(at)
    };
    commands.into_iter().map(middle).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{endpoint::Traffic, process::Usage};
    use std::time::Duration;

    fn round(ms: u64) -> Round {
        let usage = Usage { wall: Duration::from_millis(ms), cpu: Duration::from_millis(ms), peak_bytes: ms };
        Round { usage, traffic: Traffic::default() }
    }

    #[test]
    fn the_run_in_the_middle_counts() {
        let runs = vec![vec![round(9), round(1)], vec![round(5), round(3)], vec![round(7), round(2)]];
        let walls: Vec<u128> = medians(runs).iter().map(|round| round.usage.wall.as_millis()).collect();
        assert_eq!(walls, [7, 2]);
    }

    #[test]
    fn ratios_say_how_many_times_less_ours_is() {
        let event = Event { name: "up", goal: 30.0, ours: round(100), theirs: round(4000) };
        assert_eq!(event.ratios().map(|(_, _, ratio)| ratio), [40.0, 40.0, 40.0]);
    }
}
