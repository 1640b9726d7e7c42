//! Creates a resource, and remakes it if AWS accepted the creation and then failed it for a transient reason.

use super::{Applying, Creation, Creator, Sent, Settled, Thing};
use crate::{
    StepPhase,
    clock::Clock,
    failures::{broken, gone},
    removing::PendingDeletion,
    retry_budget::StepError,
};
use resource::Reconciler;
use serde_json::Value;
use state::{Entry, Phase};
use tokio::time::Instant;

/// The number of times that one run remakes a resource.
const REMAKES: usize = 2;

impl Applying<'_> {
    /// Creates the resource and waits until it matches the declared spec.
    pub(super) async fn make(&mut self, reconciler: &dyn Reconciler, clock: &Clock<'_>) -> Result<(), StepError> {
        for remakes in 0.. {
            let cx = self.run.contexts.cx_of(&self.address, &self.entry);
            let Creation { id, by } = self.create(reconciler, &cx, clock).await?;
            let now = by == Creator::Step;
            let may_be_remade = match by {
                Creator::Step => true,
                Creator::LostCreate => !self.entry.protected,
                Creator::Unproven => false,
            };
            self.entry.unfinished = by != Creator::Unproven;
            self.run.made.borrow_mut().insert(self.address.clone(), Instant::now());
            // With everything it was made by, where the intent could only name what did not exist yet.
            self.entry.spec = self.spec.clone();
            self.record(Phase::Identified, &id);
            let cx = if now { cx.just_made() } else { cx };
            let mut sent = Sent::default();
            if now {
                self.complete(reconciler, &cx, &id, &mut sent).await;
            }
            match self
                .settle(reconciler, &Thing { id: &id, cx: &cx, fresh: true, may_lack_tags: true }, sent, clock)
                .await?
            {
                Settled::AsDeclared => break,
                // An earlier run created it, and it is on its way out.
                Settled::Absent if !now && may_be_remade && remakes < REMAKES => {
                    self.clear_broken(reconciler, &id, "is being deleted", clock).await?;
                }
                Settled::Absent => return Err(gone(reconciler, &id).into()),
                Settled::Broken { reason, transient: true } if may_be_remade && remakes < REMAKES => {
                    self.clear_broken(reconciler, &id, &format!("failed: {reason}"), clock).await?;
                }
                Settled::Broken { reason, .. } => return Err(broken(reconciler, &id, &reason).into()),
            }
        }
        Ok(())
    }

    /// Deletes a resource that never worked. The next one is another intent, so that no token brings this one back. The id is
    /// durable before the deletion if AWS leaves things behind: no search finds those again without it.
    pub(super) async fn clear_broken(
        &mut self,
        reconciler: &dyn Reconciler,
        id: &str,
        cause: &str,
        clock: &Clock<'_>,
    ) -> Result<(), StepError> {
        self.run.remade.borrow_mut().insert(self.address.clone());
        clock.say(StepPhase::Waiting(format!("another attempt, since the {} {cause}", reconciler.noun())));
        let cx = self.run.contexts.cx_of(&self.address, &self.entry).made_again();
        self.record(Phase::Deleting, id);
        if reconciler.leftovers() && !self.run.writer.flush().await {
            return Err(StepError::Stopped);
        }
        let deletion = PendingDeletion { spec: &self.spec, id, cx: &cx, interrupted: false, may_be_left: false };
        self.run.delete(reconciler, deletion, clock).await?;
        self.entry = Entry {
            phase: Phase::Intent,
            token: uuid::Uuid::new_v4().to_string(),
            id: None,
            outputs: Value::Null,
            unfinished: false,
            ..self.entry.clone()
        };
        self.recorded = None;
        self.find_first = false;
        self.run.writer.record(&self.address, Some(self.entry.clone()));
        match self.run.writer.flush().await {
            true => Ok(()),
            false => Err(StepError::Stopped),
        }
    }
}
