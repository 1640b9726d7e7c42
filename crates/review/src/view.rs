//! The data for every form of a plan.

use crate::{
    difference::{Differences, between, mark_drift},
    grants::{Grant, grants},
    names::Names,
    unknown::{is_unknown, unknown_paths},
};
use aws_client::{FailureKind, Remedy};
use engine::{Action, Moved, OverrideOption, Plan, PlannedChange, Planning, Refusal, RetainedResource, Summary};
use resource::{Address, FieldChange, IgnoredDifference, KindRegistry};
use serde::Serialize;
use serde_json::Value;

/// A plan as a reviewer reads it. Serialized, it is the document of `plan --json` but for advice, costs and calls.
#[derive(Clone, Debug, Serialize)]
pub struct PlanView {
    /// Version of this form: 1. Fields may be added.
    pub format: u64,
    /// Name of the environment.
    pub environment: String,
    /// The number of changes of each action.
    pub summary: Summary,
    /// The changes in the order of the stack, deletions last.
    pub changes: Vec<ChangeView>,
    /// Resources that the file no longer declares and that stay, because data would be lost with them.
    pub kept: Vec<RetainedResource>,
    /// Differences in fields that the file leaves to others.
    pub ignored: Vec<IgnoredDifference>,
    /// Recorded resources that get another address and stay the same.
    pub moved: Vec<Moved>,
    /// The reasons for which `up` refuses the plan; empty where it does not.
    #[serde(skip)]
    pub refusals: Vec<RefusalView>,
    /// Resources of which nobody could tell whether data would be lost with them.
    #[serde(skip)]
    pub unknown_losses: Vec<RefusalView>,
    /// The operation that would carry the plan out, such as `up`. Empty for a saved plan.
    #[serde(skip)]
    pub operation: String,
    /// The consents that lift all refusals that a person may lift.
    #[serde(skip)]
    pub way_out: Option<RequiredConsents>,
    /// The number of changed resources that have drifted.
    pub changed_outside: usize,
    /// The bucket for the state, which the first `up` creates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_bucket: Option<StateBucketView>,
    /// The part of the environment that a plan with targets is about.
    #[serde(rename = "looked_at", skip_serializing_if = "Option::is_none")]
    pub read_count: Option<ReadCount>,
    /// The run that is changing the environment meanwhile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locked_by: Option<LockView>,
}

/// The planned change of one resource.
#[derive(Clone, Debug, Serialize)]
pub struct ChangeView {
    /// `<area>.<name>`.
    pub address: Address,
    /// `service:thing`.
    pub kind: String,
    /// The kind as people say it.
    pub noun: String,
    /// The action.
    pub action: Action,
    /// AWS's id of the live resource.
    pub id: Option<String>,
    /// The reason, where the fields do not tell; of a deletion always.
    pub cause: Option<String>,
    /// The fields that differ; of a creation all.
    pub fields: Vec<FieldView>,
    /// Everything that a created resource allows and denies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allows: Vec<Grant>,
    /// True if the resource was changed or deleted outside of mlopsctl.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub drifted: bool,
    /// The declaration to reach, with placeholders.
    #[serde(skip)]
    pub spec: Value,
}

/// One differing field.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldView {
    /// Dotted path.
    pub path: String,
    /// The value as it is; null where there is none.
    pub before: Value,
    /// The value as it will be, with placeholders `⟦address.output⟧`; null where it is removed.
    pub after: Value,
    /// True if `after` is known. Of lists and documents only the leaves in `unknown` are not.
    pub known: bool,
    /// True if this field makes a replacement necessary.
    pub forces_replacement: bool,
    /// True if values are hidden, because they may be secrets.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sensitive: bool,
    /// The dotted paths of the values that hold a placeholder, each beginning with `path`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// True if the field was changed outside of mlopsctl since it was applied.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub drifted: bool,
    /// Of a drifted field, the value that was applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied: Option<Value>,
    /// The differences of structured values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differences: Option<Differences>,
}

/// A reason for which `up` refuses a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct RefusalView {
    /// The resource.
    pub address: Address,
    /// `service:thing`.
    pub kind: String,
    /// The kind as people say it.
    pub noun: String,
    /// The reason.
    pub reason: String,
    /// Advice.
    pub help: Option<Remedy>,
    /// The consent that lifts it, if one does.
    pub lifted_by: Option<OverrideOption>,
    /// True if the name of the resource is taken.
    pub is_taken: bool,
}

/// The consents that lift the refusals of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredConsents {
    /// The targets of the plan.
    pub targets: Vec<String>,
    /// The protected resources to unprotect.
    pub unprotect: Vec<Address>,
    /// The resources whose data may be deleted with them.
    pub delete_data: Vec<Address>,
}

/// The bucket for the state.
#[derive(Clone, Debug, Serialize)]
pub struct StateBucketView {
    /// Its name.
    pub name: String,
    /// Always `create`: where it exists it is not named.
    pub action: Action,
}

/// The part of the environment that a plan with targets is about.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ReadCount {
    /// The resources that the targets name, and those that they need.
    pub resources: usize,
    /// All others.
    pub left_out: usize,
}

/// A run that holds the lock.
#[derive(Clone, Debug, Serialize)]
pub struct LockView {
    /// `user@host`.
    pub who: String,
    /// For example `up`.
    pub operation: String,
    /// The time when it began, RFC 3339.
    pub since: String,
}

