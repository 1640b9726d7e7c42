//! Converts times of the AWS SDK to timestamps.

use aws_smithy_types::DateTime;
use jiff::Timestamp;

/// AWS's time as ours; what lies beyond the years 1 to 9999 becomes 1970.
pub(crate) fn timestamp(time: &DateTime) -> Timestamp {
    let nanoseconds = i32::try_from(time.subsec_nanos()).unwrap_or_default();
    Timestamp::new(time.secs(), nanoseconds).unwrap_or_default()
}
