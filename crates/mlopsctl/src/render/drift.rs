//! Shows drift to people as a page, and to programs as JSON.

use super::{
    differences,
    page::{Form, Page, counted},
    versioned::Versioned,
};
use crate::{
    printer::{Printer, Style},
    remedy,
};
use app::event_history::{EventHistory, RecordedChange};
use aws_client::{CallMeter, Calls};
use engine::{Drift, DriftChange, Drifted};
use resource::{Address, FieldChange, IgnoredDifference, KindRegistry};
use review::Names;
use serde::Serialize;

/// Drift for a person. `left_out` lists the resources that were not refreshed. `history` says who changed the others, if
/// that was asked for.
pub(crate) fn page(
    drift: &Drift,
    registry: &KindRegistry,
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
    let partly = drift.not_compared.iter().map(|one| {
        let help = remedy::words_of(one.help.as_ref()).map(|help| format!("; {}", printer.advice(&help)));
        format!("{}: {}{}", one.address, one.reason, help.unwrap_or_default())
    });
    let unread = drift.failed.iter().map(|one| format!("{}: it could not be read", one.address));
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
    let resources = counted(checked, "resource");
    let unchanged = match checked {
        1 => format!("{resources} is as it was applied"),
        _ => format!("{resources} are as they were applied"),
    };
    let compared = match drift.drifted.len() {
        0 if drift.is_none() && checked == 0 => return "No drift: there are no resources to compare.".to_owned(),
        0 if drift.is_none() => return format!("No drift: {unchanged}."),
        0 => unchanged,
        1 => format!("1 of {resources} differs from what was applied"),
        drifted => format!("{drifted} of {resources} differ from what was applied"),
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

/// A field that has drifted. Lists show added and missing elements.
fn changed(page: &mut Page<'_>, field: &FieldChange) {
    match review::between(&field.path, &field.before, &field.after) {
        None => {
            let (before, after) = page.pair(&field.before, &field.after);
            page.line(4, 4, &[(None, &format!("{}: applied as {before}, now {after} in AWS", field.path))]);
        }
        Some(differences) => {
            let first = format!("{}: since it was applied, added (+) and missing (-):", field.path);
            page.line(4, 4, &[(None, &first)]);
            differences::write(page, 6, &field.path, &differences);
        }
    }
}

/// Drift for a program; the form is part of the command line's contract.
#[derive(Serialize)]
struct Document<'a> {
    checked: usize,
    drifted: Vec<DriftedDocument<'a>>,
    not_compared: Vec<NotComparedDocument<'a>>,
    ignored: &'a [IgnoredDifference],
    left_out: &'a [Address],
    api_calls: u64,
    calls: Calls,
    #[serde(skip_serializing_if = "Option::is_none")]
    history_failure: Option<String>,
}

#[derive(Serialize)]
struct DriftedDocument<'a> {
    address: &'a Address,
    kind: &'a str,
    change: &'static str,
    fields: &'a [FieldChange],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unfinished: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    replacement: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_by: Option<&'a [RecordedChange]>,
}

#[derive(Serialize)]
struct NotComparedDocument<'a> {
    address: &'a Address,
    reason: String,
    whole: bool,
}

/// The document of `drift --json`.
pub(crate) fn document<'a>(
    drift: &'a Drift,
    left_out: &'a [Address],
    history: Option<&'a EventHistory>,
    meter: &'a CallMeter,
) -> impl Serialize + use<'a> {
    let drifted = drift.drifted.iter().map(|one| {
        let (change, fields) = match &one.change {
            DriftChange::Missing(_) => ("missing", <&[FieldChange]>::default()),
            DriftChange::Modified(fields) => ("modified", fields.as_slice()),
        };
        DriftedDocument {
            address: &one.address,
            kind: &one.kind,
            change,
            fields,
            unfinished: one.unfinished,
            replacement: one.replacement.as_deref(),
            changed_by: history.and_then(|history| history.changes.get(&one.address)).map(Vec::as_slice),
        }
    });
    let partly = drift.not_compared.iter().map(|one| NotComparedDocument {
        address: &one.address,
        reason: remedy::sentence(&one.reason, one.help.as_ref()),
        whole: one.whole,
    });
    let unread = drift.failed.iter().map(|one| NotComparedDocument {
        address: &one.address,
        reason: one.failure.to_string(),
        whole: true,
    });
    Versioned::new(Document {
        checked: drift.checked,
        drifted: drifted.collect(),
        not_compared: partly.chain(unread).collect(),
        ignored: &drift.ignored,
        left_out,
        api_calls: meter.requests(),
        calls: meter.calls(),
        history_failure: history.and_then(|history| history.failure.as_ref()).map(ToString::to_string),
    })
}
