//! Something wrong with a stack.

use crate::Error;

/// Something wrong with a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// The setting that asks for it, `functions.0.name`; empty where it is none in particular.
    pub setting: String,
    /// The problem.
    pub message: String,
    /// The advice; may be empty.
    pub help: String,
}

impl From<Error> for Finding {
    fn from(error: Error) -> Self {
        let (setting, help) = error.setting().unwrap_or_default();
        Self { setting, message: error.to_string(), help }
    }
}
