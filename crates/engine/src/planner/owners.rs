//! The owners of the resources that a plan would change or delete.

use super::{Decision, Planner, refusal};
use crate::{
    Action, PlannedChange, Refusal, ownership,
    refresh::{Look, Seen, look_each},
};
use aws_client::Result;
use resource::{Address, Node, Observation};
use state::{Entry, Phase};

impl Planner<'_> {
    /// Refuses to touch a resource that has another owner. Of a resource without an owner, it allows only changes of
    /// tags.
    pub(super) fn is_ours_to_change(
        &self,
        node: &Node,
        seen: &Seen,
        entry: Option<&Entry>,
        decision: &Decision,
    ) -> Result<()> {
        let (Some(id), Some(entry), Some(ownership)) = (&seen.id, entry, &seen.ownership) else { return Ok(()) };
        let reconciler = self.registry.get(node.kind)?;
        let cx = self.contexts.cx_of(&node.address, entry);
        match decision.action {
            Some(Action::Replace | Action::Delete) => ownership::may_be_lost(ownership, reconciler, id, &cx),
            Some(_) => {
                let may_lack_tags = entry.phase == Phase::Identified;
                ownership::may_be_updated(ownership, &decision.fields, may_lack_tags, (reconciler, id, &cx))
            }
            None => ownership::may_be_changed(ownership, reconciler, id, &cx),
        }
    }

    /// Refuses to delete what is not provably ours. A replacement was judged when it was decided.
    pub(super) async fn owners(&self, changes: &[PlannedChange], refusals: &mut Vec<Refusal>) {
        let deleted = changes.iter().filter(|change| change.action == Action::Delete);
        let looks = deleted.filter_map(|change| {
            let entry = self.state.resources.get(&change.address)?;
            change.id.as_ref().map(|_| Look::at_deletion(change, entry, self.contexts))
        });
        // In the order in which they are looked at, because an address can have several.
        for (address, kind, looked) in look_each(looks.collect(), self.registry).await {
            let judged = match looked {
                Ok(seen) => self.is_ours_to_delete(&address, &kind, &seen).await,
                Err(failure) => Err(failure),
            };
            if let Err(failure) = judged {
                refusals.push(refusal(&address, &kind, failure));
            }
        }
    }

    async fn is_ours_to_delete(&self, address: &Address, kind: &str, seen: &Seen) -> Result<()> {
        let (reconciler, cx) = (self.registry.get(kind)?, self.contexts.cx(address, ""));
        match (&seen.id, &seen.ownership, &seen.observation) {
            (Some(id), Some(ownership), _) => ownership::may_be_lost(ownership, reconciler, id, &cx),
            (Some(id), None, Observation::Ready { live, .. }) => {
                ownership::may_be_deleted(reconciler, live, id, &cx).await
            }
            _ => Ok(()),
        }
    }
}
