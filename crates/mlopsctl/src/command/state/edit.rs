//! Manual changes of the state. Each command shows its effect and asks before it writes.

use super::{differences, words::known};
use crate::{cli::Global, command_error::CommandError, printer::Printer};
use app::Session;
use resource::{Address, IdForm, Stack};
use state::{Author, Lock, State, Store as _, Version};
use std::path::Path;

/// The help for a file that cannot be pushed.
const WRITTEN: &str = "push what `mlopsctl state pull` or `state history --show` wrote";

/// Removes a resource from the state.
pub(super) async fn remove(
    global: &Global,
    environment: Option<String>,
    address: &str,
    yes: bool,
    printer: Printer,
) -> Result<(), CommandError> {
    let session = global.app().open_state_to_change(environment.as_deref()).await?;
    let forget = |state: &mut State| {
        let address = known(state, address)?;
        state.resources.remove(&address);
        Ok(())
    };
    edit(global, &session, "state rm", yes, printer, forget).await?;
    printer.note(&format!("Removed {address} from the state. The resource itself still exists in AWS."));
    Ok(())
}

/// Moves a resource to another address.
pub(super) async fn rename(
    global: &Global,
    environment: Option<String>,
    from: &str,
    to: &str,
    yes: bool,
    printer: Printer,
) -> Result<(), CommandError> {
    let name = global.settings().choose_to_change(environment.as_deref())?;
    // The kind that is declared at the new address comes from the file, which may be lost.
    let session = match global.settings().is_described(&name) {
        true => global.app().open_to_change(Some(&name)).await?,
        false => global.app().open_state_to_change(Some(&name)).await?,
    };
    let (state, _) = session.state().await?;
    let stack = session.stack(&state).await?;
    warn_of_undeclared(&session, &stack, to, printer);
    warn_of_replacement(&session, &stack, &state, from, to, printer)?;
    edit(global, &session, "state mv", yes, printer, |state| readdress(&stack, state, from, to)).await?;
    printer.note(&format!("{from} is now {to} in the state. The resource in AWS keeps its name."));
    Ok(())
}

/// Replaces the state with a file.
pub(super) async fn push(
    global: &Global,
    environment: Option<String>,
    file: &Path,
    force: bool,
    yes: bool,
    printer: Printer,
) -> Result<(), CommandError> {
    runs::Missing::check(file).map_err(|missing| CommandError::usage(missing.to_string(), missing.help))?;
    let session = global.app().open_state_to_change(environment.as_deref()).await?;
    let name = file.display().to_string();
    let bytes = app::input::read(file).map_err(|error| CommandError::usage(format!("{name}: {error}"), ""))?;
    let mut pushed = State::read(&bytes, &name, &session.state_identity).map_err(unfit)?;
    pushed.seal_sensitive(&session.registry);
    let there = stored(&session).await?;
    let (next, before) = successor_of(&session, &there, pushed.clone(), force)?;
    match &there.state {
        Some(Ok(state)) => {
            printer.say(&format!("The state of {} (serial {}) is replaced by {name}:", session.name, state.serial));
            show(state, &next, printer);
        }
        Some(Err(error)) => printer.say(&format!("A state that cannot be read is replaced by {name}: {error}")),
        None => printer.say(&format!("There is no state of {} yet; it becomes {name}.", session.name)),
    }
    confirm(global, yes, printer).await?;
    session.ensure_bucket().await?;
    let lock = session.lock("state push", std::future::pending()).await?;
    let result = write_pushed(&session, &lock, before, pushed, force).await;
    lock.release().await?;
    let now = result?;
    let before = before.map(|serial| format!(" (serial {serial})")).unwrap_or_default();
    printer.note(&format!("Replaced the state of {}{before} with {name}; it has serial {now} now.", session.name));
    Ok(())
}

/// The stored state.
struct There {
    state: Option<Result<State, state::Error>>,
    version: Option<Version>,
}

