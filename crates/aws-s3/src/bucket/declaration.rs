//! The declaration and the outputs of a bucket.

use crate::{Encryption, LifecycleRule, Replication};
use resource::Tags;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use vocabulary::BucketName;

/// A bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// Unique in all of AWS.
    pub name: String,
    /// Another region than the stack's, for replicas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Whether old versions are kept.
    pub versioning: bool,
    /// What objects are encrypted with unless they say otherwise.
    pub encryption: Encryption,
    /// All four blocks of public access.
    pub public_access_blocked: bool,
    /// Whether ACLs are off and the bucket's owner owns every object.
    pub owner_enforced: bool,
    /// The bucket policy; null for none.
    pub policy: Value,
    /// What happens to objects as they age; empty for nothing. The order is of no importance.
    pub lifecycle: Vec<LifecycleRule>,
    /// Where access is logged; `None`: not by us.
    pub access_logs: Option<AccessLogs>,
    /// Where everything is copied to; `None`: not by us.
    pub replication: Option<Replication>,
    /// Whether events go to EventBridge; `false`: not by us.
    pub event_bridge: bool,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// Where server access logs go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccessLogs {
    /// The bucket that takes them.
    pub bucket: BucketName,
    /// Key prefix within.
    pub prefix: String,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BucketOutputs {
    /// The name.
    pub name: BucketName,
    /// `arn:aws:s3:::<name>`.
    pub arn: String,
}
