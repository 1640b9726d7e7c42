//! Earlier versions of the state, with the author of each.

use crate::{
    command_error::CommandError,
    printer::{Printer, escape::word},
    render::columns::columns,
};
use app::Session;
use futures::{StreamExt as _, stream};
use serde::Serialize;
use serde_json::Value;
use state::{History, State, StateVersion};

/// The number of newest versions whose content is read.
const MOST_READ: usize = 30;
/// The number of concurrent reads.
const AT_ONCE: usize = 8;

pub(super) async fn run(session: &Session, show: Option<String>, printer: Printer) -> Result<(), CommandError> {
    if let Some(version) = show {
        let read = session.store.get_version(&session.keys.state, &version).await;
        let bytes = read.map_err(|error| match error {
            state::Error::Moved => CommandError::usage(
                format!("the state has no version {}", version.escape_debug()),
                format!("`mlopsctl state history {}` lists them", session.name),
            ),
            other => other.into(),
        })?;
        printer.json(String::from_utf8_lossy(&sealed(session, bytes.to_vec())).trim_end());
        return Ok(());
    }
    let History { versions, has_more } = session.store.history(&session.keys.state).await?;
    let read = stream::iter(versions.iter().take(MOST_READ)).map(|version| details(session, version));
    let mut details: Vec<Details> = read.buffered(AT_ONCE).collect().await;
    details.resize_with(versions.len(), Details::default);
    match printer.json {
        true => {
            printer.document(&versions.iter().zip(&details).map(Row::from).collect::<Vec<_>>());
        }
        false => {
            let rows: Vec<Vec<String>> =
                versions.iter().zip(&details).map(|(version, details)| row(version, details)).collect();
            if !rows.is_empty() {
                printer.page(&columns(&rows, printer.columns_of_data()));
            }
        }
    }
    if has_more {
        printer.say(&format!("There are more versions than these {}; AWS's console shows them all.", versions.len()));
    }
    Ok(())
}

/// The author and size of a version, from its content. Empty if the version was not read or is not readable.
#[derive(Default)]
struct Details {
    serial: Option<u64>,
    resources: Option<usize>,
    who: Option<String>,
    command: Option<String>,
    /// True if the run continued after it wrote this version.
    is_interim: bool,
}

async fn details(session: &Session, version: &StateVersion) -> Details {
    let bytes = session.store.get_version(&session.keys.state, &version.id).await;
    let content: Value = bytes.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Details {
        serial: content["serial"].as_u64(),
        resources: content["resources"].as_object().map(serde_json::Map::len),
        who: text(&content["author"]["who"]),
        command: text(&content["author"]["command"]),
        is_interim: content["changing"].is_string(),
    }
}

/// A version for a program.
#[derive(Serialize)]
struct Row<'a> {
    version: &'a str,
    written: &'a str,
    bytes: i64,
    serial: Option<u64>,
    who: Option<&'a str>,
    command: Option<&'a str>,
    resources: Option<usize>,
    interim: bool,
}

impl<'a> From<(&'a StateVersion, &'a Details)> for Row<'a> {
    fn from((version, details): (&'a StateVersion, &'a Details)) -> Self {
        Self {
            version: &version.id,
            written: &version.written,
            bytes: version.bytes,
            serial: details.serial,
            who: details.who.as_deref(),
            command: details.command.as_deref(),
            resources: details.resources,
            interim: details.is_interim,
        }
    }
}

fn row(StateVersion { id, written, bytes }: &StateVersion, details: &Details) -> Vec<String> {
    let number = |number: Option<u64>| number.map_or_else(|| "?".to_owned(), |number| number.to_string());
    let resources = details.resources.and_then(|count| u64::try_from(count).ok());
    let interim = if details.is_interim { "  (the run went on)" } else { "" };
    let by = match (&details.command, &details.who) {
        (Some(command), Some(who)) => format!("`{}` by {}{interim}", word(command), word(who)),
        _ => interim.trim_start().to_owned(),
    };
    let (serial, resources) = (number(details.serial), number(resources));
    vec![
        written.clone(),
        format!("serial {serial:>4}"),
        format!("{resources:>4} resources"),
        format!("{bytes:>9} bytes"),
        id.clone(),
        by,
    ]
}

/// A stored version without the secrets that states before 0.2 contain. Damaged content is shown unchanged, because the
/// user needs it for a repair.
fn sealed(session: &Session, bytes: Vec<u8>) -> Vec<u8> {
    match State::read(&bytes, &session.state_place(), &session.state_identity) {
        Ok(mut state) => {
            state.seal_sensitive(&session.registry);
            state.write()
        }
        Err(_) => bytes,
    }
}
