//! Refusals that come too early: AWS does not know a new resource everywhere yet, nor the tags that a permission
//! depends on.

use super::Applying;
use crate::{
    clock::Clock,
    retry_budget::{DENIED_FOR, RetryBudget, StepError, is_denial},
};
use aws_client::{Failure, FailureKind};
use std::time::Duration;

/// The time for which AWS may deny or not find a new resource. EC2 and IAM document no bound, and both mention minutes
/// at most.
/// <https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>,
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html>
const EARLY: Duration = Duration::from_secs(60);

impl Applying<'_> {
    /// Waits after a retryable failure. A refusal that may be due to eventual consistency is retryable for a while.
    pub(super) async fn wait_or_fail(
        &self,
        retries: &mut RetryBudget,
        failure: Failure,
        clock: &Clock<'_>,
    ) -> Result<(), StepError> {
        let denied = is_denial(&failure);
        let missing = failure.kind == FailureKind::Final && failure.says_missing();
        let within = match self.is_early() {
            true if denied || missing => Some(EARLY),
            // An earlier run may have created or tagged it a moment ago.
            false if denied && self.id.is_some() => Some(DENIED_FOR),
            _ => None,
        };
        if let Some(within) = within {
            clock.waits_for(&Failure { kind: FailureKind::Retryable(within), ..failure.clone() });
            return retries.wait_or_fail_within(within, failure).await;
        }
        clock.waits_for(&failure);
        retries.wait_or_fail(failure).await
    }

    /// True if this run has just created the resource or one that it needs.
    fn is_early(&self) -> bool {
        let made = self.run.made.borrow();
        let needed = self.entry.depends_on.iter().map(|needed| &needed.address);
        needed.chain([&self.address]).filter_map(|address| made.get(address)).any(|at| at.elapsed() < EARLY)
    }
}
