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
    /// True if old versions are kept.
    pub versioning: bool,
    /// The default encryption of objects.
    pub encryption: Encryption,
    /// All four blocks of public access.
    pub public_access_blocked: bool,
    /// True if ACLs are off and the bucket's owner owns every object.
    pub owner_enforced: bool,
    /// The bucket policy; null for none.
    pub policy: Value,
    /// The lifecycle rules, in any order; empty for none.
    pub lifecycle: Vec<LifecycleRule>,
    /// The destination of access logs; `None` if mlopsctl sets none.
    pub access_logs: Option<AccessLogs>,
    /// The destination of replication; `None` if mlopsctl sets none.
    pub replication: Option<Replication>,
    /// True if mlopsctl has events sent to EventBridge.
    pub event_bridge: bool,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The destination of server access logs.
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
