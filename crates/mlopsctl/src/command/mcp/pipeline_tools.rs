//! The tools for a training pipeline and its models.

use super::{
    line::{Line, Platform},
    server::{Tools, add},
    tool::{Arguments, Effect},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) fn add_all(tools: &mut Tools) {
    add::<Schema>(tools);
    add::<Upload>(tools);
    add::<Data>(tools);
    add::<Run>(tools);
    add::<Resume>(tools);
    add::<Status>(tools);
    add::<Logs>(tools);
    add::<Stop>(tools);
    add::<Models>(tools);
    add::<Approve>(tools);
    add::<Reject>(tools);
    add::<Deploy>(tools);
    add::<Rollback>(tools);
    add::<Invoke>(tools);
}

/// Write a first schema for a CSV file into the project, and return the settings that it needs. Works without AWS.
#[derive(Deserialize, JsonSchema)]
struct Schema {
    /// The environment that is to use it: the name of a file in environments/, without .toml.
    environment: String,
    /// A CSV file with a header.
    data: String,
    /// The column to predict.
    label: String,
    /// A new file in the project; schema.json if left out.
    out: Option<String>,
}

impl Arguments for Schema {
    const NAME: &'static str = "pipeline_schema";
    const EFFECT: Effect = Effect::WritesFiles;

    fn line(self) -> Result<Line, String> {
        let platform = Platform { environment: self.environment, local: true };
        let line = Line::new(platform, &["pipeline", "schema"]).options("--label", [self.label]);
        Ok(line.options("--out", self.out).operands([self.data]))
    }
}

/// Upload raw data for training, if it fits the schema. A file with the same content is skipped, and one with the same name
/// and other content is replaced.
#[derive(Deserialize, JsonSchema)]
struct Upload {
    #[serde(flatten)]
    platform: Platform,
    /// Files, and folders with all that is in them.
    data: Vec<String>,
    /// Upload the files without an inspection.
    #[serde(default)]
    unchecked: bool,
}

impl Arguments for Upload {
    const NAME: &'static str = "pipeline_upload";
    const EFFECT: Effect = Effect::Changes;

    fn line(self) -> Result<Line, String> {
        let line = Line::new(self.platform, &["pipeline", "upload"]).flag("--unchecked", self.unchecked);
        Ok(line.operands(self.data))
    }
}

/// List the raw data: files, sizes, rows where they are known, and when each was uploaded.
#[derive(Deserialize, JsonSchema)]
struct Data {
    #[serde(flatten)]
    platform: Platform,
}

impl Arguments for Data {
    const NAME: &'static str = "pipeline_data";
    const EFFECT: Effect = Effect::Reads;

    fn line(self) -> Result<Line, String> {
        Ok(Line::new(self.platform, &["pipeline", "data"]))
    }
}

/// The moment at which a tool returns: the start of an execution, or its end.
#[derive(Deserialize, JsonSchema)]
struct Follow {
    /// Return at the end of the execution, and not at its start. On the embedded AWS a tool always does.
    #[serde(default)]
    follow: bool,
}

impl Follow {
    fn add_to(&self, line: Line) -> Line {
        let line = if self.follow { line.with_events() } else { line };
        line.flag("--follow", self.follow)
    }
}

/// Start a pipeline execution: prepare the data, train, judge and register a model.
#[derive(Deserialize, JsonSchema)]
struct Run {
    #[serde(flatten)]
    platform: Platform,
    /// Settings to override, such as training.num_round=200 or thresholds.auc.min=0.8.
    #[serde(default)]
    set: Vec<String>,
    #[serde(flatten)]
    follow: Follow,
}

impl Arguments for Run {
    const NAME: &'static str = "pipeline_run";
    const EFFECT: Effect = Effect::Changes;

    fn line(self) -> Result<Line, String> {
        // The embedded AWS ends with the command that works on it.
        let follow = Follow { follow: self.follow.follow || self.platform.local };
        Ok(follow.add_to(Line::new(self.platform, &["pipeline", "run"]).options("--set", self.set)))
    }
}

