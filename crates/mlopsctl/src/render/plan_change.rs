//! One change of a plan, for a person.

use super::{
    differences,
    page::{Page, counted},
};
use crate::printer::Style;
use engine::{Action, DESTROYED};
use review::{ChangeView, FieldView, Shared, is_own_address};
use serde_json::Value;
use std::collections::BTreeMap;

/// Fields that distinguish one new resource from another, the most useful first.
const TELLING: &[&str] = &[
    "cidr",
    "service",
    "destination",
    "protocol",
    "endpoint",
    "schedule",
    "metric",
    "instance_type",
    "memory_mb",
    "key",
    "name",
    "features",
    "path",
];

/// The number of permissions of a resource on a folded page. Wide permissions are always shown, and the others are
/// counted.
const MOST_ALLOWED: usize = 3;

fn name(change: &ChangeView) -> &str {
    change.address.as_str().split_once('.').map_or("", |(_, name)| name)
}

/// The changes of each area, in their order.
pub(super) fn by_area(changes: &[ChangeView]) -> BTreeMap<&str, Vec<&ChangeView>> {
    let mut areas: BTreeMap<&str, Vec<&ChangeView>> = BTreeMap::new();
    for change in changes {
        areas.entry(change.address.area()).or_default().push(change);
    }
    areas
}

/// Writes the names of resources that have only shared changes.
pub(super) fn alike(page: &mut Page<'_>, changes: &[&ChangeView]) {
    let names: Vec<&str> = changes.iter().map(|change| name(change)).collect();
    let resources = counted(changes.len(), "resource");
    let text = format!(" {resources} with only the changes listed below: {}", names.join(", "));
    page.line(2, 4, &[(Some(Style::Yellow), "~"), (None, &text)]);
}

/// Writes the change of one resource.
pub(super) fn entry(page: &mut Page<'_>, change: &ChangeView, shared: &Shared) {
    let (sign, style) = match change.action {
        Action::Create => ("+", Style::Green),
        Action::Update => ("~", Style::Yellow),
        Action::Replace => ("±", Style::Alarm),
        Action::Delete => ("-", Style::Red),
    };
    let title = format!(" {} ({})", name(change), change.noun);
    let (fate, id) = match change.action {
        Action::Create => (telling(page, &change.spec), String::new()),
        Action::Replace => ("  must be replaced".to_owned(), id(change)),
        Action::Delete => ("  will be deleted".to_owned(), id(change)),
        Action::Update => (String::new(), id(change)),
    };
    let fate_style = if change.action == Action::Create { None } else { Some(style) };
    page.line(2, 4, &[(Some(style), sign), (None, &title), (fate_style, &fate), (Some(Style::Dim), &id)]);
    // In a destruction, every deletion has this cause.
    if let Some(cause) = change.cause.as_deref().filter(|cause| *cause != DESTROYED && !shared.has_cause(change)) {
        let outside =
            if change.drifted && change.action == Action::Create { ": deleted outside of mlopsctl" } else { "" };
        page.line(6, 4, &[(Some(Style::Dim), "because"), (None, &format!(" {cause}{outside}"))]);
    }
    allows(page, change);
    let has_fields = matches!(change.action, Action::Update | Action::Replace) && change.allows.is_empty();
    let is_elsewhere =
        |field: &FieldView| change.action == Action::Update && (shared.has(field) || is_own_address(change, field));
    for field in change.fields.iter().filter(|field| has_fields && !is_elsewhere(field)) {
        field_lines(page, field);
    }
}

fn id(change: &ChangeView) -> String {
    change.id.as_ref().map_or_else(String::new, |id| format!("  {id}"))
}

fn telling(page: &mut Page<'_>, spec: &Value) -> String {
    let fields = TELLING.iter().filter_map(|field| Some((field, spec.get(field)?)));
    let simple = fields.filter(|(_, value)| value.is_string() || value.is_number() || value.is_array());
    // Every role has a path, and most have this one.
    let told = simple.filter(|(field, value)| **field != "path" || **value != "/");
    let shown = told.take(2).map(|(field, one)| match one {
        Value::Array(items) => format!("{} {field}", items.len()),
        one => format!("{field} {}", page.value(one)),
    });
    let shown: Vec<String> = shown.collect();
    if shown.is_empty() { String::new() } else { format!("  {}", shown.join(", ")) }
}

/// Writes the permissions that a new resource gives, one per line.
fn allows(page: &mut Page<'_>, change: &ChangeView) {
    let mut hidden = 0;
    for (position, one) in change.allows.iter().enumerate() {
        if !page.form.full && position >= MOST_ALLOWED && !one.wide {
            hidden += 1;
            continue;
        }
        page.line(6, 4, &[(one.wide.then_some(Style::Yellow), &one.text)]);
    }
    if hidden > 0 {
        page.fold(hidden);
        let text = format!("… {} more", counted(hidden, "line"));
        page.line(6, 2, &[(Some(Style::Dim), &text)]);
    }
}

/// Writes a changed field.
pub(super) fn field_lines(page: &mut Page<'_>, field: &FieldView) {
    let forces = if field.forces_replacement { "  (forces replacement)" } else { "" };
    if let Some(differences) = &field.differences {
        let outside = match differences.parts.iter().filter(|part| part.drifted).count() {
            _ if !field.drifted => "",
            count if count == differences.parts.len() => "  (changed outside of mlopsctl)",
            _ => "  (changed outside of mlopsctl as well)",
        };
        page.line(
            6,
            4,
            &[(None, &format!("{}:", field.path)), (Some(Style::Alarm), forces), (Some(Style::Yellow), outside)],
        );
        differences::write(page, 8, &field.path, differences);
        return;
    }
    let (text, outside) = match &field.applied {
        // Both the author of the file and another actor changed it.
        Some(applied) if *applied != field.after && field.before != field.after => {
            let (applied, after) = page.pair(applied, &field.after);
            let before = page.value(&field.before);
            (format!("{}: {applied} → {after}", field.path), format!(", changed to {before} outside of mlopsctl"))
        }
        applied => {
            let (before, after) = page.pair(&field.before, &field.after);
            let outside = if applied.is_some() { ", as it was applied: changed outside of mlopsctl" } else { "" };
            (format!("{}: {before} → {after}", field.path), outside.to_owned())
        }
    };
    page.line(6, 4, &[(None, &text), (Some(Style::Yellow), &outside), (Some(Style::Alarm), forces)]);
}
