//! The arguments of `self`.

use clap::Subcommand;

#[derive(Subcommand)]
pub(crate) enum SelfCommand {
    /// Ask PyPI for the newest release; exit code 2 if this is an older one. No other command asks.
    Check {
        /// PyPI's JSON about mlopsctl, or a mirror of it.
        #[arg(long, value_name = "URL", env = app::releases::VARIABLE, default_value = app::releases::ADDRESS)]
        releases: String,
    },
}
