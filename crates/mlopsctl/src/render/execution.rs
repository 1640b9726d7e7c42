//! An execution as a page: its steps with durations, why it failed, what came of it.

use super::{
    package::metrics,
    steps::FailureReasonDocument,
    took::{milliseconds, moment, took},
};
use crate::printer::{Printer, Style};
use jiff::Timestamp;
use runs::{Approval, Execution, History, Status, Step, Verdict};
use serde::Serialize;
use std::collections::BTreeMap;

/// Everything there is to say of an execution.
pub(crate) struct Page<'a> {
    pub(crate) execution: &'a Execution,
    pub(crate) history: &'a History,
    /// The environment's name.
    pub(crate) environment: &'a str,
    /// The address in the console; `None` if it is not on AWS.
    pub(crate) console: Option<String>,
    /// The approval of its model as of now; `None` if there is no model, or the registry may not be asked.
    pub(crate) approval: Option<Approval>,
    pub(crate) now: Timestamp,
}

impl Page<'_> {
    /// For a person.
    pub(crate) fn text(&self, printer: Printer) -> String {
        let mut lines = vec![self.title(printer)];
        let work: Vec<&Step> = self.history.steps.iter().filter(|step| step.is_work()).collect();
        let width = work.iter().map(|step| step.name.chars().count()).max().unwrap_or_default();
        for step in work {
            lines.extend(self.step(step, width, printer));
        }
        lines.extend(self.end(printer));
        lines.join("\n")
    }

    /// The lines after the steps, which a follower has seen already: status and end of the execution.
    pub(crate) fn end(&self, printer: Printer) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(failure) = self.failure() {
            lines.push(format!("{} {failure}", printer.paint(Style::Alarm, "error:")));
        }
        if let Some(verdict) = Verdict::read(self.execution, self.history) {
            lines.extend(judgement(&verdict, self.approval, self.environment, printer));
        }
        if let Some(console) = &self.console {
            lines.push(printer.paint(Style::Dim, &format!("console  {console}")));
        }
        lines
    }

    pub(crate) fn title(&self, printer: Printer) -> String {
        let Execution { name, status, started, .. } = self.execution;
        let spent = took(self.execution.ended.unwrap_or(self.now).duration_since(*started));
        let (what, style) = match status {
            Status::Running => (format!("has been running for {spent}"), Style::Cyan),
            Status::Succeeded => (format!("succeeded after {spent}"), Style::Green),
            Status::Failed => (format!("failed after {spent}"), Style::Alarm),
            Status::TimedOut => (format!("ran out of time after {spent}"), Style::Alarm),
            Status::Aborted => (format!("was stopped after {spent}"), Style::Alarm),
            Status::Other(status) => (format!("is {status} after {spent}"), Style::Yellow),
        };
        format!("Execution {name} {}, started {}", printer.paint(style, &what), moment(*started))
    }

    fn step(&self, step: &Step, width: usize, printer: Printer) -> Vec<String> {
        let (sign, style) = match step.failure() {
            _ if step.is_running() => ("…", Style::Cyan),
            // An error that was caught and led to a good end is no alarm.
            Some(_) if !self.execution.status.is_bad() => ("✗", Style::Yellow),
            Some(_) => ("✗", Style::Alarm),
            None if step.is_interrupted => ("✗", Style::Yellow),
            None => ("✓", Style::Green),
        };
        let mut line =
            format!("  {} {:width$}  {:>11}", printer.paint(style, sign), step.name, took(step.took(self.now)));
        if step.visits > 1 {
            line.push_str(&format!("  {} times", step.visits));
        }
        if step.is_interrupted {
            line.push_str("  interrupted");
        }
        match step.retries() {
            0 => {}
            1 => line.push_str("  1 retry"),
            retries => line.push_str(&format!("  {retries} retries")),
        }
        let why = step.failure().map(|why| format!("      {}", why.words()));
        std::iter::once(line).chain(why).collect()
    }

    /// The step that failed, and the reason.
    pub(crate) fn failure(&self) -> Option<String> {
        let why = self.execution.why.as_ref()?;
        let words = match self.execution.status {
            Status::Aborted if why.error.is_empty() && why.cause.is_empty() => "it was stopped".to_owned(),
            Status::TimedOut => "the time of the whole execution ran out".to_owned(),
            _ => why.words(),
        };
        Some(match self.history.failed(Some(why)).or(self.history.running()).or(self.history.interrupted()) {
            Some(step) => format!("{}: {words}", step.name),
            None => words,
        })
    }

    /// For a program.
    pub(crate) fn document(&self) -> ExecutionDocument<'_> {
        let Execution { arn, name, status, started, ended, .. } = self.execution;
        let verdict = Verdict::read(self.execution, self.history);
        ExecutionDocument {
            execution: name,
            arn,
            status: status.as_str(),
            started: started.to_string(),
            ended: ended.map(|ended| ended.to_string()),
            elapsed_ms: milliseconds(ended.unwrap_or(self.now).duration_since(*started)),
            steps: self.history.steps.iter().map(|step| self.step_document(step)).collect(),
            error: self.error_document(),
            console: self.console.as_deref(),
            good_enough: verdict.as_ref().map(|verdict| verdict.good_enough),
            model_package: verdict.as_ref().and_then(|verdict| verdict.package.clone()),
            approval: self.approval.map(Approval::as_str),
            reasons: verdict.as_ref().map(|verdict| verdict.reasons.clone()),
            metrics: verdict.map(|verdict| verdict.metrics),
        }
    }

    /// The failed step and the reason, for a program.
    pub(crate) fn error_document(&self) -> Option<FailedStep<'_>> {
        let why = self.execution.why.as_ref()?;
        let step = self.history.failed(Some(why)).or(self.history.interrupted()).map(|step| step.name.as_str());
        Some(FailedStep { step, why: why.into() })
    }

    fn step_document<'a>(&self, step: &'a Step) -> StepDocument<'a> {
        let status = match step.failure() {
            _ if step.is_running() => "running",
            Some(_) => "failed",
            None if step.is_interrupted => "interrupted",
            None => "done",
        };
        StepDocument {
            step: &step.name,
            kind: &step.kind,
            status,
            started: step.entered.to_string(),
            elapsed_ms: milliseconds(step.took(self.now)),
            visits: step.visits,
            retries: step.retries(),
            job: step.attempts.last().and_then(|attempt| attempt.task.job()),
            error: step.failure().map(FailureReasonDocument::from),
        }
    }
}

