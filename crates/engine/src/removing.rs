//! Deleting, until it is gone.

use crate::{
    Action, StepPhase,
    clock::Clock,
    failures::never_gone,
    order::Removal,
    ownership,
    pace::Pace,
    retry_budget::{self, SURFACES_WITHIN, StepError},
    run::{Outcome, Run},
};
use aws_client::{Failure, Result};
use resource::{Address, Context, Deletion, Reconciler};
use serde_json::Value;
use state::{Entry, Phase};

/// Something to delete.
pub(crate) struct PendingDeletion<'a> {
    pub(crate) spec: &'a Value,
    pub(crate) id: &'a str,
    pub(crate) cx: &'a Context,
    /// True if an interrupted run has created it, so that AWS's lists may not show it yet.
    pub(crate) interrupted: bool,
    /// True if the run need not wait until it is gone.
    pub(crate) may_be_left: bool,
}

impl Run<'_> {
    /// Deletes something until it is gone.
    pub(crate) async fn delete(
        &self,
        reconciler: &dyn Reconciler,
        deletion: PendingDeletion<'_>,
        clock: &Clock<'_>,
    ) -> Result<(), StepError> {
        let PendingDeletion { spec, id, cx, .. } = deletion;
        let mut retries = clock.retry_budget();
        // A resource that is being deleted is not read again; one that AWS's lists may not show yet is.
        let mut going = false;
        loop {
            let deleted = match going {
                true => reconciler.delete(spec, id, cx).await,
                false => self.delete_if_ours(reconciler, &deletion).await,
            };
            going = matches!(deleted, Ok(Deletion::Going(_)));
            match deleted {
                Ok(Deletion::Gone) if deletion.interrupted && self.began.elapsed() < SURFACES_WITHIN => {
                    retries.wait().await?;
                }
                Ok(Deletion::Gone) => return Ok(()),
                Ok(Deletion::Going(status)) => {
                    let deadline = self.deletion_deadline(reconciler);
                    if retries.is_over(deadline) {
                        return Err(never_gone(reconciler, id, &status, deadline).into());
                    }
                    if deletion.may_be_left {
                        return Err(StepError::Stopped);
                    }
                    clock.say(StepPhase::Waiting(status));
                    retries.wait().await?;
                }
                Err(failure) => {
                    clock.waits_for(&retry_budget::with_retry_time(&failure));
                    let residue = Some(format!("{} {id} is still there", reconciler.noun()));
                    retries
                        .wait_or_fail_existing(Failure { residue: failure.residue.clone().or(residue), ..failure })
                        .await?;
                }
            }
        }
    }
}

impl Run<'_> {
    /// Its tags are read right before: since the plan was made, another owner may have taken its name.
    async fn delete_if_ours(&self, reconciler: &dyn Reconciler, deletion: &PendingDeletion<'_>) -> Result<Deletion> {
        ownership::may_be_deleted(reconciler, deletion.spec, deletion.id, deletion.cx).await?;
        reconciler.delete(deletion.spec, deletion.id, deletion.cx).await
    }
}

/// Removing one thing.
pub(crate) struct Removing<'a> {
    pub(crate) run: &'a Run<'a>,
    pub(crate) address: Address,
    pub(crate) kind: String,
    pub(crate) action: Action,
    pub(crate) id: String,
    pub(crate) spec: Value,
    pub(crate) what: Removal,
    /// True if an interrupted run has created it, or left it.
    pub(crate) interrupted: bool,
    /// The recorded entry, if there is one.
    pub(crate) entry: Option<Entry>,
    /// The entry to record when it is gone and will be created again.
    pub(crate) intent: Option<Entry>,
    pub(crate) pace: Pace,
}

impl Removing<'_> {
    pub(crate) async fn run(self) -> Outcome {
        let clock = Clock::new(self.run, &self.address, self.action, self.pace.clone());
        clock.say(StepPhase::Started);
        let outcome: Outcome = self.remove(&clock).await.into();
        clock.end(&outcome);
        outcome
    }

    async fn remove(&self, clock: &Clock<'_>) -> Result<(), StepError> {
        let reconciler = self.run.registry.get(&self.kind)?;
        let token = self.entry.as_ref().map_or("", |entry| &entry.token);
        let cx = self.run.contexts.cx(&self.address, token);
        let cx = if self.what == Removal::Before { cx.made_again() } else { cx };
        if self.what != Removal::Deposed
            && let Some(entry) = &self.entry
        {
            let id = Some(self.id.clone());
            self.run.writer.record(&self.address, Some(Entry { phase: Phase::Deleting, id, ..entry.clone() }));
        }
        let may_be_left = self.run.no_wait && self.what == Removal::Whole;
        let deletion =
            PendingDeletion { spec: &self.spec, id: &self.id, cx: &cx, interrupted: self.interrupted, may_be_left };
        self.run.delete(reconciler, deletion, clock).await?;
        match self.what {
            Removal::Whole => self.run.writer.record(&self.address, None),
            Removal::Before => self.run.writer.record(&self.address, self.intent.clone()),
            Removal::Deposed => self.run.writer.forget_deposed(&self.address, &self.id),
        }
        Ok(())
    }
}
