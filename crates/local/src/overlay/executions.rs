//! Executions as they are kept. A [`Worker`](crate::Worker) does their work and records what happens in them by
//! `RecordExecution`. This operation and `EndExecution`, for a worker that failed, are the embedded AWS's alone.

use serde_json::{Value, json};

use super::documents::{Document, Documents, Refusal, now};
use super::state_machine::STATE_MACHINE;
use crate::service::Scope;

const KIND: &str = "Execution";
/// Events by the execution's ARN.
const HISTORY: &str = "ExecutionHistory";
const RUNNING: &str = "RUNNING";
const INTERRUPTED: &str = "WorkerEnded";
const INTERRUPTED_CAUSE: &str = "The process that worked on it ended before the execution did. Start another one.";

pub(super) fn actions(
    documents: &mut Documents,
    scope: Scope<'_>,
    operation: &str,
    body: &Value,
) -> Option<Result<Value, Refusal>> {
    Some(match operation {
        "StartExecution" => start(documents, scope, body),
        "DescribeExecution" => find(documents, body).map(|execution| Value::Object(execution.clone())),
        "GetExecutionHistory" => find(documents, body).map(|_| history(documents, text(body, "executionArn"))),
        "RecordExecution" => record(documents, body),
        "EndExecution" => running(documents, body).map(|()| {
            end(documents, text(body, "executionArn"), text(body, "status"), &body["error"], &body["cause"]);
            json!({})
        }),
        "StopExecution" => stop(documents, body),
        "ListExecutions" => list(documents, body),
        _ => return None,
    })
}

fn text<'a>(body: &'a Value, member: &str) -> &'a str {
    body[member].as_str().unwrap_or_default()
}

/// A state machine that was deleted took its executions with it. A new one of its name has none of them.
fn is_of(execution: &Document, machine: &Document) -> bool {
    let time = |document: &Document, member| document.get(member).and_then(Value::as_f64).unwrap_or_default();
    execution.get("stateMachineArn") == machine.get("stateMachineArn")
        && time(execution, "startDate") >= time(machine, "creationDate")
}

fn machine<'a>(documents: &'a Documents, arn: &str) -> Option<&'a Document> {
    documents.get(STATE_MACHINE.name, arn)
}

fn start(documents: &mut Documents, scope: Scope<'_>, body: &Value) -> Result<Value, Refusal> {
    let machine_arn = text(body, "stateMachineArn");
    let Some(machine) = machine(documents, machine_arn).cloned() else {
        return Err(STATE_MACHINE.refuse(STATE_MACHINE.missing, machine_arn));
    };
    let input = body["input"].as_str().unwrap_or("{}");
    if serde_json::from_str::<Value>(input).is_err() {
        let message = "Invalid State Machine Execution Input: it is not JSON".to_owned();
        return Err(Refusal { code: "InvalidExecutionInput", message });
    }
    let name = body["name"].as_str().map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned);
    let machine_name = machine.get("name").and_then(Value::as_str).unwrap_or_default();
    let arn = format!("arn:aws:states:{}:{}:execution:{machine_name}:{name}", scope.region, scope.account);
    if documents.of(KIND).any(|(key, execution)| *key == arn && is_of(execution, &machine)) {
        let message = format!("Execution Already Exists: '{arn}'");
        return Err(Refusal { code: "ExecutionAlreadyExists", message });
    }
    let started = now();
    let execution = json!({
        "executionArn": arn, "stateMachineArn": machine_arn, "name": name, "input": input,
        "inputDetails": { "included": true }, "status": RUNNING, "startDate": started,
        "redriveCount": 0, "redriveStatus": "NOT_REDRIVABLE",
    });
    documents.put(KIND, arn.clone(), execution.as_object().cloned().unwrap_or_default());
    let begin = json!({ "id": 1, "previousEventId": 0, "timestamp": started, "type": "ExecutionStarted",
                        "executionStartedEventDetails": { "input": input } });
    documents.put(HISTORY, arn.clone(), Document::from_iter([("events".to_owned(), json!([begin]))]));
    Ok(json!({ "executionArn": arn, "startDate": started }))
}

fn find<'a>(documents: &'a Documents, body: &Value) -> Result<&'a Document, Refusal> {
    let arn = text(body, "executionArn");
    let found = documents.get(KIND, arn).filter(|execution| {
        let machine = execution.get("stateMachineArn").and_then(Value::as_str).and_then(|arn| machine(documents, arn));
        machine.is_some_and(|machine| is_of(execution, machine))
    });
    let message = format!("Execution Does Not Exist: '{arn}'");
    found.ok_or(Refusal { code: "ExecutionDoesNotExist", message })
}

