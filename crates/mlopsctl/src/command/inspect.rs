//! Read-only: outputs and drift.

use super::{accept, not_done::refused};
use crate::{
    cli::Global,
    command_error::CommandError,
    printer::Printer,
    render::{self, page::Form},
};
use app::event_history::who_changed;
use resource::Address;
use serde_json::Value;
use state::State;

pub(crate) async fn output(
    global: &Global,
    environment: Option<&str>,
    name: Option<&str>,
    printer: Printer,
) -> Result<(), CommandError> {
    // The only word may be the output, where MLOPSCTL_ENV names the environment. No name of an environment has a `.` or `_`.
    let (environment, name) = match (environment, name) {
        (Some(word), None) if word.contains(['.', '_']) => (None, Some(word)),
        words => words,
    };
    let session = global.app().open_state(environment).await?;
    let (state, stored) = session.state().await?;
    if stored.is_none() {
        return Err(CommandError::failed_with(
            format!("{} has not been brought up yet", session.name),
            format!("`mlopsctl up {}` does", session.name),
        ));
    }
    match name {
        Some(name) => {
            let value = match state.outputs.get(name) {
                Some(value) => value.clone(),
                None => of_resource(&state, name)?,
            };
            match printer.json {
                true => printer.document(&value),
                false => printer.data(&render::outputs::plain(&value)),
            }
        }
        None if printer.json => printer.document(&state.outputs),
        None if state.resources.is_empty() => {
            printer.note(&format!("{} has no resources, and so no outputs.", session.name));
            printer.hint(&format!("`mlopsctl up {}` creates them", session.name));
        }
        None => printer.page(&render::outputs::text(&state.outputs, printer.columns_of_data())),
    }
    Ok(())
}

/// One output of a resource, `<area>.<name>.<output>`, or all of its outputs, `<area>.<name>`. Each resource has an
/// `id`.
fn of_resource(state: &State, path: &str) -> Result<Value, CommandError> {
    let unknown = || {
        let known: Vec<&str> = state.outputs.keys().map(String::as_str).collect();
        let help = format!(
            "there are: {}; and those of each resource, such as network.vpc.id: `mlopsctl state list` shows the addresses",
            known.join(", ")
        );
        CommandError::usage(format!("there is no output `{}`", path.escape_debug()), help)
    };
    let mut parts = path.splitn(3, '.');
    let (Some(area), Some(name), field) = (parts.next(), parts.next(), parts.next()) else { return Err(unknown()) };
    let address = Address::parse(&format!("{area}.{name}")).ok_or_else(unknown)?;
    let entry = state.resources.get(&address).ok_or_else(unknown)?;
    let mut outputs = match &entry.outputs {
        Value::Object(outputs) => outputs.clone(),
        _ => serde_json::Map::new(),
    };
    if let Some(id) = &entry.id {
        outputs.entry("id").or_insert_with(|| id.as_str().into());
    }
    let Some(field) = field else { return Ok(Value::Object(outputs)) };
    let known: Vec<String> = outputs.keys().cloned().collect();
    outputs.remove(field).ok_or_else(|| {
        let what = format!("{address} has no output `{}`", field.escape_debug());
        CommandError::usage(what, format!("it has: {}", known.join(", ")))
    })
}

pub(crate) async fn drift(
    global: &Global,
    environment: Option<&str>,
    accepted: &[String],
    tells_who: bool,
    printer: Printer,
) -> Result<(), CommandError> {
    let session = global.app().open_state(environment).await?;
    let (whole, stored) = session.state().await?;
    if stored.is_none() {
        app::lost_state::refuse_lost_state(&session).await?;
        printer.note(&format!("{} has no state, and no resource has its tags.", session.name));
    }
    // Resources that are not refreshed have no known drift.
    let left_out: Vec<Address> = whole.resources.keys().filter(|address| session.ignores(address)).cloned().collect();
    let mut state = whole.clone();
    state.resources.retain(|address, _| !session.ignores(address));
    let rules = session.environment.as_ref().map(blueprint::ignore_rules).unwrap_or_default();
    let drift = engine::drift(&state, &session.registry, &session.cloud, &session.identity, &rules).await;
    session.trace_calls();
    if !accepted.is_empty() && drift.failed.is_empty() {
        return accept::run(&session, &whole, &drift, accepted, printer).await;
    }
    let history = match tells_who {
        true => Some(who_changed(&session, &whole, &drift.drifted).await),
        false => None,
    };
    match printer.json {
        true => printer.document(&render::drift::document(&drift, &left_out, history.as_ref(), &session.meter)),
        false => {
            let form = Form::new(false, printer.columns_of_data());
            let names = session.names();
            printer.page(&render::drift::page(
                &drift,
                &session.registry,
                (&names, left_out.as_slice(), history.as_ref()),
                printer.for_data(),
                form,
            ));
        }
    }
    if !drift.failed.is_empty() {
        return Err(refused(&drift.failed, printer));
    }
    if drift.is_none() { Ok(()) } else { Err(CommandError::Differences) }
}
