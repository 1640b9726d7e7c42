//! Looking at the state, and repairing it.

use crate::{
    cli::{Global, StateCommand},
    end::End,
    environments, input,
    printer::{Printer, escape::word},
    session::Session,
};
use resource::{Address, Stack};
use serde_json::json;
use state::{History, State, StateVersion, Store};

/// Where a file to push comes from.
const WRITTEN: &str = "push what `mlopsctl state pull` or `state history --show` wrote";

pub(crate) async fn run(global: &Global, what: StateCommand, printer: Printer) -> Result<(), End> {
    match what {
        StateCommand::List { environment } => list(&open(global, environment).await?, printer).await,
        StateCommand::Show { address, environment } => show(&open(global, environment).await?, &address, printer).await,
        StateCommand::Pull { environment } => {
            let (state, _) = open(global, environment).await?.state().await?;
            printer.json(String::from_utf8_lossy(&state.write()).trim_end());
            Ok(())
        }
        StateCommand::History { environment, show } => history(&open(global, environment).await?, show, printer).await,
        StateCommand::Rm { address, environment } => {
            let session = open_to_change(global, environment).await?;
            edit(global, &session, "state rm", |state| {
                let address = known(state, &address)?;
                state.resources.remove(&address);
                Ok(())
            })
            .await?;
            printer.note(&format!("Removed {address} from the state. The resource itself still exists in AWS."));
            Ok(())
        }
        StateCommand::Mv { from, to, environment } => {
            let name = environments::choose_to_change(global, environment.as_deref())?;
            // What is declared where a resource is to go is in the file, which may be lost.
            let session = match environments::is_described(global, &name) {
                true => Session::open_to_change(global, Some(&name)).await?,
                false => open_to_change(global, Some(name)).await?,
            };
            let stack = session.stack(&session.state().await?.0).await?;
            edit(global, &session, "state mv", |state| rename(&stack, state, &from, &to)).await?;
            printer.note(&format!("{from} is now {to}"));
            warn_of_undeclared(&session, &stack, &to, printer);
            Ok(())
        }
        StateCommand::Push { file, environment, force } => {
            let session = open_to_change(global, environment).await?;
            let name = file.display().to_string();
            let bytes = input::read(&file).map_err(|error| End::usage(format!("{name}: {error}"), ""))?;
            let mut pushed = State::read(&bytes, &name, &session.state_identity).map_err(unfit)?;
            pushed.seal_sensitive(&session.registry);
            let (before, now) = push(global, &session, pushed, force).await?;
            let before = before.map(|serial| format!(" (serial {serial})")).unwrap_or_default();
            printer
                .note(&format!("Replaced the state of {}{before} with {name}; it has serial {now} now.", session.name));
            Ok(())
        }
    }
}

async fn open(global: &Global, environment: Option<String>) -> Result<Session, End> {
    Session::open_state(global, environment.as_deref()).await
}

async fn open_to_change(global: &Global, environment: Option<String>) -> Result<Session, End> {
    Session::open_state_to_change(global, environment.as_deref()).await
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
        let id = word(entry.id.as_deref().unwrap_or("–"));
        printer.data(&format!("{address:width$}  {:28}  {id}{phase}", word(&entry.kind)));
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
        let bytes = session.store.get_version(&session.keys.state, &version).await?;
        printer.json(String::from_utf8_lossy(&sealed(session, bytes.to_vec())).trim_end());
        return Ok(());
    }
    let History { versions, has_more } = session.store.history(&session.keys.state).await?;
    match printer.json {
        true => {
            let rows =
                versions.iter().map(|one| json!({"version": one.id, "written": one.written, "bytes": one.bytes}));
            printer.document(&rows.collect());
        }
        false => {
            for StateVersion { id, written, bytes } in &versions {
                printer.data(&format!("{written}  {bytes:>9} bytes  {id}"));
            }
        }
    }
    if has_more {
        printer.say(&format!("There are more versions than these {}; AWS's console shows them all.", versions.len()));
    }
    Ok(())
}

/// A stored version without the secrets that versions of before 0.2 hold. What is not a state is shown as it is: it is
/// looked at to be repaired.
fn sealed(session: &Session, bytes: Vec<u8>) -> Vec<u8> {
    match State::read(&bytes, &session.state_place(), &session.state_identity) {
        Ok(mut state) => {
            state.seal_sensitive(&session.registry);
            state.write()
        }
        Err(_) => bytes,
    }
}

fn known(state: &State, text: &str) -> Result<Address, End> {
    let address = Address::parse(text).filter(|address| state.resources.contains_key(address));
    address
        .ok_or_else(|| End::usage(format!("the state knows no `{text}`"), "`mlopsctl state list` shows what it knows"))
}