/// Continue a failed pipeline execution at the step that failed.
#[derive(Deserialize, JsonSchema)]
struct Resume {
    #[serde(flatten)]
    platform: Platform,
    /// Its name or ARN; the latest if left out.
    execution: Option<String>,
    /// Begin at this step instead, such as Train.
    from: Option<String>,
    #[serde(flatten)]
    follow: Follow,
}

impl Arguments for Resume {
    const NAME: &'static str = "pipeline_resume";
    const EFFECT: Effect = Effect::Changes;

    fn line(self) -> Result<Line, String> {
        let follow = Follow { follow: self.follow.follow || self.platform.local };
        let line = Line::new(self.platform, &["pipeline", "resume"]).options("--from", self.from);
        Ok(follow.add_to(line).operands(self.execution))
    }
}

/// An execution of the pipeline, or of a deployment.
#[derive(Deserialize, JsonSchema)]
struct Execution {
    /// Its name or ARN; the latest if left out.
    execution: Option<String>,
    /// Of the deployments of approved models, instead of training.
    #[serde(default)]
    deploy: bool,
}

impl Execution {
    fn add_to(self, line: Line) -> Line {
        line.flag("--deploy", self.deploy).operands(self.execution)
    }
}

/// Return the steps, error and metrics of a pipeline execution.
#[derive(Deserialize, JsonSchema)]
struct Status {
    #[serde(flatten)]
    platform: Platform,
    #[serde(flatten)]
    execution: Execution,
}

impl Arguments for Status {
    const NAME: &'static str = "pipeline_status";
    const EFFECT: Effect = Effect::Reads;

    fn line(self) -> Result<Line, String> {
        Ok(self.execution.add_to(Line::new(self.platform, &["pipeline", "status"])))
    }
}

/// Return the history of a pipeline execution, and the log of the step that failed or is running.
#[derive(Deserialize, JsonSchema)]
struct Logs {
    #[serde(flatten)]
    platform: Platform,
    #[serde(flatten)]
    execution: Execution,
    /// The log of this step instead.
    step: Option<String>,
    /// The most lines of each log; 100 if left out.
    lines: Option<u16>,
}

impl Arguments for Logs {
    const NAME: &'static str = "pipeline_logs";
    const EFFECT: Effect = Effect::Reads;

    fn line(self) -> Result<Line, String> {
        let line = Line::new(self.platform, &["pipeline", "logs"]).options("--step", self.step);
        Ok(self.execution.add_to(line.options("--lines", self.lines)))
    }
}

/// A person's consent.
#[derive(Deserialize, JsonSchema)]
struct Consent {
    /// Needed on AWS: a person consents.
    #[serde(default)]
    yes: bool,
}

impl Consent {
    fn add_to(&self, line: Line) -> Line {
        line.flag("--yes", self.yes)
    }
}

/// Stop a pipeline execution, and the job that it waits for.
#[derive(Deserialize, JsonSchema)]
struct Stop {
    #[serde(flatten)]
    platform: Platform,
    #[serde(flatten)]
    execution: Execution,
    #[serde(flatten)]
    consent: Consent,
}

impl Arguments for Stop {
    const NAME: &'static str = "pipeline_stop";
    const EFFECT: Effect = Effect::Changes;

    fn line(self) -> Result<Line, String> {
        Ok(self.execution.add_to(self.consent.add_to(Line::new(self.platform, &["pipeline", "stop"]))))
    }
}

/// List the versions of the model, newest first: status, metrics, and which one is in service.
#[derive(Deserialize, JsonSchema)]
struct Models {
    #[serde(flatten)]
    platform: Platform,
    /// The most versions to list; 20 if left out.
    last: Option<u16>,
}

impl Arguments for Models {
    const NAME: &'static str = "pipeline_models";
    const EFFECT: Effect = Effect::Reads;

    fn line(self) -> Result<Line, String> {
        Ok(Line::new(self.platform, &["pipeline", "models"]).options("--last", self.last))
    }
}

