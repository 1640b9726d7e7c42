use super::{
    follow,
    platform::{Platform, Work},
};
use crate::{end::End, printer::Printer};
use serde_json::{Value, json};
use std::path::Path;

pub(super) async fn run(platform: &Platform, stay: bool, input: Option<&str>, printer: Printer) -> Result<(), End> {
    let input = input.map_or_else(|| Ok(json!({})), read)?;
    let machine = platform.machine(Work::Training)?;
    has_data(platform, &input).await?;
    let execution = machine.start(&input).await?;
    if stay {
        return follow::run(platform, &machine, execution, printer).await;
    }
    let name = &platform.session.name;
    match printer.json {
        true => printer.document(&json!({"format": 1, "execution": execution.name, "arn": execution.arn,
                                         "console": platform.console(&execution)})),
        false => printer.data(&execution.arn),
    }
    printer.note(&format!("started; `mlopsctl pipeline {name} status` shows how it goes"));
    Ok(())
}

/// JSON, or the file that holds it.
fn read(given: &str) -> Result<Value, End> {
    let (text, place) = match given.trim_start().starts_with('{') {
        true => (given.to_owned(), "--input"),
        false => {
            let unreadable = |error: std::io::Error| End::usage(format!("{given}: {error}"), HELP);
            let bytes = app::input::read(Path::new(given)).map_err(unreadable)?;
            (String::from_utf8_lossy(&bytes).into_owned(), given)
        }
    };
    let input: Value = serde_json::from_str(&text).map_err(|error| End::usage(format!("{place}: {error}"), HELP))?;
    if input.is_object() { Ok(input) } else { Err(End::usage(format!("{place} is not a JSON object"), HELP)) }
}

const HELP: &str = "such as --input '{\"hyperparameters\": {\"num_round\": \"200\"}}', or the name of a file";

/// An execution without data would fail after the minutes that Glue takes to start.
async fn has_data(platform: &Platform, input: &Value) -> Result<(), End> {
    let declared = platform.session.raw_prefix();
    let prefix = input["raw_prefix"].as_str().unwrap_or(&declared);
    if platform.store()?.holds_any(prefix).await? {
        return Ok(());
    }
    Err(End::failed_with(
        format!("there is no data in s3://{}/{prefix}; nothing was started", platform.data_bucket()?),
        format!("`mlopsctl pipeline {} upload DATA…` brings some", platform.session.name),
    ))
}
