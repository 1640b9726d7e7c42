//! Reads the resource and sends the differing settings until it matches the declared spec.

use super::{
    Applying, Settled, Thing,
    sent::{Next, Sent},
};
use crate::{
    StepPhase,
    clock::Clock,
    failures::{beyond_the_plan, never_settled, unsupported_change},
    ownership,
    retry_budget::StepError,
};
use aws_client::Failure;
use resource::{Diff, Observation, Reconciler};
use serde_json::Value;
use state::Phase;
use std::time::Duration;
use vocabulary::has_unknown;

/// The time that a resource may stay invisible after its creation.
const APPEARS_WITHIN: Duration = Duration::from_secs(120);

impl Applying<'_> {
    pub(super) async fn settle(
        &mut self,
        reconciler: &dyn Reconciler,
        thing: &Thing<'_>,
        mut sent: Sent,
        clock: &Clock<'_>,
    ) -> Result<Settled, StepError> {
        let Thing { id, cx, fresh, .. } = *thing;
        let mut retries = clock.retry_budget();
        let mut announced = false;
        // Like the plan, reads with the spec last applied, whose settings may have to go. The spec of an intent may still
        // contain placeholders.
        let mut before = self.recorded.clone().filter(|recorded| !has_unknown(recorded));
        loop {
            let observation = match reconciler.observe(before.as_ref().unwrap_or(&self.spec), id, cx).await {
                Ok(observation) => observation,
                Err(failure) => {
                    self.wait_or_fail(&mut retries, failure, clock).await?;
                    continue;
                }
            };
            match observation {
                Observation::Absent if fresh && !retries.is_over(APPEARS_WITHIN) => {
                    clock.say(StepPhase::Waiting("it to appear".to_owned()));
                    retries.wait().await?;
                }
                Observation::Absent => return Ok(Settled::Absent),
                Observation::Broken { reason, transient } => return Ok(Settled::Broken { reason, transient }),
                Observation::Settling { status, outputs } => {
                    if let Some(outputs) = outputs {
                        self.announce(outputs, &mut announced);
                    }
                    let deadline = self.run.deadline(reconciler);
                    if retries.is_over(deadline) {
                        return Err(never_settled(reconciler, id, &status, deadline).into());
                    }
                    if self.run.no_wait && announced && !*self.announce.awaited.borrow() {
                        return Err(StepError::Stopped);
                    }
                    clock.say(StepPhase::Waiting(status));
                    retries.wait().await?;
                }
                Observation::Ready { live, outputs } => {
                    self.announce(outputs, &mut announced);
                    if !fresh {
                        // Others may have changed an ignored field since the plan.
                        let recorded = self.recorded.as_ref();
                        self.ignored.keep_live(&self.address, reconciler, &mut self.spec, recorded, &live);
                    }
                    let diff = reconciler.compare(&self.spec, self.recorded.as_ref(), &live);
                    if diff.is_empty() {
                        self.record(Phase::Ready, id);
                        return Ok(Settled::AsDeclared);
                    }
                    if let Some(cause) = reconciler.replacement(&self.spec, &live, &diff) {
                        return Err(beyond_the_plan(&cause, fresh, id).into());
                    }
                    match sent.next(&diff) {
                        Next::Send => {
                            self.is_still_owned(reconciler, thing, &live, &diff)?;
                            self.update(reconciler, thing, &live, &diff, clock).await?;
                            sent.note(&diff);
                            before = None;
                            self.applied(reconciler);
                        }
                        Next::Wait => {
                            clock.say(StepPhase::Waiting("the change to show".to_owned()));
                            retries.wait().await?;
                        }
                        Next::GiveUp => return Err(unsupported_change(&diff, id).into()),
                    }
                }
            }
        }
    }

    /// Checks the owner like the plan did: another owner may have taken the name since the plan.
    fn is_still_owned(
        &self,
        reconciler: &dyn Reconciler,
        thing: &Thing<'_>,
        live: &Value,
        diff: &Diff,
    ) -> Result<(), Failure> {
        let recorded = self.recorded.as_ref().unwrap_or(&self.spec);
        match ownership::of_live(reconciler, recorded, live, thing.cx) {
            Some(ownership) if self.owned => {
                let what = (reconciler, thing.id, thing.cx);
                ownership::may_be_updated(&ownership, &diff.changes, thing.may_lack_tags, what)
            }
            _ => Ok(()),
        }
    }

    async fn update(
        &self,
        reconciler: &dyn Reconciler,
        thing: &Thing<'_>,
        live: &Value,
        diff: &Diff,
        clock: &Clock<'_>,
    ) -> Result<(), StepError> {
        let Thing { id, cx, .. } = *thing;
        let mut retries = clock.retry_budget();
        loop {
            match reconciler.update(&self.spec, id, live, diff, cx).await {
                Ok(()) => return Ok(()),
                Err(failure) => {
                    let residue = format!("{id} exists and is not finished; the next run goes on with it");
                    let failure = Failure { residue: failure.residue.clone().or(Some(residue)), ..failure };
                    self.wait_or_fail(&mut retries, failure, clock).await?;
                }
            }
        }
    }
}
