//! The tools for a platform: check, plan, change, compare, show.

use super::{
    line::{Line, Platform},
    server::{Tools, add},
    tool::{Arguments, Effect},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) fn add_all(tools: &mut Tools) {
    add::<Validate>(tools);
    add::<Plan>(tools);
    add::<Up>(tools);
    add::<Destroy>(tools);
    add::<Wait>(tools);
    add::<Output>(tools);
    add::<Drift>(tools);
    add::<Reconcile>(tools);
    add::<Cost>(tools);
    add::<Doctor>(tools);
    add::<Graph>(tools);
    add::<Permissions>(tools);
    add::<StateList>(tools);
    add::<StateShow>(tools);
    add::<StateHistory>(tools);
}

/// Check environment files and pipeline assets, without any network. Returns each problem with file, line and column.
#[derive(Deserialize, JsonSchema)]
struct Validate {
    /// The environment to check; all of them if left out.
    environment: Option<String>,
}

impl Arguments for Validate {
    const NAME: &'static str = "validate";
    const EFFECT: Effect = Effect::Reads;

    fn line(self) -> Result<Line, String> {
        Ok(Line::on_files(&["validate"]).operands(self.environment))
    }
}

/// The losses that a person consented to.
#[derive(Default, Deserialize, JsonSchema)]
struct Consents {
    /// Addresses of resources whose data may be deleted; ["*"] for all. Only if a person asked for exactly that.
    #[serde(default)]
    delete_data: Vec<String>,
    /// Addresses of protected resources that may be deleted or replaced; globs are allowed. Only if a person asked for
    /// exactly that.
    #[serde(default)]
    unprotect: Vec<String>,
}

impl Consents {
    fn add_to(self, line: Line) -> Line {
        line.options("--delete-data", self.delete_data).options("--unprotect", self.unprotect)
    }
}

/// Show what `up` would change, what it would refuse, and the costs. Changes nothing.
#[derive(Deserialize, JsonSchema)]
struct Plan {
    #[serde(flatten)]
    platform: Platform,
    /// A file for the plan, which `up` applies by its argument `plan`.
    out: Option<String>,
    /// Addresses of the resources to plan for, with all that they need; globs are allowed. Empty: all.
    #[serde(default)]
    target: Vec<String>,
    #[serde(flatten)]
    consents: Consents,
}

impl Arguments for Plan {
    const NAME: &'static str = "plan";
    const EFFECT: Effect = Effect::Reads;

    fn line(self) -> Result<Line, String> {
        let line = Line::new(self.platform, &["plan"]).options("--out", self.out).options("--target", self.target);
        Ok(self.consents.add_to(line))
    }
}

/// Create, update and delete resources until the platform is as its file declares. After a failure or a crash, the same
/// call continues. Returns a summary and each failed step.
#[derive(Deserialize, JsonSchema)]
struct Up {
    #[serde(flatten)]
    platform: Platform,
    /// A file that `plan` saved. Exactly this plan is applied, or refused if anything has changed since.
    plan: Option<String>,
    /// Addresses of the resources to change, with all that they need; globs are allowed. Empty: all.
    #[serde(default)]
    target: Vec<String>,
    /// Return once every creation has started. The tool `wait` waits for the rest.
    #[serde(default)]
    no_wait: bool,
    /// Needed on AWS: a person has seen the plan and consents to it.
    #[serde(default)]
    yes: bool,
    #[serde(flatten)]
    consents: Consents,
}

impl Arguments for Up {
    const NAME: &'static str = "up";
    const EFFECT: Effect = Effect::Deletes;

    fn line(self) -> Result<Line, String> {
        let line = Line::new(self.platform, &["up"]).with_events().options("--plan", self.plan);
        let line = line.options("--target", self.target).flag("--no-wait", self.no_wait).flag("--yes", self.yes);
        Ok(self.consents.add_to(line))
    }
}

/// Delete the whole platform. It refuses to delete data and protected resources without consent.
#[derive(Deserialize, JsonSchema)]
struct Destroy {
    #[serde(flatten)]
    platform: Platform,
    /// Needed on AWS: the name of the environment once more, from a person who wants it deleted.
    confirm: Option<String>,
    /// Also remove the state with its history. Only if a person asked for exactly that.
    #[serde(default)]
    with_state: bool,
    #[serde(flatten)]
    consents: Consents,
}

impl Arguments for Destroy {
    const NAME: &'static str = "destroy";
    const EFFECT: Effect = Effect::Deletes;

    fn line(self) -> Result<Line, String> {
        let Platform { environment, local } = &self.platform;
        let is_confirmed = self.confirm.as_ref() == Some(environment);
        if !is_confirmed && (!local || self.confirm.is_some()) {
            return Err(format!(
                "`confirm` is not the name of the environment; nothing was done\n  help: ask a person whether {environment} \
                 is to be deleted, and pass the name that the person answers as `confirm`"
            ));
        }
        let line = Line::new(self.platform, &["destroy"]).with_events().flag("--yes", is_confirmed);
        Ok(self.consents.add_to(line.flag("--with-state", self.with_state)))
    }
}

/// Wait for the resources that `up` with `no_wait` left settling, and record them.
#[derive(Deserialize, JsonSchema)]
struct Wait {
    #[serde(flatten)]
    platform: Platform,
}

impl Arguments for Wait {
    const NAME: &'static str = "wait";
    const EFFECT: Effect = Effect::Changes;