async fn stored(session: &Session) -> Result<There, CommandError> {
    let Some(stored) = session.store.get(&session.keys.state).await? else {
        return Ok(There { state: None, version: None });
    };
    let state = match State::read(&stored.bytes, &session.state_place(), &session.state_identity) {
        // A push may replace these.
        state @ (Ok(_) | Err(state::Error::Damaged { .. } | state::Error::Newer { .. })) => state,
        Err(error) => return Err(error.into()),
    };
    Ok(There { state: Some(state), version: Some(stored.version) })
}

/// The state that a push writes, and the serial of the state that it replaces, if that one is readable.
fn successor_of(
    session: &Session,
    there: &There,
    pushed: State,
    force: bool,
) -> Result<(State, Option<u64>), CommandError> {
    match &there.state {
        None | Some(Err(state::Error::Damaged { .. })) => Ok((first(session, pushed, force)?, None)),
        Some(Ok(state)) => Ok((successor(state, pushed, force)?, Some(state.serial))),
        Some(Err(state::Error::Newer { .. })) if force => Ok((first(session, pushed, force)?, None)),
        Some(Err(error @ state::Error::Newer { .. })) => {
            let help = "use that version; to go back to this one for good, pass --force";
            Err(CommandError::usage(error.to_string(), help))
        }
        Some(Err(error)) => Err(CommandError::failed(error.to_string())),
    }
}

/// Writes under the lock. `shown` is the serial of the state that the user confirmed.
async fn write_pushed(
    session: &Session,
    lock: &Lock,
    shown: Option<u64>,
    pushed: State,
    force: bool,
) -> Result<u64, CommandError> {
    let there = stored(session).await?;
    let (mut state, serial) = successor_of(session, &there, pushed, force)?;
    if serial.map(|serial| session.unfenced(serial)) != shown {
        return Err(moved());
    }
    // The file may be a copy that was pulled during a run.
    state.changing = None;
    state.advance_by(Some(Author::from(lock.holder())));
    session.store.put(&session.keys.state, state.write().into(), there.version.as_ref()).await?;
    Ok(state.serial)
}

fn moved() -> CommandError {
    CommandError::failed_with("another run changed the state meanwhile; nothing was done", "run the command again")
}

/// Changes the state under its lock, if the user confirms the effect.
async fn edit(
    global: &Global,
    session: &Session,
    operation: &str,
    yes: bool,
    printer: Printer,
    change: impl Fn(&mut State) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let (before, _) = session.state().await?;
    let mut shown = before.clone();
    change(&mut shown)?;
    printer.say(&format!("In the state of {}:", session.name));
    show(&before, &shown, printer);
    confirm(global, yes, printer).await?;
    session.ensure_bucket().await?;
    let lock = session.lock(operation, std::future::pending()).await?;
    let result = async {
        let (mut state, version) = session.state().await?;
        if state.resources != before.resources {
            return Err(moved());
        }
        change(&mut state)?;
        state.advance_by(Some(Author::from(lock.holder())));
        session.store.put(&session.keys.state, state.write().into(), version.as_ref()).await?;
        Ok(())
    }
    .await;
    lock.release().await?;
    result
}

fn show(before: &State, after: &State, printer: Printer) {
    let lines = differences::between(before, after);
    let none = "  (no resource is changed)".to_owned();
    for line in if lines.is_empty() { vec![none] } else { lines } {
        printer.say(&line);
    }
}

/// Asks on a terminal. Scripts for version 0.1 pass no `--yes`, so without a terminal the command does not ask.
async fn confirm(global: &Global, yes: bool, printer: Printer) -> Result<(), CommandError> {
    if yes || global.local || !printer.can_ask() {
        return Ok(());
    }
    match printer.ask("Write this to the state? [y/N]").await {
        true => Ok(()),
        false => Err(CommandError::failed("nothing was done")),
    }
}

