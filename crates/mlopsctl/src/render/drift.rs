use super::{
    differences::{self, Differences},
    value,
};
use crate::printer::{Printer, Style};
use engine::{Drift, DriftChange, Drifted};
use resource::{FieldChange, Meter};
use serde_json::{Value, json};

/// Drift for a person.
pub(crate) fn page(drift: &Drift, printer: Printer) -> String {
    let mut lines: Vec<String> = drift.drifted.iter().flat_map(|one| entry(one, printer)).collect();
    let partly: Vec<String> =
        drift.not_compared.iter().map(|one| format!("  {}: {}", one.address, one.reason)).collect();
    let unread = drift.failed.iter().map(|one| format!("  {}: it could not be looked at", one.address));
    let not_compared: Vec<String> = partly.into_iter().chain(unread).collect();
    if !not_compared.is_empty() {
        lines.push(printer.paint(Style::Dim, "not compared:"));
        lines.extend(not_compared.iter().map(|line| printer.paint(Style::Dim, line)));
    }
    lines.push(summary(drift));
    lines.join("\n")
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

fn entry(one: &Drifted, printer: Printer) -> Vec<String> {
    match &one.change {
        DriftChange::Missing(why) => {
            vec![format!("{} {} ({}): {why}", printer.paint(Style::Red, "-"), one.address, one.kind)]
        }
        DriftChange::Modified(fields) => {
            let unfinished = if one.unfinished { ", which a run left unfinished" } else { "" };
            let first = format!("{} {} ({}){unfinished}", printer.paint(Style::Yellow, "~"), one.address, one.kind);
            let way_out = one.replacement.as_ref().map(|cause| {
                format!(
                    "    only a replacement could undo it: {cause}; declare it in the environment file, or it stays"
                )
            });
            let fields = fields.iter().flat_map(|field| changed(field, printer));
            std::iter::once(first).chain(fields).chain(way_out).collect()
        }
    }
}

/// A field that somebody changed. Lists show added and missing elements.
fn changed(field: &FieldChange, printer: Printer) -> Vec<String> {
    match differences::between(&field.path, &field.before, &field.after) {
        Differences::Inline(_) => {
            let (before, after) = value::pair(&field.before, &field.after);
            vec![format!("    {}: was left as {before}, is now {after}", field.path)]
        }
        Differences::Lines(lines) => {
            let first = format!("    {}: since it was applied, added (+) and missing (-):", field.path);
            std::iter::once(first).chain(lines.iter().map(|line| format!("      {}", line.paint(printer)))).collect()
        }
    }
}

/// Drift for a program; the shape is part of the command line's contract.
pub(crate) fn document(drift: &Drift, meter: &Meter) -> Value {
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
    json!({"format": 1, "checked": drift.checked, "drifted": drifted, "not_compared": not_compared,
           "api_calls": meter.requests(), "calls": meter.calls()})
}
