//! Deleting, until it is gone.

use crate::{
    Action, StepPhase,
    clock::Clock,
    failures::never_gone,
    order::Removal,
    ownership,
    pace::Pace,
    patience::{self, SURFACES_WITHIN, Unbearable},
    run::{Outcome, Run},
};
use aws_client::{Failure, Result};
use resource::{Address, Cx, Deletion, Reconciler};
use serde_json::Value;
use state::{Entry, Phase};

/// Something to delete.
pub(crate) struct Doomed<'a> {
    pub(crate) spec: &'a Value,
    pub(crate) id: &'a str,
    pub(crate) cx: &'a Cx,
    /// Whether an interrupted run has made it, so that it may not be in sight yet.
    pub(crate) interrupted: bool,
    /// Whether nobody needs to see it gone.
    pub(crate) may_be_left: bool,
}

impl Run<'_> {
    /// Deletes something until it is gone.
    pub(crate) async fn delete(
        &self,
        reconciler: &dyn Reconciler,
        doomed: Doomed<'_>,
        clock: &Clock<'_>,
    ) -> Result<(), Unbearable> {
        let Doomed { spec, id, cx, .. } = doomed;
        let mut patience = clock.patience();
        // What is on its way out is not looked at again; what may come into sight is.
        let mut going = false;
        loop {
            let deleted = match going {
                true => reconciler.delete(spec, id, cx).await,
                false => self.delete_if_ours(reconciler, &doomed).await,
            };
            going = matches!(deleted, Ok(Deletion::Going(_)));
            match deleted {
                Ok(Deletion::Gone) if doomed.interrupted && self.began.elapsed() < SURFACES_WITHIN => {
                    patience.wait().await?;
                }
                Ok(Deletion::Gone) => return Ok(()),
                Ok(Deletion::Going(status)) => {
                    let deadline = self.deletion_deadline(reconciler);
                    if patience.is_over(deadline) {
                        return Err(never_gone(reconciler, id, &status, deadline).into());
                    }
                    if doomed.may_be_left {
                        return Err(Unbearable::Stopped);
                    }
                    clock.say(StepPhase::Waiting(status));
                    patience.wait().await?;
                }
                Err(failure) => {
                    clock.waits_for(&patience::as_it_is_borne(&failure));
                    let residue = Some(format!("{} {id} is still there", reconciler.noun()));
                    patience
                        .bear_of_existing(Failure { residue: failure.residue.clone().or(residue), ..failure })
                        .await?;
                }
            }
        }
    }
}

impl Run<'_> {
    /// Its tags are read right before: since the plan was made, another owner may have taken its name.
    async fn delete_if_ours(&self, reconciler: &dyn Reconciler, doomed: &Doomed<'_>) -> Result<Deletion> {
        ownership::may_be_deleted(reconciler, doomed.spec, doomed.id, doomed.cx).await?;
        reconciler.delete(doomed.spec, doomed.id, doomed.cx).await
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
    /// Whether an interrupted run has made it, or left it.
    pub(crate) interrupted: bool,
    /// What is recorded at the address, if anything.
    pub(crate) entry: Option<Entry>,
    /// What is to be recorded when it is gone and will be made again.
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

    async fn remove(&self, clock: &Clock<'_>) -> Result<(), Unbearable> {
        let reconciler = self.run.registry.get(&self.kind)?;
        let token = self.entry.as_ref().map_or("", |entry| &entry.token);
        let cx = self.run.workshop.cx(&self.address, token);
        let cx = if self.what == Removal::Before { cx.made_again() } else { cx };
        if self.what != Removal::Deposed
            && let Some(entry) = &self.entry
        {
            let id = Some(self.id.clone());
            self.run.writer.record(&self.address, Some(Entry { phase: Phase::Deleting, id, ..entry.clone() }));
        }
        let may_be_left = self.run.no_wait && self.what == Removal::Whole;
        let doomed = Doomed { spec: &self.spec, id: &self.id, cx: &cx, interrupted: self.interrupted, may_be_left };
        self.run.delete(reconciler, doomed, clock).await?;
        match self.what {
            Removal::Whole => self.run.writer.record(&self.address, None),
            Removal::Before => self.run.writer.record(&self.address, self.intent.clone()),
            Removal::Deposed => self.run.writer.forget_deposed(&self.address, &self.id),
        }
        Ok(())
    }
}
