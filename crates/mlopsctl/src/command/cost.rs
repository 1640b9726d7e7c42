//! The estimated cost of a platform. Reads only, and asks AWS for no prices.

use crate::{cli::Global, command_error::CommandError, printer::Printer, render};
use ::cost::Prices;
use std::path::Path;

pub(crate) async fn run(
    global: &Global,
    environment: Option<&str>,
    prices: Option<&Path>,
    printer: Printer,
) -> Result<(), CommandError> {
    let prices = match prices {
        Some(file) => read(file)?,
        None => app::costs::builtin()?,
    };
    let session = global.app().open(environment).await?;
    let (state, _) = session.state().await?;
    let stack = session.stack(&state).await?;
    let place = session.cloud.place();
    let declarations = stack.declarations(&session.registry, place)?;
    let resources = app::costs::declared(&declarations, &session.registry);
    let estimate = ::cost::estimate(&resources, &place.region, &prices);
    session.trace_calls();
    match printer.json {
        true => printer
            .json(&serde_json::to_string_pretty(&estimate).map_err(|error| CommandError::failed(error.to_string()))?),
        false => printer.data(&render::cost::page(&session.name, &estimate, printer.for_data())),
    }
    Ok(())
}

fn read(file: &Path) -> Result<Prices, CommandError> {
    let invalid = |why: String| {
        CommandError::usage(
            format!("{} is not a price list: {why}", file.display()),
            "`mlopsctl cost --print-prices` prints one to start from",
        )
    };
    let bytes = app::input::read(file).map_err(|error| invalid(error.to_string()))?;
    Prices::read(&bytes).map_err(|error| invalid(error.to_string()))
}
