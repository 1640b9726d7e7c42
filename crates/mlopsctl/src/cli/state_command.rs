//! The commands that read and repair the state.

use super::completing;
use clap::{Subcommand, ValueEnum};
use clap_complete::engine::ArgValueCompleter;

#[derive(Subcommand)]
pub(crate) enum StateCommand {
    /// List the recorded resources.
    List {
        /// The environment.
        #[arg(add = ArgValueCompleter::new(completing::environments))]
        environment: Option<String>,
        /// For another tool: import blocks of Terraform, with which it takes everything over.
        #[arg(long, value_enum, conflicts_with = "json")]
        format: Option<ListFormat>,
    },
    /// Show the record of one resource.
    Show {
        /// The environment, then the resource's address.
        #[arg(value_names = ["ENVIRONMENT", "ADDRESS"], num_args = 1..=2, required = true, add = ArgValueCompleter::new(completing::environment_then_addresses))]
        words: Vec<String>,
    },
    /// Forget a resource without deleting it.
    Rm {
        /// The environment, then the resource's address.
        #[arg(value_names = ["ENVIRONMENT", "ADDRESS"], num_args = 1..=2, required = true, add = ArgValueCompleter::new(completing::environment_then_addresses))]
        words: Vec<String>,
        /// Do not ask.
        #[arg(long, short)]
        yes: bool,
    },
    /// Give a resource another address.
    Mv {
        /// The environment, then the address that the resource has and the one that it gets.
        #[arg(value_names = ["ENVIRONMENT", "FROM", "TO"], num_args = 2..=3, required = true, add = ArgValueCompleter::new(completing::environment_then_addresses))]
        words: Vec<String>,
        /// Do not ask.
        #[arg(long, short)]
        yes: bool,
    },
    /// Print the state.
    Pull {
        /// The environment.
        #[arg(add = ArgValueCompleter::new(completing::environments))]
        environment: Option<String>,
    },
    /// Replace the state by a file of the same lineage that is no older.
    Push {
        /// The environment, then the file.
        #[arg(value_names = ["ENVIRONMENT", "FILE"], num_args = 1..=2, required = true)]
        words: Vec<String>,
        /// Do not ask.
        #[arg(long, short)]
        yes: bool,
        /// Go back to an older one.
        #[arg(long)]
        force: bool,
    },
    /// List earlier versions of the state, newest first.
    History {
        /// The environment.
        #[arg(add = ArgValueCompleter::new(completing::environments))]
        environment: Option<String>,
        /// Print this version instead.
        #[arg(long, value_name = "ID")]
        show: Option<String>,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ListFormat {
    TerraformImport,
}
