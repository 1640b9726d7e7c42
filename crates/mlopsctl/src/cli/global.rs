//! Options that every command has.

use clap::Args;
use std::{path::PathBuf, time::Duration};

/// Options that every command has stand apart in its help.
const EVERYWHERE: &str = "Options of every command";

#[derive(Args, Clone)]
pub(crate) struct Global {
    /// Use the embedded AWS, on this machine. Nothing on AWS changes, so this implies --yes.
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub(crate) local: bool,
    /// The folder of the environment files.
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "DIR", default_value = "environments")]
    pub(crate) environments: PathBuf,
    /// One JSON document on stdout; for up, destroy and reconcile one event per line.
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub(crate) json: bool,
    /// The time to wait for the lock of another run, such as 60s or 5m.
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "TIME", default_value = "0s", value_parser = duration)]
    pub(crate) lock_timeout: Duration,
    /// Print only results, questions and problems.
    #[arg(short, long, global = true, help_heading = EVERYWHERE)]
    pub(crate) quiet: bool,
    /// Print each step to stderr, and with -vv each call. RUST_LOG overrides it.
    #[arg(short, long, global = true, help_heading = EVERYWHERE, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// No colours; NO_COLOR does the same.
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub(crate) no_color: bool,
}

fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| "expected a number and a unit, such as 60s or 5m".to_owned())?;
    match &text[digits.len()..] {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number.saturating_mul(60))),
        "h" => Ok(Duration::from_secs(number.saturating_mul(3600))),
        "" if number == 0 => Ok(Duration::ZERO),
        "" => Err(format!("{number} has no unit: say {number}s or {number}m")),
        unit => Err(format!("`{unit}` is not a unit of time: use ms, s, m or h")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn no_text_makes_reading_a_time_panic(text in "[0-9]{0,25}\\PC{0,4}") {
            let _ = duration(&text);
        }
    }

    #[test]
    fn times_have_units() {
        assert_eq!(duration("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("0"), Ok(Duration::ZERO));
        assert!(duration("soon").is_err() && duration("1w").is_err() && duration("5").is_err());
    }
}
