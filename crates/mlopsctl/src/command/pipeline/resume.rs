//! Going on with an execution that failed: a new execution begins at one of its steps, with all that it had made.

use super::{
    local_work,
    platform::{Platform, Work},
    run::started,
};
use crate::{cli::Global, command_error::CommandError, printer::Printer};
use runs::Status;
use serde_json::json;

/// Starts an execution at the step that failed or was interrupted, or at the step that is named.
pub(super) async fn run(
    platform: &Platform,
    global: &Global,
    named: Option<&str>,
    from: Option<&str>,
    stay: bool,
    printer: Printer,
) -> Result<(), CommandError> {
    let machine = platform.machine(Work::Training)?;
    let execution = platform.execution(Work::Training, &machine, named).await?;
    if execution.status == Status::Running {
        return Err(CommandError::failed(format!("{} is still running", execution.name)));
    }
    let history = machine.history(&execution.arn).await?;
    let ended_at = history.failed(execution.why.as_ref()).or(history.interrupted());
    let failed = ended_at.map(|step| step.name.as_str());
    let Some(name) = from.or(failed) else {
        return Err(CommandError::failed_with(
            format!("no step of {} failed", execution.name),
            "--from names the step to begin at",
        ));
    };
    let known = history.step(name).and_then(|step| step.input.as_object().cloned());
    let Some(mut known) = known.filter(|known| known.contains_key("run")) else {
        let steps: Vec<&str> =
            history.steps.iter().filter(|step| step.kind == "Task").map(|step| step.name.as_str()).collect();
        return Err(CommandError::usage(
            format!("{} cannot be resumed at `{name}`", execution.name),
            format!("it went through {}", steps.join(", ")),
        ));
    };
    known.insert("failure".to_owned(), json!({"step": name, "count": 0}));
    local_work::begin(platform, global, printer).await?;
    let resumed = machine.start(&json!({"resume": known})).await?;
    printer.note(&format!("resumes {} at {name}", execution.name));
    started(platform, Work::Training, &machine, resumed, stay, printer).await
}
