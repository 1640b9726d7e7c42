//! What AWS refuses because it was asked too early: what was made a moment ago is not known everywhere yet, and neither
//! are the tags that a permission depends on.

use super::Applying;
use crate::{
    clock::Clock,
    patience::{Patience, Unbearable},
};
use resource::{Failure, FailureKind};
use std::time::Duration;

/// How long AWS may deny or not find what was made: EC2 and IAM document no bound, and both speak of minutes at most.
/// <https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>,
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html>
const EARLY: Duration = Duration::from_secs(60);

impl Applying<'_> {
    /// Waits if time heals the failure; a refusal that may be too early counts as such for a minute.
    pub(super) async fn bear(
        &self,
        patience: &mut Patience,
        failure: Failure,
        clock: &Clock<'_>,
    ) -> Result<(), Unbearable> {
        let denied = failure.kind == FailureKind::Denied && failure.says_denied();
        let missing = failure.kind == FailureKind::Final && failure.says_missing();
        if (denied || missing) && self.is_early() {
            clock.waits_for(&Failure { kind: FailureKind::Heals(EARLY), ..failure.clone() });
            return patience.bear_for(EARLY, failure).await;
        }
        clock.waits_for(&failure);
        patience.bear(failure).await
    }

    /// Whether this run has made the resource, or something that it needs, a moment ago.
    fn is_early(&self) -> bool {
        let made = self.run.made.borrow();
        let needed = self.entry.depends_on.iter().map(|needed| &needed.address);
        needed.chain([&self.address]).filter_map(|address| made.get(address)).any(|at| at.elapsed() < EARLY)
    }
}
