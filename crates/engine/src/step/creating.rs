//! Creates a resource, and finds it again if the response to the create was lost.

use super::{Applying, Creation, Creator, Sent};
use crate::{
    Action,
    clock::Clock,
    ownership::{self, undeclared, unproven},
    refresh::{OwnedResource, find},
    removing::PendingDeletion,
    retry_budget::{SURFACES_WITHIN, StepError},
};
use aws_client::FailureKind;
use resource::{Context, Observation, Reconciler};
use state::Entry;
use tokio::time::Instant;

impl From<OwnedResource> for Creation {
    fn from(OwnedResource { id, is_proven }: OwnedResource) -> Self {
        Self { id, by: if is_proven { Creator::LostCreate } else { Creator::Unproven } }
    }
}

impl Applying<'_> {
    /// Removes AWS's leftovers of a resource that another user deleted: they block a creation sooner or later.
    pub(super) async fn delete_leftovers(
        &self,
        reconciler: &dyn Reconciler,
        clock: &Clock<'_>,
    ) -> Result<(), StepError> {
        match &self.vanished {
            Some(entry @ Entry { id: Some(id), .. }) if reconciler.leftovers() => {
                let cx = self.run.contexts.cx_of(&self.address, entry);
                let deletion =
                    PendingDeletion { spec: &entry.spec, id, cx: &cx, interrupted: false, may_be_left: false };
                self.run.delete(reconciler, deletion, clock).await
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn create(
        &mut self,
        reconciler: &dyn Reconciler,
        cx: &Context,
        clock: &Clock<'_>,
    ) -> Result<Creation, StepError> {
        // The intents of plain creates are durable since the run began.
        if self.action == Action::Replace && !self.run.writer.flush().await {
            return Err(StepError::Stopped);
        }
        let mut retries = clock.retry_budget();
        // A create of an earlier run was sent before this run began; one of this step was sent just now.
        let mut lost = self.find_first.then_some(self.run.began);
        let mut may_have_made_it = self.find_first;
        loop {
            if let Some(sent) = lost
                && let Some(found) = self.surface(sent, reconciler, cx, clock).await?
            {
                return Ok(found.into());
            }
            let failure = match reconciler.create(&self.spec, cx).await {
                Ok(id) => return Ok(Creation { id, by: Creator::Step }),
                Err(failure) => failure,
            };
            lost = (failure.kind == FailureKind::Ambiguous).then(Instant::now);
            may_have_made_it |= lost.is_some();
            if failure.kind == FailureKind::Exists {
                return match self.surface(Instant::now(), reconciler, cx, clock).await? {
                    Some(found) if found.is_proven || may_have_made_it => Ok(found.into()),
                    Some(found) => self.take_over(found.id, reconciler, cx, clock).await,
                    None => Err(failure.into()),
                };
            }
            self.wait_or_fail(&mut retries, failure, clock).await?;
        }
    }

    /// Takes over the resource that AWS names in its refusal to create it, as a plan would: only as it is declared,
    /// because nothing proves that this state's runs made it. Otherwise no create happened, and the intent goes.
    async fn take_over(
        &mut self,
        id: String,
        reconciler: &dyn Reconciler,
        cx: &Context,
        clock: &Clock<'_>,
    ) -> Result<Creation, StepError> {
        let mut retries = clock.retry_budget();
        let observation = loop {
            match reconciler.observe(&self.spec, &id, cx).await {
                Ok(observation) => break observation,
                Err(failure) => self.wait_or_fail(&mut retries, failure, clock).await?,
            }
        };
        let condition = match &observation {
            Observation::Ready { live, .. } => {
                let diff = reconciler.compare(&self.spec, None, live);
                (!diff.is_empty()).then(|| undeclared(&diff))
            }
            unready => ownership::unready(unready),
        };
        let Some(condition) = condition else {
            self.entry.adopting = true;
            return Ok(Creation { id, by: Creator::Unproven });
        };
        if self.entry.deposed.is_empty() {
            self.run.writer.record(&self.address, None);
        }
        Err(unproven(reconciler, Some(&id), &condition, cx).into())
    }

    /// Searches for the resource that a create without a response may have made, until AWS's lists must show it. Reads
    /// at least once.
    async fn surface(
        &self,
        sent: Instant,
        reconciler: &dyn Reconciler,
        cx: &Context,
        clock: &Clock<'_>,
    ) -> Result<Option<OwnedResource>, StepError> {
        let mut retries = clock.retry_budget();
        loop {
            match find(reconciler, &self.spec, cx).await {
                Ok(Some(found)) => return Ok(Some(found)),
                Ok(None) if sent.elapsed() >= SURFACES_WITHIN => return Ok(None),
                Ok(None) => retries.wait().await?,
                Err(failure) => {
                    clock.waits_for(&failure);
                    retries.wait_or_fail(failure).await?;
                }
            }
        }
    }

    /// Sends the settings that only an update can set to a resource that the step has just created, if they follow
    /// from `as_created`. A failure is ignored here: the step observes the resource afterwards.
    pub(super) async fn complete(&mut self, reconciler: &dyn Reconciler, cx: &Context, id: &str, sent: &mut Sent) {
        let Some(live) = reconciler.as_created(&self.spec) else { return };
        let diff = reconciler.compare(&self.spec, None, &live);
        if diff.is_empty() || reconciler.replacement(&self.spec, &live, &diff).is_some() {
            return;
        }
        match reconciler.update(&self.spec, id, &live, &diff, cx).await {
            Ok(()) => {
                sent.note(&diff);
                self.applied(reconciler);
            }
            Err(failure) => tracing::debug!(%failure, address = %self.address, "not to be completed without looking"),
        }
    }
}
