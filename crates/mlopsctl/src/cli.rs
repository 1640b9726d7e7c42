//! What can be typed.

mod duration;

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

/// Builds, changes and removes an MLOps platform on AWS, from one environment file.
#[derive(Debug, Parser)]
#[command(name = "mlopsctl", version, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command understands.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Work on the embedded AWS in state/local; nothing is at stake there, so nothing is asked
    #[arg(long, global = true)]
    pub(crate) local: bool,
    /// The folder of the environment files
    #[arg(long, global = true, value_name = "DIR", default_value = "environments")]
    pub(crate) environments: PathBuf,
    /// Answer in JSON: one document, or one event per line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// How long to wait for somebody else's lock: 60s, 5m
    #[arg(long, global = true, value_name = "TIME", default_value = "0s", value_parser = duration::parse)]
    pub(crate) lock_timeout: Duration,
    /// Show no progress
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Log to stderr; twice for more, three times for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// No colours (also: NO_COLOR)
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write environments/ and pipeline/ for a new project
    Init {
        /// Where
        #[arg(default_value = ".")]
        dir: PathBuf,
    },
    /// Check environment files and what they name, without any network
    Validate {
        /// Left out: all of them
        environment: Option<String>,
    },
    /// Format environment files, keeping comments
    Fmt {
        /// Left out: all of them
        environment: Option<String>,
        /// Change nothing; fail if something would be formatted
        #[arg(long)]
        check: bool,
    },
    /// Show what would change
    Plan(Plan),
    /// Bring the platform to what the environment file says
    Up(Up),
    /// Remove the platform
    Destroy(Destroy),
    /// Show what the platform gives back
    Output {
        /// Left out: $MLOPSCTL_ENV, or the only one there is
        environment: Option<String>,
        /// Only this one, and only its value
        name: Option<String>,
    },
    /// Compare the cloud with the state; 2 when they differ
    Drift {
        /// Left out: $MLOPSCTL_ENV, or the only one there is
        environment: Option<String>,
    },
    /// Look at the state, or change it by hand
    #[command(subcommand)]
    State(State),
    /// Remove a lock that nobody holds any more
    #[command(allow_missing_positional = true)]
    Unlock {
        /// Left out: $MLOPSCTL_ENV, or the only one there is
        environment: Option<String>,
        /// As the message about the lock says
        #[arg(required = true, value_name = "LOCK-ID")]
        id: Option<String>,
    },
    /// The embedded AWS
    #[command(subcommand)]
    Local(Local),
    /// Write completions for a shell
    Completions {
        /// Which
        shell: clap_complete::Shell,
    },
    /// Write the manual page
    Man {
        /// Write the pages of all commands into this folder
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// Left out: $MLOPSCTL_ENV, or the only one there is
    pub(crate) environment: Option<String>,
    /// Save the plan, for `up --plan`
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// End with 2 when there are changes
    #[arg(long)]
    pub(crate) exit_code: bool,
    #[command(flatten)]
    pub(crate) scope: Scope,
}

/// What a plan may touch.
#[derive(Debug, Default, Args)]
pub(crate) struct Scope {
    /// Only these addresses (globs), and what they need
    #[arg(long = "target", value_name = "ADDR")]
    pub(crate) targets: Vec<String>,
    /// Allow deleting or replacing these protected addresses (globs)
    #[arg(long, value_name = "ADDR")]
    pub(crate) unprotect: Vec<String>,
    /// Allow deleting data: objects, images, feature data, file systems
    #[arg(long)]
    pub(crate) delete_data: bool,
}

/// How a plan is carried out.
#[derive(Debug, Args)]
pub(crate) struct Manner {
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Steps under way at once
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) parallelism: u16,
    /// End when nothing more has to be started
    #[arg(long)]
    pub(crate) no_wait: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Left out: $MLOPSCTL_ENV, or the only one there is
    pub(crate) environment: Option<String>,
    /// Apply a saved plan, if it still holds
    #[arg(long, value_name = "FILE", conflicts_with_all = ["targets"])]
    pub(crate) plan: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) scope: Scope,
    #[command(flatten)]
    pub(crate) manner: Manner,
}

