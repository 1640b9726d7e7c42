//! Changes from the command line: carried out until a signal, and reported.

use super::not_done::not_done;
use crate::{command_error::CommandError, printer::Printer, render::report::Report, signals};
use app::{ChangeRequest, Done, Workspace};
use engine::{Applied, Repairs};
use review::Names;
use std::time::Instant;

/// Carries out a change and reports it. `names` are the common parts of the environment's names. Costs
/// are those of a bill if `is_on_aws` is true. Returns what was done, if
/// all of it was.
pub(crate) async fn run(
    change: ChangeRequest<'_>,
    names: &Names,
    is_on_aws: bool,
    printer: Printer,
) -> Result<Applied, CommandError> {
    let began = Instant::now();
    let workspace = change.workspace;
    let done = change.run(signals::listen(printer)).await.map_err(|why| not_done(why, names, is_on_aws, printer))?;
    report(workspace, Some(&done), None, began, printer)?;
    if let Some(removed) = done.removed_state {
        printer.note(&removed?);
    }
    Ok(done.applied)
}

/// Ends a run that had nothing to do. Programs get the summary of a run all the same.
pub(crate) fn nothing_done(workspace: &Workspace, began: Instant, printer: Printer) -> Result<(), CommandError> {
    match printer.json {
        true => report(workspace, None, None, began, printer),
        false => Ok(()),
    }
}

/// Says what was done even where it could not be recorded.
pub(crate) fn report(
    workspace: &Workspace,
    done: Option<&Done>,
    repairs: Option<&Repairs>,
    began: Instant,
    printer: Printer,
) -> Result<(), CommandError> {
    workspace.trace_calls();
    let nothing = Applied::default();
    let report = Report {
        applied: done.map_or(&nothing, |done| &done.applied),
        ended: done.map(|done| &done.ended),
        repairs,
        registry: &workspace.registry,
        meter: &workspace.meter,
        elapsed: began.elapsed(),
    };
    match printer.json {
        true => printer.line(&report.summary()),
        false => report.say(printer),
    }
    if done.is_none_or(Done::is_complete) { Ok(()) } else { Err(CommandError::Said) }
}