/// An execution for a program.
#[derive(Serialize)]
pub(crate) struct ExecutionDocument<'a> {
    execution: &'a str,
    arn: &'a str,
    status: &'a str,
    started: String,
    ended: Option<String>,
    elapsed_ms: u64,
    steps: Vec<StepDocument<'a>>,
    error: Option<FailedStep<'a>>,
    console: Option<&'a str>,
    metrics: Option<BTreeMap<String, f64>>,
    good_enough: Option<bool>,
    reasons: Option<Vec<String>>,
    model_package: Option<String>,
    approval: Option<&'static str>,
}

/// The step at which an execution failed or was interrupted, and why.
#[derive(Serialize)]
pub(crate) struct FailedStep<'a> {
    step: Option<&'a str>,
    #[serde(flatten)]
    why: FailureReasonDocument<'a>,
}

#[derive(Serialize)]
struct StepDocument<'a> {
    step: &'a str,
    kind: &'a str,
    status: &'static str,
    started: String,
    elapsed_ms: u64,
    visits: usize,
    retries: usize,
    job: Option<&'a str>,
    error: Option<FailureReasonDocument<'a>>,
}

fn judgement(verdict: &Verdict, approval: Option<Approval>, environment: &str, printer: Printer) -> Vec<String> {
    let mut lines = vec![format!("metrics  {}", metrics(&verdict.metrics))];
    if let Some(package) = &verdict.package {
        lines.push(format!("model    {package}"));
        lines.push(match approval {
            Some(approval @ (Approval::Approved | Approval::Rejected)) => format!("         {}", approval.as_str()),
            Some(Approval::Pending) | None => {
                let approves = format!("`mlopsctl pipeline {environment} approve` approves it");
                format!("         {}", printer.advice(&approves))
            }
        });
    }
    if !verdict.good_enough {
        let reasons = verdict.reasons.join("; ");
        lines.push(format!("model    {}: {reasons}", printer.paint(Style::Yellow, "not good enough to be registered")));
    }
    lines
}
