//! The owners of the resources that a plan would change or delete.

use super::{Decision, Planner, refusal};
use crate::{
    Action, PlannedChange, Refusal, ownership,
    refresh::{ReadResult, ResourceRead, read_each},
};
use aws_client::Result;
use resource::{Address, Node, Observation};
use state::{Entry, Phase};

impl Planner<'_> {
    /// Refuses to touch a resource that has another owner. Of a resource without an owner, it allows only changes of
    /// tags.
    pub(super) fn refuse_foreign_change(
        &self,
        node: &Node,
        observed: &ReadResult,
        entry: Option<&Entry>,
        decision: &Decision,
    ) -> Result<()> {
        let (Some(id), Some(entry), Some(ownership)) = (&observed.id, entry, &observed.ownership) else {
            return Ok(());
        };
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

    /// Refuses to delete resources that the stack does not provably own. A replacement was judged when it was decided.
    pub(super) async fn owners(&self, changes: &[PlannedChange], refusals: &mut Vec<Refusal>) {
        let deleted = changes.iter().filter(|change| change.action == Action::Delete);
        let reads = deleted.filter_map(|change| {
            let entry = self.state.resources.get(&change.address)?;
            change.id.as_ref().map(|_| ResourceRead::at_deletion(change, entry, self.contexts))
        });
        // In the order of the reads, because an address can have several.
        for (address, kind, result) in read_each(reads.collect(), self.registry).await {
            let judged = match result {
                Ok(observed) => self.refuse_foreign_deletion(&address, &kind, &observed).await,
                Err(failure) => Err(failure),
            };
            if let Err(failure) = judged {
                refusals.push(refusal(&address, &kind, failure));
            }
        }
    }

    async fn refuse_foreign_deletion(&self, address: &Address, kind: &str, observed: &ReadResult) -> Result<()> {
        let (reconciler, cx) = (self.registry.get(kind)?, self.contexts.cx(address, ""));
        match (&observed.id, &observed.ownership, &observed.observation) {
            (Some(id), Some(ownership), _) => ownership::may_be_lost(ownership, reconciler, id, &cx),
            (Some(id), None, Observation::Ready { live, .. }) => {
                ownership::may_be_deleted(reconciler, live, id, &cx).await
            }
            _ => Ok(()),
        }
    }
}
