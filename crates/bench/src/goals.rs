//! The limits of time, memory and calls for mlopsctl.

use std::time::Duration;

/// On the embedded AWS in its own process, with room for a busy machine: an optimised build is far below.
pub(crate) const UP_WITHIN: Duration = Duration::from_secs(5);
pub(crate) const PLAN_WITHIN: Duration = Duration::from_secs(1);
pub(crate) const STARTS_WITHIN: Duration = Duration::from_millis(100);
pub(crate) const PEAK_BYTES: u64 = 150_000_000;

/// From the sample's upload to a registered model on two cores, once the Python environment is made.
pub(crate) const SAMPLE_WITHIN: Duration = Duration::from_secs(60);

/// The same for up to five million rows.
pub(crate) const ROWS_WITHIN: Duration = Duration::from_secs(600);
pub(crate) const ROWS_PEAK_BYTES: u64 = 4_000_000_000;

/// Beside Terraform on one endpoint: how many times less.
pub(crate) const UP_TIMES: f64 = 30.0;
pub(crate) const PLAN_TIMES: f64 = 25.0;
pub(crate) const DESTROY_TIMES: f64 = 25.0;
pub(crate) const MEMORY_TIMES: f64 = 12.0;
pub(crate) const CPU_TIMES: f64 = 15.0;

/// A no-op plan of a thousand resources thirty milliseconds away: how many times less than Terraform's.
pub(crate) const FAR_PLAN_TIMES: f64 = 15.0;
/// All writes of the state together, in sizes of the state at its largest.
pub(crate) const STATE_WRITES: f64 = 40.0;
/// With the data of the embedded AWS on disk: how many times more CPU a resource takes among the most than among the
/// fewest.
pub(crate) const LOCAL_GROWTH: f64 = 2.0;
