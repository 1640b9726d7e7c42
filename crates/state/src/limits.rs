//! The newest format of a state, and its largest size.

/// The format this version writes.
pub const FORMAT: u64 = 2;

/// The largest state that is written, in bytes: the HTTP client reads no larger answer.
pub(crate) const LARGEST: usize = aws_client::LARGEST_ANSWER;
