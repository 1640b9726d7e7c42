//! The state, seen and changed by hand.

mod edit;
mod words;

use crate::{
    cli::{Global, State},
    fault::Fault,
    memory,
    printer::Printer,
    session::Session,
};
use serde_json::json;
use state::Store as _;
use words::split;

pub(super) async fn run(global: &Global, printer: &Printer, asked: &State) -> Result<u8, Fault> {
    match asked {
        State::List { environment } => list(global, printer, environment.as_deref()).await?,
        State::Show { words } => show(global, printer, words).await?,
        State::Rm { words } => edit::remove(global, printer, words).await?,
        State::Mv { words } => edit::rename(global, printer, words).await?,
        State::Pull { environment } => pull(global, printer, environment.as_deref()).await?,
        State::Push { words, force } => edit::push(global, printer, words, *force).await?,
        State::History { environment } => history(global, printer, environment.as_deref()).await?,
    }
    Ok(0)
}

/// The state as it is stored, or the fault that says that there is none.
async fn existing(global: &Global, environment: Option<&str>) -> Result<(Session, state::State), Fault> {
    let session = Session::open(global, environment).await?;
    let cloud = session.cloud(&[]);
    match memory::stored(&session, &session.bucket(&cloud)).await? {
        Some(remembered) => Ok((session, remembered.state)),
        None => Err(none(&session)),
    }
}

fn none(session: &Session) -> Fault {
    Fault::failed(format!("`{}` has no state", session.name)).help(format!("`mlopsctl up {}` makes one", session.name))
}

async fn list(global: &Global, printer: &Printer, environment: Option<&str>) -> Result<(), Fault> {
    let session = Session::open(global, environment).await?;
    let cloud = session.cloud(&[]);
    let state = memory::read(&session, &session.bucket(&cloud)).await?.state;
    if printer.is_json() {
        let rows: Vec<_> = state
            .resources
            .iter()
            .map(|(address, entry)| json!({"address": address, "kind": entry.kind, "id": entry.id, "phase": entry.phase}))
            .collect();
        return printer.document(&rows);
    }
    let widest = state.resources.keys().map(|address| address.as_str().len()).max().unwrap_or_default();
    for (address, entry) in &state.resources {
        let id = entry.id.as_deref().unwrap_or("-");
        printer.line(&format!("{address:widest$}  {:28}  {:10}  {id}", entry.kind, entry.phase.as_str()))?;
    }
    Ok(())
}

async fn show(global: &Global, printer: &Printer, words: &[String]) -> Result<(), Fault> {
    let (environment, rest) = split(global, words, 1);
    let (_, state) = existing(global, environment).await?;
    let entry = state.resources.iter().find(|(address, _)| address.as_str() == rest[0]);
    let (_, entry) = entry.ok_or_else(|| edit::unknown(&rest[0]))?;
    printer.document(entry)
}

async fn pull(global: &Global, printer: &Printer, environment: Option<&str>) -> Result<(), Fault> {
    let session = Session::open(global, environment).await?;
    let cloud = session.cloud(&[]);
    // As it is, even if this version cannot read it.
    match session.bucket(&cloud).store().get(memory::STATE).await? {
        Some(stored) => printer.data(&stored.bytes),
        None => Err(none(&session)),
    }
}

async fn history(global: &Global, printer: &Printer, environment: Option<&str>) -> Result<(), Fault> {
    let session = Session::open(global, environment).await?;
    let cloud = session.cloud(&[]);
    let bucket = session.bucket(&cloud);
    let versions = if bucket.exists().await? { bucket.store().history(memory::STATE).await? } else { Vec::new() };
    if printer.is_json() {
        let rows: Vec<_> =
            versions.iter().map(|(id, at, bytes)| json!({"version": id, "at": at, "bytes": bytes})).collect();
        return printer.document(&rows);
    }
    for (id, at, bytes) in versions {
        printer.line(&format!("{at}  {bytes:>9}  {id}"))?;
    }
    Ok(())
}
