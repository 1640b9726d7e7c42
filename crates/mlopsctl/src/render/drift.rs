use super::value::short;
use crate::printer::{Printer, Style};
use engine::{Drift, DriftChange, Drifted};
use resource::Meter;
use serde_json::{Value, json};

/// Drift for a person.
pub(crate) fn page(drift: &Drift, printer: Printer) -> String {
    let mut lines: Vec<String> = drift.drifted.iter().flat_map(|one| entry(one, printer)).collect();
    if !drift.not_compared.is_empty() {
        lines.push(printer.paint(Style::Dim, "not compared:"));
        lines.extend(
            drift
                .not_compared
                .iter()
                .map(|one| printer.paint(Style::Dim, &format!("  {}: {}", one.address, one.reason))),
        );
    }
    lines.push(match drift.drifted.len() {
        0 => format!("No drift: {} resources are as they were left.", drift.checked),
        drifted => format!(
            "{drifted} of {} resources differ from what was applied. `mlopsctl reconcile` repairs what `[drift]` allows and \
             names what it leaves; `mlopsctl plan` shows what `up` would do.",
            drift.checked
        ),
    });
    lines.join("\n")
}

fn entry(one: &Drifted, printer: Printer) -> Vec<String> {
    match &one.change {
        DriftChange::Missing(why) => {
            vec![format!("{} {} ({}): {why}", printer.paint(Style::Red, "-"), one.address, one.kind)]
        }
        DriftChange::Modified(fields) => {
            let first = format!("{} {} ({})", printer.paint(Style::Yellow, "~"), one.address, one.kind);
            let fields = fields.iter().map(|field| {
                format!("    {}: was left as {}, is now {}", field.path, short(&field.before), short(&field.after))
            });
            std::iter::once(first).chain(fields).collect()
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
        json!({"address": one.address, "kind": one.kind, "change": change, "fields": fields})
    });
    let drifted: Vec<Value> = drifted.collect();
    let not_compared = drift.not_compared.iter().map(|one| json!({"address": one.address, "reason": one.reason}));
    let not_compared: Vec<Value> = not_compared.collect();
    json!({"format": 1, "checked": drift.checked, "drifted": drifted, "not_compared": not_compared,
           "api_calls": meter.requests(), "calls": meter.calls()})
}
