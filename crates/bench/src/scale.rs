//! Thousands of resources over loopback: what each command takes, and what it takes for each resource.

use crate::{
    contest::{REGION, round_of_mlopsctl},
    endpoint::{Endpoint, Traffic},
    generate,
    goals::{FAR_PLAN_TIMES, LOCAL_GROWTH, STATE_WRITES},
    process::{self, Job},
    project::Project,
    round::{Round, Sized},
    table,
    terraform::{self, Terraform},
};
use std::{path::Path, time::Duration};

const COMMANDS: [(&str, &[&str]); 3] = [
    ("up", &["up", "dev", "--yes", "--json"]),
    ("plan", &["plan", "dev", "--exit-code", "--json"]),
    ("destroy", &["destroy", "dev", "--yes", "--delete-data", "--json"]),
];

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

/// The same on the embedded AWS with its data on disk, and whether the cost of a resource grows no more than it may.
pub(crate) fn report_local(binary: &Path, sizes: &[usize]) -> Result<(String, bool), String> {
    let mut measured = Vec::new();
    for resources in sizes {
        let project = Project::new()?;
        project.describe("dev", &generate::environment(*resources)?)?;
        for (name, command) in COMMANDS {
            let command = [command, &["--local"]].concat();
            let job = Job::new(binary, &command, project.path());
            let (usage, _) = process::run(&job)?;
            measured.push(Sized { resources: *resources, name, round: Round { usage, traffic: Traffic::default() } });
        }
    }
    let (mut notes, mut well) = (String::new(), true);
    for (name, _) in COMMANDS {
        let each = measured.iter().filter(|one| one.name == name).map(Sized::cpu_each);
        let growth = each.clone().fold(0.0, f64::max) / each.fold(f64::INFINITY, f64::min);
        well &= growth <= LOCAL_GROWTH;
        notes += &format!("{name}: a resource takes up to {growth:.1} times the CPU; the goal is {LOCAL_GROWTH}\n");
    }
    Ok((format!("{}{notes}", table::scale("data on disk", &measured)), well))
}

fn measure(binary: &Path, resources: usize, latency: Duration, measured: &mut Vec<Sized>) -> Result<(), String> {
    let project = Project::new()?;
    project.describe("dev", &generate::environment(resources)?)?;
    let endpoint = Endpoint::start(REGION)?;
    endpoint.set_latency(latency);
    for (name, command) in COMMANDS {
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