    fn line(self) -> Result<Line, String> {
        Ok(Line::new(self.platform, &["wait"]).with_events())
    }
}

/// Return the outputs of a platform, such as vpc_id or data_bucket_name, or of one resource.
#[derive(Deserialize, JsonSchema)]
struct Output {
    #[serde(flatten)]
    platform: Platform,
    /// One output, or one of a resource by its address, such as network.private-1.id. All of the platform if left out.
    name: Option<String>,
}

impl Arguments for Output {
    const NAME: &'static str = "output";
    const EFFECT: Effect = Effect::Reads;

    fn line(self) -> Result<Line, String> {
        // A single operand without `.` and `_` would be an environment.
        let environment = self.name.as_ref().map(|_| self.platform.environment.clone());
        Ok(Line::new(self.platform, &["output"]).operands(environment.into_iter().chain(self.name)))
    }
}

/// Compare AWS with the state, and return the differences that others made. Changes nothing.
#[derive(Deserialize, JsonSchema)]
struct Drift {
    #[serde(flatten)]
    platform: Platform,
    /// Also tell who changed each resource and when, by CloudTrail's event history.
    #[serde(default)]
    who: bool,
}

impl Arguments for Drift {
    const NAME: &'static str = "drift";
    const EFFECT: Effect = Effect::Reads;

    fn line(self) -> Result<Line, String> {
        Ok(Line::new(self.platform, &["drift"]).flag("--who", self.who))
    }
}

/// Repair drift, as far as `[drift]` in the environment file allows.
#[derive(Deserialize, JsonSchema)]
struct Reconcile {
    #[serde(flatten)]
    platform: Platform,
}

impl Arguments for Reconcile {
    const NAME: &'static str = "reconcile";
    const EFFECT: Effect = Effect::Deletes;

    fn line(self) -> Result<Line, String> {
        Ok(Line::new(self.platform, &["reconcile"]).with_events())
    }
}

/// Estimate the costs of a platform on AWS: every month, by use, and at most for a pipeline execution.
#[derive(Deserialize, JsonSchema)]
struct Cost {
    #[serde(flatten)]
    platform: Platform,
}

impl Arguments for Cost {
    const NAME: &'static str = "cost";
    const EFFECT: Effect = Effect::Reads;

    fn line(self) -> Result<Line, String> {
        Ok(Line::new(self.platform, &["cost"]))
    }
}

/// Find problems of a planned or running platform: quotas, names, network, permissions, lock. Changes nothing.
#[derive(Deserialize, JsonSchema)]
struct Doctor {
    #[serde(flatten)]
    platform: Platform,
}

impl Arguments for Doctor {
    const NAME: &'static str = "doctor";
    const EFFECT: Effect = Effect::Reads;

    fn line(self) -> Result<Line, String> {
        Ok(Line::new(self.platform, &["doctor"]))
    }
}

/// Return the resources with their kinds and ids, and which needs which.
#[derive(Deserialize, JsonSchema)]
struct Graph {
    #[serde(flatten)]
    platform: Platform,
    /// Also mark what `up` would change.
    #[serde(default)]
    changes: bool,
}

impl Arguments for Graph {
    const NAME: &'static str = "graph";
    const EFFECT: Effect = Effect::Reads;

    fn line(self) -> Result<Line, String> {
        Ok(Line::new(self.platform, &["graph"]).flag("--changes", self.changes))
    }
}

/// Return the least-privilege IAM policy for provisioning an environment.
#[derive(Deserialize, JsonSchema)]
struct Permissions {
    #[serde(flatten)]
    platform: Platform,
    /// Only the permissions of `plan` and `drift`, which change nothing.
    #[serde(default)]
    read_only: bool,
}

impl Arguments for Permissions {
    const NAME: &'static str = "permissions";
    const EFFECT: Effect = Effect::Reads;

    fn line(self) -> Result<Line, String> {
        Ok(Line::new(self.platform, &["permissions"]).flag("--read-only", self.read_only))
    }
}

/// List the recorded resources: address, kind, id, phase.
#[derive(Deserialize, JsonSchema)]
struct StateList {
    #[serde(flatten)]
    platform: Platform,
}

impl Arguments for StateList {
    const NAME: &'static str = "state_list";
    const EFFECT: Effect = Effect::Reads;

    fn line(self) -> Result<Line, String> {
        Ok(Line::new(self.platform, &["state", "list"]))
    }
}

/// Return the record of one resource: spec, outputs, dependencies.
#[derive(Deserialize, JsonSchema)]
struct StateShow {
    #[serde(flatten)]
    platform: Platform,
    /// The address, such as network.vpc. `state_list` lists all.
    address: String,
}

impl Arguments for StateShow {
    const NAME: &'static str = "state_show";
    const EFFECT: Effect = Effect::Reads;

    fn line(self) -> Result<Line, String> {
        Ok(Line::new(self.platform, &["state", "show"]).operands([self.address]))
    }
}

/// List the versions of the state with their authors and commands, newest first.
#[derive(Deserialize, JsonSchema)]
struct StateHistory {
    #[serde(flatten)]
    platform: Platform,
}

impl Arguments for StateHistory {
    const NAME: &'static str = "state_history";
    const EFFECT: Effect = Effect::Reads;

    fn line(self) -> Result<Line, String> {
        Ok(Line::new(self.platform, &["state", "history"]))
    }
}
