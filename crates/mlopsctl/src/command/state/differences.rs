//! The effect of a manual change on the state, for the confirmation.

use crate::printer::escape::word;
use resource::Address;
use state::{Entry, State};

/// The number of lines that are shown. The others are only counted.
const MOST_LINES: usize = 30;

/// A line for each resource that differs.
pub(super) fn between(before: &State, after: &State) -> Vec<String> {
    let mut addresses: Vec<&Address> = before.resources.keys().chain(after.resources.keys()).collect();
    addresses.sort();
    addresses.dedup();
    let line = |address: &&Address| match (before.resources.get(*address), after.resources.get(*address)) {
        (Some(was), None) => Some(format!("  - {}", named(address, was))),
        (None, Some(is)) => Some(format!("  + {}", named(address, is))),
        (Some(was), Some(is)) if was != is => Some(format!("  ~ {}: {}", named(address, is), changed(was, is))),
        _ => None,
    };
    let mut lines: Vec<String> = addresses.iter().filter_map(line).collect();
    if lines.len() > MOST_LINES {
        let more = lines.len() - MOST_LINES;
        lines.truncate(MOST_LINES);
        lines.push(format!("  … and {more} more"));
    }
    lines
}

fn named(address: &Address, entry: &Entry) -> String {
    format!("{address}  {}  {}", word(&entry.kind), word(entry.id.as_deref().unwrap_or("–")))
}

/// The parts of an entry that differ.
fn changed(was: &Entry, is: &Entry) -> String {
    let id = |entry: &Entry| entry.id.clone().unwrap_or_else(|| "none".to_owned());
    let parts = [
        (was.kind != is.kind).then(|| format!("kind {} → {}", was.kind, is.kind)),
        (was.id != is.id).then(|| format!("id {} → {}", id(was), id(is))),
        (was.phase != is.phase).then(|| format!("phase {} → {}", was.phase.as_str(), is.phase.as_str())),
        (was.spec != is.spec).then(|| "settings".to_owned()),
        (was.depends_on != is.depends_on).then(|| "what it needs".to_owned()),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "other parts".to_owned() } else { word(&parts.join(", ")).into_owned() }
}
