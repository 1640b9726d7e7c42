//! Repairs drift.

use super::{change::report, not_done::not_reconciled};
use crate::{cli::Global, command_error::CommandError, printer::Printer, signals};
use std::time::Instant;

pub(crate) async fn run(global: &Global, environment: Option<&str>, printer: Printer) -> Result<(), CommandError> {
    let began = Instant::now();
    let session = global.app().open_to_change(environment).await?;
    let reconciled = app::reconcile(&session, signals::listen(printer)).await;
    let reconciled = reconciled.map_err(|why| not_reconciled(why, &session.names(), global.is_on_aws(), printer))?;
    report(&session, reconciled.done.as_ref(), Some(&reconciled.repairs), began, printer)?;
    if reconciled.repairs.left.is_empty() { Ok(()) } else { Err(CommandError::Differences) }
}
