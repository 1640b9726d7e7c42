//! The confirmation of a change. The run holds no lock while a person thinks about it.

use super::{ChangeRequest, NotDone, Stop};
use crate::{Answer, ApplyCondition, Confirmation, Error, StalePlan, condition::staleness};
use engine::{Plan, Planning};

impl ChangeRequest<'_> {
    /// True if the frontend can ask for a confirmation, or the change needs none.
    pub(super) fn can_be_confirmed(&self) -> bool {
        self.needs_no_answer() || self.workspace.frontend.can_ask()
    }

    /// True if the change asks for a confirmation, unless its plan has no changes.
    pub(super) fn asks(&self) -> bool {
        !self.needs_no_answer() && self.workspace.frontend.can_ask()
    }

    /// A saved plan was reviewed when it was made. A plan that only finishes or repairs was confirmed when its changes
    /// were first applied.
    fn needs_no_answer(&self) -> bool {
        self.options.is_confirmed || !matches!(self.condition, ApplyCondition::Confirmed)
    }

    /// Waits for the end of a run that is at work, as long as the time-out for the lock allows. Its changes would make
    /// the plan stale before anybody answers.
    pub(super) async fn await_other_run(&self, stop: Stop) -> Result<(), Error> {
        match self.workspace.run_at_work().await {
            None => Ok(()),
            Some(_) => Ok(self.lock(stop).await?.release().await?),
        }
    }

    /// Asks for a confirmation, if the change needs one.
    pub(super) async fn confirm(&self, planning: &Planning) -> Result<(), Error> {
        if self.needs_no_answer() {
            return Ok(());
        }
        let (workspace, place) = (self.workspace, self.workspace.cloud.place());
        if !workspace.frontend.can_ask() {
            return Err(Error::Unconfirmed);
        }
        let question = Confirmation {
            operation: self.operation,
            environment: &workspace.name,
            account: &place.account,
            region: &place.region,
            summary: planning.plan.summary(),
            losses: &planning.losses,
        };
        match workspace.frontend.confirm(question).await {
            Answer::Yes => Ok(()),
            Answer::No => Err(Error::failed("nothing was done")),
        }
    }

    /// Refuses a plan that differs from the one that was confirmed.
    pub(super) fn refuse_overtaken(&self, confirmed: &Plan, now: &Plan) -> Result<(), NotDone> {
        match staleness(confirmed, now, self.workspace.unfenced(now.serial)) {
            None => Ok(()),
            Some(reason) => {
                let overtaken = StalePlan { saved: confirmed.clone(), now: now.clone(), reason };
                Err(NotDone::Overtaken(Box::new(overtaken)))
            }
        }
    }
}
