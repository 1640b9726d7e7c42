//! The pace of saves to the disk.

use std::time::{Duration, Instant};

/// The rest after a save, as a multiple of the save's duration.
const RESTS: u32 = 4;
/// The longest rest.
const LONGEST_REST: Duration = Duration::from_secs(5);

/// Lets saving take about a fifth of the time: a change within four times the duration of the last save waits for the
/// next one. So with much data, changes share a save, and the cost of saving grows as the work does. A process that is
/// killed meanwhile loses the changes since the last save, of all services alike.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    last: Option<Last>,
}

#[derive(Debug)]
struct Last {
    ended: Instant,
    took: Duration,
}

impl Pace {
    /// The time until the next save may begin.
    pub(crate) fn rest(&self, now: Instant) -> Duration {
        let Some(last) = &self.last else { return Duration::ZERO };
        (last.ended + (last.took * RESTS).min(LONGEST_REST)).saturating_duration_since(now)
    }

    /// Takes note of a save that succeeded.
    pub(crate) fn saved(&mut self, began: Instant, ended: Instant) {
        self.last = Some(Last { ended, took: ended.saturating_duration_since(began) });
    }

    /// Takes note of a save that failed: the next change tries again, so that its caller hears of it.
    pub(crate) fn failed(&mut self) {
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn millis(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn first_save_waits_for_nothing() {
        assert_eq!(Pace::default().rest(Instant::now()), Duration::ZERO);
    }

    #[test]
    fn a_save_rests_four_times_as_long_as_the_last_one_took() {
        let began = Instant::now();
        let mut pace = Pace::default();
        pace.saved(began, began + millis(40));
        assert_eq!(pace.rest(began + millis(40)), millis(160));
        assert_eq!(pace.rest(began + millis(190)), millis(10));
        assert_eq!(pace.rest(began + millis(200)), Duration::ZERO);
        assert_eq!(pace.rest(began + millis(500)), Duration::ZERO);
    }

    #[test]
    fn no_save_rests_longer_than_five_seconds() {
        let began = Instant::now();
        let mut pace = Pace::default();
        pace.saved(began, began + millis(60_000));
        assert_eq!(pace.rest(began + millis(60_000)), LONGEST_REST);
    }

    #[test]
    fn saves_take_at_most_a_fifth_of_the_time_however_much_they_write() {
        let (mut now, begun, mut saving) = (Instant::now(), Instant::now(), Duration::ZERO);
        let mut pace = Pace::default();
        for size in 1..500 {
            now += pace.rest(now);
            pace.saved(now, now + millis(size));
            now += millis(size);
            saving += millis(size);
        }
        assert!(saving <= (now - begun) / 5 + millis(500), "{saving:?} of {:?}", now - begun);
    }

    #[test]
    fn a_failed_save_is_tried_again_at_once() {
        let began = Instant::now();
        let mut pace = Pace::default();
        pace.saved(began, began + millis(40));
        pace.failed();
        assert_eq!(pace.rest(began + millis(41)), Duration::ZERO);
    }
}
