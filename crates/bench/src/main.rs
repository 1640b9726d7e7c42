//! What an environment's life costs on the embedded AWS: wall time, CPU time, peak memory, and every API call.
//!
//! `cargo run -p bench` builds mlopsctl optimised, brings dev up, plans, looks for drift and destroys, and fails
//! when that takes more than it may.

mod process;
mod project;
mod table;

use clap::Parser;
use process::Usage;
use project::Project;
use serde_json::Value;
use std::{collections::BTreeMap, io::Write, process::ExitCode, time::Duration};

#[derive(Parser)]
struct Arguments {
    /// The environment to measure.
    #[arg(default_value = "dev")]
    environment: String,
    /// The cargo profile to build mlopsctl with.
    #[arg(long, default_value = "measured")]
    profile: String,
}

/// How often each operation was called, by service.
type Calls = BTreeMap<String, BTreeMap<String, u64>>;

/// One command, and what it took.
struct Measured {
    name: &'static str,
    usage: Usage,
    calls: Calls,
}

/// What commands may take; an optimised build is far below.
const UP_WITHIN: Duration = Duration::from_secs(5);
const PLAN_WITHIN: Duration = Duration::from_secs(1);
const PEAK_BYTES: u64 = 150_000_000;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut out = std::io::stdout().lock();
    match measure(&arguments) {
        Ok(measured) => {
            let title = format!("{}, profile {}", arguments.environment, arguments.profile);
            let excesses = excesses(&measured);
            let page = format!("{}\n{}{}", table::costs(&title, &measured), table::calls(&measured), excesses.concat());
            match write!(out, "{page}") {
                Ok(()) if excesses.is_empty() => ExitCode::SUCCESS,
                _ => ExitCode::FAILURE,
            }
        }
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments) -> Result<Vec<Measured>, String> {
    let binary = process::build(&arguments.profile)?;
    let project = Project::new()?;
    let commands: [(&'static str, &[&str]); 4] = [
        ("up", &["up"]),
        ("plan", &["plan", "--exit-code"]),
        ("drift", &["drift"]),
        ("destroy", &["destroy", "--delete-data", "--unprotect=*"]),
    ];
    let mut measured = Vec::new();
    for (name, command) in commands {
        let command = [command, &[arguments.environment.as_str(), "--local", "--json"]].concat();
        let (usage, output) = process::run(&binary, &command, project.path())?;
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
            "up" => UP_WITHIN,
            "plan" => PLAN_WITHIN,
            _ => continue,
        };
        if usage.wall > within {
            excesses.push(format!("{name} took longer than {} s\n", within.as_secs()));
        }
        if usage.peak_bytes > PEAK_BYTES {
            excesses.push(format!("{name} took more than {} MB\n", PEAK_BYTES / 1_000_000));
        }
    }
    excesses
}
