//! The state: found without its file, damaged, restored.

use crate::project::Project;

fn bucket() -> String {
    format!("mlops-pipeline-dev-mlopsctl-state-{}", local::ACCOUNT)
}

#[test]
fn the_only_environment_with_a_state_needs_no_name() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    let plan = project.local(&["plan", "--exit-code"]).ends_with(0);
    assert!(plan.stdout.contains("Nothing to do"), "{}", plan.stdout);
    project.local(&["up", "staging"]).ends_with(0);
    let plan = project.local(&["plan"]).ends_with(64);
    assert!(plan.stderr.contains("MLOPSCTL_ENV"), "{}", plan.stderr);
}

#[test]
fn environment_whose_file_is_lost_can_still_be_shown_and_destroyed() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    std::fs::remove_file(project.path().join("environments/dev.toml")).unwrap();
    project.local(&["plan", "dev"]).ends_with(64);
    project.local(&["drift", "dev"]).ends_with(0);
    let outputs = project.local(&["output", "dev", "--json"]).ends_with(0).json();
    assert!(outputs["vpc_id"].is_string(), "{outputs}");
    project.local(&["destroy", "dev", "--delete-data", "--with-state"]).ends_with(0);
    project.behind_its_back(async |sdk| {
        let buckets = aws_s3::client(&sdk).list_buckets().send().await.unwrap();
        assert_eq!(buckets.buckets(), []);
    });
    project.local(&["destroy", "dev"]).ends_with(64);
}

#[test]
fn a_damaged_state_is_named_and_an_earlier_version_put_back() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    let versions = project.local(&["state", "history", "dev", "--json"]).ends_with(0).json();
    let newest = versions[0]["version"].as_str().unwrap().to_owned();
    project.behind_its_back(async |sdk| {
        let call = aws_s3::client(&sdk).put_object().bucket(bucket()).key("state.json");
        call.body(br#"{"format": 1, "resources": "#.to_vec().into()).send().await.unwrap();
    });
    let damaged = project.local(&["up", "dev"]).ends_with(1);
    for part in ["state.json", "damaged", "state history", "state push"] {
        assert!(damaged.stderr.contains(part), "{part} is not in {}", damaged.stderr);
    }
    let good = project.local(&["state", "history", "dev", "--show", &newest]).ends_with(0);
    std::fs::write(project.path().join("good.json"), good.stdout).unwrap();
    project.local(&["state", "push", "good.json", "dev"]).ends_with(0);
    project.local(&["plan", "dev", "--exit-code"]).ends_with(0);
}

#[test]
fn going_back_to_an_older_state_must_be_meant() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    let old = project.local(&["state", "pull", "dev"]).ends_with(0);
    std::fs::write(project.path().join("old.json"), old.stdout).unwrap();
    project.local(&["state", "rm", "network.vpc", "dev"]).ends_with(0);
    let refused = project.local(&["state", "push", "old.json", "dev"]).ends_with(64);
    assert!(refused.stderr.contains("--force"), "{}", refused.stderr);
    project.local(&["state", "push", "old.json", "dev", "--force"]).ends_with(0);
    project.local(&["plan", "dev", "--exit-code"]).ends_with(0);
}
