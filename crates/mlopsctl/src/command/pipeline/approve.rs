//! The command `pipeline approve`: approves a model package, and follows its deployment on the embedded AWS.

use super::{
    follow, local_work,
    platform::{Platform, Work},
};
use crate::{
    cli::Global,
    end::End,
    printer::Printer,
    render::package::{document, page},
};
use runs::{Approval, Package, Registry, Status};

/// How somebody approves.
pub(super) struct Asked {
    /// Without being asked on the terminal.
    pub(super) yes: bool,
    /// Also if the model takes other features than the one in service.
    pub(super) allow_changed_features: bool,
    /// Why, for the registry.
    pub(super) reason: String,
}

pub(super) async fn run(
    platform: &Platform,
    global: &Global,
    named: Option<&str>,
    asked: Asked,
    printer: Printer,
) -> Result<(), End> {
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
        agree_on_features(&package, approved.as_ref(), "approved", asked.allow_changed_features)?;
    }
    confirm(&format!("Approve version {} for deployment?", package.version), asked.yes, printer).await?;
    let deployments = platform.machine(Work::Deployment).ok();
    if deployments.is_some() {
        local_work::begin(platform, global, printer).await?;
    }
    registry.approve(&package, &asked.reason, asked.allow_changed_features).await?;
    let package = Package { approval: Approval::Approved, ..package };
    if printer.json {
        printer.document(&document(&package));
    }
    printer.note(&format!("version {} is approved", package.version));
    let Some(deployments) = deployments else { return Ok(()) };
    if platform.is_local() {
        // The approval has started it, as EventBridge does.
        let started = deployments.latest(1).await?.into_iter().find(|execution| execution.status == Status::Running);
        return match started {
            Some(execution) if printer.json => follow::in_silence(&deployments, &execution).await,
            Some(execution) => follow::run(platform, &deployments, execution, printer).await,
            None => Ok(()),
        };
    }
    let name = &platform.session.name;
    printer.hint(&format!("`mlopsctl pipeline {name} status --deploy --follow` shows how it is brought into service"));
    Ok(())
}

/// What the evaluation says of a model's inputs.
const FEATURES: &str = "features_digest";

/// A deployment would be refused later: every call of today would fail. `other` is the package that callers know, and
/// `state` says how it stands.
pub(super) fn agree_on_features(
    package: &Package,
    other: Option<&Package>,
    state: &str,
    may_differ: bool,
) -> Result<(), End> {
    let own = package.lineage.get(FEATURES);
    let other = other.filter(|one| one.lineage.get(FEATURES).is_some_and(|its| own.is_some_and(|own| own != its)));
    match other.filter(|_| !may_differ) {
        Some(other) => Err(End::failed_with(
            format!(
                "version {} takes other features than version {}, which is {state}",
                package.version, other.version
            ),
            "when callers send what it takes, repeat this with --allow-changed-features",
        )),
        None => Ok(()),
    }
}

/// Asks a person, unless `yes` says that nobody has to.
pub(super) async fn confirm(question: &str, yes: bool, printer: Printer) -> Result<(), End> {
    if yes {
        return Ok(());
    }
    if !printer.can_ask() {
        return Err(End::usage("there is no terminal to confirm this on", "pass --yes to do it without asking"));
    }
    match printer.ask(&format!("{question} [y/N]")).await {
        true => Ok(()),
        false => Err(End::failed("nothing was done")),
    }
}

/// The package that was named, or the newest that awaits approval.
async fn find(platform: &Platform, registry: &Registry, named: Option<&str>) -> Result<Package, End> {
    if let Some(named) = named {
        return named_package(platform, registry, named).await;
    }
    if let Some(pending) = registry.newest(Some(Approval::Pending)).await? {
        return Ok(pending);
    }
    let help = match registry.newest(None).await? {
        None => format!("there is none yet; `mlopsctl pipeline {} run` trains one", platform.session.name),
        Some(newest) => format!("the newest is version {}: {}", newest.version, newest.approval.as_str()),
    };
    Err(End::failed_with("no model awaits approval", help))
}

/// The package with this version or ARN.
pub(super) async fn named_package(platform: &Platform, registry: &Registry, named: &str) -> Result<Package, End> {
    let found = registry.package(named).await?;
    let name = &platform.session.name;
    let help = format!("name its version or its ARN; `mlopsctl pipeline {name} models` lists them");
    found.ok_or_else(|| End::usage(format!("there is no model package `{named}`"), help))
}
