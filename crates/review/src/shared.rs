//! Field changes that many resources share, such as a tag. A plan shows them once, so that they do not hide other
//! changes.

use crate::view::{ChangeView, FieldView};
use engine::Action;
use serde_json::Value;
use std::collections::BTreeMap;

/// A change of a field that many resources share.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedField {
    /// The field.
    pub field: FieldView,
    /// The number of resources that share it.
    pub resources: usize,
}

/// The field changes that many updated resources share.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// Equal changes. The change that most resources share comes first.
    pub fields: Vec<SharedField>,
    /// The new tags `Name` of resources that had none, in the order of the plan.
    pub names: Vec<FieldView>,
}

impl Shared {
    /// A change that fewer resources share is shown with each of them.
    const MANY: usize = 5;

    /// Counts the changes of the updates.
    pub fn of(changes: &[ChangeView]) -> Self {
        let updates = changes.iter().filter(|change| change.action == Action::Update);
        let mut counted: BTreeMap<String, SharedField> = BTreeMap::new();
        let mut names = Vec::new();
        for field in updates.flat_map(|change| &change.fields).filter(|field| field.known && !field.drifted) {
            if is_new_name(field) {
                names.push(field.clone());
                continue;
            }
            let key = format!("{} {} {}", field.path, field.before, field.after);
            counted.entry(key).or_insert_with(|| SharedField { field: field.clone(), resources: 0 }).resources += 1;
        }
        if names.len() < Self::MANY {
            names.clear();
        }
        let mut fields: Vec<_> = counted.into_values().filter(|one| one.resources >= Self::MANY).collect();
        fields.sort_by_key(|one| std::cmp::Reverse(one.resources));
        Self { fields, names }
    }

    /// True if the change of a field is shared.
    pub fn has(&self, field: &FieldView) -> bool {
        let same = |one: &FieldView| {
            !field.drifted && (&one.path, &one.before, &one.after) == (&field.path, &field.before, &field.after)
        };
        self.fields.iter().any(|one| same(&one.field)) || self.names.iter().any(same)
    }

    /// True if a change consists only of shared fields.
    pub fn covers(&self, change: &ChangeView) -> bool {
        let is_plain = change.action == Action::Update && change.cause.is_none();
        is_plain && !change.fields.is_empty() && change.fields.iter().all(|field| self.has(field))
    }
}

/// True if a resource without a `Name` gets one.
fn is_new_name(field: &FieldView) -> bool {
    field.path == "tags.Name" && field.before == Value::Null
}
