//! The error codes with which AWS throttles requests.

use aws_runtime::retries::classifiers::THROTTLING_ERRORS;

/// In the SDK's list, and yet mostly the word for a quota that is used up, which no waiting changes: CloudWatch Logs, KMS
/// and Lambda say it so. <https://docs.aws.amazon.com/kms/latest/developerguide/limits.html>
const QUOTA: &str = "LimitExceededException";

/// True if an error code means throttling, by the SDK's own list.
pub fn is_throttling(code: &str) -> bool {
    code != QUOTA && THROTTLING_ERRORS.contains(&code)
}

/// True if an answer contains such a code. Each protocol has its own place for the code, and some add a namespace.
pub(crate) fn asks_to_slow_down(body: &str) -> bool {
    let mut words = body.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| THROTTLING_ERRORS.iter().any(|code| is_throttling(code) && word.ends_with(code)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttling_is_what_the_sdk_takes_for_it_apart_from_used_up_quotas() {
        for code in ["Throttling", "ThrottlingException", "RequestLimitExceeded", "SlowDown", "EC2ThrottledException"] {
            assert!(is_throttling(code), "{code}");
        }
        for code in ["LimitExceededException", "LimitExceeded", "AccessDenied", "ServiceQuotaExceededException"] {
            assert!(!is_throttling(code), "{code}");
        }
    }
}
