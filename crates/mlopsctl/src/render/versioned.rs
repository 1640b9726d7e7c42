//! The version of the form of a JSON document. Fields may be added without a new version.

use serde::Serialize;

/// A document with the version of its form.
#[derive(Serialize)]
pub(crate) struct Versioned<T> {
    format: u64,
    #[serde(flatten)]
    content: T,
}

impl<T> Versioned<T> {
    /// The document in version 1 of its form.
    pub(crate) fn new(content: T) -> Self {
        Self { format: 1, content }
    }
}
