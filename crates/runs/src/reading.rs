//! Reads an execution's events: each belongs to the step of the one before it.

use crate::{Attempt, Event, FailureReason, History, Phase, Step, Task, time::timestamp};
use aws_sdk_sfn::types::{HistoryEvent, HistoryEventType};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;

impl History {
    pub(crate) fn from_events(events: &[HistoryEvent]) -> Self {
        let mut reading = Reading::default();
        for event in events {
            reading.take(event);
        }
        reading.history
    }
}

/// The events with which an execution ends before it has left its last step. That of one that was stopped names no event
/// before it.
const ENDS: [HistoryEventType; 3] =
    [HistoryEventType::ExecutionAborted, HistoryEventType::ExecutionFailed, HistoryEventType::ExecutionTimedOut];

/// The meaning of an event for the step it belongs to.
enum Fact<'a> {
    /// The step's name, its type and its input.
    Entered(&'a str, &'a str, Value),
    Scheduled(Task),
    Submitted(Value),
    Succeeded(Value),
    Failed(FailureReason),
    Exited,
}

#[derive(Default)]
struct Reading {
    history: History,
    /// The step of each event, by the event's id: an event belongs to the step of the one before it.
    owners: BTreeMap<i64, usize>,
}

impl Reading {
    fn take(&mut self, event: &HistoryEvent) {
        let at = timestamp(&event.timestamp);
        if ENDS.contains(&event.r#type) {
            self.history.steps.iter_mut().for_each(|step| step.end(at));
            return;
        }
        let fact = fact(event);
        if let Some(Fact::Entered(name, kind, input)) = fact {
            let index = self.enter(name, kind, at, input);
            self.owners.insert(event.id, index);
            self.tell(event.id, at, index, Phase::Started);
            return;
        }
        let Some(&index) = self.owners.get(&event.previous_event_id) else { return };
        self.owners.insert(event.id, index);
        let Some(step) = self.history.steps.get_mut(index) else { return };
        let phase = match fact {
            Some(Fact::Scheduled(task)) => {
                step.attempts.push(Attempt { task, began: at, ended: None, outcome: None });
                let again = step.retries();
                if again == 0 { None } else { Some(Phase::Retried(again)) }
            }
            Some(Fact::Submitted(answer)) => step.attempts.last_mut().and_then(|attempt| {
                attempt.task.submitted = answer;
                Some(Phase::Submitted(attempt.task.job()?.to_owned()))
            }),
            Some(Fact::Succeeded(output)) => {
                step.end_attempt(at, Ok(output));
                None
            }
            Some(Fact::Failed(why)) => {
                step.end_attempt(at, Err(why.clone()));
                Some(Phase::Failed(why))
            }
            Some(Fact::Exited) => {
                step.leave(at);
                // The failure that was caught has been reported already.
                step.failure().is_none().then_some(Phase::Done(step.spent))
            }
            Some(Fact::Entered(..)) | None => None,
        };
        if let Some(phase) = phase {
            self.tell(event.id, at, index, phase);
        }
    }

    fn enter(&mut self, name: &str, kind: &str, at: Timestamp, input: Value) -> usize {
        let steps = &mut self.history.steps;
        let index = steps.iter().position(|step| step.name == name).unwrap_or_else(|| {
            steps.push(Step {
                name: name.to_owned(),
                kind: kind.to_owned(),
                entered: at,
                input: Value::Null,
                visits: 0,
                attempts: Vec::new(),
                is_interrupted: false,
                spent: SignedDuration::ZERO,
                since: None,
            });
            steps.len() - 1
        });
        if let Some(step) = steps.get_mut(index) {
            step.visits += 1;
            step.is_interrupted = false;
            step.input = input;
            step.since = Some(at);
        }
        index
    }

    fn tell(&mut self, id: i64, at: Timestamp, step: usize, phase: Phase) {
        if let Some(step) = self.history.steps.get(step).filter(|step| step.is_work()) {
            self.history.events.push(Event { id, at, step: step.name.clone(), phase });
        }
    }
}

impl Step {
    fn end_attempt(&mut self, at: Timestamp, outcome: Result<Value, FailureReason>) {
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.ended = Some(at);
            attempt.outcome = Some(outcome);
        } else {
            // Refused before it was scheduled.
            let task = Task::default();
            self.attempts.push(Attempt { task, began: at, ended: Some(at), outcome: Some(outcome) });
        }
    }

    /// The execution ended.
    fn end(&mut self, at: Timestamp) {
        self.is_interrupted = self.is_running() && self.is_work() && self.failure().is_none();
        self.leave(at);
    }

    fn leave(&mut self, at: Timestamp) {
        if let Some(since) = self.since.take() {
            self.spent += at.duration_since(since);
        }
    }
}

/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html>
fn fact(event: &HistoryEvent) -> Option<Fact<'_>> {
    let kind = event.r#type.as_str();
    if let Some(entered) = event.state_entered_event_details.as_ref() {
        let input = document(entered.input());
        return Some(Fact::Entered(&entered.name, kind.trim_end_matches("StateEntered"), input));
    }
    if event.state_exited_event_details.is_some() {
        return Some(Fact::Exited);
    }
    if let Some(scheduled) = &event.task_scheduled_event_details {
        return Some(Fact::Scheduled(Task {
            service: scheduled.resource_type.clone(),
            action: scheduled.resource.clone(),
            request: document(Some(&scheduled.parameters)),
            submitted: Value::Null,
        }));
    }
    if let Some(scheduled) = &event.lambda_function_scheduled_event_details {
        let request = serde_json::json!({"FunctionName": scheduled.resource, "Payload": document(scheduled.input())});
        let (service, action) = ("lambda".to_owned(), "invoke".to_owned());
        return Some(Fact::Scheduled(Task { service, action, request, submitted: Value::Null }));
    }
    if let Some(submitted) = &event.task_submitted_event_details {
        return Some(Fact::Submitted(document(submitted.output())));
    }
    if let Some(succeeded) = &event.task_succeeded_event_details {
        return Some(Fact::Succeeded(document(succeeded.output())));
    }
    if let Some(succeeded) = &event.lambda_function_succeeded_event_details {
        return Some(Fact::Succeeded(serde_json::json!({"Payload": document(succeeded.output())})));
    }
    failure(event).map(Fact::Failed)
}

fn failure(event: &HistoryEvent) -> Option<FailureReason> {
    let said = [
        event.task_failed_event_details().map(|details| (details.error(), details.cause())),
        event.task_timed_out_event_details().map(|details| (details.error(), details.cause())),
        event.task_start_failed_event_details().map(|details| (details.error(), details.cause())),
        event.task_submit_failed_event_details().map(|details| (details.error(), details.cause())),
        event.lambda_function_failed_event_details().map(|details| (details.error(), details.cause())),
        event.lambda_function_timed_out_event_details().map(|details| (details.error(), details.cause())),
        event.lambda_function_start_failed_event_details().map(|details| (details.error(), details.cause())),
        event.lambda_function_schedule_failed_event_details().map(|details| (details.error(), details.cause())),
        event.evaluation_failed_event_details().map(|details| (details.error(), details.cause())),
    ];
    let (error, cause) = said.into_iter().flatten().next()?;
    Some(FailureReason::new(error, cause))
}

fn document(text: Option<&str>) -> Value {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}