/// Approve a version of the model. With [pipeline.deploy] in the environment file, this brings it into service.
#[derive(Deserialize, JsonSchema)]
struct Approve {
    #[serde(flatten)]
    platform: Platform,
    /// Its version or ARN; the newest that awaits approval if left out.
    version: Option<String>,
    /// The reason, for the registry.
    reason: Option<String>,
    /// Also if it takes other features than the model in service. Callers must be ready.
    #[serde(default)]
    allow_changed_features: bool,
    #[serde(flatten)]
    consent: Consent,
}

impl Arguments for Approve {
    const NAME: &'static str = "pipeline_approve";
    const EFFECT: Effect = Effect::Changes;

    fn line(self) -> Result<Line, String> {
        let line = Line::new(self.platform, &["pipeline", "approve"]).options("--reason", self.reason);
        let line = line.flag("--allow-changed-features", self.allow_changed_features);
        Ok(self.consent.add_to(line).operands(self.version))
    }
}

/// Reject a version of the model, so that no deployment takes it.
#[derive(Deserialize, JsonSchema)]
struct Reject {
    #[serde(flatten)]
    platform: Platform,
    /// Its version or ARN.
    version: String,
    /// The reason, for the registry.
    reason: Option<String>,
    #[serde(flatten)]
    consent: Consent,
}

impl Arguments for Reject {
    const NAME: &'static str = "pipeline_reject";
    const EFFECT: Effect = Effect::Changes;

    fn line(self) -> Result<Line, String> {
        let line = Line::new(self.platform, &["pipeline", "reject"]).options("--reason", self.reason);
        Ok(self.consent.add_to(line).operands([self.version]))
    }
}

/// Bring a version of the model into service, and approve it first if it is not approved.
#[derive(Deserialize, JsonSchema)]
struct Deploy {
    #[serde(flatten)]
    platform: Platform,
    /// Its version or ARN; the newest approved one if left out.
    version: Option<String>,
    /// Also if it is in service already, for example after a change of the instance type.
    #[serde(default)]
    again: bool,
    /// Also if it takes other features than the model in service. Callers must be ready.
    #[serde(default)]
    allow_changed_features: bool,
    #[serde(flatten)]
    follow: Follow,
    #[serde(flatten)]
    consent: Consent,
}

impl Arguments for Deploy {
    const NAME: &'static str = "pipeline_deploy";
    const EFFECT: Effect = Effect::Changes;

    fn line(self) -> Result<Line, String> {
        let line = Line::new(self.platform, &["pipeline", "deploy"]).flag("--again", self.again);
        let line = self.follow.add_to(line.flag("--allow-changed-features", self.allow_changed_features));
        Ok(self.consent.add_to(line).operands(self.version))
    }
}

/// Bring the model back into service that was there before.
#[derive(Deserialize, JsonSchema)]
struct Rollback {
    #[serde(flatten)]
    platform: Platform,
    #[serde(flatten)]
    follow: Follow,
    #[serde(flatten)]
    consent: Consent,
}

impl Arguments for Rollback {
    const NAME: &'static str = "pipeline_rollback";
    const EFFECT: Effect = Effect::Changes;

    fn line(self) -> Result<Line, String> {
        let line = self.follow.add_to(Line::new(self.platform, &["pipeline", "rollback"]));
        Ok(self.consent.add_to(line))
    }
}

/// Ask the model in service about the rows of a CSV file, read as training data is. Returns a prediction for each.
#[derive(Deserialize, JsonSchema)]
struct Invoke {
    #[serde(flatten)]
    platform: Platform,
    /// A CSV file with a header.
    rows: String,
    /// Ask about so many rows only, from the first on.
    first: Option<u32>,
}

impl Arguments for Invoke {
    const NAME: &'static str = "pipeline_invoke";
    const EFFECT: Effect = Effect::Changes;

    fn line(self) -> Result<Line, String> {
        Ok(Line::new(self.platform, &["pipeline", "invoke"]).options("--first", self.first).operands([self.rows]))
    }
}
