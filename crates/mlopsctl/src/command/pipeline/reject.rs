//! Rejecting a model: no deployment takes it, and no later model is compared with it.

use super::{
    consent::confirm,
    platform::{Platform, Work},
};
use crate::{command_error::CommandError, printer::Printer, render::package::document};
use runs::{Approval, Package};

pub(super) async fn run(
    platform: &Platform,
    named: &str,
    yes: bool,
    reason: &str,
    printer: Printer,
) -> Result<(), CommandError> {
    let registry = platform.registry()?;
    let package = platform.package(&registry, named).await?;
    let version = package.version;
    let is_rejected = package.approval == Approval::Rejected;
    if !is_rejected {
        confirm(&format!("Reject version {version}?"), yes, printer).await?;
        registry.reject(&package, reason).await?;
    }
    let package = Package { approval: Approval::Rejected, ..package };
    if printer.json {
        printer.document(&document(&package));
    }
    printer.note(&format!("version {version} is rejected{}", if is_rejected { " already" } else { "" }));
    let serves = match platform.machine(Work::Deployment) {
        Ok(_) => platform.endpoint()?.package().await?.as_ref() == Some(&package.arn),
        Err(_) => false,
    };
    if serves {
        let name = &platform.session.name;
        printer.hint(&format!(
            "it is still in service; `mlopsctl pipeline {name} rollback` brings the one before it back"
        ));
    }
    Ok(())
}
