//! The answer of an operation: a document, or a refusal.

use serde_json::Value;

/// An error as EC2 gives it.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) message: String,
}

pub(super) fn refuse<T>(code: &'static str, message: impl Into<String>) -> Answer<T> {
    Err(Refusal { code, message: message.into() })
}

pub(super) type Answer<T = Value> = Result<T, Refusal>;
