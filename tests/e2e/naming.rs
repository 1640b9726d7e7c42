//! The choice of an environment if a command names none.

use crate::project::Project;

#[test]
fn what_changes_something_needs_the_name_of_an_environment() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    let commands: [&[&str]; 8] = [
        &["destroy"],
        &["up"],
        &["reconcile"],
        &["adopt", "network.vpc"],
        &["wait"],
        &["state", "rm", "network.vpc"],
        &["state", "mv", "network.vpc", "network.other"],
        &["state", "push", "environments/dev.toml"],
    ];
    for command in commands {
        let refused = project.local(command).ends_with(64);
        assert!(refused.stderr.contains("which environment?"), "{command:?}: {}", refused.stderr);
    }
    // A command that only reads takes the environment that is up.
    project.local(&["plan", "--exit-code"]).ends_with(0);
    project.local(&["state", "list"]).ends_with(0);
    // One file is one environment.
    for other in ["staging", "prod"] {
        std::fs::remove_file(project.path().join(format!("environments/{other}.toml"))).unwrap();
    }
    project.local(&["state", "rm", "monitoring.alerts"]).ends_with(0);
}

#[test]
fn state_that_cannot_be_read_is_not_taken_for_none() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    project.append("prod", "\nthis is no setting\n");
    let refused = project.local(&["state", "list"]).ends_with(64);
    assert!(refused.stderr.contains("prod.toml"), "{}", refused.stderr);
    project.local(&["state", "list", "dev"]).ends_with(0);
}

#[test]
fn environment_whose_names_begin_as_those_of_another_is_refused_by_validate() {
    let project = Project::new();
    let file = project.path().join("environments/dev.toml");
    std::fs::copy(&file, project.path().join("environments/dev-eu.toml")).unwrap();
    let says = "the names of dev-eu begin as those of dev do";
    for arguments in [&["validate"] as &[&str], &["validate", "dev"], &["validate", "dev-eu"]] {
        let refused = project.local(arguments).ends_with(64);
        assert!(refused.stderr.contains(says), "{arguments:?}: {}", refused.stderr);
    }
    let verdict = project.local(&["validate", "--json"]).ends_with(64).json();
    assert!(verdict["problems"][0]["message"].as_str().unwrap().starts_with(says), "{verdict:#}");
    project.local(&["validate", "prod"]).ends_with(0);
}
