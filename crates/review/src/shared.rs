//! Causes and field changes that many resources share, such as a tag. A plan shows them once, so that they do not hide other
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

/// A cause that many resources share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedCause {
    /// The cause.
    pub cause: String,
    /// The number of resources that share it.
    pub resources: usize,
}

/// The causes and field changes that many updated resources share.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// Equal causes. The cause that most resources share comes first.
    pub causes: Vec<SharedCause>,
    /// Equal changes. The change that most resources share comes first.
    pub fields: Vec<SharedField>,
    /// The new tags `Name` of resources that had none, in the order of the plan.
    pub names: Vec<FieldView>,
    /// The number of resources that get the tag with their own address.
    pub addresses: usize,
}

impl Shared {
    /// A change that fewer resources share is shown with each of them.
    const MANY: usize = 5;

    /// Counts the changes of the updates.
    pub fn new(changes: &[ChangeView]) -> Self {
        let updates = changes.iter().filter(|change| change.action == Action::Update);
        let mut causes: BTreeMap<&str, usize> = BTreeMap::new();
        for cause in updates.clone().filter_map(|change| change.cause.as_deref()) {
            *causes.entry(cause).or_default() += 1;
        }
        let causes = causes.into_iter().filter(|(_, resources)| *resources >= Self::MANY);
        let mut causes: Vec<_> =
            causes.map(|(cause, resources)| SharedCause { cause: cause.to_owned(), resources }).collect();
        causes.sort_by_key(|one| std::cmp::Reverse(one.resources));
        let gets_address = |change: &&ChangeView| change.fields.iter().any(|field| is_own_address(change, field));
        let addresses = updates.clone().filter(gets_address).count();
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
        Self { causes, fields, names, addresses }
    }

    /// True if a resource shares its cause.
    pub fn has_cause(&self, change: &ChangeView) -> bool {
        change.action == Action::Update && self.causes.iter().any(|one| Some(&one.cause) == change.cause.as_ref())
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

/// True if a field is the tag that holds the resource's own address.
pub fn is_own_address(change: &ChangeView, field: &FieldView) -> bool {
    field.path.strip_prefix("tags.") == Some(resource::ADDRESS_TAG) && field.after == change.address.as_str()
}

/// True if a resource without a `Name` gets one.
fn is_new_name(field: &FieldView) -> bool {
    field.path == "tags.Name" && field.before == Value::Null
}
