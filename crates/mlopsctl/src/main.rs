//! The command line: reads what is asked for, lets the engine do it, and tells what happened.
//!
//! Only this crate prints. Data goes to stdout, everything else to stderr.

mod account;
mod choose;
mod cli;
mod commands;
mod execute;
mod fault;
mod memory;
mod paint;
mod printer;
mod render;
mod session;
mod signals;

use clap::Parser as _;
use cli::Cli;
use fault::{EXIT_USAGE, Fault};
use printer::Printer;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return told_by_clap(&error),
    };
    let printer = Printer::new(&cli.global);
    trace(cli.global.verbose, printer.talk_paint().is_on());
    let outcome = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let outcome = runtime.block_on(commands::run(&cli, &printer));
            // A question that was not answered may still wait for its line.
            runtime.shutdown_background();
            outcome
        }
        Err(error) => Err(Fault::failed(format!("no threads could be started: {error}"))),
    };
    match outcome {
        Ok(exit) => ExitCode::from(exit),
        Err(fault) => {
            render::failure::fault(&printer, &fault);
            ExitCode::from(fault.exit())
        }
    }
}

/// Help and version are answers, everything else is a mistake in the arguments.
fn told_by_clap(error: &clap::Error) -> ExitCode {
    // Nobody listens if this fails.
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS }
}

fn trace(verbose: u8, ansi: bool) {
    use tracing_subscriber::EnvFilter;
    let filter = match (std::env::var("RUST_LOG"), verbose) {
        (Ok(filter), _) => EnvFilter::new(filter),
        (Err(_), 0) => EnvFilter::new("error"),
        (Err(_), 1) => EnvFilter::new("warn,engine=debug,state=debug,resource=debug,mlopsctl=debug"),
        (Err(_), 2) => EnvFilter::new("info,engine=trace,state=trace,resource=trace,mlopsctl=trace,aws_smithy_runtime=debug"),
        (Err(_), _) => EnvFilter::new("trace"),
    };
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(ansi).init();
}
