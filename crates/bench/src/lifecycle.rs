//! An environment's life on the embedded AWS of `--local`, in mlopsctl's own process.

use crate::{
    goals::{PEAK_BYTES, PLAN_WITHIN, STARTS_WITHIN, UP_WITHIN},
    measured::{Calls, Measured},
    process::{self, Job, Usage},
    project::Project,
    table,
};
use serde_json::Value;
use std::path::Path;

/// A start is over so soon that one says little: the median counts.
const STARTS: usize = 11;

/// The page with the costs of a life, and true if they are within the goals.
pub(crate) fn report(binary: &Path, environment: &str) -> Result<(String, bool), String> {
    let measured = measure(binary, environment)?;
    let excesses = excesses(&measured);
    let costs = table::costs(&format!("{environment}, in one process"), &measured);
    let page = format!("{costs}\n{}{}", table::calls(&measured), excesses.concat());
    Ok((page, excesses.is_empty()))
}

fn measure(binary: &Path, environment: &str) -> Result<Vec<Measured>, String> {
    let project = Project::new()?;
    let run = |arguments: &[&str]| process::run(&Job::new(binary, arguments, project.path()));
    let starts: Result<Vec<_>, _> = (0..STARTS).map(|_| run(&["--version"])).collect();
    let mut starts: Vec<Usage> = starts?.into_iter().map(|(usage, _)| usage).collect();
    starts.sort_by_key(|usage| usage.wall);
    let mut measured = vec![Measured { name: "--version", usage: starts[STARTS / 2], calls: Calls::default() }];
    let commands: [(&'static str, &[&str]); 4] = [
        ("up", &["up"]),
        ("plan", &["plan", "--exit-code"]),
        ("drift", &["drift"]),
        ("destroy", &["destroy", "--delete-data", "--unprotect=*"]),
    ];
    for (name, command) in commands {
        let (usage, output) = run(&[command, &[environment, "--local", "--json"]].concat())?;
        measured.push(Measured { name, usage, calls: calls(&output).ok_or(format!("{name} reported no calls"))? });
    }
    Ok(measured)
}

/// The calls in a command's JSON: one document, or the last of its events.
fn calls(output: &str) -> Option<Calls> {
    let document = serde_json::from_str(output).ok();
    let report: Value = document.or_else(|| serde_json::from_str(output.lines().last()?).ok())?;
    serde_json::from_value(report["calls"].clone()).ok()
}

fn excesses(measured: &[Measured]) -> Vec<String> {
    let mut excesses = Vec::new();
    for Measured { name, usage, .. } in measured {
        let within = match *name {
            "--version" => STARTS_WITHIN,
            "up" => UP_WITHIN,
            "plan" => PLAN_WITHIN,
            _ => continue,
        };
        if usage.wall > within {
            excesses.push(format!("{name} took longer than {} ms\n", within.as_millis()));
        }
        if usage.peak_bytes > PEAK_BYTES {
            excesses.push(format!("{name} took more than {} MB\n", PEAK_BYTES / 1_000_000));
        }
    }
    excesses
}
