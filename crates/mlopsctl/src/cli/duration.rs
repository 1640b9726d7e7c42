use jiff::SignedDuration;
use std::time::Duration;

/// Reads `60s`, `5m`, `1h 30m`; a bare number is seconds.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.trim().parse::<u64>() {
        return Ok(Duration::from_secs(seconds));
    }
    let duration: SignedDuration =
        text.trim().parse().map_err(|_| "write a time such as 30s, 5m or 1h30m".to_owned())?;
    Duration::try_from(duration).map_err(|_| "a time cannot be negative".to_owned())
}
