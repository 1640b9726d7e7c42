//! State machines, whose definitions are checked.

use serde_json::{Value, json};

use super::documents::{Documents, Refusal};
use super::kind::{KIND, Kind, List, default};

pub(super) const STATE_MACHINE: Kind = Kind {
    name: "StateMachine",
    create: "CreateStateMachine",
    describe: "DescribeStateMachine",
    update: Some("UpdateStateMachine"),
    delete: "DeleteStateMachine",
    lists: &[List { operation: "ListStateMachines", member: "stateMachines", only: None, filters: &[] }],
    key: &[("stateMachineArn", &[])],
    answer: &["stateMachineArn", "creationDate"],
    updated: &["updateDate"],
    arn: Some("arn:aws:states:{region}:{account}:stateMachine:{name}"),
    arn_field: Some("stateMachineArn"),
    computed: &[("status", "ACTIVE"), ("type", "STANDARD")],
    created: Some("creationDate"),
    modified: Some("updateDate"),
    check: check_definition,
    complete: |_, machine| {
        default(
            machine,
            json!({
                "loggingConfiguration": { "level": "OFF", "includeExecutionData": false },
                "tracingConfiguration": { "enabled": false },
            }),
        );
    },
    // The values of an update replace the earlier ones, whole structures included.
    apply: |machine, update| machine.extend(update),
    missing: ("StateMachineDoesNotExist", "State Machine Does Not Exist: '{key}'"),
    exists: ("StateMachineAlreadyExists", "State Machine Already Exists: '{key}'"),
    delete_is_idempotent: true,
    mirrored: true,
    ..KIND
};

/// Refuses a definition as Step Functions does. An update may come without one.
fn check_definition(_: &Documents, _: &str, body: &Value) -> Result<(), Refusal> {
    let Some(definition) = body["definition"].as_str() else { return Ok(()) };
    let mistakes = match serde_json::from_str(definition) {
        Ok(definition) => states_language::mistakes(&definition),
        Err(error) => vec![format!("it is not JSON: {error}")],
    };
    if mistakes.is_empty() {
        return Ok(());
    }
    let message = format!("Invalid State Machine Definition: '{}'", mistakes.join(", "));
    Err(Refusal { code: "InvalidDefinition", message })
}
