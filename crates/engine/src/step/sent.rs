//! The updates that a step has sent, and whether a remaining difference is new or an outdated answer.

use resource::{Diff, FieldChange};
use std::time::Duration;
use tokio::time::Instant;

/// The time for which reads may contradict a change that AWS has accepted. Terraform's provider waits 3 minutes for the
/// lifecycle rules of a bucket, with the remark that some regions need it; 2 minutes for roles; longer for keys.
const SHOWS_WITHIN: Duration = Duration::from_secs(180);
/// The step sends a change again if it does not show after this time: AWS may have lost it.
const SENT_AGAIN_AFTER: Duration = Duration::from_secs(20);

/// The updates of one step.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// Each difference that an update was sent for.
    changes: Vec<FieldChange>,
    remaining: Option<Remaining>,
}

/// The smallest remaining difference so far.
#[derive(Debug)]
struct Remaining {
    diff: Diff,
    since: Instant,
    last_sent: Instant,
}

/// The next action for a difference.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The step has not sent it yet, or only a part of it has taken effect.
    Send,
    /// The step has sent it, so the answer may be outdated.
    Wait,
    /// The step sent it long ago.
    GiveUp,
}

impl Sent {
    /// Decides about a difference. An answer with more differences than an earlier one is outdated.
    pub(super) fn next(&self, diff: &Diff) -> Next {
        match &self.remaining {
            Some(remaining) if !self.is_progress(diff) => match () {
                () if remaining.since.elapsed() >= SHOWS_WITHIN => Next::GiveUp,
                () if remaining.last_sent.elapsed() >= SENT_AGAIN_AFTER => Next::Send,
                () => Next::Wait,
            },
            _ => Next::Send,
        }
    }

    /// An update for the difference was accepted.
    pub(super) fn note(&mut self, diff: &Diff) {
        let now = Instant::now();
        match &mut self.remaining {
            Some(remaining) if !is_progress(&self.changes, remaining, diff) => remaining.last_sent = now,
            _ => self.remaining = Some(Remaining { diff: diff.clone(), since: now, last_sent: now }),
        }
        let news = diff.changes.iter().filter(|change| !self.changes.contains(change)).cloned();
        let news: Vec<FieldChange> = news.collect();
        self.changes.extend(news);
    }

    fn is_progress(&self, diff: &Diff) -> bool {
        self.remaining.as_ref().is_none_or(|remaining| is_progress(&self.changes, remaining, diff))
    }
}

/// True if the difference holds a change that was never sent, or is smaller than ever before.
fn is_progress(sent: &[FieldChange], remaining: &Remaining, diff: &Diff) -> bool {
    let holds_news = diff.changes.iter().any(|change| !sent.contains(change));
    let left = &remaining.diff.changes;
    let is_less = diff.changes.len() < left.len() && diff.changes.iter().all(|change| left.contains(change));
    holds_news || is_less
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    fn diff(fields: &[&str]) -> Diff {
        let change = |path: &&str| FieldChange {
            path: (*path).to_owned(),
            before: "old".into(),
            after: "new".into(),
            known: true,
            forces_replacement: false,
            sensitive: false,
        };
        Diff { changes: fields.iter().map(change).collect() }
    }

    fn sent(fields: &[&str]) -> Sent {
        let mut sent = Sent::default();
        sent.note(&diff(fields));
        sent
    }

    #[tokio::test(start_paused = true)]
    async fn change_that_does_not_show_is_sent_again_now_and_then_and_given_up_after_minutes() {
        let mut sent = sent(&["a"]);
        let (mut times, began) = (1, Instant::now());
        loop {
            match sent.next(&diff(&["a"])) {
                Next::Send => {
                    times += 1;
                    sent.note(&diff(&["a"]));
                }
                Next::Wait => advance(Duration::from_secs(1)).await,
                Next::GiveUp => break,
            }
        }
        assert_eq!((times, began.elapsed()), (9, SHOWS_WITHIN));
    }

    #[tokio::test(start_paused = true)]
    async fn change_that_shows_in_part_or_flaps_is_not_sent_at_each_read() {
        let mut sent = sent(&["a", "b", "c"]);
        assert_eq!(sent.next(&diff(&["a", "b", "c"])), Next::Wait);
        assert_eq!(sent.next(&diff(&["b"])), Next::Send, "an update may do one step of several");
        sent.note(&diff(&["b"]));
        for old in [&["a", "b", "c"][..], &["a"], &["b"], &["a", "c"]] {
            assert_eq!(sent.next(&diff(old)), Next::Wait, "{old:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_never_sent_is_sent_at_once() {
        let sent = sent(&["a"]);
        assert_eq!(sent.next(&diff(&["a", "d"])), Next::Send);
        assert_eq!(Sent::default().next(&diff(&["a"])), Next::Send);
    }
}
