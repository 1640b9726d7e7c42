//! The command line, as other people's scripts rely on it.

pub(crate) mod completing;
mod global;
pub(crate) mod other_words;
mod pipeline;
#[cfg(test)]
mod reference;
mod self_check;
mod state_command;

pub(crate) use global::Global;
pub(crate) use pipeline::{DeploymentArgs, PipelineArgs, PipelineCommand, SchemaTask};
pub(crate) use self_check::SelfCommand;
pub(crate) use state_command::{ListFormat, StateCommand};

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::engine::ArgValueCompleter;
use std::path::PathBuf;

/// Builds and keeps a production MLOps platform on AWS.
#[derive(Parser)]
#[command(name = "mlopsctl", version, propagate_version = true, arg_required_else_help = true)]
#[command(long_version = concat!(env!("CARGO_PKG_VERSION"), " (", env!("MLOPSCTL_BUILD"), ")"))]
#[command(
    after_help = "Start with `mlopsctl init`, then `mlopsctl up dev --local`: the whole platform on an embedded AWS, at no cost \
                  and no risk."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Write environments/ and pipeline/ for a new project.
    Init(InitArgs),
    /// Check environment files and pipeline assets, without any network.
    Validate {
        /// The environment; all of them if left out.
        #[arg(add = ArgValueCompleter::new(completing::environments))]
        environment: Option<String>,
    },
    /// Format environment files, keeping comments.
    Fmt {
        /// Change nothing; fail if something is not formatted.
        #[arg(long)]
        check: bool,
    },
    /// Show what would change.
    Plan(PlanArgs),
    /// Plan, confirm, apply.
    Up(UpArgs),
    /// Remove everything, in reverse order.
    Destroy(DestroyArgs),
    /// Print the outputs of the platform, such as names of buckets and roles, or of one resource.
    Output {
        /// The environment.
        #[arg(add = ArgValueCompleter::new(completing::environments))]
        environment: Option<String>,
        /// One output, as plain text; or one of a resource, by its address: network.private-1.id.
        #[arg(add = ArgValueCompleter::new(completing::addresses))]
        name: Option<String>,
    },
    /// Wait for what `up --no-wait` left settling.
    Wait {
        /// The environment.
        #[arg(add = ArgValueCompleter::new(completing::environments))]
        environment: Option<String>,
    },
    /// Compare the cloud with the state, read-only; exit code 2 on drift.
    Drift {
        /// The environment.
        #[arg(add = ArgValueCompleter::new(completing::environments))]
        environment: Option<String>,
        /// Write the live values at these addresses (globs allowed) into the environment file, where it can say them.
        #[arg(long, value_name = "ADDRESS", num_args = 1.., add = ArgValueCompleter::new(completing::addresses))]
        accept: Vec<String>,
        /// Say who changed each resource and when, by CloudTrail's event history. Needs `cloudtrail:LookupEvents`.
        #[arg(long, conflicts_with = "accept")]
        who: bool,
    },
    /// Repair drift, as far as `[drift]` in the file allows; exit code 2 if some is left.
    Reconcile {
        /// The environment.
        #[arg(add = ArgValueCompleter::new(completing::environments))]
        environment: Option<String>,
    },
    /// Answer AWS Lambda as the drift job: reconcile each time it is called.
    #[command(hide = true)]
    Job {
        /// The environment.
        #[arg(add = ArgValueCompleter::new(completing::environments))]
        environment: String,
    },
    /// Find problems that would stop `up`, or that keep a running platform from working. Changes nothing.
    Doctor {
        /// The environment.
        #[arg(add = ArgValueCompleter::new(completing::environments))]
        environment: Option<String>,
    },
    /// Estimate what it costs: every month, by use, and at most for a run of the pipeline.
    Cost {
        /// The environment.
        #[arg(add = ArgValueCompleter::new(completing::environments))]
        environment: Option<String>,
        /// A price list of your own.
        #[arg(long, value_name = "FILE")]
        prices: Option<PathBuf>,
        /// Print the built-in price list, to start one of your own from.
        #[arg(long, conflicts_with_all = ["environment", "prices"])]
        print_prices: bool,
    },
    /// Draw what there is and what needs what.
    Graph(GraphArgs),
    /// Take over resources that exist and that mlopsctl did not make.
    Adopt(AdoptArgs),
    /// Print the least-privilege IAM policy for provisioning an environment.
    Permissions(PermissionsArgs),
    /// Show the state, and repair it.
    #[command(subcommand)]
    State(StateCommand),
    /// Remove a lock whose run has died.
    Unlock {
        /// The environment.
        #[arg(add = ArgValueCompleter::new(completing::environments))]
        environment: String,
        /// The lock's id, as the refused command printed it.
        lock_id: String,
        /// Take it even from a run that renewed it within the last minute.
        #[arg(long)]
        force: bool,
    },
    /// Use what was built: bring data, train, judge, approve.
    Pipeline(PipelineArgs),
    /// The embedded AWS.
    #[command(subcommand)]
    Local(LocalCommand),
    /// Offer the commands to an agent as tools: a server of the Model Context Protocol on stdin and stdout.
    Mcp {
        /// Let tools change AWS as well. Without it, they change the embedded AWS only.
        #[arg(long)]
        allow_changes_on_aws: bool,
    },
    /// This mlopsctl itself.
    #[command(subcommand, name = "self")]
    Itself(SelfCommand),
    /// Print the script with which a shell completes commands, environments and addresses.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}

