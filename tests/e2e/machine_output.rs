//! The output for programs: with --json, a command prints to stdout however it ends.

use crate::{
    project::{Project, Ran},
    schemas::conforms,
};
use serde_json::Value;

fn lines(ran: &Ran) -> Vec<Value> {
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn outputs_are_as_their_schemas_say() {
    let project = Project::new();
    conforms("plan", &project.local(&["plan", "prod", "--json"]).ends_with(0).json());
    conforms("cost", &project.local(&["cost", "prod", "--json"]).ends_with(0).json());
    conforms("validate", &project.local(&["validate", "--json"]).ends_with(0).json());
    for event in lines(&project.local(&["up", "dev", "--json"]).ends_with(0)) {
        conforms("events", &event);
    }
    conforms("output", &project.local(&["output", "dev", "--json"]).ends_with(0).json());
    conforms("output", &project.local(&["output", "dev", "vpc_id", "--json"]).ends_with(0).json());
    conforms("state-list", &project.local(&["state", "list", "dev", "--json"]).ends_with(0).json());
    conforms("state-show", &project.local(&["state", "show", "dev", "network.vpc", "--json"]).ends_with(0).json());
    conforms("state-history", &project.local(&["state", "history", "dev", "--json"]).ends_with(0).json());
    let [waited] = lines(&project.local(&["wait", "dev", "--json"]).ends_with(0)).try_into().unwrap();
    conforms("events", &waited);
    assert_eq!((&waited["event"], &waited["created"]), (&"summary".into(), &0.into()));
    conforms("doctor", &project.local(&["doctor", "dev", "--json"]).ends_with(0).json());
    project.behind_its_back(async |sdk| {
        let group = "/aws/lambda/mlops-pipeline-dev-data-validation";
        let logs = aws_sdk_cloudwatchlogs::Client::new(&sdk);
        logs.put_retention_policy().log_group_name(group).retention_in_days(30).send().await.unwrap();
    });
    conforms("drift", &project.local(&["drift", "dev", "--json"]).ends_with(2).json());
    for event in lines(&project.local(&["reconcile", "dev", "--json"]).ends_with(0)) {
        conforms("events", &event);
    }
    project.edit("dev", "log_retention_days = 7", "log_retention_days = 14");
    project.local(&["plan", "dev", "--out", "saved.plan"]).ends_with(0);
    conforms("plan", &project.local(&["plan", "--show", "saved.plan", "--json"]).ends_with(0).json());
}

#[test]
fn invalid_file_is_told_with_line_and_column_on_stdout() {
    let project = Project::new();
    project.edit("dev", "zones = 2", "zones = 12");
    for arguments in [&["plan", "dev", "--json"][..], &["output", "dev", "--json"]] {
        let document = project.local(arguments).ends_with(64).json();
        conforms("error", &document);
        let problem = &document["error"]["problems"][0];
        assert_eq!(problem["file"], "environments/dev.toml");
        assert!(problem["line"].as_u64() > Some(1) && problem["column"].as_u64() > Some(1), "{document}");
    }
    let verdict = project.local(&["validate", "--json"]).ends_with(64).json();
    conforms("validate", &verdict);
    assert_eq!(verdict["valid"], false);
    let environments = verdict["environments"].as_array().unwrap();
    let invalid: Vec<&Value> = environments.iter().filter(|one| one["valid"] == false).collect();
    assert!(invalid.len() == 1 && invalid[0]["environment"] == "dev", "{verdict}");
}

#[test]
fn wrong_arguments_and_failures_are_told_on_stdout() {
    let project = Project::new();
    for (arguments, kind) in [
        (&["plan", "nowhere", "--json"][..], "usage"),
        (&["plan", "dev", "--no-such-option", "--json"], "usage"),
        (&["output", "dev", "--json"], "failed"),
    ] {
        let ran = project.local(arguments);
        let document = ran.json();
        conforms("error", &document);
        assert_eq!((&document["error"]["kind"], &document["error"]["exit_code"]), (&kind.into(), &ran.code.into()));
    }
    let refused = project.local(&["up", "nowhere", "--json"]).ends_with(64);
    let [last] = lines(&refused).try_into().unwrap();
    conforms("events", &last);
    assert_eq!(last["event"], "error");
}

#[test]
fn refusals_of_up_are_events() {
    let project = Project::new();
    project.behind_its_back(async |sdk| {
        let call = aws_sdk_iam::Client::new(&sdk).create_role().role_name("mlops-pipeline-dev-glue");
        call.assume_role_policy_document(r#"{"Version":"2012-10-17","Statement":[]}"#).send().await.unwrap();
    });
    let events = lines(&project.local(&["up", "dev", "--json"]).ends_with(1));
    events.iter().for_each(|event| conforms("events", event));
    assert!(
        events.iter().any(|event| event["event"] == "refusal" && event["address"] == "identity.glue"),
        "{events:?}"
    );
    assert_eq!(events.last().unwrap()["event"], "error");
}

#[test]
fn output_needs_no_environment_if_the_variable_names_it() {
    let project = Project::new();
    project.local(&["up", "dev", "--target", "network.vpc"]).ends_with(0);
    for name in ["vpc_id", "network.vpc.id"] {
        let mut command = project.command(&["output", name, "--local"]);
        let output = Ran::of(command.env("MLOPSCTL_ENV", "dev").output().unwrap()).ends_with(0);
        assert!(output.stdout.starts_with("vpc-"), "{}", output.stdout);
    }
}

#[test]
fn outputs_of_each_resource_are_found_by_its_address() {
    let project = Project::new();
    project.local(&["up", "dev", "--target", "network.private-1"]).ends_with(0);
    let subnet = project.local(&["output", "dev", "network.private-1.id"]).ends_with(0).stdout;
    assert!(subnet.starts_with("subnet-"), "{subnet}");
    let all = project.local(&["output", "dev", "network.private-1", "--json"]).ends_with(0).json();
    assert_eq!(all["id"], subnet.trim());
    let unknown = project.local(&["output", "dev", "network.private-1.arn-of-it"]).ends_with(64);
    assert!(unknown.stderr.contains("network.private-1 has no output `arn-of-it`"), "{}", unknown.stderr);
    project.local(&["output", "dev", "network.lake.id"]).ends_with(64);
}