/// Moves a resource to another address. It refuses an address where the file declares another kind.
fn readdress(stack: &Stack, state: &mut State, from: &str, to: &str) -> Result<(), CommandError> {
    let from = known(state, from)?;
    let to = Address::parse(to)
        .ok_or_else(|| CommandError::usage(format!("`{to}` is not an address"), "an address is <area>.<name>"))?;
    if state.resources.contains_key(&to) {
        return Err(CommandError::usage(format!("there is something at {to} already"), ""));
    }
    let declared = stack.position(&to).map(|at| stack.nodes()[at].kind);
    let kind = state.resources[&from].kind.as_str();
    if let Some(declared) = declared.filter(|declared| *declared != kind) {
        return Err(CommandError::usage(
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

/// The error for a file that cannot become the state.
fn unfit(error: state::Error) -> CommandError {
    match error {
        state::Error::Damaged { .. } => CommandError::usage(error.to_string(), WRITTEN),
        state::Error::Newer { .. } => CommandError::usage(error.to_string(), ""),
        other => other.into(),
    }
}

/// Warns of an address that the file does not declare: the next `up` would delete the resource.
fn warn_of_undeclared(session: &Session, stack: &Stack, to: &str, printer: Printer) {
    let is_declared = Address::parse(to).is_some_and(|to| stack.position(&to).is_some());
    if !is_declared {
        printer.say(&printer.advice(&format!(
            "warning: the environment file declares nothing at {to}: the next `mlopsctl up {}` deletes the resource",
            session.name
        )));
    }
}

/// Warns of a name that differs from the declared name at the new address: the next `up` would replace the resource.
fn warn_of_replacement(
    session: &Session,
    stack: &Stack,
    state: &State,
    from: &str,
    to: &str,
    printer: Printer,
) -> Result<(), CommandError> {
    let place = session.cloud.place();
    let (Some(from), Some(to)) = (Address::parse(from), Address::parse(to)) else { return Ok(()) };
    let declared = stack.declarations(&session.registry, place)?.into_iter().find(|one| one.address == to);
    let entry = state.resources.get(&from);
    let (Some(declared), Some(entry)) = (declared, entry) else { return Ok(()) };
    let (true, Some(id)) = (declared.kind == entry.kind, &entry.id) else { return Ok(()) };
    let form = session.registry.get(declared.kind)?.id_form(&declared.spec, place)?;
    if let IdForm::Is(name) = &form
        && !form.matches(id)
    {
        printer.say(&printer.advice(&format!(
            "warning: AWS knows it as {id}, and the environment file declares {name} at {to}: the next `mlopsctl up {}` \
             replaces the resource",
            session.name
        )));
    }
    Ok(())
}

/// The state to write over `state`: one of the same lineage with a later serial, or with `force` also with an earlier
/// one.
fn successor(state: &State, pushed: State, force: bool) -> Result<State, CommandError> {
    if pushed.lineage != state.lineage {
        return Err(CommandError::usage(
            format!(
                "the file is of another lineage ({}, not {}): it is the state of something else",
                pushed.lineage, state.lineage
            ),
            "",
        ));
    }
    if pushed.serial < state.serial && !force {
        let what = format!("the file has serial {}, the state {}: it is older", pushed.serial, state.serial);
        return Err(CommandError::usage(what, "if you mean to go back, pass --force"));
    }
    Ok(State { serial: pushed.serial.max(state.serial), ..pushed })
}

/// The state to write where no readable state exists: one that began in this place, or with `force` one that began
/// elsewhere.
fn first(session: &Session, pushed: State, force: bool) -> Result<State, CommandError> {
    let lineage = session.state_identity.lineage();
    if pushed.lineage != lineage && !force {
        return Err(CommandError::usage(
            format!(
                "the file is of another lineage ({}, not {lineage}): it was begun in another bucket",
                pushed.lineage
            ),
            format!("to move the state of {} here, pass --force, and remove it where it was", session.name),
        ));
    }
    Ok(pushed)
}
