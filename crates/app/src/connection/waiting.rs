//! Says what is being waited for, when AWS does not answer.

use crate::Frontend;
use aws_client::{Failure, FailureKind, Longest, Waits};
use resource::Listener;
use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

/// The time between two checks for a wait that is worth telling.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// A wait is told after so long, then after twice that, and so on.
const FIRST: Duration = Duration::from_secs(5);
/// Not less often than this.
const AT_LEAST_EVERY: Duration = Duration::from_secs(60);

/// The shortest pause between two lines about a retried failure.
const TELLS_EVERY: Duration = Duration::from_secs(10);

/// Reports long waits while calls may wait.
pub(super) async fn tell(waits: Weak<Waits>, frontend: Arc<dyn Frontend>) {
    let mut rhythm = Rhythm { next: FIRST };
    loop {
        tokio::time::sleep(POLL_INTERVAL).await;
        let Some(waits) = waits.upgrade() else { return };
        if let Some(words) = rhythm.words(waits.longest()) {
            frontend.note(&words);
        }
    }
}

/// Says which failures plans and comparisons wait to be over, and not of each of many.
pub(crate) fn failure_listener(frontend: Arc<dyn Frontend>) -> Listener {
    let last: Mutex<Option<Instant>> = Mutex::default();
    Arc::new(move |failure| {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|said| said.elapsed() >= TELLS_EVERY) {
            *last = Some(Instant::now());
            frontend.note(&in_words(failure));
        }
    })
}

fn in_words(failure: &Failure) -> String {
    match failure.kind {
        FailureKind::Throttled => format!("AWS asks to slow down, so this takes longer: {failure}"),
        _ => format!("trying again: {failure}"),
    }
}

/// When to say something again.
struct Rhythm {
    next: Duration,
}

impl Rhythm {
    /// The message that is due now, if there is one.
    fn words(&mut self, longest: Option<Longest>) -> Option<String> {
        let Some(Longest { call, since, others }) = longest.filter(|longest| longest.since >= FIRST) else {
            self.next = FIRST;
            return None;
        };
        if since < self.next {
            // Something else is waited for by now, and not for as long.
            self.next = self.next.min(after(since));
            return None;
        }
        self.next = after(since);
        let others = match others {
            0 => String::new(),
            1 => ", and 1 other call".to_owned(),
            _ => format!(", and {others} other calls"),
        };
        Some(format!("still waiting for {call} since {} s{others}", since.as_secs()))
    }
}

/// When a wait that has lasted so long is told again: 5, 10, 20, 40, 80 and 140 seconds, and so on.
fn after(since: Duration) -> Duration {
    let mut next = FIRST;
    while next <= since {
        next += next.min(AT_LEAST_EVERY);
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(rhythm: &mut Rhythm, seconds: impl IntoIterator<Item = u64>) -> Vec<u64> {
        let longest =
            |seconds| Longest { call: "EC2 (DescribeVpcs)".into(), since: Duration::from_secs(seconds), others: 0 };
        seconds.into_iter().filter(|seconds| rhythm.words(Some(longest(*seconds))).is_some()).collect()
    }

    #[test]
    fn throttling_is_told_as_such() {
        let failure =
            Failure { operation: "DescribeVpcs".into(), ..Failure::new(FailureKind::Throttled, "Rate exceeded") };
        let words = "AWS asks to slow down, so this takes longer: DescribeVpcs: Rate exceeded";
        assert_eq!(in_words(&failure), words);
    }

    #[test]
    fn a_long_wait_is_told_now_and_then() {
        let mut rhythm = Rhythm { next: FIRST };
        assert_eq!(said(&mut rhythm, 0..300), [5, 10, 20, 40, 80, 140, 200, 260]);
        assert_eq!(said(&mut rhythm, 0..30), [5, 10, 20], "another wait is told anew");
        assert_eq!(rhythm.words(None), None);
    }

    #[test]
    fn a_wait_is_told_with_how_many_others_there_are() {
        let longest = |others| Some(Longest { call: "S3 (GET /b/k)".into(), since: Duration::from_secs(7), others });
        let words = |others| Rhythm { next: FIRST }.words(longest(others)).unwrap();
        assert_eq!(words(0), "still waiting for S3 (GET /b/k) since 7 s");
        assert_eq!(words(1), "still waiting for S3 (GET /b/k) since 7 s, and 1 other call");
        assert_eq!(words(9), "still waiting for S3 (GET /b/k) since 7 s, and 9 other calls");
    }
}
