//! Shows the steps of a pipeline execution until it ends.

use super::platform::{Platform, Work};
use crate::{
    command_error::CommandError,
    printer::Printer,
    render::{execution::ExecutionDocument, live::FRAME, steps::Steps, versioned::Versioned},
};
use runs::{Execution, Machine, Status};
use serde::Serialize;
use std::time::Duration;
use tokio::time::{Instant, interval, sleep, sleep_until};

/// The time between two reads of an execution's history. Steps take minutes on AWS, and seconds on this machine.
const ASKS_EVERY: Duration = Duration::from_secs(3);
const ASKS_EVERY_LOCALLY: Duration = Duration::from_millis(200);

/// The last line about an execution.
#[derive(Serialize)]
struct Summary<'a> {
    event: &'static str,
    #[serde(flatten)]
    execution: ExecutionDocument<'a>,
}

/// Shows an execution until it ends.
pub(super) async fn run(
    platform: &Platform,
    work: Work,
    machine: &Machine,
    execution: Execution,
    printer: Printer,
) -> Result<(), CommandError> {
    let mut steps = Steps::new(printer);
    if !printer.json {
        printer.note(&format!("Execution {}", execution.name));
    }
    let followed = tokio::select! {
        followed = to_the_end(platform, machine, &execution, &mut steps) => followed,
        _ = tokio::signal::ctrl_c() => {
            steps.end();
            if platform.is_local() {
                return Err(stop(machine, &execution).await);
            }
            return Err(no_longer_followed(&platform.session.name, work, &execution.name));
        }
    };
    steps.end();
    let (execution, history) = followed?;
    let page = platform.page(&execution, &history).await;
    if printer.json {
        printer.line(&Versioned::new(Summary { event: "summary", execution: page.document() }));
    } else {
        let shown = printer.for_data();
        printer.page(&std::iter::once(page.title(shown)).chain(page.end(shown)).collect::<Vec<_>>().join("\n"));
    }
    ended(&execution)
}

/// Ctrl-C ends this command, and not an execution on AWS.
fn no_longer_followed(environment: &str, work: Work, execution: &str) -> CommandError {
    let command = format!("mlopsctl pipeline {environment} status{} --follow {execution}", work.option());
    CommandError::failed_with("no longer followed; the execution goes on", format!("`{command}` follows it again"))
}

/// The exit code of an execution.
pub(super) fn ended(execution: &Execution) -> Result<(), CommandError> {
    if execution.status.is_bad() { Err(CommandError::Said) } else { Ok(()) }
}

/// Waits until an execution on this machine ends, and stops it on Ctrl-C.
pub(super) async fn in_silence(machine: &Machine, execution: &Execution) -> Result<(), CommandError> {
    let at_the_end = async {
        loop {
            match machine.execution(&execution.arn).await? {
                Some(now) if now.status == Status::Running => sleep(ASKS_EVERY_LOCALLY).await,
                now => return Ok::<_, CommandError>(now.unwrap_or_else(|| execution.clone())),
            }
        }
    };
    tokio::select! {
        ended_as = at_the_end => ended(&ended_as?),
        _ = tokio::signal::ctrl_c() => Err(stop(machine, execution).await),
    }
}

/// Stops an execution that this process works on.
async fn stop(machine: &Machine, execution: &Execution) -> CommandError {
    match machine.stop(&execution.arn, "stopped by Ctrl-C").await {
        Ok(()) => CommandError::failed(format!("the execution {} was stopped", execution.name)),
        Err(failure) => failure.into(),
    }
}

async fn to_the_end(
    platform: &Platform,
    machine: &Machine,
    execution: &Execution,
    steps: &mut Steps,
) -> Result<(Execution, runs::History), CommandError> {
    let mut frames = interval(FRAME);
    let asks_every = if platform.is_local() { ASKS_EVERY_LOCALLY } else { ASKS_EVERY };
    loop {
        // The status first: a history that is read after the end is whole.
        let now = machine.execution(&execution.arn).await?;
        let now = now.ok_or_else(|| CommandError::failed(format!("the execution {} is gone", execution.name)))?;
        let history = machine.history(&execution.arn).await?;
        steps.show(&history);
        if now.status != Status::Running {
            return Ok((now, history));
        }
        let next = Instant::now() + asks_every;
        loop {
            tokio::select! {
                () = sleep_until(next) => break,
                _ = frames.tick() => steps.draw(&history),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ctrl_c_says_how_to_follow_the_same_kind_of_execution_again() {
        for (work, command) in [
            (Work::Training, "`mlopsctl pipeline dev status --follow e1` follows it again"),
            (Work::Deployment, "`mlopsctl pipeline dev status --deploy --follow e1` follows it again"),
        ] {
            let CommandError::Failed { help, .. } = no_longer_followed("dev", work, "e1") else { panic!("it failed") };
            assert_eq!(help.as_deref(), Some(command));
        }
    }
}