/// The facts for a view besides the plan.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The operation that would apply the plan, such as `up`. Empty if the plan is only shown.
    pub operation: String,
    /// The common parts of the names of the environment's resources.
    pub names: Names,
    /// The name of the bucket for the state, if the first `up` has to create it.
    pub state_bucket: Option<String>,
    /// The run that is changing the environment meanwhile.
    pub locked_by: Option<LockView>,
}

impl PlanView {
    /// The view of a plan with its refusals.
    pub fn new(planning: &Planning, registry: &KindRegistry, surroundings: Surroundings) -> Self {
        let plan = &planning.plan;
        let refusals =
            |all: &[Refusal]| all.iter().map(|one| refusal_view(one, noun(&one.kind, registry))).collect::<Vec<_>>();
        let refused = refusals(&planning.refusals);
        let read_count =
            ReadCount { resources: plan.unchanged + plan.changes.len(), left_out: planning.left_out.len() };
        Self {
            way_out: way_out(&refused, &plan.targets),
            refusals: refused,
            unknown_losses: refusals(&planning.unknown_losses),
            read_count: (!plan.targets.is_empty()).then_some(read_count),
            ..Self::of_plan(plan, registry, surroundings)
        }
    }

    /// The view of a plan without refusals, such as a plan from a file.
    pub fn of_plan(plan: &Plan, registry: &KindRegistry, surroundings: Surroundings) -> Self {
        let view = |change: &PlannedChange| change_view(change, noun(&change.kind, registry), &surroundings.names);
        let changes: Vec<ChangeView> = plan.changes.iter().map(view).collect();
        Self {
            format: 1,
            environment: plan.environment.clone(),
            summary: plan.summary(),
            changed_outside: changes.iter().filter(|change| change.drifted).count(),
            changes,
            kept: plan.kept.clone(),
            ignored: plan.ignored.clone(),
            moved: plan.moved.clone(),
            refusals: Vec::new(),
            unknown_losses: Vec::new(),
            operation: surroundings.operation,
            way_out: None,
            state_bucket: surroundings.state_bucket.map(|name| StateBucketView { name, action: Action::Create }),
            read_count: None,
            locked_by: surroundings.locked_by,
        }
    }
}

impl PlanView {
    /// Adds the resources of a saved plan of which nobody could tell whether data would be lost with them.
    pub fn add_unknown_losses(&mut self, saved: Vec<RefusalView>, registry: &KindRegistry) {
        let named = |one: RefusalView| RefusalView { noun: noun(&one.kind, registry), ..one };
        self.unknown_losses = saved.into_iter().map(named).collect();
    }
}

/// The kind as people say it.
fn noun(kind: &str, registry: &KindRegistry) -> String {
    registry.get(kind).map_or(kind, |reconciler| reconciler.noun()).to_owned()
}

fn change_view(change: &PlannedChange, noun: String, names: &Names) -> ChangeView {
    let is_new = change.fields.iter().all(|field| field.before.is_null());
    let allows = match change.action {
        Action::Create => grants(&change.spec, names),
        Action::Replace if is_new => grants(&change.spec, names),
        _ => Vec::new(),
    };
    ChangeView {
        address: change.address.clone(),
        kind: change.kind.clone(),
        noun,
        action: change.action,
        id: change.id.clone(),
        cause: change.cause.clone(),
        fields: change.fields.iter().map(|field| field_view(field, change)).collect(),
        allows,
        drifted: !change.drift.is_none(),
        spec: change.spec.clone(),
    }
}

fn field_view(field: &FieldChange, change: &PlannedChange) -> FieldView {
    let applied = change.drift.applied(&field.path).cloned();
    let mut differences = match change.action {
        Action::Update | Action::Replace => between(&field.path, &field.before, &field.after),
        Action::Create | Action::Delete => None,
    };
    if let (Some(differences), Some(applied)) = (&mut differences, &applied) {
        mark_drift(differences, between(&field.path, applied, &field.before).as_ref());
    }
    FieldView {
        path: field.path.clone(),
        before: field.before.clone(),
        after: field.after.clone(),
        known: !is_unknown(&field.after),
        forces_replacement: field.forces_replacement,
        sensitive: field.sensitive,
        unknown: unknown_paths(&field.path, &field.after),
        drifted: applied.is_some(),
        applied,
        differences,
    }
}

fn refusal_view(refusal: &Refusal, noun: String) -> RefusalView {
    RefusalView {
        address: refusal.address.clone(),
        kind: refusal.kind.clone(),
        noun,
        reason: refusal.failure.to_string(),
        help: refusal.failure.help.clone(),
        lifted_by: refusal.lifted_by,
        is_taken: refusal.failure.kind == FailureKind::Exists,
    }
}

/// The consents that lift refusals. `None` if none lifts any.
fn way_out(refusals: &[RefusalView], targets: &[String]) -> Option<RequiredConsents> {
    let lifted_by = |lift| {
        let lifted = refusals.iter().filter(move |refusal| refusal.lifted_by == Some(lift));
        lifted.map(|refusal| refusal.address.clone()).collect::<Vec<_>>()
    };
    let (unprotect, delete_data) = (lifted_by(OverrideOption::Unprotect), lifted_by(OverrideOption::DeleteData));
    let is_any = !unprotect.is_empty() || !delete_data.is_empty();
    is_any.then(|| RequiredConsents { targets: targets.to_vec(), unprotect, delete_data })
}
