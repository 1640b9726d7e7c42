//! Keys of one's own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether data is encrypted with keys of one's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Encryption {
    /// Encrypt with customer managed KMS keys, one per purpose, instead of keys that AWS owns.
    /// KMS rotates their material every year.
    pub kms: bool,
    /// Days in which the deletion of a key can still be taken back.
    #[schemars(range(min = 7, max = 30))]
    pub deletion_window_days: u16,
}

impl Default for Encryption {
    fn default() -> Self {
        Self { kms: false, deletion_window_days: 30 }
    }
}
