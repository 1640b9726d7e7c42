//! The commands that use what was built.

use clap::{Args, Subcommand, ValueEnum};
use clap_complete::engine::ArgValueCompleter;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct PipelineArgs {
    /// The environment.
    #[arg(add = ArgValueCompleter::new(super::completing::environments))]
    pub(crate) environment: Option<String>,
    #[command(subcommand)]
    pub(crate) command: PipelineCommand,
}

impl PipelineArgs {
    /// The word after the command, where another order of words would have the environment.
    pub(crate) fn word_after_command(&self) -> Option<String> {
        use PipelineCommand as C;
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        match &self.command {
            C::Schema { data, .. } => Some(path(data)),
            C::Upload { data, .. } => data.first().map(path),
            C::Invoke { rows, .. } => Some(path(rows)),
            C::Resume { execution: word, .. }
            | C::Status { execution: word, .. }
            | C::Logs { execution: word, .. }
            | C::Stop { execution: word, .. }
            | C::Approve { package: word, .. }
            | C::Deploy { package: word, .. } => word.clone(),
            C::Reject { package, .. } => Some(package.clone()),
            C::Data { .. } | C::Run { .. } | C::Models { .. } | C::Rollback { .. } | C::Image { .. } => None,
        }
    }
}

#[derive(Subcommand)]
pub(crate) enum PipelineCommand {
    /// Write a first schema for a CSV file, and say what to set in the environment file. Needs no AWS.
    Schema {
        /// A CSV file with a header, .tsv with tabs, each also with .gz.
        data: PathBuf,
        /// The column to predict.
        #[arg(long, value_name = "NAME")]
        label: String,
        /// The task; guessed from the label if left out.
        #[arg(long, value_enum)]
        task: Option<SchemaTask>,
        /// The file to write, from the project's root. A file that exists is not overwritten.
        #[arg(long, value_name = "FILE", default_value = "schema.json")]
        out: PathBuf,
    },
    /// Upload raw data that fits the schema. A file with the same content is not sent again, and one with the same name
    /// and other content is replaced.
    Upload {
        /// Files, and folders with all that is in them.
        #[arg(required = true)]
        data: Vec<PathBuf>,
        /// Upload the files without an inspection. Training puts rows aside that break the schema.
        #[arg(long)]
        unchecked: bool,
    },
    /// List the raw data, or remove files of it. Old versions stay until the bucket's lifecycle takes them.
    Data {
        /// Remove these files, named as the list does. A name that ends in `/` is a folder.
        #[arg(long, value_name = "FILE", num_args = 0..)]
        remove: Option<Vec<String>>,
        /// With --remove: all files.
        #[arg(long, requires = "remove")]
        all: bool,
        /// Remove files also if the bucket keeps no versions, and nothing brings them back.
        #[arg(long, requires = "remove")]
        delete_data: bool,
        /// Do not ask.
        #[arg(long, short, requires = "remove")]
        yes: bool,
    },
    /// Start an execution.
    Run {
        /// Stay and show the steps. Ctrl-C leaves the execution alone, and stops it with --local. Exit code 1 if it fails.
        #[arg(long)]
        follow: bool,
        /// The inputs to override, as JSON or in a file: raw_prefix, load_mode, schema, split, hyperparameters,
        /// validation_limits, thresholds, decision_threshold. Each field replaces the whole default.
        #[arg(long, value_name = "FILE|JSON")]
        input: Option<String>,
        /// One value to override: training.num_round=200, thresholds.auc.min=0.8, split=0.6,0.2,0.2. Repeatable.
        #[arg(long, value_name = "NAME=VALUE")]
        set: Vec<String>,
    },
    /// Go on with an execution that failed, at the step that failed, with all that it had made.
    Resume {
        /// Its name or ARN; the latest if left out.
        execution: Option<String>,
        /// Begin at this step instead, such as Train.
        #[arg(long, value_name = "STEP")]
        from: Option<String>,
        /// Stay and show the steps; Ctrl-C leaves the execution alone. Exit code 1 if it fails.
        #[arg(long)]
        follow: bool,
    },
    /// Show an execution's steps, error and metrics; exit code 1 if it failed.
    Status {
        /// Its name or ARN; the latest if left out.
        execution: Option<String>,
        /// Of the deployments of approved models, instead of training.
        #[arg(long)]
        deploy: bool,
        /// Stay until it ends.
        #[arg(long)]
        follow: bool,
    },
    /// Show what happened in an execution, and the log of the step that failed or is running.
    Logs {
        /// Its name or ARN; the latest if left out.
        execution: Option<String>,
        /// Of the deployments of approved models, instead of training.
        #[arg(long)]
        deploy: bool,
        /// The log of this step instead.
        #[arg(long, value_name = "NAME")]
        step: Option<String>,
        /// The number of lines of each log.
        #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..))]
        lines: u16,
    },
    /// Approve a model for deployment.
    Approve {
        /// Its version or ARN; the newest that awaits approval if left out.
        package: Option<String>,
        /// Do not ask.
        #[arg(long, short)]
        yes: bool,
        /// Deploy it also if it takes other features than the model in service. Callers must be ready.
        #[arg(long)]
        allow_changed_features: bool,
        /// The reason, for the registry.
        #[arg(long, value_name = "TEXT", default_value = "approved with mlopsctl")]
        reason: String,
    },
    /// Reject a model: it will not be deployed, and is no baseline for later ones.
    Reject {
        /// Its version or ARN.
        package: String,
        /// Do not ask.
        #[arg(long, short)]
        yes: bool,
        /// The reason, for the registry.
        #[arg(long, value_name = "TEXT", default_value = "rejected with mlopsctl")]
        reason: String,
    },
    /// List the versions of the model, newest first: status, metrics, and which one is in service.
    Models {
        /// The number of versions.
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=100))]
        last: u16,
    },
    /// Bring a model into service. Approves it first if it is not approved.
    Deploy {
        /// Its version or ARN; the newest approved one if left out.
        package: Option<String>,
        #[command(flatten)]
        deployment: DeploymentArgs,
        /// Deploy it also if it is in service already, for example after a change of the instance type.
        #[arg(long)]
        again: bool,
    },
    /// Bring the model back into service that was there before.
    Rollback {
        #[command(flatten)]
        deployment: DeploymentArgs,
    },
    /// Stop an execution, and the job that it waits for.
    Stop {
        /// Its name or ARN; the one that is running if left out.
        execution: Option<String>,
        /// Of the deployments of approved models, instead of training.
        #[arg(long)]
        deploy: bool,
        /// Do not ask.
        #[arg(long, short)]
        yes: bool,
    },
    /// Ask the model in service about rows, which are read as training data is. Prints CSV: a prediction for each row.
    Invoke {
        /// A CSV file with a header, .tsv with tabs; `-` reads stdin. The label and other columns may be there.
        rows: PathBuf,
        /// Ask about the first rows only.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        first: Option<u32>,
    },
    /// Print the docker commands that build and push pipeline/image, or run them.
    Image {
        /// Build it.
        #[arg(long)]
        build: bool,
        /// Build it, log in and push it.
        #[arg(long)]
        push: bool,
        /// Its tag; a digest of its files if left out.
        #[arg(long, value_parser = image_tag)]
        tag: Option<String>,
    },
}

