//! Thousands of resources over loopback: what each command takes, and what it takes for each resource.

use crate::{
    contest::{REGION, Round, round_of_mlopsctl},
    endpoint::Endpoint,
    generate,
    goals::{FAR_PLAN_TIMES, STATE_WRITES},
    project::Project,
    table,
    terraform::{self, Terraform},
};
use std::{path::Path, time::Duration};

/// What a command took for so many resources.
pub(crate) struct Sized {
    pub(crate) resources: usize,
    pub(crate) name: &'static str,
    pub(crate) round: Round,
}

/// All of it, and whether the state was written little enough and Terraform left far enough behind.
pub(crate) fn report(binary: &Path, sizes: &[usize], latency: u64, beside: bool) -> Result<(String, bool), String> {
    if beside && !terraform::is_installed() {
        return Err("Terraform is not installed: there is nothing to compare with".to_owned());
    }
    let latency = Duration::from_millis(latency);
    let (mut measured, mut notes, mut well) = (Vec::new(), String::new(), true);
    for resources in sizes {
        let before = measured.len();
        measure(binary, *resources, latency, &mut measured)?;
        for one in &measured[before..] {
            let (written, size) = (one.round.traffic.state_written as f64, one.round.traffic.state_size as f64);
            if written > STATE_WRITES * size {
                well = false;
                notes += &format!("{} of {resources} wrote the state more than {STATE_WRITES} times\n", one.name);
            }
        }
        let plan = measured[before..].iter().find(|one| one.name == "plan").map(|one| one.round.usage.wall);
        if let Some(plan) = plan.filter(|_| beside) {
            let theirs = plan_of_terraform(*resources, latency)?;
            let ratio = theirs.usage.wall.as_secs_f64() / plan.as_secs_f64();
            well &= ratio >= FAR_PLAN_TIMES;
            notes += &format!("Terraform plans {resources} in {ratio:.1} times that; the goal is {FAR_PLAN_TIMES}\n");
            measured.push(Sized { resources: *resources, name: "Terraform plan", round: theirs });
        }
    }
    let title = format!("{} ms away", latency.as_millis());
    Ok((format!("{}{notes}", table::scale(&title, &measured)), well))
}

fn measure(binary: &Path, resources: usize, latency: Duration, measured: &mut Vec<Sized>) -> Result<(), String> {
    let project = Project::new()?;
    project.describe("dev", &generate::environment(resources)?)?;
    let endpoint = Endpoint::start(REGION)?;
    endpoint.set_latency(latency);
    let commands: [(&'static str, &[&str]); 3] = [
        ("up", &["up", "dev", "--yes", "--json"]),
        ("plan", &["plan", "dev", "--exit-code", "--json"]),
        ("destroy", &["destroy", "dev", "--yes", "--delete-data", "--json"]),
    ];
    for (name, command) in commands {
        let round = round_of_mlopsctl(binary, command, &project, &endpoint)?;
        measured.push(Sized { resources, name, round });
    }
    Ok(())
}

fn plan_of_terraform(resources: usize, latency: Duration) -> Result<Round, String> {
    let endpoint = Endpoint::start(REGION)?;
    let terraform = Terraform::new(&endpoint, REGION, generate::units(resources))?;
    // Only the plan is of interest here: at no distance, and as much at once as it likes.
    terraform.apply_at_once()?;
    endpoint.set_latency(latency);
    endpoint.take();
    Ok(Round { usage: terraform.plan()?, traffic: endpoint.take() })
}
