//! Options that every command has.

use clap::Args;
use jiff::SignedDuration;
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

/// Reads a time such as `90s`, `5m` or `1h30m`. Only zero needs no unit.
fn duration(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let time = text.parse::<SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
    time.ok_or_else(|| "expected a time with its unit, such as 60s, 5m or 1h30m".to_owned())
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
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5400)));
        for wrong in ["soon", "1w", "5", "-5m", ""] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
