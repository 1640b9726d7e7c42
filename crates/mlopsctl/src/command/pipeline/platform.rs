//! The provisioned platform that the pipeline commands work on, opened from its state.

use crate::{cli::Global, command_error::CommandError, render::execution::Page};
use app::Session;
use aws_config::SdkConfig;
use aws_glue::Job;
use aws_sagemaker::ModelPackageGroup;
use jiff::Timestamp;
use resource::{Resource, spec_as};
use runs::{Approval, Endpoint, Execution, History, Machine, ModelRegistry, Package, Store, Verdict};
use serde_json::Value;
use state::State;
use std::collections::BTreeMap;
use vocabulary::Place;

/// A platform that was brought up, as its state remembers it.
pub(super) struct Platform {
    pub(super) session: Session,
    state: State,
    local: bool,
}

/// The kinds of executions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Train, judge and register a model.
    Training,
    /// Bring an approved model into service.
    Deployment,
}

impl Work {
    pub(super) fn new(deploy: bool) -> Self {
        if deploy { Self::Deployment } else { Self::Training }
    }

    /// The option by which a command means this work, with a space before it.
    pub(super) fn option(self) -> &'static str {
        match self {
            Self::Training => "",
            Self::Deployment => " --deploy",
        }
    }
}

impl Platform {
    /// Opens an environment to look at. It must have been brought up.
    pub(super) async fn open(global: &Global, environment: Option<&str>) -> Result<Self, CommandError> {
        Self::from_session(global.app().open_state(environment).await?, global).await
    }

    /// Opens an environment to change what is in it, which must be named if there are several.
    pub(super) async fn open_to_change(global: &Global, environment: Option<&str>) -> Result<Self, CommandError> {
        Self::from_session(global.app().open_state_to_change(environment).await?, global).await
    }

    async fn from_session(session: Session, global: &Global) -> Result<Self, CommandError> {
        let (state, stored) = session.state().await?;
        let platform = Self { session, state, local: global.local };
        match stored {
            Some(_) if !platform.state.resources.is_empty() => Ok(platform),
            _ => Err(CommandError::failed_with(
                format!("{} has not been brought up yet", platform.session.name),
                format!("`mlopsctl up {}` does", platform.session.name),
            )),
        }
    }

