//! The estimated cost of a platform. Reads only, asks AWS for no prices, and needs no credentials.

use crate::{cli::Global, command_error::CommandError, printer::Printer, render};
use ::cost::{Estimate, Prices};
use app::Error;
use blueprint::{Inputs, Placement};
use resource::{KindRegistry, Stack};
use std::path::Path;
use vocabulary::Place;

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
    let (name, estimate) = match global.app().open(environment).await {
        Ok(session) => {
            let (state, _) = session.state().await?;
            let stack = session.stack(&state).await?;
            let estimate = of_stack(&stack, &session.registry, session.cloud.place(), &prices)?;
            session.trace_calls();
            (session.name.clone(), estimate)
        }
        Err(Error::Failed { .. }) if !global.app().has_credentials().await? => {
            let (name, estimate) = of_file(global, environment, &prices)?;
            let told =
                "without AWS credentials, this is what the file describes, with each interface endpoint in every zone";
            printer.note(told);
            (name, estimate)
        }
        Err(error) => return Err(error.into()),
    };
    match printer.json {
        true => printer
            .json(&serde_json::to_string_pretty(&estimate).map_err(|error| CommandError::failed(error.to_string()))?),
        false => {
            printer.page(&render::cost::page(&name, &estimate, printer.for_data(), printer.columns_of_data()));
        }
    }
    Ok(())
}

/// The estimate of an environment file alone. Neither the account nor the names of zones cost anything.
fn of_file(global: &Global, named: Option<&str>, prices: &Prices) -> Result<(String, Estimate), CommandError> {
    let settings = global.settings();
    let name = settings.choose_to_change(named)?;
    let environment = settings.read(&name)?;
    let account = environment.allowed_accounts.first().map_or("000000000000", String::as_str);
    let place = Place::new(account, environment.region.as_str());
    let inputs = Inputs {
        environment: &environment,
        name: &name,
        place: &place,
        placement: &Placement::without_aws(&environment),
        root: &settings.root(),
        is_state_at_root: false,
        program: None,
    };
    let stack = blueprint::stack(&inputs).map_err(|error| CommandError::usage(error.to_string(), ""))?;
    let estimate = of_stack(&stack, &blueprint::registry(), &place, prices)?;
    Ok((name, estimate))
}

fn of_stack(stack: &Stack, registry: &KindRegistry, place: &Place, prices: &Prices) -> Result<Estimate, CommandError> {
    let declarations = stack.declarations(registry, place)?;
    let resources = app::costs::declared(&declarations, registry);
    Ok(::cost::estimate(&resources, &place.region, prices))
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
