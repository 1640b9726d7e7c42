//! What a platform costs. Reads only, and asks AWS for no prices.

use crate::{cli::Global, end::End, input, printer::Printer, render, session::Session};
use ::cost::{Comparison, Prices, Resource};
use engine::{Action, Plan};
use serde_json::Value;
use state::State;
use std::{collections::BTreeMap, path::Path};

pub(crate) async fn run(
    global: &Global,
    environment: Option<&str>,
    prices: Option<&Path>,
    printer: Printer,
) -> Result<(), End> {
    let prices = prices.map_or_else(builtin, read)?;
    let session = Session::open(global, environment).await?;
    let (state, _) = session.state().await?;
    let stack = session.stack(&state).await?;
    let place = session.cloud.place();
    let declarations = stack.declarations(&session.registry, place)?;
    let resources =
        declarations.iter().map(|one| Resource { address: one.address.as_str(), kind: one.kind, spec: &one.spec });
    let estimate = ::cost::estimate(&resources.collect::<Vec<_>>(), &place.region, &prices);
    session.trace_calls();
    match printer.json {
        true => printer.json(&serde_json::to_string_pretty(&estimate).map_err(|error| End::failed(error.to_string()))?),
        false => printer.data(&render::cost::page(&session.name, &estimate, printer.for_data())),
    }
    Ok(())
}

fn builtin() -> Result<Prices, End> {
    Prices::builtin().map_err(|error| End::failed(format!("the built-in price list: {error}")))
}

fn read(file: &Path) -> Result<Prices, End> {
    let invalid = |why: String| {
        End::usage(
            format!("{} is not a price list: {why}", file.display()),
            "`mlopsctl cost --print-prices` prints one to start from",
        )
    };
    let bytes = input::read(file).map_err(|error| invalid(error.to_string()))?;
    Prices::read(&bytes).map_err(|error| invalid(error.to_string()))
}

/// What is there costs before a plan and after it.
pub(crate) fn of_plan(session: &Session, state: &State, plan: &Plan) -> Result<Comparison, End> {
    let there = state.resources.iter().filter(|(_, entry)| entry.id.is_some());
    let before: Parts<'_> =
        there.map(|(address, entry)| (address.as_str(), (entry.kind.as_str(), &entry.spec))).collect();
    let mut after = before.clone();
    for change in plan.changes.iter().filter(|change| !change.deposed) {
        match change.action {
            Action::Delete => drop(after.remove(change.address.as_str())),
            _ => drop(after.insert(change.address.as_str(), (change.kind.as_str(), &change.spec))),
        }
    }
    let region = &session.cloud.place().region;
    Ok(::cost::compare(&resources(&before), &resources(&after), region, &builtin()?))
}

/// By address, kind and declaration of what costs.
type Parts<'a> = BTreeMap<&'a str, (&'a str, &'a Value)>;

fn resources<'a>(parts: &Parts<'a>) -> Vec<Resource<'a>> {
    parts.iter().map(|(address, (kind, spec))| Resource { address, kind, spec }).collect()
}
