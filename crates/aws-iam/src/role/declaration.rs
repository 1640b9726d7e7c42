//! The declaration and the outputs of a role.

use crate::document::in_one_spelling;
use resource::Tags;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use vocabulary::RoleArn;

/// An IAM role with all its policies, which are owned whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Role {
    /// Unique in the account, whatever the path; at most 64 characters.
    pub name: String,
    /// Begins and ends with a slash; `/` for none.
    pub path: String,
    /// The description: the purpose of the role.
    pub description: String,
    /// The trust policy: who may assume it.
    pub trust: Value,
    /// Inline policies by name, at most 10,240 characters together.
    #[serde(serialize_with = "in_one_spelling")]
    pub inline_policies: BTreeMap<String, Value>,
    /// ARNs of the attached managed policies.
    pub managed_policies: Vec<String>,
    /// The ARN of the policy that limits what the others can grant. `None` leaves alone the limit that another program
    /// set, such as the account's administrators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions_boundary: Option<String>,
    /// The longest session, 3600 to 43200 seconds.
    pub max_session_seconds: i32,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RoleOutputs {
    /// The role's ARN.
    pub arn: RoleArn,
    /// Its name.
    pub name: String,
}