#[derive(Debug, Args)]
pub(crate) struct Destroy {
    /// Left out: $MLOPSCTL_ENV, or the only one there is
    pub(crate) environment: Option<String>,
    #[command(flatten)]
    pub(crate) scope: Scope,
    /// Remove the state bucket too
    #[arg(long, conflicts_with_all = ["targets", "no_wait"])]
    pub(crate) with_state: bool,
    #[command(flatten)]
    pub(crate) manner: Manner,
}

#[derive(Debug, Subcommand)]
pub(crate) enum State {
    /// List what is remembered
    List {
        /// Left out: $MLOPSCTL_ENV, or the only one there is
        environment: Option<String>,
    },
    /// Show what is remembered of one resource
    Show {
        /// The address, and the environment
        #[arg(num_args = 1..=2, required = true, value_names = ["ADDR", "ENV"])]
        words: Vec<String>,
    },
    /// Forget a resource; it stays in the cloud
    Rm {
        /// The address, and the environment
        #[arg(num_args = 1..=2, required = true, value_names = ["ADDR", "ENV"])]
        words: Vec<String>,
    },
    /// Give a resource another address
    Mv {
        /// The address, the new one, and the environment
        #[arg(num_args = 2..=3, required = true, value_names = ["FROM", "TO", "ENV"])]
        words: Vec<String>,
    },
    /// Write the state to stdout
    Pull {
        /// Left out: $MLOPSCTL_ENV, or the only one there is
        environment: Option<String>,
    },
    /// Replace the state by a file's
    Push {
        /// The file, and the environment
        #[arg(num_args = 1..=2, required = true, value_names = ["FILE", "ENV"])]
        words: Vec<String>,
        /// Even if the file's is older or of another lineage
        #[arg(long)]
        force: bool,
    },
    /// List the versions the bucket keeps
    History {
        /// Left out: $MLOPSCTL_ENV, or the only one there is
        environment: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Local {
    /// Answer AWS requests on a loopback port, until interrupted
    Serve {
        /// 0: any that is free
        #[arg(long, default_value_t = 4566)]
        port: u16,
        /// The region that is printed; every region is answered
        #[arg(long, default_value = "us-east-1")]
        region: String,
    },
    /// Forget everything the embedded AWS holds
    Reset,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_flags_stand_anywhere() {
        for line in ["mlopsctl --local --json up dev", "mlopsctl up dev --local --json", "mlopsctl up --json dev --local"] {
            let cli = parse(line).unwrap();
            assert!(cli.global.local && cli.global.json, "{line}");
            let Command::Up(up) = cli.command else { panic!("{line}") };
            assert_eq!(up.environment.as_deref(), Some("dev"));
        }
    }

    #[test]
    fn the_lock_timeout_is_written_as_people_write_it() {
        for (text, seconds) in [("60s", 60), ("5m", 300), ("1h30m", 5400), ("90", 90), ("0", 0)] {
            let cli = parse(&format!("mlopsctl up dev --lock-timeout {text}")).unwrap();
            assert_eq!(cli.global.lock_timeout, Duration::from_secs(seconds), "{text}");
        }
        for text in ["soon", "-5s", ""] {
            assert!(parse(&format!("mlopsctl up dev --lock-timeout={text}")).is_err(), "{text}");
        }
    }

    #[test]
    fn unlock_needs_the_id_and_may_leave_the_environment_out() {
        let both = |line| match parse(line).unwrap().command {
            Command::Unlock { environment, id } => (environment, id),
            other => panic!("{other:?}"),
        };
        assert_eq!(both("mlopsctl unlock dev 1-2-3"), (Some("dev".into()), Some("1-2-3".into())));
        assert_eq!(both("mlopsctl unlock 1-2-3"), (None, Some("1-2-3".into())));
        assert!(parse("mlopsctl unlock").is_err());
    }

    #[test]
    fn a_saved_plan_leaves_nothing_to_choose() {
        assert!(parse("mlopsctl up dev --plan p.json").is_ok());
        assert!(parse("mlopsctl up dev --plan p.json --target network.vpc").is_err());
    }

    #[test]
    fn unknown_words_are_mistakes_and_help_is_not() {
        assert!(parse("mlopsctl frobnicate").unwrap_err().use_stderr());
        assert!(parse("mlopsctl plan --nonsense").unwrap_err().use_stderr());
        assert!(!parse("mlopsctl up --help").unwrap_err().use_stderr());
        assert!(!parse("mlopsctl --version").unwrap_err().use_stderr());
    }
}
