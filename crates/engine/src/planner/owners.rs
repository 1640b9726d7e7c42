//! Whose the resources are that a plan would change or delete.

use super::{Decision, Planner, refusal};
use crate::{
    Action, Change, Refusal, ownership,
    refresh::{Look, Seen, look_each},
};
use resource::{Node, Ownership, Result};
use state::{Entry, Phase};

impl Planner<'_> {
    /// Refuses to touch what has another owner. What lost all of its ownership tags gets them back, and nothing more:
    /// the rest waits until a person says that it is ours.
    pub(super) fn is_ours_to_change(
        &self,
        node: &Node,
        seen: &Seen,
        entry: Option<&Entry>,
        decision: &Decision,
    ) -> Result<()> {
        let (Some(id), Some(entry), Some(ownership)) = (&seen.id, entry, &seen.ownership) else { return Ok(()) };
        let reconciler = self.registry.get(node.kind)?;
        let cx = self.workshop.cx_of(&node.address, entry);
        ownership::may_be_changed(ownership, reconciler, id, &cx)?;
        let only_tags = decision.fields.iter().all(|field| field.path == "tags" || field.path.starts_with("tags."));
        // What an interrupted run made may have no tags yet.
        let may_gain_tags = only_tags || entry.phase == Phase::Identified;
        match decision.action {
            Some(Action::Replace | Action::Delete) => ownership::may_be_lost(ownership, reconciler, id, &cx),
            Some(_) if *ownership == Ownership::Untagged && !may_gain_tags => {
                Err(ownership::untagged(reconciler, id, &cx))
            }
            _ => Ok(()),
        }
    }

    /// Refuses to delete what is not provably ours. A replacement was judged when it was decided.
    pub(super) async fn owners(&self, changes: &[Change], refusals: &mut Vec<Refusal>) {
        let deleted = changes.iter().filter(|change| change.action == Action::Delete);
        let looks = deleted.filter_map(|change| {
            let entry = self.state.resources.get(&change.address)?;
            change.id.as_ref().map(|_| Look::at_deletion(change, entry, self.workshop))
        });
        // In the order in which they are looked at, because an address can have several.
        for (address, kind, looked) in look_each(looks.collect(), self.registry).await {
            let judged = looked.and_then(|seen| {
                let (Some(id), Some(ownership)) = (&seen.id, &seen.ownership) else { return Ok(()) };
                let cx = self.workshop.cx(&address, "");
                ownership::may_be_lost(ownership, self.registry.get(&kind)?, id, &cx)
            });
            if let Err(failure) = judged {
                refusals.push(refusal(&address, &kind, failure));
            }
        }
    }
}
