//! The rate at which one operation may be called: a pure state machine, without I/O, clock or runtime.
//!
//! AWS allows each operation a burst and then a rate, which differ by operation, account and region and are
//! mostly not published. So nothing is paced until AWS asks to slow down; from then on the pace is cut by a part
//! each time AWS asks again, and rises steadily in between.

use std::{collections::VecDeque, time::Duration};
use tokio::time::Instant;

/// Requests that may be under way before anything is known, and at most. Each answer allows one more.
pub(crate) const FIRST_WINDOW: usize = 20;
const WIDEST_WINDOW: usize = 100;
/// The part of the rate that is left when AWS asks to slow down.
const CUT: f64 = 0.7;
/// By which part of the pace that was too fast it rises in a second.
const RISE: f64 = 0.1;
/// Requests a second that are tried however often AWS asks to slow down.
const SLOWEST: f64 = 0.5;
/// The time over which the rate that AWS accepted is measured.
const LATELY: Duration = Duration::from_secs(1);

/// The rate of one operation, as far as it is known.
#[derive(Debug)]
pub(crate) struct Limit {
    window: usize,
    pace: Pace,
}

#[derive(Debug)]
enum Pace {
    /// AWS has not asked to slow down yet. When it accepted requests, lately.
    Free(VecDeque<Instant>),
    Bound(Bound),
}

#[derive(Debug)]
struct Bound {
    /// Requests a second.
    rate: f64,
    /// The rate that was too fast.
    ceiling: f64,
    /// Since when it is below that.
    since: Instant,
    /// When the next request may be sent.
    next: Instant,
}

impl Bound {
    fn gap(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.rate)
    }
}

impl Limit {
    pub(crate) fn new() -> Self {
        Self { window: FIRST_WINDOW, pace: Pace::Free(VecDeque::new()) }
    }

    /// Lets a request be sent now, or tells when to ask again.
    pub(crate) fn send(&mut self, now: Instant) -> Result<(), Instant> {
        let Pace::Bound(bound) = &mut self.pace else { return Ok(()) };
        if now < bound.next {
            return Err(bound.next);
        }
        // A timer that was late is made up for by the next one, a pause is not.
        let gap = bound.gap();
        let from = if now - bound.next < gap { bound.next } else { now };
        bound.next = from + gap;
        Ok(())
    }

    /// AWS has taken a request. Answers whether one more may be under way from now on.
    pub(crate) fn accepted(&mut self, now: Instant) -> bool {
        match &mut self.pace {
            Pace::Free(lately) => {
                lately.push_back(now);
                while lately.front().is_some_and(|first| now - *first > LATELY) {
                    lately.pop_front();
                }
            }
            Pace::Bound(bound) => bound.rate += bound.ceiling * RISE / bound.rate,
        }
        let wider = self.window < WIDEST_WINDOW;
        self.window += usize::from(wider);
        wider
    }

    /// AWS asks to slow down, in answer to a request of that time.
    pub(crate) fn throttled(&mut self, sent: Instant, now: Instant) {
        let too_fast = match &self.pace {
            Pace::Free(lately) => (lately.len() as f64 / LATELY.as_secs_f64()).max(SLOWEST),
            // It was sent at the pace before: AWS does not know the new one yet.
            Pace::Bound(bound) if sent < bound.since => return,
            Pace::Bound(bound) => bound.rate,
        };
        let rate = (too_fast * CUT).max(SLOWEST);
        let bound = Bound { rate, ceiling: too_fast, since: now, next: now };
        self.pace = Pace::Bound(Bound { next: now + bound.gap(), ..bound });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Requests a second that it lets through.
    fn pace(limit: &mut Limit, mut now: Instant) -> usize {
        let end = now + Duration::from_secs(1);
        let mut sent = 0;
        while now < end {
            match limit.send(now) {
                Ok(()) => sent += 1,
                Err(later) => now = later,
            }
        }
        sent
    }

    /// One that has slowed down from about a hundred requests a second.
    fn slowed(now: Instant) -> Limit {
        let mut limit = Limit::new();
        for n in 0..100 {
            limit.accepted(now + MS * n * 10);
        }
        limit.throttled(now + MS * 990, now + MS * 1000);
        limit
    }

    #[test]
    fn nothing_waits_until_aws_asks_to_slow_down() {
        let (mut limit, now) = (Limit::new(), Instant::now());
        assert!((0..10_000).all(|_| limit.send(now).is_ok()));
    }

    #[test]
    fn the_first_pace_is_a_part_of_what_was_borne_lately() {
        let now = Instant::now();
        let mut limit = slowed(now);
        assert!((69..=71).contains(&pace(&mut limit, now + MS * 1000)));
    }

    #[test]
    fn answers_to_what_was_sent_before_do_not_count_again() {
        let now = Instant::now();
        let mut limit = slowed(now);
        for _ in 0..50 {
            limit.throttled(now + MS * 999, now + MS * 1100);
        }
        assert!((69..=71).contains(&pace(&mut limit, now + MS * 1100)));
        limit.throttled(now + MS * 2200, now + MS * 2300);
        assert!((48..=50).contains(&pace(&mut limit, now + MS * 2300)));
    }

    #[test]
    fn the_pace_rises_by_the_same_amount_each_second_it_is_used() {
        let now = Instant::now();
        let mut limit = slowed(now);
        let mut paces = Vec::new();
        for second in 1..=4 {
            let sent = pace(&mut limit, now + MS * 1000 * second);
            for _ in 0..sent {
                limit.accepted(now);
            }
            paces.push(sent);
        }
        let rises: Vec<usize> = paces.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(rises.iter().all(|rise| (8..=11).contains(rise)), "{paces:?}");
    }

    #[test]
    fn a_pause_is_no_licence_for_a_burst() {
        let now = Instant::now();
        let mut limit = slowed(now);
        assert!(pace(&mut limit, now + MS * 60_000) <= 71);
    }

    #[test]
    fn however_often_aws_asks_something_is_still_tried() {
        let now = Instant::now();
        let mut limit = slowed(now);
        for n in 0..100 {
            limit.throttled(now + MS * 1000 * (n + 2), now + MS * 1000 * (n + 2));
        }
        let long = now + MS * 200_000;
        assert_eq!(limit.send(long), Ok(()));
        assert_eq!(limit.send(long), Err(long + Duration::from_secs_f64(1.0 / SLOWEST)));
    }

    #[test]
    fn each_answer_widens_the_window_up_to_a_point() {
        let (mut limit, now) = (Limit::new(), Instant::now());
        let wider = (0..500).filter(|_| limit.accepted(now)).count();
        assert_eq!(FIRST_WINDOW + wider, WIDEST_WINDOW);
    }
}
