//! The owner of a recorded resource: checked before every change, because a name can pass to another owner.

use aws_client::{Adoption, Failure, FailureKind, Remedy, Result};
use resource::{Context, Diff, FieldChange, Observation, Ownership, Reconciler, ReplaceOrder, Tags, tags_of};
use serde_json::Value;

/// The ownership that the tags of an observed resource show; `None` for a kind without tags.
pub(crate) fn of_live(reconciler: &dyn Reconciler, recorded: &Value, live: &Value, cx: &Context) -> Option<Ownership> {
    tags_of(live).map(|tags| of_tags(reconciler, recorded, &tags, cx))
}

fn of_tags(reconciler: &dyn Reconciler, recorded: &Value, live: &Tags, cx: &Context) -> Ownership {
    let named = reconciler.replace_order() == ReplaceOrder::DeleteFirst;
    Ownership::judge(cx.identity(), cx.lineage(), &tags_of(recorded).unwrap_or_default(), live, named)
}

/// Refuses to delete a resource whose tags do not prove that the stack owns it. Reads the tags now, because they may have
/// changed since the plan.
///
/// # Errors
/// When the tags name another owner, or none, or cannot be read.
pub(crate) async fn may_be_deleted(
    reconciler: &dyn Reconciler,
    recorded: &Value,
    id: &str,
    cx: &Context,
) -> Result<()> {
    let Some(tags) = reconciler.live_tags(recorded, id, cx).await? else { return Ok(()) };
    may_be_lost(&of_tags(reconciler, recorded, &tags, cx), reconciler, id, cx)
}

/// Refuses to change a resource of another owner.
///
/// # Errors
/// When it is foreign.
pub(crate) fn may_be_changed(ownership: &Ownership, reconciler: &dyn Reconciler, id: &str, cx: &Context) -> Result<()> {
    match ownership {
        Ownership::Foreign(owner) => Err(foreign(owner, reconciler, id, cx)),
        Ownership::Owned | Ownership::Incomplete | Ownership::Untagged => Ok(()),
    }
}

/// Refuses to update a resource that has another owner. A resource without any ownership tag gets only its tags back.
/// Other changes wait until a person confirms the ownership. `may_lack_tags` says that an interrupted run may have
/// created the resource without tags.
///
/// # Errors
/// When the resource is foreign, or has no ownership tag and the update would change more than tags.
pub(crate) fn may_be_updated(
    ownership: &Ownership,
    fields: &[FieldChange],
    may_lack_tags: bool,
    (reconciler, id, cx): (&dyn Reconciler, &str, &Context),
) -> Result<()> {
    let only_tags = fields.iter().all(|field| field.path == "tags" || field.path.starts_with("tags."));
    match ownership {
        Ownership::Untagged if !only_tags && !may_lack_tags => Err(untagged(reconciler, id, cx)),
        other => may_be_changed(other, reconciler, id, cx),
    }
}

/// Refuses to delete or replace a resource that has another owner, or no ownership tag.
///
/// # Errors
/// When it is foreign, or has no ownership tag at all.
pub(crate) fn may_be_lost(ownership: &Ownership, reconciler: &dyn Reconciler, id: &str, cx: &Context) -> Result<()> {
    match ownership {
        Ownership::Untagged => Err(untagged(reconciler, id, cx)),
        other => may_be_changed(other, reconciler, id, cx),
    }
}

fn foreign(owner: &str, reconciler: &dyn Reconciler, id: &str, cx: &Context) -> Failure {
    Failure::refused(
        format!("the {} {id} is not this environment's any more: it belongs to {owner}", reconciler.noun()),
        Remedy::Several(vec![forgetting(cx), cx.adoption(Adoption::ByName)]),
    )
}

/// The error for a resource without any ownership tag, which stays as it is.
fn untagged(reconciler: &dyn Reconciler, id: &str, cx: &Context) -> Failure {
    Failure::refused(
        format!(
            "the {} {id} has none of this environment's tags, so nothing proves that it is still the one that \
             mlopsctl made",
            reconciler.noun()
        ),
        Remedy::Several(vec![cx.adoption(Adoption::ForTags), forgetting(cx)]),
    )
}

fn forgetting(cx: &Context) -> Remedy {
    Remedy::Forget { environment: Some(cx.environment().to_owned()), address: Some(cx.address().to_string()) }
}

/// The refusal to take over a resource for its name, or for tags without the lineage. `condition` says how it differs
/// from what is declared.
pub(crate) fn unproven(reconciler: &dyn Reconciler, id: Option<&str>, condition: &str, cx: &Context) -> Failure {
    let (noun, id) = (reconciler.noun(), id.unwrap_or_default());
    Failure {
        kind: FailureKind::Exists,
        ..Failure::refused(
            format!("{noun} {id} exists already, {condition}, and has no tags that prove whose it is"),
            Remedy::Either(vec![cx.adoption(Adoption::ByName), Remedy::RenameInFile]),
        )
    }
}

/// The condition of a resource of which nothing can be compared yet.
pub(crate) fn unready(observation: &Observation) -> Option<String> {
    match observation {
        Observation::Broken { reason, .. } => Some(format!("does not work ({reason})")),
        Observation::Settling { status, .. } => Some(format!("is still {status}")),
        Observation::Absent | Observation::Ready { .. } => None,
    }
}

/// The condition of a resource with these differences to its declaration.
pub(crate) fn undeclared(diff: &Diff) -> String {
    let fields: Vec<&str> = diff.changes.iter().map(|change| change.path.as_str()).collect();
    format!("is not as declared ({})", fields.join(", "))
}
