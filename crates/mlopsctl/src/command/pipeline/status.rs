//! The command `pipeline status`: shows the steps and the result of a pipeline execution.

use super::{
    follow,
    platform::{Platform, Work},
};
use crate::{command_error::CommandError, printer::Printer, render::versioned::Versioned};
use runs::Status;

pub(super) async fn run(
    platform: &Platform,
    work: Work,
    named: Option<&str>,
    stay: bool,
    printer: Printer,
) -> Result<(), CommandError> {
    let machine = platform.machine(work)?;
    let execution = platform.execution(work, &machine, named).await?;
    if stay && execution.status == Status::Running {
        return follow::run(platform, work, &machine, execution, printer).await;
    }
    let history = machine.history(&execution.arn).await?;
    let page = platform.page(&execution, &history).await;
    match printer.json {
        true => printer.document(&Versioned::new(page.document())),
        false => printer.page(&page.text(printer.for_data())),
    }
    follow::ended(&execution)
}
