//! The declaration and the outputs of a Lambda function.

use resource::Tags;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vocabulary::{FunctionArn, KeyArn, RoleArn, SecurityGroupId, SubnetId};

/// A Lambda function whose code is a zip archive the stack ships.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// Unique in the account and region; at most 64 characters.
    pub name: String,
    /// The description: the purpose of the function.
    pub description: String,
    /// The role its code runs under.
    pub role: RoleArn,
    /// For example `python3.13`.
    pub runtime: String,
    /// The entry point, for example `handler.handle`.
    pub handler: String,
    /// The archive's digest, as [`resource::Stack::ship`] gave it; at most 50 MB.
    pub code_sha256: String,
    /// ARNs of layer versions, in order. Their code runs beside the function's own.
    #[serde(default)]
    pub layers: Vec<String>,
    /// The processor it runs on.
    pub architecture: Architecture,
    /// 128 to 10240; processor time is in proportion.
    pub memory_mb: i32,
    /// 1 to 900.
    pub timeout_seconds: i32,
    /// Environment variables, owned whole. Anyone who may read the function reads them.
    pub environment: BTreeMap<String, String>,
    /// The VPC that the function joins; `None` for none.
    pub vpc: Option<VpcConfig>,
    /// True if X-Ray traces every sampled call, not only those already traced by the caller.
    pub tracing: bool,
    /// The ARN of the queue or topic that gets events whose asynchronous processing failed.
    pub dead_letter: Option<String>,
    /// The reserved concurrency, taken from the account's limit: 0 stops the function, `None` reserves nothing.
    pub reserved_concurrency: Option<i32>,
    /// The retries of failed asynchronous invocations; `None` keeps Lambda's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asynchronous: Option<AsynchronousCalls>,
    /// The log group it writes to, which must exist before: Lambda would make it without retention.
    pub log_group: String,
    /// The key that encrypts the environment variables; `None` for Lambda's own.
    pub key: Option<KeyArn>,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The instruction set a function's code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Architecture {
    /// 64-bit x86.
    #[serde(rename = "x86_64")]
    X86,
    /// Graviton.
    #[serde(rename = "arm64")]
    Arm64,
}

/// The attachment of a function to a VPC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VpcConfig {
    /// The subnets of its network interfaces; at least one, all of one VPC.
    pub subnets: Vec<SubnetId>,
    /// The security groups of its network interfaces; at least one.
    pub security_groups: Vec<SecurityGroupId>,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FunctionOutputs {
    /// The unqualified ARN.
    pub arn: FunctionArn,
    /// The function's name.
    pub name: String,
}

/// The retries of a failed asynchronous invocation. Lambda's default: two more attempts within six hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsynchronousCalls {
    /// The number of retries: 0 to 2.
    pub retries: i32,
    /// The largest age of an event at the last attempt, in seconds: 60 to 21,600.
    pub max_age_seconds: i32,
}