impl Command {
    /// True for commands that print a line for each event with --json, and not one document.
    pub(crate) fn gives_events(&self) -> bool {
        match self {
            Self::Adopt(args) => args.out.is_none(),
            Self::Up(_) | Self::Destroy(_) | Self::Reconcile { .. } | Self::Wait { .. } => true,
            _ => false,
        }
    }
}

#[derive(Args)]
pub(crate) struct InitArgs {
    /// The folder of the project.
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// The name of the project. Without it a terminal is asked.
    #[arg(long, value_name = "NAME")]
    pub(crate) project: Option<String>,
    /// The region of AWS. Without it a terminal is asked.
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
}

#[derive(Args)]
pub(crate) struct PlanArgs {
    /// The environment.
    #[arg(add = ArgValueCompleter::new(completing::environments))]
    pub(crate) environment: Option<String>,
    /// Save the plan for `up --plan`.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Show a plan that `--out` saved, and make none. Asks AWS for nothing.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["out", "exit_code", "target", "delete_data", "unprotect"])]
    pub(crate) show: Option<PathBuf>,
    /// The format: text for a person, or Markdown for a comment on a pull request.
    #[arg(long, value_enum, default_value_t = PlanFormat::Text, conflicts_with_all = ["json", "full", "quiet"])]
    pub(crate) format: PlanFormat,
    /// Exit with 2 when there are changes.
    #[arg(long)]
    pub(crate) exit_code: bool,
    /// Show every line and every value whole, also on a terminal.
    #[arg(long)]
    pub(crate) full: bool,
    /// Only this address, or what this glob matches, and what it needs; may be repeated.
    #[arg(long, value_name = "ADDRESS", add = ArgValueCompleter::new(completing::addresses))]
    pub(crate) target: Vec<String>,
    /// Plan what `up --delete-data` would do: keys that the file no longer declares go as well.
    #[arg(long, value_name = "ADDRESS,…", num_args = 0..=1, require_equals = true, default_missing_value = "*", value_delimiter = ',', add = ArgValueCompleter::new(completing::addresses))]
    pub(crate) delete_data: Vec<String>,
    /// Plan what `up --unprotect` would do; may be repeated, or name several, separated by commas.
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',', add = ArgValueCompleter::new(completing::addresses))]
    pub(crate) unprotect: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    Text,
    Markdown,
}

#[derive(Args)]
pub(crate) struct PermissionsArgs {
    /// The environment.
    #[arg(add = ArgValueCompleter::new(completing::environments))]
    pub(crate) environment: Option<String>,
    /// Only what `plan` and `drift` need, which change nothing.
    #[arg(long)]
    pub(crate) read_only: bool,
    /// Also what `doctor` needs: quotas, and the simulation of the caller's own policies.
    #[arg(long)]
    pub(crate) doctor: bool,
    /// Print the policy of an existing role instead, by its key in [identity.roles]: what the platform does with it.
    #[arg(long, value_name = "KEY", conflicts_with_all = ["split", "doctor", "read_only", "trust"])]
    pub(crate) role: Option<String>,
    /// Print the trust policy of the role instead: which runs of a repository may assume it, by OpenID Connect.
    /// A repository of GitHub made after the middle of July 2026 has ids in its subject: github:ORG@ID/REPO@ID.
    #[arg(long, value_name = "github:ORG/REPO | gitlab:GROUP/PROJECT", conflicts_with_all = ["split", "doctor"])]
    pub(crate) trust: Option<permissions::Repository>,
    /// Trust the runs of this branch; with --deployment, only those of both.
    #[arg(long, requires = "trust", conflicts_with_all = ["pull_requests", "subject"])]
    pub(crate) branch: Option<String>,
    /// Trust the runs of this deployment environment of GitHub.
    #[arg(long, value_name = "NAME", requires = "trust", group = "runs")]
    pub(crate) deployment: Option<String>,
    /// Trust the runs of pull requests; so it is with --read-only anyway.
    #[arg(long, requires = "trust", group = "runs")]
    pub(crate) pull_requests: bool,
    /// Trust the runs with this subject, as the token has it; `*` stands for anything.
    #[arg(long, requires = "trust", group = "runs")]
    pub(crate) subject: Option<String>,
    /// Write as many policies into this folder as are needed for each to be small enough for AWS.
    #[arg(long, value_name = "DIR")]
    pub(crate) split: Option<PathBuf>,
    /// For this account, asking AWS for nothing: neither whose the credentials are, nor for the state.
    #[arg(long, value_name = "ID", value_parser = account)]
    pub(crate) account: Option<String>,
}

