//! The plan: the changes, and the refusals.

use crate::Claims;
use resource::{Address, FieldChange, IgnoredDifference, KindRegistry};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of the saved form of a plan.
pub const PLAN_FORMAT: u64 = 1;

/// The cause of every deletion of a plan that destroys the environment.
pub const DESTROYED: &str = "the environment is destroyed";

/// The cause of a replacement of a resource that AWS still shows while it deletes it.
pub(crate) const LEAVING: &str = "another program is deleting it";

/// The changes of a stack, with their causes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of this form.
    pub format: u64,
    /// Version of mlopsctl that made it; empty in plans of 0.1.
    #[serde(default)]
    pub tool: String,
    /// Name of the environment.
    pub environment: String,
    /// The lineage of the state it was made on.
    pub lineage: String,
    /// The serial of the state it was made on.
    pub serial: u64,
    /// Digest of everything the plan was made from: environment file and shipped files.
    pub inputs: String,
    /// The changes in the order of the stack, deletions last.
    pub changes: Vec<PlannedChange>,
    /// The number of resources without a change.
    pub unchanged: usize,
    /// The resources that the declaration has dropped and that are kept all the same, because data would be lost with
    /// them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<RetainedResource>,
    /// Differences in ignored fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<IgnoredDifference>,
    /// Recorded resources that get a new address and stay otherwise unchanged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moved: Vec<Moved>,
    /// The globs of the addresses that the plan is limited to; empty for a plan of everything.
    #[serde(default)]
    pub targets: Vec<String>,
    /// The globs of the addresses whose data it may delete. It may be applied only with the same consent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delete_data: Vec<String>,
    /// The globs of the protected addresses that it may delete or replace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unprotect: Vec<String>,
    /// The resources that it adopts from other owners, by their new addresses.
    #[serde(default, skip_serializing_if = "Claims::is_empty")]
    pub claims: Claims,
}

/// A resource that is no longer declared and stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetainedResource {
    /// The place in the stack.
    pub address: Address,
    /// `service:thing`.
    pub kind: String,
    /// AWS's id.
    pub id: String,
    /// The data that would be lost with it, in words.
    pub holds: String,
}

/// Data that a plan deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The resource that holds it.
    pub address: Address,
    /// The data, in words.
    pub holds: String,
}

/// A recorded resource that has a new address in the environment file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The address that the state records.
    pub from: Address,
    /// The new address.
    pub to: Address,
    /// `service:thing`.
    pub kind: String,
    /// AWS's id, which stays unless the resource is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// The planned change of one resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedChange {
    /// The place in the stack.
    pub address: Address,
    /// `service:thing`.
    pub kind: String,
    /// The action.
    pub action: Action,
    /// The cause, if the fields do not show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The id of the live resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The differing fields; for a create all of them, for a delete none.
    pub fields: Vec<FieldChange>,
    /// The declaration to reach, with placeholders; null for a delete.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub spec: Value,
    /// The deletion of a deposed resource.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deposed: bool,
    /// The part of the change that reverts drift.
    #[serde(default, skip_serializing_if = "ChangeDrift::is_none")]
    pub drift: ChangeDrift,
}

/// The drift of a resource from its applied spec, apart from the file's changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeDrift {
    /// The resource is as it was applied, or its drift is unknown: a run was interrupted at it, or during deletions.
    #[default]
    None,
    /// The fields of the change that have drifted.
    Fields(Vec<AppliedField>),
    /// The resource was deleted.
    Missing,
}

/// A field that has drifted since it was applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AppliedField {
    /// The path of the [`FieldChange`] of the same change.
    pub path: String,
    /// The value that was applied; null if there was none.
    pub applied: Value,
}

impl ChangeDrift {
    /// True if no drift of the resource is known.
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }

    /// The applied value of a field that has drifted since.
    pub fn applied(&self, path: &str) -> Option<&Value> {
        match self {
            Self::Fields(fields) => fields.iter().find(|field| field.path == path).map(|field| &field.applied),
            Self::None | Self::Missing => None,
        }
    }
}

/// The action on a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Made.
    Create,
    /// Changed in place, finished, or taken over.
    Update,
    /// Made anew, because AWS cannot change it in place.
    Replace,
    /// Removed.
    Delete,
}

impl Action {
    /// As people read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Delete => "delete",
        }
    }

    /// True if a new resource exists afterwards.
    pub(crate) fn makes(self) -> bool {
        matches!(self, Self::Create | Self::Replace)
    }

    /// True if an existing resource is gone afterwards.
    pub(crate) fn loses(self) -> bool {
        matches!(self, Self::Replace | Self::Delete)
    }
}

/// The numbers of changes of each sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// To be made.
    pub create: usize,
    /// To be changed in place.
    pub update: usize,
    /// To be made anew.
    pub replace: usize,
    /// To be removed.
    pub delete: usize,
    /// As they should be.
    pub unchanged: usize,
    /// Resources that get a new address. Those that also change count under their change as well.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub moved: usize,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Plan {
    /// True if there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.moved.is_empty()
    }

    /// Adds the moves, and notes the move in each changed resource.
    pub(crate) fn tell_moves(&mut self, moved: Vec<Moved>) {
        for one in &moved {
            for change in self.changes.iter_mut().filter(|change| change.address == one.to) {
                let moved = format!("it was at {}", one.from);
                change.cause = Some(match change.cause.take() {
                    Some(cause) => format!("{moved}, and {cause}"),
                    None => moved,
                });
            }
        }
        self.moved = moved;
    }

    /// Hides sensitive values, which plans of before version 0.2 show. What carries a plan out builds its specifications
    /// from the environment file again.
    pub fn hide_sensitive(&mut self, registry: &KindRegistry) {
        for change in &mut self.changes {
            let Ok(reconciler) = registry.get(&change.kind) else { continue };
            reconciler.hide("", &mut change.spec);
            for field in &mut change.fields {
                field.sensitive |= reconciler.hide(&field.path, &mut field.before);
                field.sensitive |= reconciler.hide(&field.path, &mut field.after);
            }
            if let ChangeDrift::Fields(fields) = &mut change.drift {
                for field in fields {
                    reconciler.hide(&field.path, &mut field.applied);
                }
            }
        }
    }

    /// The counts.
    pub fn summary(&self) -> Summary {
        let count = |action| self.changes.iter().filter(|change| change.action == action).count();
        Summary {
            create: count(Action::Create),
            update: count(Action::Update),
            replace: count(Action::Replace),
            delete: count(Action::Delete),
            unchanged: self.unchanged,
            moved: self.moved.len(),
        }
    }
}

/// The reason why a plan cannot be made or must not be applied: found before anything is touched.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The resource.
    pub address: Address,
    /// Its kind.
    pub kind: String,
    /// The reason.
    pub failure: aws_client::Failure,
    /// The option that lifts the refusal, if there is one.
    pub lifted_by: Option<OverrideOption>,
}

/// The option that lifts a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverrideOption {
    /// `--unprotect ADDRESS`.
    Unprotect,
    /// `--delete-data`.
    DeleteData,
}
