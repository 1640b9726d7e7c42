//! The changes that many resources of a plan have in common.

use super::{plan_text::one, value::short};
use crate::printer::{Printer, Style};
use engine::{Action, Change, Plan};
use resource::FieldChange;
use std::collections::BTreeMap;

/// Changes of fields that many resources have in common, such as a tag: said once, they do not hide the others.
pub(super) struct Common<'a> {
    same: Vec<(&'a FieldChange, usize)>,
    /// Resources without a `Name` that get one of their own, in the order of the plan.
    named: Vec<&'a FieldChange>,
}

impl<'a> Common<'a> {
    /// Fewer than this are said with each resource.
    const MANY: usize = 5;

    pub(super) fn of(plan: &'a Plan) -> Self {
        let updates = plan.changes.iter().filter(|change| change.action == Action::Update);
        let mut counted: BTreeMap<String, (&FieldChange, usize)> = BTreeMap::new();
        let mut named = Vec::new();
        for field in updates.flat_map(|change| &change.fields).filter(|field| field.known) {
            if is_name(field) {
                named.push(field);
                continue;
            }
            let same = format!("{} {} {}", field.path, field.before, field.after);
            counted.entry(same).or_insert((field, 0)).1 += 1;
        }
        if named.len() < Self::MANY {
            named.clear();
        }
        Self { same: counted.into_values().filter(|(_, times)| *times >= Self::MANY).collect(), named }
    }

    pub(super) fn has(&self, field: &FieldChange) -> bool {
        let same =
            |one: &FieldChange| (&one.path, &one.before, &one.after) == (&field.path, &field.before, &field.after);
        self.same.iter().any(|(one, _)| same(one)) || self.named.iter().any(|one| same(one))
    }

    /// Whether it is all there is to say of a change.
    pub(super) fn covers(&self, change: &Change) -> bool {
        let says_all = change.action == Action::Update && change.cause.is_none();
        says_all && !change.fields.is_empty() && change.fields.iter().all(|field| self.has(field))
    }

    pub(super) fn lines(&self, printer: Printer) -> Vec<String> {
        let mut by_times: BTreeMap<usize, Vec<&FieldChange>> = BTreeMap::new();
        for (field, times) in &self.same {
            by_times.entry(*times).or_default().push(field);
        }
        let mut lines = Vec::new();
        for (times, fields) in by_times.into_iter().rev() {
            lines.push(printer.paint(Style::Bold, &format!("in {times} resources")));
            lines.extend(fields.into_iter().flat_map(|field| one(field, printer)));
            lines.push(String::new());
        }
        if let [first, ..] = self.named.as_slice() {
            lines.push(printer.paint(Style::Bold, &format!("in {} resources", self.named.len())));
            lines.push(format!("      {}: a name of its own, such as {}", first.path, short(&first.after)));
            lines.push(String::new());
        }
        lines
    }
}

/// Whether the field is a new `Name` tag.
fn is_name(field: &FieldChange) -> bool {
    field.path == "tags.Name" && field.before.is_null()
}
