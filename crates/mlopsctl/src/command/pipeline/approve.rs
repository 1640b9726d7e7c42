//! The command `pipeline approve`: approves a model package, and follows its deployment on the embedded AWS.

use super::{
    consent::{Consent, confirm},
    follow, local_work,
    platform::{DEPLOY, INSTANCE, Platform, Work},
};
use crate::{
    cli::Global,
    command_error::CommandError,
    printer::Printer,
    render::package::{document, page},
};
use runs::{Approval, ModelRegistry, Package, Status};

/// The options of an approval.
pub(super) struct Asked {
    pub(super) consent: Consent,
    /// The reason, for the registry.
    pub(super) reason: String,
}

pub(super) async fn run(
    platform: &Platform,
    global: &Global,
    named: Option<&str>,
    asked: Asked,
    printer: Printer,
) -> Result<(), CommandError> {
    let registry = platform.registry()?;
    let package = find(platform, &registry, named).await?;
    if package.approval == Approval::Approved {
        if printer.json {
            printer.document(&document(&package));
        }
        printer.note(&format!("version {} is approved already", package.version));
        return Ok(());
    }
    let approved = registry.newest(Some(Approval::Approved)).await?;
    if !printer.json {
        printer.say(&page(&package, approved.as_ref()));
    }
    if platform.machine(Work::Deployment).is_ok() {
        asked.consent.agree_on_features(&package, approved.as_ref(), "approved")?;
    }
    confirm(&format!("Approve version {} for deployment?", package.version), asked.consent.yes, printer).await?;
    let deployments = platform.machine(Work::Deployment).ok();
    if deployments.is_some() {
        local_work::begin(platform, global, printer).await?;
    }
    registry.approve(&package, &asked.reason, asked.consent.allow_changed_features).await?;
    let package = Package { approval: Approval::Approved, ..package };
    if printer.json {
        printer.document(&document(&package));
    }
    printer.note(&format!("version {} is approved", package.version));
    let Some(deployments) = deployments else {
        let (name, file) = (&platform.session.name, platform.session.file.display());
        printer.hint(&format!(
            "nothing serves it: add `{DEPLOY}` with `{INSTANCE}` to {file}, then `mlopsctl up {name}` and \
             `mlopsctl pipeline {name} deploy`"
        ));
        return Ok(());
    };
    if platform.is_local() {
        // The approval has started it, as EventBridge does.
        let started = deployments.latest(1).await?.into_iter().find(|execution| execution.status == Status::Running);
        return match started {
            Some(execution) if printer.json => follow::in_silence(&deployments, &execution).await,
            Some(execution) => follow::run(platform, Work::Deployment, &deployments, execution, printer).await,
            None => Ok(()),
        };
    }
    let name = &platform.session.name;
    printer.hint(&format!("`mlopsctl pipeline {name} status --deploy --follow` shows how it is brought into service"));
    Ok(())
}

/// The package that was named, or the newest that awaits approval.
async fn find(platform: &Platform, registry: &ModelRegistry, named: Option<&str>) -> Result<Package, CommandError> {
    if let Some(named) = named {
        return platform.package(registry, named).await;
    }
    if let Some(pending) = registry.newest(Some(Approval::Pending)).await? {
        return Ok(pending);
    }
    let help = match registry.newest(None).await? {
        None => format!("there is none yet; `mlopsctl pipeline {} run` trains one", platform.session.name),
        Some(newest) => format!("the newest is version {}: {}", newest.version, newest.approval.as_str()),
    };
    Err(CommandError::failed_with("no model awaits approval", help))
}