fn history(documents: &Documents, arn: &str) -> Value {
    let events = documents.get(HISTORY, arn).and_then(|history| history.get("events"));
    json!({ "events": events.cloned().unwrap_or_else(|| json!([])) })
}

/// Adds events, which have their ids and times, and sets how the execution stands.
fn record(documents: &mut Documents, body: &Value) -> Result<Value, Refusal> {
    running(documents, body)?;
    let arn = text(body, "executionArn");
    let mut events = history(documents, arn)["events"].take();
    if let (Some(events), Some(new)) = (events.as_array_mut(), body["events"].as_array()) {
        events.extend(new.iter().cloned());
    }
    documents.put(HISTORY, arn.to_owned(), Document::from_iter([("events".to_owned(), events)]));
    if let Some(execution) = documents.get_mut(KIND, arn) {
        let ended = ["status", "output", "error", "cause"];
        execution.extend(ended.iter().filter_map(|member| Some(((*member).to_owned(), body.get(*member)?.clone()))));
        if execution["status"] != RUNNING {
            execution.insert("stopDate".to_owned(), now());
        }
    }
    Ok(json!({}))
}

fn stop(documents: &mut Documents, body: &Value) -> Result<Value, Refusal> {
    let stopped = now();
    if find(documents, body)?.get("status").is_some_and(|status| status == RUNNING) {
        end(documents, text(body, "executionArn"), "ABORTED", &body["error"], &body["cause"]);
    }
    Ok(json!({ "stopDate": stopped }))
}

/// Ends an execution from outside, with the event that says so.
fn end(documents: &mut Documents, arn: &str, status: &str, error: &Value, cause: &Value) {
    let last = history(documents, arn)["events"].as_array().map_or(0, Vec::len);
    let (kind, details) = match status {
        "ABORTED" => ("ExecutionAborted", "executionAbortedEventDetails"),
        _ => ("ExecutionFailed", "executionFailedEventDetails"),
    };
    let event = json!({ "id": last + 1, "previousEventId": last, "timestamp": now(), "type": kind,
                        details: { "error": error, "cause": cause } });
    let _ = record(
        documents,
        &json!({ "executionArn": arn, "status": status, "error": error, "cause": cause, "events": [event] }),
    );
}

/// An execution that has ended takes no more events: its worker learns so that it was stopped.
fn running(documents: &Documents, body: &Value) -> Result<(), Refusal> {
    match find(documents, body)?.get("status") {
        Some(status) if status == RUNNING => Ok(()),
        _ => {
            let message = format!("Execution has ended: '{}'", text(body, "executionArn"));
            Err(Refusal { code: "ExecutionNotRunning", message })
        }
    }
}

/// Ends the executions whose worker is gone, and says whether there were any.
pub(super) fn end_interrupted(documents: &mut Documents) -> bool {
    let is_running = |execution: &Document| execution.get("status").is_some_and(|status| status == RUNNING);
    let interrupted = documents.of(KIND).filter(|(_, execution)| is_running(execution)).map(|(arn, _)| arn.clone());
    let interrupted: Vec<String> = interrupted.collect();
    for arn in &interrupted {
        end(documents, arn, "FAILED", &INTERRUPTED.into(), &INTERRUPTED_CAUSE.into());
    }
    !interrupted.is_empty()
}

/// The newest first.
fn list(documents: &Documents, body: &Value) -> Result<Value, Refusal> {
    let arn = text(body, "stateMachineArn");
    let Some(machine) = machine(documents, arn) else {
        return Err(STATE_MACHINE.refuse(STATE_MACHINE.missing, arn));
    };
    let of_machine = documents.of(KIND).map(|(_, execution)| execution).filter(|execution| is_of(execution, machine));
    let wanted = body["statusFilter"].as_str();
    let mut found: Vec<&Document> =
        of_machine.filter(|execution| wanted.is_none_or(|status| execution["status"] == status)).collect();
    let started = |execution: &Document| execution["startDate"].as_f64().unwrap_or_default();
    found.sort_by(|one, other| started(other).total_cmp(&started(one)));
    let most = body["maxResults"].as_u64().filter(|most| *most > 0).unwrap_or(100);
    found.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok(json!({ "executions": found }))
}
