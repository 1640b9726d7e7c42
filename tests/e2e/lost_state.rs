//! An environment whose state is gone while its resources are not.

use crate::project::Project;

fn bucket() -> String {
    format!("mlops-pipeline-dev-mlopsctl-state-{}", local::ACCOUNT)
}

fn lose(project: &Project) {
    project.behind_its_back(async |sdk| {
        aws_s3::client(&sdk).delete_object().bucket(bucket()).key("state.json").send().await.unwrap();
    });
}

/// The error of a command that needs the lost state.
#[track_caller]
fn says_it_is_lost(project: &Project, command: &[&str]) -> String {
    let failed = project.local(command).ends_with(1);
    for part in ["dev has no state, but", "resources have its tags in ap-south-1", "mlopsctl up dev"] {
        assert!(failed.stderr.contains(part), "{command:?}: {part} is not in {}", failed.stderr);
    }
    assert!(!failed.stderr.contains("nothing is left"), "{}", failed.stderr);
    failed.stderr
}

const COMMANDS: [&[&str]; 4] =
    [&["destroy", "dev"], &["destroy", "dev", "--with-state"], &["drift", "dev"], &["reconcile", "dev"]];

#[test]
fn lost_state_is_told_with_the_version_to_put_back() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    lose(&project);
    let history = project.local(&["state", "history", "dev", "--json"]).ends_with(0).json();
    let newest = history[0]["version"].as_str().unwrap();
    for command in COMMANDS {
        let said = says_it_is_lost(&project, command);
        assert!(said.contains(&format!("state history dev --show {newest}")), "{said}");
    }
    let good = project.local(&["state", "history", "dev", "--show", newest]).ends_with(0);
    project.write("state.json", &good.stdout);
    project.local(&["state", "push", "state.json", "dev"]).ends_with(0);
    project.local(&["drift", "dev"]).ends_with(0);
    project.local(&["plan", "dev", "--exit-code"]).ends_with(0);
}

#[test]
fn lost_bucket_is_made_anew_by_up_with_the_same_lineage() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    let lineage = project.local(&["state", "pull", "dev"]).ends_with(0).json()["lineage"].clone();
    lose(&project);
    project.behind_its_back(async |sdk| {
        let s3 = aws_s3::client(&sdk);
        loop {
            let page = s3.list_object_versions().bucket(bucket()).send().await.unwrap();
            let versions = page.versions().iter().map(|one| (one.key(), one.version_id()));
            let markers = page.delete_markers().iter().map(|one| (one.key(), one.version_id()));
            let all: Vec<_> = versions.chain(markers).collect();
            if all.is_empty() {
                break;
            }
            for (key, version) in all {
                let call = s3.delete_object().bucket(bucket()).key(key.unwrap()).version_id(version.unwrap());
                call.send().await.unwrap();
            }
        }
        s3.delete_bucket().bucket(bucket()).send().await.unwrap();
    });
    for command in COMMANDS {
        let said = says_it_is_lost(&project, command);
        assert!(said.contains("no earlier version"), "{said}");
    }
    project.local(&["up", "dev"]).ends_with(0);
    assert_eq!(project.local(&["state", "pull", "dev"]).ends_with(0).json()["lineage"], lineage);
    project.local(&["destroy", "dev", "--delete-data", "--with-state"]).ends_with(0);
    let again = project.local(&["destroy", "dev"]).ends_with(0);
    assert!(again.stderr.contains("nothing is left of this environment"), "{}", again.stderr);
}

#[test]
fn lost_state_of_an_environment_without_a_file_is_told_as_well() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    std::fs::remove_file(project.path().join("environments/dev.toml")).unwrap();
    lose(&project);
    says_it_is_lost(&project, &["destroy", "dev"]);
    says_it_is_lost(&project, &["drift", "dev"]);
}

#[test]
fn forgotten_resources_are_told_where_a_state_holds_none() {
    let project = Project::new();
    project.local(&["up", "dev", "--target", "monitoring.alerts"]).ends_with(0);
    let known = project.local(&["state", "list", "dev", "--json"]).ends_with(0).json();
    for one in known.as_array().unwrap() {
        project.local(&["state", "rm", one["address"].as_str().unwrap(), "dev"]).ends_with(0);
    }
    let destroyed = project.local(&["destroy", "dev"]).ends_with(0);
    for part in ["warning:", "its tags in", "the state of dev holds no resources"] {
        assert!(destroyed.stderr.contains(part), "{part} is not in {}", destroyed.stderr);
    }
}

#[test]
fn environment_that_never_was_is_nothing_to_do() {
    let project = Project::new();
    let destroyed = project.local(&["destroy", "dev"]).ends_with(0);
    assert!(destroyed.stderr.contains("nothing is left of this environment"), "{}", destroyed.stderr);
    project.local(&["drift", "dev"]).ends_with(0);
}
