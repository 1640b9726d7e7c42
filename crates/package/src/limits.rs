//! Lambda's limits for archives.

/// The largest archive that Lambda takes with a call.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub const LARGEST: u64 = 50 * 1024 * 1024;
/// The most that an archive may hold, unpacked.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub const LARGEST_UNPACKED: u64 = 250 * 1024 * 1024;
