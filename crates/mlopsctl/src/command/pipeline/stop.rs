//! Stopping an execution.

use super::{
    consent::confirm,
    platform::{Platform, Work},
};
use crate::{command_error::CommandError, printer::Printer, render::versioned::Versioned};
use runs::Status;
use serde::Serialize;

/// The reason, for the history of the execution.
const CAUSE: &str = "stopped with mlopsctl";
/// The number of executions that are searched for one that is running.
const SEARCHED: u16 = 20;

/// An execution that was stopped, for a program.
#[derive(Serialize)]
struct Stopped<'a> {
    execution: &'a str,
    arn: &'a str,
    status: &'a str,
    step: Option<&'a str>,
}

pub(super) async fn run(
    platform: &Platform,
    work: Work,
    named: Option<&str>,
    yes: bool,
    printer: Printer,
) -> Result<(), CommandError> {
    let machine = platform.machine(work)?;
    let running = match named {
        Some(_) => None,
        None => machine.latest(SEARCHED).await?.into_iter().find(|execution| execution.status == Status::Running),
    };
    let named = named.or(running.as_ref().map(|execution| execution.arn.as_str()));
    let Some(named) = named else {
        let help = format!("`mlopsctl pipeline {} status{}` shows the latest", platform.session.name, work.option());
        return Err(CommandError::failed_with("no execution is running", help));
    };
    let execution = platform.execution(work, &machine, Some(named)).await?;
    if execution.status != Status::Running {
        return Err(CommandError::failed(format!("{} is not running: {}", execution.name, execution.status.as_str())));
    }
    confirm(&format!("Stop {}, and the job that it waits for?", execution.name), yes, printer).await?;
    let step = machine.history(&execution.arn).await?.running().map(|step| step.name.clone());
    machine.stop(&execution.arn, CAUSE).await?;
    if printer.json {
        printer.document(&Versioned::new(Stopped {
            execution: &execution.name,
            arn: &execution.arn,
            status: Status::Aborted.as_str(),
            step: step.as_deref(),
        }));
    }
    let name = &platform.session.name;
    printer.note(&format!("{} was stopped", execution.name));
    match (work, step) {
        (Work::Training, Some(step)) => printer
            .hint(&format!("`mlopsctl pipeline {name} resume {} --from {step}` goes on from there", execution.name)),
        (Work::Deployment, _) => printer.note("SageMaker finishes an update that has begun"),
        (Work::Training, None) => {}
    }
    Ok(())
}