#[derive(Args)]
pub(crate) struct UpArgs {
    /// The environment.
    #[arg(add = ArgValueCompleter::new(completing::environments))]
    pub(crate) environment: Option<String>,
    /// Apply a saved plan; refused if anything moved since.
    #[arg(long, value_name = "FILE", conflicts_with = "target")]
    pub(crate) plan: Option<PathBuf>,
    /// Only this address, or what this glob matches, and what it needs; may be repeated.
    #[arg(long, value_name = "ADDRESS", add = ArgValueCompleter::new(completing::addresses))]
    pub(crate) target: Vec<String>,
    /// Exit once all creations are started; finish the rest with `mlopsctl wait`.
    #[arg(long)]
    pub(crate) no_wait: bool,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

#[derive(Args)]
pub(crate) struct DestroyArgs {
    /// The environment.
    #[arg(add = ArgValueCompleter::new(completing::environments))]
    pub(crate) environment: Option<String>,
    /// Remove the state bucket as well, when everything is gone.
    #[arg(long)]
    pub(crate) with_state: bool,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

#[derive(Args)]
pub(crate) struct GraphArgs {
    /// The environment.
    #[arg(add = ArgValueCompleter::new(completing::environments))]
    pub(crate) environment: Option<String>,
    /// The format: for Graphviz, for Markdown, a picture, or a page to explore. Without it the name of the file decides,
    /// or it is dot.
    #[arg(long, value_enum)]
    pub(crate) format: Option<GraphFormat>,
    /// Mark what `up` would change; asks AWS as `plan` does.
    #[arg(long)]
    pub(crate) changes: bool,
    /// Write to a file instead of to stdout: .dot, .gv, .mmd, .mermaid, .svg or .html.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    Dot,
    Mermaid,
    Svg,
    Html,
}

#[derive(Args)]
pub(crate) struct AdoptArgs {
    /// The environment, then addresses with the ids of the resources to adopt: ADDRESS=ID or ADDRESS ID. Without an id,
    /// the resource with the declared name.
    #[arg(value_name = "ENVIRONMENT | ADDRESS[=ID]", add = ArgValueCompleter::new(completing::environment_then_addresses))]
    pub(crate) what: Vec<String>,
    /// Adopt the resources that Terraform's state records and the environment file declares. An ID may then be an address of
    /// Terraform's, such as aws_route_table.private.
    #[arg(long, value_name = "FILE")]
    pub(crate) from_tfstate: Option<PathBuf>,
    /// Take nothing over: show the plan, and save it for `up --plan`.
    #[arg(long, value_name = "FILE", conflicts_with = "yes")]
    pub(crate) out: Option<PathBuf>,
    /// Do not ask.
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Args)]
pub(crate) struct ChangeArgs {
    /// Do not ask.
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Allow deleting data: objects, images, feature data, file systems. With addresses, only at these.
    #[arg(long, value_name = "ADDRESS,…", num_args = 0..=1, require_equals = true, default_missing_value = "*", value_delimiter = ',', add = ArgValueCompleter::new(completing::addresses))]
    pub(crate) delete_data: Vec<String>,
    /// Allow deleting or replacing what is protected and matches; may be repeated, or name several, separated by commas.
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',', add = ArgValueCompleter::new(completing::addresses))]
    pub(crate) unprotect: Vec<String>,
    /// Steps under way at once.
    #[arg(long, value_name = "N", default_value_t = PARALLELISM, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) parallelism: u16,
    /// Wait so many times as long as usual for what AWS makes slowly.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10))]
    pub(crate) wait_factor: u32,
}

const PARALLELISM: u16 = 64;

impl Default for ChangeArgs {
    fn default() -> Self {
        Self { yes: false, delete_data: Vec::new(), unprotect: Vec::new(), parallelism: PARALLELISM, wait_factor: 1 }
    }
}

#[derive(Subcommand)]
pub(crate) enum LocalCommand {
    /// Offer the embedded AWS on a loopback port, for the AWS CLI and other tools.
    Serve {
        /// The port; 0 takes a free one.
        #[arg(long, default_value_t = 4566)]
        port: u16,
        /// Keep executions, and leave their work to another program.
        #[arg(long)]
        keep_only: bool,
    },
    /// Forget everything in it.
    Reset,
}

fn account(text: &str) -> Result<String, String> {
    let digits = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.to_owned()).ok_or_else(|| "an AWS account has twelve digits".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
