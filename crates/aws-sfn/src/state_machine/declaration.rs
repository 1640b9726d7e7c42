//! The declaration and the outputs of a state machine.

use resource::Tags;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use vocabulary::{KeyArn, LogGroupArn, RoleArn, StateMachineArn};

/// A state machine of type STANDARD: it may run for a year, and can wait for jobs (`.sync`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateMachine {
    /// Unique in the account and region; at most 80 characters.
    pub name: String,
    /// The role its executions act under.
    pub role: RoleArn,
    /// The definition in Amazon States Language.
    pub definition: Value,
    /// The logging of executions; `None` for none.
    pub logging: Option<Logging>,
    /// True if X-Ray traces executions.
    pub tracing: bool,
    /// The key that encrypts definition and execution history; `None` for AWS's own.
    pub key: Option<KeyArn>,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The logging of executions: its destination and its extent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Logging {
    /// The logged events.
    pub level: LogLevel,
    /// True if inputs and outputs of states are logged as well.
    pub include_execution_data: bool,
    /// Named `/aws/vendedlogs/…`, or each state machine takes room in the account's one log resource
    /// policy, which is small.
    pub log_group: LogGroupArn,
}

/// The events of an execution that are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LogLevel {
    /// Every event.
    All,
    /// Errors, and what ends an execution badly.
    Error,
    /// Only what ends an execution badly.
    Fatal,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StateMachineOutputs {
    /// The ARN, without a version.
    pub arn: StateMachineArn,
    /// The state machine's name.
    pub name: String,
}
