//! Executions. There is no Glue, Lambda or SageMaker here that could work for one, so each fails at once and says
//! so, instead of being under way for ever.

use serde_json::{Value, json};

use super::documents::{Documents, Refusal, now};
use super::kind::Document;
use super::states::STATE_MACHINE;
use crate::service::Scope;

const KIND: &str = "Execution";
const ERROR: &str = "NothingRunsHere";
const CAUSE: &str =
    "The embedded AWS keeps state machines and runs none: it has no Glue, Lambda or SageMaker that could do the work.";

pub(super) fn actions(
    documents: &mut Documents,
    scope: Scope<'_>,
    operation: &str,
    body: &Value,
) -> Option<Result<Value, Refusal>> {
    Some(match operation {
        "StartExecution" => start(documents, scope, body),
        "DescribeExecution" => find(documents, body).map(|execution| Value::Object(execution.clone())),
        "GetExecutionHistory" => find(documents, body).map(history),
        "ListExecutions" => list(documents, body),
        _ => return None,
    })
}

fn text<'a>(body: &'a Value, member: &str) -> &'a str {
    body[member].as_str().unwrap_or_default()
}

/// A state machine that was deleted took its executions with it, whoever has its name now.
fn is_of(execution: &Document, machine: &Document) -> bool {
    let time = |document: &Document, member| document.get(member).and_then(Value::as_f64).unwrap_or_default();
    execution.get("stateMachineArn") == machine.get("stateMachineArn")
        && time(execution, "startDate") >= time(machine, "creationDate")
}

fn machine<'a>(documents: &'a Documents, arn: &str) -> Option<&'a Document> {
    documents.of(STATE_MACHINE.name).find_map(|(key, machine)| (key == arn).then_some(machine))
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
        "inputDetails": { "included": true }, "status": "FAILED", "error": ERROR, "cause": CAUSE,
        "startDate": started, "stopDate": started, "redriveCount": 0, "redriveStatus": "NOT_REDRIVABLE",
    });
    documents.put(KIND, arn.clone(), execution.as_object().cloned().unwrap_or_default());
    Ok(json!({ "executionArn": arn, "startDate": started }))
}

fn find<'a>(documents: &'a Documents, body: &Value) -> Result<&'a Document, Refusal> {
    let arn = text(body, "executionArn");
    let found = documents.of(KIND).find(|(key, execution)| {
        let machine = execution.get("stateMachineArn").and_then(Value::as_str).and_then(|arn| machine(documents, arn));
        *key == arn && machine.is_some_and(|machine| is_of(execution, machine))
    });
    let message = format!("Execution Does Not Exist: '{arn}'");
    found.map(|(_, execution)| execution).ok_or(Refusal { code: "ExecutionDoesNotExist", message })
}

fn history(execution: &Document) -> Value {
    let member = |name: &str| execution.get(name).cloned().unwrap_or_default();
    json!({ "events": [
        { "id": 1, "previousEventId": 0, "timestamp": member("startDate"), "type": "ExecutionStarted",
          "executionStartedEventDetails": { "input": member("input") } },
        { "id": 2, "previousEventId": 0, "timestamp": member("stopDate"), "type": "ExecutionFailed",
          "executionFailedEventDetails": { "error": member("error"), "cause": member("cause") } },
    ]})
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
