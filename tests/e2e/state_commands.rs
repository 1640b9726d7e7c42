//! Changing the state by hand, and removing it.

use crate::project::{Project, Ran};
use serde_json::{Value, json};

fn state(project: &Project) -> Value {
    project.local(&["state", "pull", "dev"]).ends_with(0).json()
}

#[test]
fn resource_is_not_moved_to_an_address_of_another_kind() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    let before = state(&project);
    // Nothing stands there any more, but the file declares a bucket.
    project.local(&["state", "rm", "storage.data", "dev"]).ends_with(0);
    let refused = project.local(&["state", "mv", "monitoring.alerts", "storage.data", "dev"]).ends_with(64);
    assert!(refused.stderr.contains("of kind sns:topic") && refused.stderr.contains("s3:bucket"), "{}", refused.stderr);
    assert_eq!(state(&project)["resources"]["monitoring.alerts"], before["resources"]["monitoring.alerts"]);
}

#[test]
fn move_to_an_undeclared_address_warns_of_what_up_would_do() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    let moved = project.local(&["state", "mv", "monitoring.alerts", "monitoring.elsewhere", "dev"]).ends_with(0);
    assert!(moved.stderr.contains("declares nothing at monitoring.elsewhere"), "{}", moved.stderr);
    let back = project.local(&["state", "mv", "monitoring.elsewhere", "monitoring.alerts", "dev"]).ends_with(0);
    assert!(!back.stderr.contains("warning"), "{}", back.stderr);
}

#[test]
fn move_to_an_address_that_is_declared_by_another_name_warns_of_the_replacement() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    project.local(&["state", "rm", "dev", "storage.data"]).ends_with(0);
    let moved = project.local(&["state", "mv", "dev", "storage.models", "storage.data"]).ends_with(0);
    assert!(moved.stderr.contains("The resource in AWS keeps its name"), "{}", moved.stderr);
    let warning = "the next `mlopsctl up dev --local` replaces the resource";
    assert!(moved.stderr.contains("-dev-models-") && moved.stderr.contains(warning), "{}", moved.stderr);
}

#[test]
fn newer_state_is_neither_called_damaged_nor_replaced_without_force() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    let good = state(&project);
    let mut newer = good.clone();
    (newer["format"], newer["tool"], newer["workspace"]) = (json!(3), json!("99.1.0"), json!("blue"));
    project.behind_its_back(async |sdk| {
        let bucket = format!("mlops-pipeline-dev-mlopsctl-state-{}", local::ACCOUNT);
        let call = aws_s3::client(&sdk).put_object().bucket(bucket).key("state.json");
        call.body(newer.to_string().into_bytes().into()).send().await.unwrap();
    });
    let failed = project.local(&["up", "dev"]).ends_with(1);
    assert!(failed.stderr.contains("was written by mlopsctl 99.1.0"), "{}", failed.stderr);
    for word in ["damaged", "state push", "state history"] {
        assert!(!failed.stderr.contains(word), "{}", failed.stderr);
    }
    project.write("good.json", &good.to_string());
    let refused = project.local(&["state", "push", "good.json", "dev"]).ends_with(64);
    assert!(refused.stderr.contains("mlopsctl 99.1.0") && refused.stderr.contains("--force"), "{}", refused.stderr);
    project.local(&["state", "push", "good.json", "dev", "--force"]).ends_with(0);
    project.local(&["plan", "dev", "--exit-code"]).ends_with(0);
}

#[test]
fn damaged_state_is_replaced_only_by_one_that_was_begun_in_its_place() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    let mut other = state(&project);
    other["lineage"] = json!("11111111-2222-3333-4444-555555555555");
    project.write("other.json", &other.to_string());
    project.behind_its_back(async |sdk| {
        let bucket = format!("mlops-pipeline-dev-mlopsctl-state-{}", local::ACCOUNT);
        let call = aws_s3::client(&sdk).put_object().bucket(bucket).key("state.json");
        call.body(b"{".to_vec().into()).send().await.unwrap();
    });
    let refused = project.local(&["state", "push", "other.json", "dev"]).ends_with(64);
    assert!(refused.stderr.contains("begun in another bucket"), "{}", refused.stderr);
    project.local(&["state", "push", "other.json", "dev", "--force"]).ends_with(0);
}

