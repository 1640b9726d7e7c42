//! Looking at the state, and repairing it.

use crate::{
    cli::{Global, StateCommand},
    end::End,
    input,
    printer::Printer,
    session::{STATE, Session},
};
use resource::Address;
use serde_json::json;
use state::{State, Store};

/// Where a file to push comes from.
const WRITTEN: &str = "push what `mlopsctl state pull` or `state history --show` wrote";

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
        StateCommand::Push { file, environment, force } => {
            let session = open(global, environment).await?;
            let name = file.display().to_string();
            let bytes = input::read(&file).map_err(|error| End::usage(format!("{name}: {error}"), ""))?;
            let pushed = State::read(&bytes, &name).map_err(|error| End::usage(error.to_string(), WRITTEN))?;
            session.is_of_this_environment(&pushed, &name)?;
            push(global, &session, pushed, force).await?;
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

/// What may follow on `state`: a later one of the same lineage, or, by force, an earlier one too.
fn successor(state: &State, pushed: State, force: bool) -> Result<State, End> {
    if pushed.lineage != state.lineage {
        return Err(End::usage("the file is of another lineage: it is the state of something else", ""));
    }
    if pushed.serial < state.serial && !force {
        let what = format!("the file has serial {}, the state {}: it is older", pushed.serial, state.serial);
        return Err(End::usage(what, "if you mean to go back, pass --force"));
    }
    Ok(State { serial: pushed.serial.max(state.serial), ..pushed })
}

/// Replaces the state under its lock. A damaged one may be replaced by any state of the environment.
async fn push(global: &Global, session: &Session, pushed: State, force: bool) -> Result<(), End> {
    session.ensure_bucket().await?;
    let lock = session.lock(global, "state push", std::future::pending()).await?;
    let result = async {
        let (mut state, version) = match session.store.get(STATE).await? {
            None => (pushed, None),
            Some(stored) => match State::read(&stored.bytes, &session.store.place(STATE)) {
                Ok(state) => (successor(&state, pushed, force)?, Some(stored.version)),
                Err(state::Error::Damaged { .. }) => (pushed, Some(stored.version)),
                Err(error) => return Err(error.into()),
            },
        };
        // A file may have been pulled while a run was at work.
        state.changing = None;
        state.serial += 1;
        session.store.put(STATE, state.write().into(), version.as_ref()).await?;
        Ok(())
    }
    .await;
    lock.release().await?;
    result
}

/// Changes the state under its lock, on top of what is there.
async fn edit(
    global: &Global,
    session: &Session,
    operation: &str,
    change: impl FnOnce(&mut State) -> Result<(), End>,
) -> Result<(), End> {
    session.ensure_bucket().await?;
    let lock = session.lock(global, operation, std::future::pending()).await?;
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
