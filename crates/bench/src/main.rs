//! The costs of mlopsctl: wall time, CPU time, peak memory, and every API call.
//!
//! `cargo run -p mlopsctl-bench` builds mlopsctl optimised, brings dev up on the embedded AWS, plans, looks for drift and
//! destroys; where Terraform is installed it does the same with that, on the same endpoint. It fails when mlopsctl
//! takes more than it may.

mod contest;
mod endpoint;
mod generate;
mod goals;
mod lifecycle;
mod measured;
mod process;
mod project;
mod round;
mod scale;
mod table;
mod terraform;
mod training;

use clap::{Parser, Subcommand};
use std::{io::Write, path::PathBuf, process::ExitCode};

#[derive(Parser)]
struct Arguments {
    /// The cargo profile to build mlopsctl with.
    #[arg(long, global = true, default_value = "measured")]
    profile: String,
    /// Measure this mlopsctl instead of building one.
    #[arg(long, global = true, value_name = "FILE")]
    binary: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// The costs of an environment's life on the embedded AWS, call by call.
    Life {
        /// The environment.
        #[arg(default_value = "dev")]
        environment: String,
    },
    /// Dev beside Terraform, on one endpoint.
    Contest {
        /// The number of runs; the median counts.
        #[arg(long, default_value_t = 1)]
        runs: usize,
    },
    /// Thousands of resources: what grows with their number, and how.
    Scale {
        /// The numbers of resources.
        #[arg(default_values_t = [1000, 5000])]
        resources: Vec<usize>,
        /// Milliseconds until each call is answered.
        #[arg(long, default_value_t = 0)]
        latency: u64,
        /// Plan the same with Terraform.
        #[arg(long)]
        terraform: bool,
        /// With `--local` instead of an endpoint: the embedded AWS in mlopsctl's own process, its data on disk.
        #[arg(long, conflicts_with_all = ["latency", "terraform"])]
        local: bool,
    },
    /// The training pipeline on the embedded AWS: from the sample's upload to a registered model.
    Training {
        /// Train on that many generated rows instead of the sample.
        #[arg(long, value_parser = clap::value_parser!(u64).range(1000..))]
        rows: Option<u64>,
    },
    /// Print an environment file with that many resources.
    Generate {
        /// The number of resources.
        resources: usize,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (page, well) = match run(&arguments) {
        Ok(done) => done,
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "error: {why}");
            return ExitCode::FAILURE;
        }
    };
    let written = write!(std::io::stdout().lock(), "{page}");
    if written.is_ok() && well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The page to print, and true if every goal is met.
fn run(arguments: &Arguments) -> Result<(String, bool), String> {
    let build = || match &arguments.binary {
        Some(binary) => binary.canonicalize().map_err(|error| format!("{}: {error}", binary.display())),
        None => process::build(&arguments.profile),
    };
    match &arguments.command {
        Some(Command::Life { environment }) => lifecycle::report(&build()?, environment),
        Some(Command::Contest { runs }) => contest::report(&build()?, *runs),
        Some(Command::Scale { resources, local: true, .. }) => scale::report_local(&build()?, resources),
        Some(Command::Scale { resources, latency, terraform, .. }) => {
            scale::report(&build()?, resources, *latency, *terraform)
        }
        Some(Command::Training { rows }) => training::report(&build()?, *rows),
        Some(Command::Generate { resources }) => Ok((generate::environment(*resources)?, true)),
        None => {
            let binary = build()?;
            let (life, lives) = lifecycle::report(&binary, "dev")?;
            if !terraform::is_installed() {
                return Ok((life + "\nTerraform is not installed: there is nothing to compare with.\n", lives));
            }
            let (contest, wins) = contest::report(&binary, 1)?;
            Ok((format!("{life}\n{contest}"), lives && wins))
        }
    }
}
