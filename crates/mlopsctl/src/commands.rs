//! One module per command.

mod destroy;
mod drift;
mod fmt;
mod init;
#[cfg(feature = "local")]
mod local;
mod output;
mod plan;
mod shell;
mod state;
mod unlock;
mod up;
mod validate;

use crate::{
    cli::{Cli, Command},
    fault::Fault,
    printer::Printer,
};

/// Runs a command; the exit code when it ended as it should.
pub(crate) async fn run(cli: &Cli, printer: &Printer) -> Result<u8, Fault> {
    let global = &cli.global;
    match &cli.command {
        Command::Init { dir } => init::run(printer, dir),
        Command::Validate { environment } => validate::run(global, printer, environment.as_deref()),
        Command::Fmt { environment, check } => fmt::run(global, printer, environment.as_deref(), *check),
        Command::Plan(asked) => plan::run(global, printer, asked).await,
        Command::Up(asked) => up::run(global, printer, asked).await,
        Command::Destroy(asked) => destroy::run(global, printer, asked).await,
        Command::Output { environment, name } => {
            output::run(global, printer, environment.as_deref(), name.as_deref()).await
        }
        Command::Drift { environment } => drift::run(global, printer, environment.as_deref()).await,
        Command::State(asked) => state::run(global, printer, asked).await,
        Command::Unlock { environment, id } => {
            unlock::run(global, printer, environment.as_deref(), id.as_deref().unwrap_or_default()).await
        }
        #[cfg(feature = "local")]
        Command::Local(asked) => local::run(global, printer, asked).await,
        #[cfg(not(feature = "local"))]
        Command::Local(_) => Err(Fault::usage("this mlopsctl was built without the embedded AWS")),
        Command::Completions { shell } => shell::completions(printer, *shell),
        Command::Man { out } => shell::man(printer, out.as_deref()),
    }
}
