//! The command `pipeline run`: starts a pipeline execution and follows it if asked.

use super::{
    follow, local_work, overrides,
    platform::{Platform, Work},
};
use crate::{cli::Global, command_error::CommandError, printer::Printer, render::versioned::Versioned};
use runs::{Execution, Machine};
use serde::Serialize;
use serde_json::{Map, Value};

pub(super) async fn run(
    platform: &Platform,
    global: &Global,
    stay: bool,
    input: Option<&str>,
    settings: &[String],
    printer: Printer,
) -> Result<(), CommandError> {
    let machine = platform.machine(Work::Training)?;
    let input = match input.is_some() || !settings.is_empty() {
        // The state keeps no hyperparameters, only hashes of them.
        true => overrides::read(input, settings, &machine.defaults().await?)?,
        false => Value::Object(Map::new()),
    };
    let pipeline = platform.session.environment.as_ref().and_then(|environment| environment.pipeline.as_ref());
    match pipeline {
        Some(pipeline) if pipeline.trains_by_newer_xgboost() => {
            overrides::warnings(&input).iter().for_each(|warning| printer.say(&format!("warning: {warning}")));
        }
        Some(pipeline) if pipeline.trains_by_built_in_xgboost() => overrides::refuse_unknown_hyperparameters(&input)?,
        _ => {}
    }
    has_data(platform, &input).await?;
    local_work::begin(platform, global, printer).await?;
    let execution = machine.start(&input).await?;
    started(platform, Work::Training, &machine, execution, stay, printer).await
}

/// An execution that was started, for a program.
#[derive(Serialize)]
struct Started<'a> {
    execution: &'a str,
    arn: &'a str,
    console: Option<String>,
}

/// Tells of an execution that was started, or follows it.
pub(super) async fn started(
    platform: &Platform,
    work: Work,
    machine: &Machine,
    execution: Execution,
    stay: bool,
    printer: Printer,
) -> Result<(), CommandError> {
    if stay {
        return follow::run(platform, work, machine, execution, printer).await;
    }
    let name = &platform.session.name;
    match printer.json {
        true => printer.document(&Versioned::new(Started {
            execution: &execution.name,
            arn: &execution.arn,
            console: platform.console(&execution),
        })),
        false => printer.data(&execution.arn),
    }
    if platform.is_local() {
        printer.note("started; this command works on it until it ends, and Ctrl-C stops it");
        return follow::in_silence(machine, &execution).await;
    }
    printer.hint(&format!("started; `mlopsctl pipeline {name} status{}` shows how it goes", work.option()));
    Ok(())
}

/// An execution without data would fail after the minutes that Glue takes to start.
async fn has_data(platform: &Platform, input: &Value) -> Result<(), CommandError> {
    let declared = platform.session.raw_prefix();
    let prefix = input["raw_prefix"].as_str().unwrap_or(&declared);
    if platform.store()?.holds_any(prefix).await? {
        return Ok(());
    }
    Err(CommandError::failed_with(
        format!("there is no data in s3://{}/{prefix}; nothing was started", platform.data_bucket()?),
        format!("`mlopsctl pipeline {} upload DATA…` brings some", platform.session.name),
    ))
}
