//! KMS keys that the user owns.

use crate::check::Place;
use crate::form::{ExistingKeyArn, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Encryption with KMS keys that you own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Encryption {
    /// Encrypt with customer managed KMS keys, one per purpose, instead of keys that AWS owns.
    /// KMS rotates their material every year.
    pub kms: bool,
    /// The ARN of a key that exists already, in this region, of this account or another: used for everything that the
    /// platform encrypts, and never changed or deleted. The platform then makes no keys of its own.
    #[schemars(with = "Option<Text<ExistingKeyArn>>")]
    pub key_arn: Option<String>,
    /// Days in which the deletion of a key can still be taken back.
    #[schemars(range(min = 7, max = 30))]
    pub deletion_window_days: u16,
}

impl Default for Encryption {
    fn default() -> Self {
        Self { kms: false, key_arn: None, deletion_window_days: 30 }
    }
}

/// Reports a key of another region: services encrypt only with keys of their own region.
pub(super) fn check_region(key_arn: Option<&str>, at: Place<'_>, region: Option<&str>) {
    let (Some(arn), Some(region)) = (key_arn, region) else { return };
    let of_key = arn.split(':').nth(3).unwrap_or_default();
    if of_key != region {
        at.report(
            format!("the key is in {of_key}, and the environment in {region}"),
            "AWS's services encrypt with keys of their own region: name one of it, or a replica there",
        );
    }
}
