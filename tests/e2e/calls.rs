//! The number of calls of each command, so that more is a decision. Reads that meet share a call, which on a busy
//! machine they may miss: hence some room.

use crate::project::Project;
use serde_json::Value;

/// Writes of the state follow the clock.
const STATE: &str = "PutObject";

fn count(report: &Value, counts: impl Fn(&str) -> bool) -> u64 {
    let services = report["calls"].as_object().unwrap().values().filter_map(Value::as_object);
    services.flatten().filter(|(operation, _)| counts(operation)).map(|(_, times)| times.as_u64().unwrap()).sum()
}

fn reads(operation: &str) -> bool {
    ["BatchGet", "Describe", "Get", "Head", "List"].iter().any(|read| operation.starts_with(read))
}

#[test]
fn dev_is_built_planned_and_checked_in_few_calls() {
    let project = Project::new();
    let up = project.local(&["up", "dev", "--json"]).ends_with(0);
    let up: Value = serde_json::from_str(up.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(up["created"], 59);
    let changing = count(&up, |operation| !reads(operation) && operation != STATE);
    let reading = count(&up, reads);
    // One of them is the lifecycle of the state bucket.
    assert!(changing <= 120 && reading <= 145, "{changing} changing and {reading} reading calls: {:#}", up["calls"]);
    for command in [["plan", "dev", "--json"], ["drift", "dev", "--json"]] {
        let report = project.local(&command).ends_with(0).json();
        let calls = count(&report, |_| true);
        assert!(calls <= 68, "{command:?}: {calls} calls: {:#}", report["calls"]);
    }
}
