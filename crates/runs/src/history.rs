//! The history of an execution: steps with their attempts.

use crate::FailureReason;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// The history of an execution so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The steps in the order in which they were first entered.
    pub steps: Vec<Step>,
    /// The events of the steps, in their order.
    pub events: Vec<Event>,
}

/// A state of the definition that was entered.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The state's name.
    pub name: String,
    /// The state's type, such as `Task` or `Choice`.
    pub kind: String,
    /// When it was first entered.
    pub entered: Timestamp,
    /// The input of its last visit.
    pub input: Value,
    /// The number of its visits: more than one in a loop.
    pub visits: usize,
    /// Calls of what it stands for, a task's retries included.
    pub attempts: Vec<Attempt>,
    /// True if the execution ended during its last visit, and not because it failed.
    pub is_interrupted: bool,
    /// The time spent in it, without the visit under way.
    pub(crate) spent: SignedDuration,
    /// Since when it is being visited.
    pub(crate) since: Option<Timestamp>,
}

/// One call of what a task stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// The call.
    pub task: Task,
    /// When.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// The outcome; `None` while it is under way.
    pub outcome: Option<Result<Value, FailureReason>>,
}

/// The call of a task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Task {
    /// The integration, such as `glue`, `lambda`, `sagemaker`, `sns`.
    pub service: String,
    /// Its action, such as `startJobRun.sync`.
    pub action: String,
    /// The request.
    pub request: Value,
    /// The answer of a job's service when it accepted the job.
    pub submitted: Value,
}

/// Something that happened to a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Counts the execution's events.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// The step's name.
    pub step: String,
    /// The event itself.
    pub phase: Phase,
}

/// The events of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Phase {
    /// It was entered.
    Started,
    /// The service took the job, which has this name.
    Submitted(String),
    /// An attempt failed.
    Failed(FailureReason),
    /// It is tried again; this is the number of the retry.
    Retried(usize),
    /// It is done, after so long.
    Done(SignedDuration),
}

impl Step {
    /// True if it does work or waits, rather than decide or rearrange.
    pub fn is_work(&self) -> bool {
        !matches!(self.kind.as_str(), "Pass" | "Choice" | "Succeed" | "Fail")
    }

    /// True if it is being visited.
    pub fn is_running(&self) -> bool {
        self.since.is_some()
    }

    /// The reason why it failed for good, if it did: no attempt followed.
    pub fn failure(&self) -> Option<&FailureReason> {
        self.attempts.last()?.outcome.as_ref()?.as_ref().err()
    }

    /// Attempts beyond the first of each visit.
    pub fn retries(&self) -> usize {
        self.attempts.len().saturating_sub(self.visits)
    }

    /// The time spent in it up to now.
    pub fn took(&self, now: Timestamp) -> SignedDuration {
        self.spent + self.since.map(|since| now.duration_since(since)).unwrap_or_default()
    }
}

impl Task {
    /// The job's name, by which its service knows it.
    pub fn job(&self) -> Option<&str> {
        let job = match self.service.as_str() {
            "glue" => &self.submitted["JobRunId"],
            "sagemaker" if !self.request["TrainingJobName"].is_null() => &self.request["TrainingJobName"],
            "sagemaker" => &self.request["TransformJobName"],
            _ => return None,
        };
        job.as_str()
    }
}

impl History {
    /// The step that an execution failed at, for the execution's own reason. A failure that was caught and led elsewhere
    /// is none; a notification that failed afterwards may have the same name, but not before it.
    pub fn failed(&self, why: Option<&FailureReason>) -> Option<&Step> {
        let why = why?;
        let failed = || self.steps.iter().filter_map(|step| Some((step, step.failure()?)));
        let same = failed().rfind(|(_, failure)| *failure == why);
        let named_so = || failed().find(|(_, failure)| failure.error == why.error);
        same.or_else(named_so).map(|(step, _)| step)
    }

    /// The step that is being visited.
    pub fn running(&self) -> Option<&Step> {
        self.steps.iter().rev().find(|step| step.is_running())
    }

    /// The step that was being visited when the execution was stopped or ran out of time.
    pub fn interrupted(&self) -> Option<&Step> {
        self.steps.iter().rev().find(|step| step.is_interrupted)
    }

    /// The step with this name.
    pub fn step(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name)
    }
}
