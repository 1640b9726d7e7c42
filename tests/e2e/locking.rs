//! Two at once, and what a dead one leaves.

use crate::project::Project;
use jiff::Timestamp;
use serde_json::json;

fn lock(project: &Project, process: serde_json::Value) {
    lock_renewed(project, process, "2026-01-01T00:00:00Z");
}

fn lock_renewed(project: &Project, process: serde_json::Value, renewed: &str) {
    project.behind_its_back(async |sdk| {
        let holder = json!({"id": "11111111-2222-3333-4444-555555555555", "who": "ann@laptop", "operation": "up",
            "started": "2026-01-01T00:00:00Z", "renewed": renewed, "process": process});
        let bucket = format!("mlops-pipeline-dev-mlopsctl-state-{}", local::ACCOUNT);
        let call = aws_s3::client(&sdk).put_object().bucket(bucket).key("lock.json");
        call.body(holder.to_string().into_bytes().into()).send().await.unwrap();
    });
}

#[test]
fn a_second_run_hears_who_holds_the_lock_and_unlock_removes_only_that_lock() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    lock(&project, json!(null));
    let second = project.local(&["up", "dev"]).ends_with(3);
    for part in ["ann@laptop", "`up`", "2026-01-01", "11111111-2222"] {
        assert!(second.stderr.contains(part), "{part} is not in {}", second.stderr);
    }
    lock_renewed(&project, json!(null), &Timestamp::now().to_string());
    let plan = project.local(&["plan", "dev"]).ends_with(0);
    assert!(plan.stderr.contains("ann@laptop is running `up` since 2026-01-01"), "{}", plan.stderr);
    let plan = project.local(&["plan", "dev", "--json"]).ends_with(0).json();
    assert_eq!(plan["locked_by"]["who"], "ann@laptop", "{plan}");
    lock(&project, json!(null));
    project.local(&["unlock", "dev", "another"]).ends_with(1);
    project.local(&["unlock", "dev", "11111111-2222-3333-4444-555555555555"]).ends_with(0);
    project.local(&["up", "dev"]).ends_with(0);
}

#[test]
fn the_lock_of_a_process_that_died_here_is_taken_over_at_once() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let space = std::fs::read_link("/proc/self/ns/pid").unwrap();
    // No process that was started at tick 1 still has this number.
    lock(&project, json!({"boot": boot.trim(), "space": space, "pid": std::process::id(), "start": 1}));
    project.local(&["up", "dev"]).ends_with(0);
}
