//! The commands that read and repair the state.

mod differences;
mod edit;
mod history;
mod list;
mod words;

use crate::{
    cli::{Global, StateCommand},
    command_error::CommandError,
    printer::Printer,
};
use app::Session;

pub(crate) async fn run(global: &Global, what: StateCommand, printer: Printer) -> Result<(), CommandError> {
    match what {
        StateCommand::List { environment, format } => {
            list::run(&open(global, environment).await?, format, printer).await
        }
        StateCommand::Show { words } => {
            let (environment, [address]) = words::addresses(&words)?;
            show(&open(global, environment).await?, &address, printer).await
        }
        StateCommand::Pull { environment } => {
            let (state, _) = open(global, environment).await?.state().await?;
            printer.json(String::from_utf8_lossy(&state.write()).trim_end());
            Ok(())
        }
        StateCommand::History { environment, show } => {
            history::run(&open(global, environment).await?, show, printer).await
        }
        StateCommand::Rm { words, yes } => {
            let (environment, [address]) = words::addresses(&words)?;
            edit::remove(global, environment, &address, yes, printer).await
        }
        StateCommand::Mv { words, yes } => {
            let (environment, [from, to]) = words::addresses(&words)?;
            edit::rename(global, environment, &from, &to, yes, printer).await
        }
        StateCommand::Push { words, force, yes } => {
            let (environment, file) = words::file(&words);
            edit::push(global, environment, &file, force, yes, printer).await
        }
    }
}

async fn open(global: &Global, environment: Option<String>) -> Result<Session, CommandError> {
    Ok(global.app().open_state(environment.as_deref()).await?)
}

async fn show(session: &Session, address: &str, printer: Printer) -> Result<(), CommandError> {
    let (state, _) = session.state().await?;
    let address = words::known(&state, address)?;
    printer.document(&state.resources[&address]);
    Ok(())
}
