//! Removing the state, and telling which environment is meant: what may not be done without asking, or beside others.

use crate::{project::Project, served::Served};
use serde_json::json;

/// A platform that was up and is gone.
fn gone() -> (Project, Served) {
    let (project, served) = (Project::new(), Served::start());
    served.run(&project, &["up", "dev", "--yes", "--target", "monitoring.alerts"]).ends_with(0);
    served.run(&project, &["destroy", "dev", "--yes"]).ends_with(0);
    (project, served)
}

#[test]
fn state_is_not_removed_while_somebody_holds_its_lock() {
    let (project, served) = gone();
    let now = jiff::Timestamp::now();
    let holder = json!({"id": "1", "who": "ann@laptop", "operation": "up", "started": now, "renewed": now});
    served.store("lock.json", holder.to_string().into_bytes());
    let made = served.door().changes().len();
    let refused = served.run(&project, &["destroy", "dev", "--with-state", "--yes"]).ends_with(3);
    assert!(refused.stderr.contains("ann@laptop"), "{}", refused.stderr);
    assert_eq!(served.door().changes().len(), made, "{:?}", served.door().changes().last());
    assert!(served.stored("state.json").is_some());
}

#[test]
fn state_is_not_removed_without_a_yes() {
    let (project, served) = gone();
    let refused = served.run(&project, &["destroy", "dev", "--with-state"]).ends_with(64).says(&["pass --yes"]);
    assert!(refused.stderr.contains("mlops-pipeline-dev-mlopsctl-state-123456789012"), "{}", refused.stderr);
    assert!(served.stored("state.json").is_some());
    served.run(&project, &["destroy", "dev", "--with-state", "--yes"]).ends_with(0);
    assert!(served.stored("state.json").is_none());
}

#[test]
fn environment_whose_state_may_not_be_read_is_named_and_not_passed_over() {
    let (project, served) = (Project::new(), Served::start());
    for environment in ["dev", "prod"] {
        served.run(&project, &["up", environment, "--yes", "--target", "monitoring.alerts"]).ends_with(0);
    }
    served.run(&project, &["state", "list"]).ends_with(64).says(&["which environment?"]);
    served.door().deny(|call| call.request.uri.contains("mlops-pipeline-dev-mlopsctl-state"));
    let made = served.door().changes().len();
    let refused = served.run(&project, &["state", "list"]).ends_with(1);
    refused.says(&["the state of dev cannot be read", "name the environment"]);
    served.run(&project, &["destroy", "--yes"]).ends_with(64).says(&["which environment?"]);
    assert_eq!(served.door().changes().len(), made, "{:?}", served.door().changes().last());
    served.run(&project, &["state", "list", "prod"]).ends_with(0);
}

#[test]
fn region_of_a_state_without_a_file_leads_nowhere() {
    let (project, served) = gone();
    let mut state = serde_json::to_value(served.state().unwrap()).unwrap();
    state["region"] = json!("attacker.invalid/#");
    served.store("state.json", state.to_string().into_bytes());
    std::fs::remove_file(project.path().join("environments/dev.toml")).unwrap();
    let refused = served.run(&project, &["drift", "dev"]).ends_with(1).says(&["is not a region"]);
    assert_eq!(refused.stderr.matches("error:").count(), 1, "{}", refused.stderr);
}
