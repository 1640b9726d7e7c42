//! Starts, lists, reads and stops executions of a state machine.

use crate::{FailureReason, History, time::timestamp};
use aws_client::{Attempt, ErrorPattern, Pages, Result};
use aws_sdk_sfn::{
    Client,
    operation::describe_execution::DescribeExecutionOutput,
    types::{ExecutionListItem, ExecutionStatus, HistoryEvent},
};
use aws_types::SdkConfig;
use jiff::Timestamp;
use serde_json::Value;

/// A state machine and its executions.
pub struct Machine {
    client: Client,
    arn: String,
}

/// One run of a state machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Execution {
    /// Its ARN.
    pub arn: String,
    /// Its name, unique within the state machine.
    pub name: String,
    /// The status.
    pub status: Status,
    /// When it started.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// The input; null in a list.
    pub input: Value,
    /// The output; null until it succeeded, and in a list.
    pub output: Value,
    /// The reason of a failure.
    pub why: Option<FailureReason>,
}

/// The status of an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is under way.
    Running,
    /// It reached its end.
    Succeeded,
    /// A step failed, and with it the execution.
    Failed,
    /// Its own time ran out.
    TimedOut,
    /// A user stopped it.
    Aborted,
    /// One that this version does not know, as AWS spells it.
    Other(String),
}

impl Status {
    fn from_sdk(status: &ExecutionStatus) -> Self {
        match status {
            ExecutionStatus::Running => Self::Running,
            ExecutionStatus::Succeeded => Self::Succeeded,
            ExecutionStatus::Failed => Self::Failed,
            ExecutionStatus::TimedOut => Self::TimedOut,
            ExecutionStatus::Aborted => Self::Aborted,
            other => Self::Other(other.as_str().to_owned()),
        }
    }

    /// True if it ended without success.
    pub fn is_bad(&self) -> bool {
        matches!(self, Self::Failed | Self::TimedOut | Self::Aborted)
    }

    /// As AWS spells it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Aborted => "ABORTED",
            Self::Other(text) => text,
        }
    }
}

const GONE: &[ErrorPattern] = &[("ExecutionDoesNotExist", ""), ("InvalidArn", "")];
/// As many events as one answer holds.
const PAGE: i32 = 1000;

impl Machine {
    /// The state machine with this ARN.
    pub fn new(config: &SdkConfig, arn: &str) -> Self {
        Self { client: Client::new(config), arn: arn.to_owned() }
    }

    /// Starts an execution under a name of its own, so that a call repeated after a lost answer starts no second.
    ///
    /// # Errors
    /// When AWS refuses.
    pub async fn start(&self, input: &Value) -> Result<Execution> {
        let unique = uuid::Uuid::new_v4().simple().to_string();
        let name = format!("{}-{}", Timestamp::now().strftime("%Y%m%dT%H%M%SZ"), &unique[..6]);
        let call = self.client.start_execution().state_machine_arn(&self.arn).name(&name).input(input.to_string());
        let started = call.send().await.during("StartExecution")?;
        Ok(Execution {
            arn: started.execution_arn,
            name,
            status: Status::Running,
            started: timestamp(&started.start_date),
            ended: None,
            input: input.clone(),
            output: Value::Null,
            why: None,
        })
    }

    /// The execution with this name or ARN, if there is one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn execution(&self, named: &str) -> Result<Option<Execution>> {
        let arn = self.execution_arn(named);
        let call = self.client.describe_execution().execution_arn(arn);
        Ok(call.send().await.during("DescribeExecution").none_on(GONE)?.map(described))
    }

    /// Stops an execution and the jobs that it waits for.
    ///
    /// # Errors
    /// When AWS refuses.
    pub async fn stop(&self, execution: &str, cause: &str) -> Result<()> {
        let call = self.client.stop_execution().execution_arn(execution).cause(cause);
        call.send().await.during("StopExecution").map(|_| ())
    }

    /// The defaults of an execution's input, by the definition that is deployed; null if that has no defaults.
    ///
    /// # Errors
    /// When the definition cannot be read.
    pub async fn defaults(&self) -> Result<Value> {
        let call = self.client.describe_state_machine().state_machine_arn(&self.arn);
        let machine = call.send().await.during("DescribeStateMachine")?;
        let definition = document(Some(&machine.definition));
        Ok(definition.pointer("/States/Defaults/Parameters/defaults").cloned().unwrap_or_default())
    }

    /// The newest executions, newest first.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub async fn latest(&self, count: u16) -> Result<Vec<Execution>> {
        let call = self.client.list_executions().state_machine_arn(&self.arn).max_results(i32::from(count));
        Ok(call.send().await.during("ListExecutions")?.executions.into_iter().map(listed).collect())
    }

    /// Everything that happened in an execution so far.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn history(&self, execution: &str) -> Result<History> {
        let call = self.client.get_execution_history().execution_arn(execution).max_results(PAGE);
        let pages = Pages::new("GetExecutionHistory", call.into_paginator().send(), |page| page.next_token().into());
        let events: Vec<HistoryEvent> = pages.items(|page| Some(page.events)).all().await?;
        Ok(History::from_events(&events))
    }

    /// An execution's ARN is its state machine's, with its name.
    fn execution_arn(&self, named: &str) -> String {
        match named.starts_with("arn:") {
            true => named.to_owned(),
            false => format!("{}:{named}", self.arn.replacen(":stateMachine:", ":execution:", 1)),
        }
    }
}

fn document(text: Option<&str>) -> Value {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

fn described(answer: DescribeExecutionOutput) -> Execution {
    let status = Status::from_sdk(&answer.status);
    let why = status.is_bad().then(|| FailureReason::new(answer.error.as_deref(), answer.cause.as_deref()));
    Execution {
        name: answer.name.clone().unwrap_or_else(|| name_of(&answer.execution_arn)),
        status,
        started: timestamp(&answer.start_date),
        ended: answer.stop_date.as_ref().map(timestamp),
        input: document(answer.input.as_deref()),
        output: document(answer.output.as_deref()),
        why,
        arn: answer.execution_arn,
    }
}

fn listed(item: ExecutionListItem) -> Execution {
    Execution {
        status: Status::from_sdk(&item.status),
        started: timestamp(&item.start_date),
        ended: item.stop_date.as_ref().map(timestamp),
        input: Value::Null,
        output: Value::Null,
        why: None,
        name: item.name,
        arn: item.execution_arn,
    }
}

fn name_of(arn: &str) -> String {
    arn.rsplit(':').next().unwrap_or(arn).to_owned()
}
