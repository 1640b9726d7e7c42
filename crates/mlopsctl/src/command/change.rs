//! Changes from the command line: carried out until a signal, and reported.

use super::not_done::not_done;
use crate::{end::End, printer::Printer, render::report::Report, signals};
use app::{Change, Done, Workspace};
use engine::{Applied, Healing};
use review::Names;
use std::time::Instant;

/// Carries out a change and reports it. `names` are the common parts of the environment's names. Costs
/// are those of a bill if `is_on_aws` is true. Returns what was done, if
/// all of it was.
pub(crate) async fn run(change: Change<'_>, names: &Names, is_on_aws: bool, printer: Printer) -> Result<Applied, End> {
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
pub(crate) fn nothing_done(workspace: &Workspace, began: Instant, printer: Printer) -> Result<(), End> {
    match printer.json {
        true => report(workspace, None, None, began, printer),
        false => Ok(()),
    }
}

/// Says what was done even where it could not be recorded.
pub(crate) fn report(
    workspace: &Workspace,
    done: Option<&Done>,
    healing: Option<&Healing>,
    began: Instant,
    printer: Printer,
) -> Result<(), End> {
    workspace.trace_calls();
    let nothing = Applied::default();
    let report = Report {
        applied: done.map_or(&nothing, |done| &done.applied),
        ended: done.map(|done| &done.ended),
        healing,
        registry: &workspace.registry,
        meter: &workspace.meter,
        elapsed: began.elapsed(),
    };
    match printer.json {
        true => printer.line(&report.summary()),
        false => report.say(printer),
    }
    if done.is_none_or(Done::is_complete) { Ok(()) } else { Err(End::Said) }
}
