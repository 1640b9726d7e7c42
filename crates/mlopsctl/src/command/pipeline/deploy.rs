//! Bringing an approved model into service, or the one before it back.

use super::{
    approve,
    consent::{Consent, confirm},
    local_work,
    platform::{Platform, Work},
    run::started,
};
use crate::{
    cli::{DeploymentArgs, Global},
    command_error::CommandError,
    printer::Printer,
    render::package::document,
};
use runs::{Approval, Machine, ModelRegistry, Package, Status};
use serde_json::json;

/// The options of a deployment.
pub(super) struct Asked {
    consent: Consent,
    /// Also if the model is in service already.
    again: bool,
    /// Show the steps.
    follow: bool,
}

impl Asked {
    pub(super) fn from_arguments(given: &DeploymentArgs, global: &Global, again: bool) -> Self {
        let DeploymentArgs { yes, allow_changed_features, follow } = *given;
        Self { consent: Consent { yes: yes || global.local, allow_changed_features }, again, follow }
    }
}

/// The number of deployments that are searched for the model that was in service before.
const SEARCHED: u16 = 50;

/// Brings the model that is named into service, or the newest that is approved.
pub(super) async fn run(
    platform: &Platform,
    global: &Global,
    named: Option<&str>,
    asked: Asked,
    printer: Printer,
) -> Result<(), CommandError> {
    let machine = platform.machine(Work::Deployment)?;
    let registry = platform.registry()?;
    let package = match named {
        Some(named) => Some(platform.package(&registry, named).await?),
        None => registry.newest(Some(Approval::Approved)).await?,
    };
    let Some(package) = package.filter(|package| package.approval == Approval::Approved) else {
        // The approval starts the deployment.
        let reason = "approved with mlopsctl".to_owned();
        let asked = approve::Asked { consent: asked.consent, reason };
        return approve::run(platform, global, named, asked, printer).await;
    };
    let serving = serving(platform, &registry).await?;
    if let Some(serving) = serving.as_ref().filter(|serving| serving.arn == package.arn && !asked.again) {
        if printer.json {
            printer.document(&document(serving));
        }
        printer.note(&format!("version {} is in service already; --again deploys it once more", package.version));
        return Ok(());
    }
    let instead =
        serving.as_ref().map(|serving| format!(" in place of version {}", serving.version)).unwrap_or_default();
    let question = format!("Bring version {} into service{instead}?", package.version);
    let deployment = Deployment { platform, global, machine: &machine, registry: &registry };
    deployment.start(&package, serving.as_ref(), &question, &asked, printer).await
}

/// Brings the model back that was in service before the one that is.
pub(super) async fn back(
    platform: &Platform,
    global: &Global,
    asked: Asked,
    printer: Printer,
) -> Result<(), CommandError> {
    let machine = platform.machine(Work::Deployment)?;
    let registry = platform.registry()?;
    let name = &platform.session.name;
    let Some(serving) = serving(platform, &registry).await? else {
        let help = format!("`mlopsctl pipeline {name} deploy` brings a model into service");
        return Err(CommandError::failed_with("no model is in service yet", help));
    };
    let Some(before) = before(&machine, &registry, &serving).await? else {
        return Err(CommandError::failed_with(
            format!("no other model was in service before version {}, or it is no longer approved", serving.version),
            format!(
                "`mlopsctl pipeline {name} models` lists them, and `mlopsctl pipeline {name} deploy VERSION` deploys one"
            ),
        ));
    };
    let question = format!("Go back from version {} to version {}?", serving.version, before.version);
    let deployment = Deployment { platform, global, machine: &machine, registry: &registry };
    printer.note(&format!("version {} was in service before version {}", before.version, serving.version));
    deployment.start(&before, Some(&serving), &question, &asked, printer).await?;
    printer.hint(&format!(
        "`mlopsctl pipeline {name} reject {}` keeps version {} from being deployed again",
        serving.version, serving.version
    ));
    Ok(())
}

/// The package in service.
async fn serving(platform: &Platform, registry: &ModelRegistry) -> Result<Option<Package>, CommandError> {
    match platform.endpoint()?.package().await? {
        Some(arn) => Ok(registry.package(&arn).await?),
        None => Ok(None),
    }
}

/// The package that the newest other deployment brought into service, if it is still approved.
async fn before(
    machine: &Machine,
    registry: &ModelRegistry,
    serving: &Package,
) -> Result<Option<Package>, CommandError> {
    let deployments = machine.latest(SEARCHED).await?;
    for deployment in deployments.into_iter().filter(|deployment| deployment.status == Status::Succeeded) {
        let Some(deployment) = machine.execution(&deployment.arn).await? else { continue };
        let arn = deployment.input.pointer("/detail/ModelPackageArn").and_then(serde_json::Value::as_str);
        let Some(arn) = arn.filter(|arn| *arn != serving.arn) else { continue };
        if let Some(package) = registry.package(arn).await?
            && package.approval == Approval::Approved
        {
            return Ok(Some(package));
        }
    }
    Ok(None)
}

/// The platform of a deployment, and the machine that carries it out.
struct Deployment<'a> {
    platform: &'a Platform,
    global: &'a Global,
    machine: &'a Machine,
    registry: &'a ModelRegistry,
}

impl Deployment<'_> {
    async fn start(
        &self,
        package: &Package,
        serving: Option<&Package>,
        question: &str,
        asked: &Asked,
        printer: Printer,
    ) -> Result<(), CommandError> {
        let given = asked.consent;
        let may_differ = given.allow_changed_features || package.features_may_differ();
        let consent = Consent { allow_changed_features: may_differ, ..given };
        consent.agree_on_features(package, serving, "in service")?;
        confirm(question, consent.yes, printer).await?;
        if may_differ && !package.features_may_differ() {
            self.registry.allow_changed_features(package).await?;
        }
        local_work::begin(self.platform, self.global, printer).await?;
        let mut input = json!({"detail": {"ModelPackageArn": package.arn}});
        if asked.again {
            input["again"] = true.into();
        }
        let execution = self.machine.start(&input).await?;
        started(self.platform, Work::Deployment, self.machine, execution, asked.follow, printer).await
    }
}
