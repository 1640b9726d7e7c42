//! The calls that AWS has not answered yet, for a person who wonders why nothing happens.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// An attempt that follows a failed one within this time belongs to the same wait: the SDK pauses between the two.
const SAME_WAIT: Duration = Duration::from_secs(30);

/// The calls that wait for an answer.
#[derive(Debug, Default)]
pub struct Waits(Mutex<BTreeMap<String, Wait>>);

/// The wait for one operation, over all its attempts.
#[derive(Debug)]
struct Wait {
    since: Instant,
    /// When the last attempt ended without an answer.
    failed: Instant,
    under_way: usize,
}

/// The call that has waited longest.
#[derive(Debug, PartialEq, Eq)]
pub struct Longest {
    /// The call, such as `EC2 (DescribeVpcs)`.
    pub call: String,
    /// For how long.
    pub since: Duration,
    /// The number of other calls that wait.
    pub others: usize,
}

impl Waits {
    /// The call that has waited longest, if one waits at all.
    pub fn longest(&self) -> Option<Longest> {
        let waits = self.waits();
        let under_way = || waits.iter().filter(|(_, wait)| wait.under_way > 0);
        let (call, wait) = under_way().min_by_key(|(_, wait)| wait.since)?;
        let all: usize = under_way().map(|(_, wait)| wait.under_way).sum();
        Some(Longest { call: call.clone(), since: wait.since.elapsed(), others: all - 1 })
    }

    /// Begins to wait. A call of this much is expected to be on its way that long.
    pub(crate) fn begin(self: &Arc<Self>, call: String, on_its_way: Duration) -> WaitingAttempt {
        let now = Instant::now();
        let mut waits = self.waits();
        waits.retain(|_, wait| wait.under_way > 0 || now - wait.failed < SAME_WAIT);
        let first = Wait { since: now + on_its_way, failed: now, under_way: 0 };
        waits.entry(call.clone()).or_insert(first).under_way += 1;
        WaitingAttempt { waits: self.clone(), call, answered: false }
    }

    fn waits(&self) -> MutexGuard<'_, BTreeMap<String, Wait>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One attempt that waits for its answer. Dropped, it has failed.
#[derive(Debug)]
pub(crate) struct WaitingAttempt {
    waits: Arc<Waits>,
    call: String,
    answered: bool,
}

impl WaitingAttempt {
    /// The whole answer is there.
    pub(crate) fn answered(mut self) {
        self.answered = true;
    }
}

impl Drop for WaitingAttempt {
    fn drop(&mut self) {
        let (now, mut waits) = (Instant::now(), self.waits.waits());
        let Some(wait) = waits.get_mut(&self.call) else { return };
        wait.under_way -= 1;
        match (self.answered, wait.under_way) {
            (true, 0) => drop(waits.remove(&self.call)),
            // The service answers, so what waits beside it waits anew.
            (true, _) => wait.since = now,
            (false, _) => wait.failed = now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn longest(waits: &Waits) -> Option<(String, u64, usize)> {
        waits.longest().map(|longest| (longest.call, longest.since.as_secs(), longest.others))
    }

    #[tokio::test(start_paused = true)]
    async fn the_wait_of_an_operation_is_that_of_all_its_attempts() {
        let waits = Arc::new(Waits::default());
        assert_eq!(longest(&waits), None);
        let vpcs = || waits.begin("EC2 (DescribeVpcs)".into(), Duration::ZERO);
        let first = vpcs();
        tokio::time::advance(SECOND * 20).await;
        let roles = waits.begin("IAM (ListRoles)".into(), Duration::ZERO);
        assert_eq!(longest(&waits), Some(("EC2 (DescribeVpcs)".into(), 20, 1)));
        drop(first);
        assert_eq!(longest(&waits), Some(("IAM (ListRoles)".into(), 0, 0)));
        tokio::time::advance(SECOND * 5).await;
        let second = vpcs();
        assert_eq!(longest(&waits), Some(("EC2 (DescribeVpcs)".into(), 25, 1)));
        roles.answered();
        second.answered();
        assert_eq!(longest(&waits), None);
        let _third = vpcs();
        assert_eq!(longest(&waits), Some(("EC2 (DescribeVpcs)".into(), 0, 0)), "it was answered meanwhile");
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_long_after_a_failed_one_waits_by_itself() {
        let waits = Arc::new(Waits::default());
        drop(waits.begin("EC2 (DescribeVpcs)".into(), Duration::ZERO));
        tokio::time::advance(SAME_WAIT).await;
        let _later = waits.begin("EC2 (DescribeVpcs)".into(), Duration::ZERO);
        assert_eq!(longest(&waits), Some(("EC2 (DescribeVpcs)".into(), 0, 0)));
    }

    #[tokio::test(start_paused = true)]
    async fn an_upload_is_not_waited_for_while_it_is_expected_to_be_on_its_way() {
        let waits = Arc::new(Waits::default());
        let _upload = waits.begin("Lambda (PUT /code)".into(), SECOND * 50);
        tokio::time::advance(SECOND * 55).await;
        assert_eq!(longest(&waits), Some(("Lambda (PUT /code)".into(), 5, 0)));
    }
}
