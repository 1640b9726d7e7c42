//! Formats durations and times for people, and durations for programs.

use jiff::{SignedDuration, Timestamp};

/// A time span as people say it.
pub(crate) fn took(span: SignedDuration) -> String {
    let seconds = span.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, _) if seconds < 10 => format!("{:.1} s", span.as_secs_f64()),
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// Milliseconds for programs.
pub(crate) fn milliseconds(span: SignedDuration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or_default()
}

/// A moment as people read it.
pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// The time of day of a moment.
pub(crate) fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_as_exact_as_they_are_short() {
        let said = [(0, 340), (9, 960), (59, 0), (252, 0), (7380, 0)]
            .map(|(s, ms)| took(SignedDuration::new(s, ms * 1_000_000)));
        assert_eq!(said, ["0.3 s", "10.0 s", "59 s", "4 min 12 s", "2 h 3 min"]);
    }
}
