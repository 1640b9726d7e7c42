//! The command `wait`: finishes the steps that an earlier run started.

use super::change;
use crate::{cli::Global, command_error::CommandError, printer::Printer};
use app::{ApplyCondition, ChangeOptions, ChangeRequest, Wanted};
use engine::Claims;
use state::Phase;
use std::time::Instant;

/// Finishes what an earlier run has started, and starts nothing.
pub(crate) async fn run(global: &Global, environment: Option<&str>, printer: Printer) -> Result<(), CommandError> {
    let began = Instant::now();
    let session = global.app().open_to_change(environment).await?;
    let (state, _) = session.state().await?;
    let unfinished = state.resources.iter().filter(|(_, entry)| entry.phase != Phase::Ready);
    let unfinished: Vec<String> = unfinished.map(|(address, _)| address.to_string()).collect();
    if unfinished.is_empty() {
        printer.note("There is nothing to wait for.");
        return change::nothing_done(&session, began, printer);
    }
    let change = ChangeRequest {
        workspace: &session,
        wanted: Wanted::Declared(&session),
        operation: "wait",
        targets: unfinished,
        claims: Claims::new(),
        condition: ApplyCondition::OnlyFinishes(state),
        options: ChangeOptions::default(),
    };
    change::run(change, &session.names(), global.is_on_aws(), printer).await.map(drop)
}
