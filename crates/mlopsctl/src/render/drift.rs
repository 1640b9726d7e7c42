//! Shows drift to people as a page, and to programs as JSON.

use super::{
    differences,
    page::{Form, Page},
};
use crate::printer::{Printer, Style};
use app::event_history::EventHistory;
use aws_client::Meter;
use engine::{Drift, DriftChange, Drifted};
use resource::{Address, FieldChange, Registry};
use review::Names;
use serde_json::{Value, json};

/// Drift for a person. `left_out` lists the resources that were not refreshed. `history` says who changed the others, if
/// that was asked for.
pub(crate) fn page(
    drift: &Drift,
    registry: &Registry,
    (names, left_out, history): (&Names, &[Address], Option<&EventHistory>),
    printer: Printer,
    form: Form,
) -> String {
    let mut page = Page::new(printer, form, names);
    for one in &drift.drifted {
        let noun = registry.get(&one.kind).map_or(one.kind.as_str(), |reconciler| reconciler.noun());
        entry(&mut page, one, noun);
        if let Some(history) = history {
            who(&mut page, history, &one.address);
        }
    }
    if let Some(failure) = history.and_then(|history| history.failure.as_ref()) {
        page.line(0, 2, &[(Some(Style::Yellow), &format!("who changed it is not known: {failure}"))]);
    }
    let partly = drift.not_compared.iter().map(|one| format!("{}: {}", one.address, one.reason));
    let unread = drift.failed.iter().map(|one| format!("{}: it could not be looked at", one.address));
    let not_compared: Vec<String> = partly.chain(unread).collect();
    if !not_compared.is_empty() {
        page.line(0, 2, &[(Some(Style::Dim), "not compared:")]);
        not_compared.iter().for_each(|line| page.line(2, 2, &[(Some(Style::Dim), line)]));
    }
    page.tell_folded("a file or a pipe gets all.");
    page.plain(0, &printer.advice(&summary(drift)));
    if let Some(ignored) = super::ignored::line(&drift.ignored) {
        page.plain(0, &ignored);
    }
    if !left_out.is_empty() {
        let addresses: Vec<&str> = left_out.iter().map(Address::as_str).collect();
        let count = addresses.len();
        page.plain(0, &format!("{count} not looked at, by `ignore` of `[drift]`: {}.", addresses.join(", ")));
    }
    page.finish().join("\n")
}

/// The last line. It claims no drift only for compared resources.
fn summary(drift: &Drift) -> String {
    let (checked, skipped) = (drift.checked, drift.skipped().count() + drift.failed.len());
    let compared = match drift.drifted.len() {
        0 if drift.is_none() => return format!("No drift: {checked} resources are as they were left."),
        0 => format!("{checked} resources are as they were left"),
        drifted => format!("{drifted} of {checked} resources differ from what was applied"),
    };
    let not_compared = if skipped == 0 { String::new() } else { format!(", and {skipped} could not be compared") };
    let is_repaired = |one: &Drifted| one.replacement.is_none();
    let repairs = match drift.drifted.iter().any(is_repaired) {
        true => " `mlopsctl reconcile` repairs what `[drift]` allows and names what it leaves;",
        false => "",
    };
    format!("{compared}{not_compared}.{repairs} `mlopsctl plan` shows what `up` would do.")
}

fn entry(page: &mut Page<'_>, one: &Drifted, noun: &str) {
    let title = format!(" {} ({noun})", one.address);
    match &one.change {
        DriftChange::Missing(why) => {
            page.line(0, 4, &[(Some(Style::Red), "-"), (None, &format!("{title}: {why}"))]);
        }
        DriftChange::Modified(fields) => {
            let unfinished = if one.unfinished { ", which a run left unfinished" } else { "" };
            page.line(0, 4, &[(Some(Style::Yellow), "~"), (None, &format!("{title}{unfinished}"))]);
            fields.iter().for_each(|field| changed(page, field));
            if let Some(cause) = &one.replacement {
                let way_out = format!(
                    "only a replacement could undo it: {cause}; declare it in the environment file, or it stays"
                );
                page.line(4, 4, &[(None, &way_out)]);
            }
        }
    }
}

/// The newest changes of a resource that the event history has.
fn who(page: &mut Page<'_>, history: &EventHistory, address: &Address) {
    let Some(changes) = history.changes.get(address) else { return };
    if changes.is_empty() {
        let none = "CloudTrail names nobody for it: events come up to 15 minutes late, and stay for 90 days";
        page.line(4, 4, &[(Some(Style::Dim), none)]);
    }
    for change in changes {
        page.line(4, 4, &[(None, &format!("{} by {} at {}", change.event, change.who, change.at))]);
    }
}

/// A field that somebody changed. Lists show added and missing elements.
fn changed(page: &mut Page<'_>, field: &FieldChange) {
    match review::between(&field.path, &field.before, &field.after) {
        None => {
            let (before, after) = page.pair(&field.before, &field.after);
            page.line(4, 4, &[(None, &format!("{}: was left as {before}, is now {after}", field.path))]);
        }
        Some(differences) => {
            let first = format!("{}: since it was applied, added (+) and missing (-):", field.path);
            page.line(4, 4, &[(None, &first)]);
            differences::write(page, 6, &field.path, &differences);
        }
    }
}

/// Drift for a program; the shape is part of the command line's contract.
pub(crate) fn document(drift: &Drift, left_out: &[Address], history: Option<&EventHistory>, meter: &Meter) -> Value {
    let drifted = drift.drifted.iter().map(|one| {
        let (change, fields) = match &one.change {
            DriftChange::Missing(_) => ("missing", json!([])),
            DriftChange::Modified(fields) => ("modified", json!(fields)),
        };
        let mut shown = json!({"address": one.address, "kind": one.kind, "change": change, "fields": fields});
        if one.unfinished {
            shown["unfinished"] = true.into();
        }
        if let Some(cause) = &one.replacement {
            shown["replacement"] = cause.as_str().into();
        }
        if let Some(changes) = history.and_then(|history| history.changes.get(&one.address)) {
            shown["changed_by"] = json!(changes);
        }
        shown
    });
    let drifted: Vec<Value> = drifted.collect();
    let partly =
        drift.not_compared.iter().map(|one| json!({"address": one.address, "reason": one.reason, "whole": one.whole}));
    let unread = drift
        .failed
        .iter()
        .map(|one| json!({"address": one.address, "reason": one.failure.to_string(), "whole": true}));
    let not_compared: Vec<Value> = partly.chain(unread).collect();
    let history_failure = history.and_then(|history| history.failure.as_ref()).map(ToString::to_string);
    let mut document = json!({"format": 1, "checked": drift.checked, "drifted": drifted, "not_compared": not_compared,
           "ignored": drift.ignored, "left_out": left_out,
           "api_calls": meter.requests(), "calls": meter.calls()});
    if let Some(failure) = history_failure {
        document["history_failure"] = failure.into();
    }
    document
}