/// Gives a resource another address. A resource of another kind may be declared there: it would be taken for that.
fn rename(stack: &Stack, state: &mut State, from: &str, to: &str) -> Result<(), End> {
    let from = known(state, from)?;
    let to = Address::parse(to)
        .ok_or_else(|| End::usage(format!("`{to}` is not an address"), "an address is <area>.<name>"))?;
    if state.resources.contains_key(&to) {
        return Err(End::usage(format!("there is something at {to} already"), ""));
    }
    let declared = stack.position(&to).map(|at| stack.nodes()[at].kind);
    let kind = state.resources[&from].kind.as_str();
    if let Some(declared) = declared.filter(|declared| *declared != kind) {
        return Err(End::usage(
            format!("{from} is of kind {kind}, and the environment file declares {to} as {declared}"),
            "move it to an address of its own kind; `mlopsctl plan` shows what is declared where",
        ));
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

/// Why a file cannot be the state.
fn unfit(error: state::Error) -> End {
    match error {
        state::Error::Damaged { .. } => End::usage(error.to_string(), WRITTEN),
        state::Error::Newer { .. } => End::usage(error.to_string(), ""),
        other => other.into(),
    }
}

/// A resource that stands where nothing is declared is deleted by the next `up`.
fn warn_of_undeclared(session: &Session, stack: &Stack, to: &str, printer: Printer) {
    let is_declared = Address::parse(to).is_some_and(|to| stack.position(&to).is_some());
    if !is_declared {
        printer.say(&format!(
            "warning: the environment file declares nothing at {to}: the next `mlopsctl up {}` deletes the resource",
            session.name
        ));
    }
}

/// What may follow on `state`: a later one of the same lineage, or, by force, an earlier one too.
fn successor(state: &State, pushed: State, force: bool) -> Result<State, End> {
    if pushed.lineage != state.lineage {
        return Err(End::usage(
            format!(
                "the file is of another lineage ({}, not {}): it is the state of something else",
                pushed.lineage, state.lineage
            ),
            "",
        ));
    }
    if pushed.serial < state.serial && !force {
        let what = format!("the file has serial {}, the state {}: it is older", pushed.serial, state.serial);
        return Err(End::usage(what, "if you mean to go back, pass --force"));
    }
    Ok(State { serial: pushed.serial.max(state.serial), ..pushed })
}

/// What may be where there is no state, or one that cannot be read: a state that was begun here, or, by force, one
/// that was begun elsewhere.
fn first(session: &Session, pushed: State, force: bool) -> Result<State, End> {
    let lineage = session.state_identity.lineage();
    if pushed.lineage != lineage && !force {
        return Err(End::usage(
            format!(
                "the file is of another lineage ({}, not {lineage}): it was begun in another bucket",
                pushed.lineage
            ),
            format!("to move the state of {} here, pass --force, and remove it where it was", session.name),
        ));
    }
    Ok(pushed)
}

/// Replaces the state under its lock. Says the serial that it had, if it could be read, and the one that it has.
async fn push(global: &Global, session: &Session, pushed: State, force: bool) -> Result<(Option<u64>, u64), End> {
    session.ensure_bucket(Printer::new(global)).await?;
    let lock = session.lock(global, "state push", std::future::pending()).await?;
    let result = async {
        let stored = session.store.get(&session.keys.state).await?;
        let there =
            stored.as_ref().map(|stored| State::read(&stored.bytes, &session.state_place(), &session.state_identity));
        let (mut state, before) = match there {
            None | Some(Err(state::Error::Damaged { .. })) => (first(session, pushed, force)?, None),
            Some(Ok(state)) => (successor(&state, pushed, force)?, Some(state.serial)),
            Some(Err(state::Error::Newer { .. })) if force => (first(session, pushed, force)?, None),
            Some(Err(error @ state::Error::Newer { .. })) => {
                let help = "use that version; to go back to this one for good, pass --force";
                return Err(End::usage(error.to_string(), help));
            }
            Some(Err(error)) => return Err(error.into()),
        };
        // A file may have been pulled while a run was at work.
        state.changing = None;
        state.advance();
        session
            .store
            .put(&session.keys.state, state.write().into(), stored.map(|stored| stored.version).as_ref())
            .await?;
        Ok((before, state.serial))
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
    session.ensure_bucket(Printer::new(global)).await?;
    let lock = session.lock(global, operation, std::future::pending()).await?;
    let result = async {
        let (mut state, version) = session.state().await?;
        change(&mut state)?;
        state.advance();
        session.store.put(&session.keys.state, state.write().into(), version.as_ref()).await?;
        Ok(())
    }
    .await;
    lock.release().await?;
    result
}
