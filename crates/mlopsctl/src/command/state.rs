//! Looking at the state, and repairing it.

use crate::{
    cli::{Global, StateCommand},
    end::End,
    printer::Printer,
    session::{LOCK, STATE, Session},
};
use resource::Address;
use serde_json::json;
use state::{Lock, State, Store};

pub(crate) async fn run(global: &Global, what: StateCommand, printer: Printer) -> Result<(), End> {
    match what {
        StateCommand::List { environment } => list(&open(global, environment).await?, printer).await,
        StateCommand::Show { address, environment } => show(&open(global, environment).await?, &address, printer).await,
        StateCommand::Pull { environment } => {
            let (state, _) = open(global, environment).await?.state().await?;
            printer.data(String::from_utf8_lossy(&state.write()).trim_end());
            Ok(())
        }
        StateCommand::History { environment, show } => history(&open(global, environment).await?, show, printer).await,
        StateCommand::Rm { address, environment } => {
            let session = open(global, environment).await?;
            edit(global, &session, "state rm", |state| {
                let address = known(state, &address)?;
                state.resources.remove(&address);
                Ok(())
            })
            .await?;
            printer.note(&format!("{address} is forgotten; what it was is still in the cloud"));
            Ok(())
        }
        StateCommand::Mv { from, to, environment } => {
            let session = open(global, environment).await?;
            edit(global, &session, "state mv", |state| rename(state, &from, &to)).await?;
            printer.note(&format!("{from} is now {to}"));
            Ok(())
        }
        StateCommand::Push { file, environment } => {
            let session = open(global, environment).await?;
            let bytes = std::fs::read(&file).map_err(|error| End::usage(format!("{}: {error}", file.display()), ""))?;
            let pushed = State::read(&bytes, &file.display().to_string())?;
            edit(global, &session, "state push", |state| replace(state, pushed)).await?;
            printer.note(&format!("{} is the state now", file.display()));
            Ok(())
        }
    }
}

async fn open(global: &Global, environment: Option<String>) -> Result<Session, End> {
    Session::open_state(global, environment.as_deref()).await
}

async fn list(session: &Session, printer: Printer) -> Result<(), End> {
    let (state, _) = session.state().await?;
    if printer.json {
        let rows = state.resources.iter().map(
            |(address, entry)| json!({"address": address, "kind": entry.kind, "id": entry.id, "phase": entry.phase}),
        );
        printer.document(&rows.collect());
        return Ok(());
    }
    let width = state.resources.keys().map(|address| address.as_str().len()).max().unwrap_or_default();
    for (address, entry) in &state.resources {
        let phase =
            if entry.phase == state::Phase::Ready { String::new() } else { format!("  ({})", entry.phase.as_str()) };
        printer.data(&format!("{address:width$}  {:28}  {}{phase}", entry.kind, entry.id.as_deref().unwrap_or("–")));
    }
    Ok(())
}

async fn show(session: &Session, address: &str, printer: Printer) -> Result<(), End> {
    let (state, _) = session.state().await?;
    let address = known(&state, address)?;
    printer.document(&json!(state.resources[&address]));
    Ok(())
}

async fn history(session: &Session, show: Option<String>, printer: Printer) -> Result<(), End> {
    if let Some(version) = show {
        let bytes = session.store.get_version(STATE, &version).await?;
        printer.data(String::from_utf8_lossy(&bytes).trim_end());
        return Ok(());
    }
    let versions = session.store.history(STATE).await?;
    if printer.json {
        let rows =
            versions.iter().map(|(id, written, bytes)| json!({"version": id, "written": written, "bytes": bytes}));
        printer.document(&rows.collect());
        return Ok(());
    }
    for (id, written, bytes) in versions {
        printer.data(&format!("{written}  {bytes:>9} bytes  {id}"));
    }
    Ok(())
}

fn known(state: &State, text: &str) -> Result<Address, End> {
    let address = Address::parse(text).filter(|address| state.resources.contains_key(address));
    address
        .ok_or_else(|| End::usage(format!("the state knows no `{text}`"), "`mlopsctl state list` shows what it knows"))
}

fn rename(state: &mut State, from: &str, to: &str) -> Result<(), End> {
    let from = known(state, from)?;
    let to = Address::parse(to)
        .ok_or_else(|| End::usage(format!("`{to}` is not an address"), "an address is <area>.<name>"))?;
    if state.resources.contains_key(&to) {
        return Err(End::usage(format!("there is something at {to} already"), ""));
    }
    if let Some(entry) = state.resources.remove(&from) {
        state.resources.insert(to.clone(), entry);
    }
    for needed in state.resources.values_mut().flat_map(|entry| &mut entry.depends_on) {
        if needed.address == from {
            needed.address = to.clone();
        }
    }
    Ok(())
}

fn replace(state: &mut State, pushed: State) -> Result<(), End> {
    let fresh = state.resources.is_empty() && state.serial == 0;
    if !fresh && pushed.lineage != state.lineage {
        return Err(End::usage("the file is of another lineage: it is the state of something else", ""));
    }
    if pushed.environment != state.environment || pushed.account != state.account || pushed.region != state.region {
        return Err(End::usage("the file is the state of another environment, account or region", ""));
    }
    if !fresh && pushed.serial < state.serial {
        let what = format!("the file has serial {}, the state {}: it is older", pushed.serial, state.serial);
        return Err(End::usage(what, format!("if you mean to go back, set its serial to {}", state.serial)));
    }
    *state = pushed;
    Ok(())
}

/// Changes the state under its lock, on top of what is there.
async fn edit(
    global: &Global,
    session: &Session,
    operation: &str,
    change: impl FnOnce(&mut State) -> Result<(), End>,
) -> Result<(), End> {
    session.ensure_bucket().await?;
    let lock = session.lock(global, operation).await?;
    let result = async {
        let (mut state, version) = session.state().await?;
        change(&mut state)?;
        state.serial += 1;
        session.store.put(STATE, state.write().into(), version.as_ref()).await?;
        Ok(())
    }
    .await;
    lock.release().await?;
    result
}

pub(crate) async fn unlock(global: &Global, environment: &str, id: &str, printer: Printer) -> Result<(), End> {
    let session = Session::open_state(global, Some(environment)).await?;
    let holder = Lock::remove(&*session.store, LOCK, id).await?;
    printer.note(&format!("removed the lock of {holder}"));
    Ok(())
}