impl PipelineCommand {
    /// The files and folders that it reads.
    pub(crate) fn files(&self) -> &[PathBuf] {
        match self {
            Self::Upload { data, .. } => data,
            Self::Schema { data: file, .. } => std::slice::from_ref(file),
            Self::Invoke { rows, .. } if rows.as_os_str() != "-" => std::slice::from_ref(rows),
            _ => &[],
        }
    }
}

/// The options of a deployment.
#[derive(Args)]
pub(crate) struct DeploymentArgs {
    /// Do not ask.
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Deploy it also if it takes other features than the model in service. Callers must be ready.
    #[arg(long)]
    pub(crate) allow_changed_features: bool,
    /// Stay and show the steps. Ctrl-C leaves the deployment alone, and stops it with --local. Exit code 1 if it fails.
    #[arg(long)]
    pub(crate) follow: bool,
}

/// The task of a model.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum SchemaTask {
    /// One of two classes.
    Binary,
    /// One of several classes.
    Multiclass,
    /// A number.
    Regression,
}

/// A tag as registries take it.
/// <https://docs.docker.com/reference/cli/docker/image/tag/>
fn image_tag(text: &str) -> Result<String, String> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let starts_well = text.bytes().next().is_some_and(is_word);
    let is_tag = starts_well && text.len() <= 128 && text.bytes().all(|byte| is_word(byte) || b".-".contains(&byte));
    is_tag.then(|| text.to_owned()).ok_or_else(|| {
        "a tag has up to 128 letters, digits, `_`, `.` and `-`, and begins with none of the last two".to_owned()
    })
}