#[test]
fn states_of_both_formats_are_one_stack_in_one_place() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    let mut backup = state(&project);
    for later in ["project", "author"] {
        backup.as_object_mut().unwrap().remove(later);
    }
    (backup["format"], backup["lineage"]) = (json!(1), json!("0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"));
    project.write("backup.json", &backup.to_string());
    project.local(&["state", "push", "backup.json", "dev"]).ends_with(0);
    project.local(&["plan", "dev", "--exit-code"]).ends_with(0);
}

#[test]
fn state_bucket_that_holds_anything_else_stays_and_nothing_is_destroyed_before_that_is_said() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    let bucket = format!("mlops-pipeline-dev-mlopsctl-state-{}", local::ACCOUNT);
    project.behind_its_back(async |sdk| {
        let call = aws_s3::client(&sdk).put_object().bucket(&bucket).key("thesis/data.bin");
        call.body(b"years".to_vec().into()).send().await.unwrap();
    });
    let refused = project.local(&["destroy", "dev", "--delete-data", "--with-state"]).ends_with(64);
    assert!(refused.stderr.contains("thesis/data.bin"), "{}", refused.stderr);
    project.local(&["plan", "dev", "--exit-code"]).ends_with(0);
}

#[test]
fn state_commands_take_the_environment_first_and_show_what_they_change() {
    let project = Project::new();
    project.local(&["up", "dev", "--target", "monitoring.alerts"]).ends_with(0);
    let shown = project.local(&["state", "show", "dev", "monitoring.alerts"]).ends_with(0);
    assert_eq!(shown.json(), project.local(&["state", "show", "monitoring.alerts", "dev"]).ends_with(0).json());
    let moved = project.local(&["state", "mv", "dev", "monitoring.alerts", "monitoring.alarms"]).ends_with(0);
    for line in ["  - monitoring.alerts  sns:topic", "  + monitoring.alarms  sns:topic"] {
        assert!(moved.stderr.contains(line), "{}", moved.stderr);
    }
    let removed = project.local(&["state", "rm", "dev", "monitoring.alarms"]).ends_with(0);
    assert!(removed.stderr.contains("  - monitoring.alarms  sns:topic"), "{}", removed.stderr);
    let unknown = project.local(&["state", "rm", "dev", "alarms"]).ends_with(64);
    assert!(unknown.stderr.contains("is not an address"), "{}", unknown.stderr);
}

#[test]
fn history_tells_who_wrote_each_version_with_which_command() {
    let project = Project::new();
    project.local(&["up", "dev", "--target", "monitoring.alerts"]).ends_with(0);
    project.local(&["state", "rm", "dev", "monitoring.alerts"]).ends_with(0);
    let history = project.local(&["state", "history", "dev", "--json"]).ends_with(0).json();
    let (newest, before) = (&history[0], &history[1]);
    assert_eq!((&newest["command"], &before["command"]), (&json!("state rm"), &json!("up")));
    assert!(newest["who"].as_str().unwrap().contains('@'), "{newest}");
    assert_eq!(
        (newest["resources"].as_u64().unwrap() + 1, &newest["interim"]),
        (before["resources"].as_u64().unwrap(), &json!(false))
    );
    assert!(newest["serial"].as_u64() > before["serial"].as_u64());
    let page = project.local(&["state", "history", "dev"]).ends_with(0);
    assert!(page.stdout.contains("`state rm` by "), "{}", page.stdout);
}

#[test]
fn history_names_the_run_of_a_ci_system() {
    let project = Project::new();
    let mut up = project.command(&["up", "dev", "--target", "monitoring.alerts", "--local"]);
    Ran::of(up.env("GITHUB_RUN_ID", "7700").output().unwrap()).ends_with(0);
    let history = project.local(&["state", "history", "dev", "--json"]).ends_with(0).json();
    let who = history[0]["who"].as_str().unwrap();
    assert!(who.ends_with("(GITHUB_RUN_ID 7700)"), "{who}");
}

#[test]
fn platform_is_left_to_terraform_by_import_blocks() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    let blocks = project.local(&["state", "list", "dev", "--format", "terraform-import"]).ends_with(0).stdout;
    let (state, registry) = (state(&project), blueprint::registry());
    for (address, entry) in state["resources"].as_object().unwrap() {
        let kind = registry.get(entry["kind"].as_str().unwrap()).unwrap();
        let theirs = kind.terraform().unwrap().exported_as;
        let name = address.replace(['.', '-'], "_");
        assert!(
            blocks.contains(&format!("to = {theirs}.{name}\n")) || blocks.contains(&format!("# {address}: ")),
            "{address}"
        );
    }
    assert!(blocks.contains(&format!("id = {}\n", state["resources"]["network.vpc"]["id"])), "{blocks}");
}