    /// Everything there is to say of an execution as of now.
    pub(super) async fn page<'a>(&'a self, execution: &'a Execution, history: &'a History) -> Page<'a> {
        Page {
            execution,
            history,
            environment: &self.session.name,
            console: self.console(execution),
            approval: self.approval(execution, history).await,
            now: Timestamp::now(),
        }
    }

    /// True if it is on the embedded AWS, whose executions this process works on.
    pub(super) fn is_local(&self) -> bool {
        self.local
    }

    pub(super) fn config(&self) -> &SdkConfig {
        self.session.cloud.config()
    }

    pub(super) fn place(&self) -> &Place {
        self.session.cloud.place()
    }

    /// The state machine of the training pipeline or of deployments.
    pub(super) fn machine(&self, work: Work) -> Result<Machine, CommandError> {
        let arn = match work {
            Work::Training => self.output("state_machine_arn", PIPELINE)?,
            Work::Deployment => self.output("deploy_state_machine_arn", DEPLOY)?,
        };
        Ok(Machine::new(self.config(), arn))
    }

    /// The bucket that data is brought to.
    pub(super) fn store(&self) -> Result<Store, CommandError> {
        let bucket = self.output("data_bucket_name", "data bucket")?;
        Ok(Store::new(self.config(), bucket, &self.place().account))
    }

    pub(super) fn data_bucket(&self) -> Result<&str, CommandError> {
        self.output("data_bucket_name", "data bucket")
    }

    /// The model registry.
    pub(super) fn registry(&self) -> Result<ModelRegistry, CommandError> {
        let group = self.recorded::<ModelPackageGroup>().next().map(|group| group.name);
        Ok(ModelRegistry::new(self.config(), &group.ok_or_else(|| self.lacks("model registry"))?))
    }

    /// The model package with this version or ARN.
    pub(super) async fn package(&self, registry: &ModelRegistry, named: &str) -> Result<Package, CommandError> {
        let found = registry.package(named).await?;
        let name = &self.session.name;
        let help = format!("name its version or its ARN; `mlopsctl pipeline {name} models` lists them");
        found.ok_or_else(|| CommandError::usage(format!("there is no model package `{named}`"), help))
    }

    /// The endpoint that serves approved models.
    pub(super) fn endpoint(&self) -> Result<Endpoint, CommandError> {
        Ok(Endpoint::new(self.config(), self.output("endpoint_name", DEPLOY)?))
    }

    /// The repository for the platform's own images.
    pub(super) fn repository(&self) -> Result<&str, CommandError> {
        self.output("ecr_repository_url", "image repository")
    }

    /// The log groups of Glue jobs, by the jobs' names.
    pub(super) fn glue_groups(&self) -> BTreeMap<String, Vec<String>> {
        self.recorded::<Job>().map(|job| (job.name.clone(), job.log_groups())).collect()
    }

    /// The address of an execution in AWS's console; other clouds have no console.
    pub(super) fn console(&self, execution: &Execution) -> Option<String> {
        let is_aws = !self.local && self.config().endpoint_url().is_none();
        let Place { region, .. } = self.place();
        let page = format!("/states/home?region={region}#/v2/executions/details/{}", execution.arn);
        is_aws.then(|| self.place().console() + &page)
    }

    /// The approval of the model that an execution registered, as of now. `None` where it cannot be read: who may see executions
    /// need not be allowed to see models.
    pub(super) async fn approval(&self, execution: &Execution, history: &History) -> Option<Approval> {
        let package = Verdict::read(execution, history)?.package?;
        let found = self.registry().ok()?.package(&package).await.ok()?;
        found.map(|package| package.approval)
    }

    /// The execution that was named, or the latest.
    pub(super) async fn execution(
        &self,
        work: Work,
        machine: &Machine,
        named: Option<&str>,
    ) -> Result<Execution, CommandError> {
        let latest = machine.latest(SHOWN).await?;
        let Some(named) = named.or(latest.first().map(|execution| execution.arn.as_str())) else {
            let (none, command) = match work {
                Work::Training => ("there has been no execution yet", "run"),
                Work::Deployment => ("nothing has been deployed yet", "approve"),
            };
            let starts = format!("`mlopsctl pipeline {} {command}` starts one", self.session.name);
            return Err(CommandError::failed_with(none, starts));
        };
        machine.execution(named).await?.ok_or_else(|| {
            let names: Vec<&str> = latest.iter().map(|execution| execution.name.as_str()).collect();
            let help = match names.as_slice() {
                [] => "there has been none yet".to_owned(),
                names => format!("the latest are: {}", names.join(", ")),
            };
            CommandError::usage(format!("there is no execution `{named}`"), help)
        })
    }

    /// The recorded specs of a kind.
    fn recorded<R: Resource>(&self) -> impl Iterator<Item = R> {
        self.state.resources.values().filter_map(|entry| spec_as(&entry.kind, &entry.spec))
    }

    fn output(&self, name: &str, what: &str) -> Result<&str, CommandError> {
        self.state.outputs.get(name).and_then(Value::as_str).ok_or_else(|| self.lacks(what))
    }

    fn lacks(&self, what: &str) -> CommandError {
        let (name, file) = (&self.session.name, self.session.file.display());
        let up = format!("run `mlopsctl up {name}`");
        let help = match self.declares(what) {
            Some(true) => format!("{file} has it: {up}"),
            Some(false) if what == DEPLOY => format!("add `{DEPLOY}` with `{INSTANCE}` to {file}, then {up}"),
            Some(false) => format!("add it to {file}, then {up}"),
            None => format!("add it to {file} if it is not there, then {up}"),
        };
        CommandError::failed_with(format!("{name} has no {what}"), help)
    }

    /// True if the environment file declares something that the platform lacks; `None` if that cannot be told.
    fn declares(&self, what: &str) -> Option<bool> {
        let environment = self.session.environment.as_ref()?;
        match what {
            DEPLOY => Some(environment.pipeline.as_ref().is_some_and(|pipeline| pipeline.deploy.is_some())),
            PIPELINE => Some(environment.pipeline.is_some()),
            _ => None,
        }
    }
}

const PIPELINE: &str = "[pipeline]";
pub(super) const DEPLOY: &str = "[pipeline.deploy]";
pub(super) const INSTANCE: &str = "instance_type = \"ml.m5.large\"";

/// The number of executions that an error for an unknown one lists.
const SHOWN: u16 = 5;
