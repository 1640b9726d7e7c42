//! Commands on models and executions: list, deploy, go back, reject, stop.

use crate::{
    project::{Project, Ran},
    recorded::Recorded,
    schemas::conforms,
    served::ServedAws,
};
use serde_json::Value;
use std::sync::Arc;

#[track_caller]
fn tells(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

/// A platform with an endpoint for approved models.
fn staging() -> Project {
    let project = Project::new();
    project.local(&["up", "staging"]).ends_with(0);
    project
}

fn register(project: &Project, features: &str, auc: &str) {
    project.behind_its_back(async |sdk| {
        let call = aws_sdk_sagemaker::Client::new(&sdk).create_model_package();
        let call = call.model_package_group_name("mlops-pipeline-staging-models");
        let call = call.customer_metadata_properties("features_digest", features);
        call.customer_metadata_properties("metric_auc", auc).send().await.unwrap();
    });
}

fn pipeline(project: &Project, arguments: &[&str]) -> Ran {
    project.local(&[&["pipeline", "staging"], arguments].concat())
}

/// Each version with its approval, newest first, and which one is in service.
fn models(project: &Project) -> Vec<(i64, String, bool)> {
    let document = pipeline(project, &["models", "--json"]).ends_with(0).json();
    conforms("models", &document);
    let model = |model: &Value| {
        let approval = model["approval"].as_str().unwrap().to_owned();
        (model["version"].as_i64().unwrap(), approval, model["in_service"].as_bool().unwrap())
    };
    document["models"].as_array().unwrap().iter().map(model).collect()
}

fn model(version: i64, approval: &str, in_service: bool) -> (i64, String, bool) {
    (version, approval.to_owned(), in_service)
}

/// The number of deployments that have been started.
fn deployments(project: &Project) -> usize {
    let machine = project.local(&["output", "staging", "deploy_state_machine_arn"]).ends_with(0).stdout;
    project.behind_its_back(async |sdk| {
        let call = aws_sdk_sfn::Client::new(&sdk).list_executions().state_machine_arn(machine.trim());
        call.send().await.unwrap().executions.len()
    })
}

#[test]
fn only_a_change_of_the_approval_of_a_package_starts_a_deployment() {
    let project = staging();
    register(&project, "a", "0.81");
    let package =
        format!("arn:aws:sagemaker:ap-south-1:{}:model-package/mlops-pipeline-staging-models/1", local::ACCOUNT);
    let update = |approval: Option<&str>, note: &str| {
        project.behind_its_back(async |sdk| {
            let call = aws_sdk_sagemaker::Client::new(&sdk).update_model_package().model_package_arn(&package);
            let call = call.set_model_approval_status(approval.map(Into::into)).approval_description(note);
            call.customer_metadata_properties("note", note).send().await.unwrap();
        });
    };
    update(None, "not yet");
    assert_eq!(deployments(&project), 0);
    update(Some("Approved"), "good");
    assert_eq!(deployments(&project), 1);
    // An edit of a package that is approved already.
    update(None, "a better description");
    assert_eq!(deployments(&project), 1);
    update(Some("Rejected"), "bad");
    assert_eq!(deployments(&project), 1);
    update(Some("Approved"), "good after all");
    assert_eq!(deployments(&project), 2);
}

#[test]
fn models_are_deployed_taken_back_and_rejected() {
    let project = staging();
    tells(&pipeline(&project, &["models"]).ends_with(0).stderr, &["there is none yet", "pipeline staging run"]);
    tells(&pipeline(&project, &["rollback"]).ends_with(1).stderr, &["no model is in service yet"]);
    register(&project, "a", "0.81");
    register(&project, "a", "0.92");
    // It is approved first.
    let first = pipeline(&project, &["deploy", "1"]).ends_with(0);
    tells(&first.stderr, &["Version 1", "version 1 is approved", "CreateEndpoint done", "NotifySuccess done"]);
    assert_eq!(models(&project), [model(2, "awaits approval", false), model(1, "approved", true)]);
    tells(&pipeline(&project, &["deploy"]).ends_with(0).stderr, &["version 1 is in service already", "--again"]);
    tells(&pipeline(&project, &["deploy", "1", "--again"]).ends_with(0).stderr, &["started"]);
    tells(&pipeline(&project, &["rollback"]).ends_with(1).stderr, &["no other model was in service before version 1"]);
    pipeline(&project, &["approve"]).ends_with(0);
    assert_eq!(models(&project), [model(2, "approved", true), model(1, "approved", false)]);
    let list = pipeline(&project, &["models"]).ends_with(0).stdout;
    tells(&list, &["version  status", "auc", "2        approved, in service", "0.9200"]);

    let back = pipeline(&project, &["rollback", "--follow"]).ends_with(0);
    tells(
        &back.stderr,
        &[
            "version 1 was in service before version 2",
            "UpdateEndpoint done",
            "`mlopsctl pipeline staging reject 2 --local`",
        ],
    );
    assert_eq!(models(&project), [model(2, "approved", false), model(1, "approved", true)]);
    let rejected = pipeline(&project, &["reject", "2", "--json"]).ends_with(0).json();
    assert_eq!((&rejected["version"], &rejected["approval"]), (&2.into(), &"rejected".into()));
    tells(&pipeline(&project, &["reject", "2"]).ends_with(0).stderr, &["version 2 is rejected already"]);
    // A rejected model is no target of a rollback.
    tells(&pipeline(&project, &["rollback"]).ends_with(1).stderr, &["no other model was in service before version 1"]);
    tells(
        &pipeline(&project, &["reject", "1"]).ends_with(0).stderr,
        &["version 1 is rejected", "it is still in service"],
    );
    for command in ["deploy", "reject"] {
        let unknown = pipeline(&project, &[command, "9"]).ends_with(64);
        tells(&unknown.stderr, &["no model package `9`", "pipeline staging models"]);
    }
}

#[test]
fn a_deployment_of_other_features_needs_somebody_who_says_so() {
    let project = staging();
    register(&project, "a", "0.8");
    register(&project, "b", "0.8");
    pipeline(&project, &["deploy", "1"]).ends_with(0);
    pipeline(&project, &["approve", "2", "--allow-changed-features"]).ends_with(0);
    let refused = pipeline(&project, &["deploy", "1"]).ends_with(1);
    tells(
        &refused.stderr,
        &["version 1 takes other features than version 2, which is in service", "--allow-changed-features"],
    );
    let allowed = pipeline(&project, &["rollback", "--allow-changed-features", "--json"]).ends_with(0);
    tells(&allowed.stdout, &["\"execution\"", "\"arn\""]);
    assert_eq!(models(&project), [model(2, "approved", false), model(1, "approved", true)]);
}

#[test]
fn deployments_need_an_endpoint_in_the_environment_file() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    for command in ["deploy", "rollback"] {
        let refused = project.local(&["pipeline", "dev", command]).ends_with(1);
        tells(&refused.stderr, &["dev has no [pipeline.deploy]"]);
    }
    project.local(&["pipeline", "dev", "models", "--json"]).ends_with(0);
}

#[test]
fn an_execution_is_stopped_once_somebody_confirms_it() {
    let recorded = Recorded::new("waiting");
    let stopped = recorded.stopped();
    let (project, aws) = (Project::new(), ServedAws::behind(Arc::new(recorded)));
    let run = |arguments: &[&str]| Ran::of(aws.command(&project, arguments).output().unwrap());
    run(&["up", "dev", "--yes"]).ends_with(0);
    tells(&run(&["pipeline", "dev", "stop"]).ends_with(64).stderr, &["no terminal to confirm this on", "pass --yes"]);
    assert!(stopped.lock().unwrap().is_empty());
    let done = run(&["pipeline", "dev", "stop", "--yes", "--json"]).ends_with(0);
    let document = done.json();
    conforms("execution-stopped", &document);
    assert_eq!((&document["execution"], &document["status"]), (&"waiting".into(), &"ABORTED".into()));
    assert_eq!(document["step"], "WaitForEndpoint");
    tells(&done.stderr, &["waiting was stopped", "pipeline dev resume waiting --from WaitForEndpoint"]);
    let request = stopped.lock().unwrap().pop().unwrap();
    assert_eq!(request["cause"], "stopped with mlopsctl");
    let unknown = run(&["pipeline", "dev", "stop", "tuesday", "--yes"]).ends_with(64);
    tells(&unknown.stderr, &["no execution `tuesday`"]);
}

#[test]
fn an_execution_that_has_ended_is_not_stopped() {
    let recorded = Recorded::new("registered");
    let stopped = recorded.stopped();
    let (project, aws) = (Project::new(), ServedAws::behind(Arc::new(recorded)));
    let run = |arguments: &[&str]| Ran::of(aws.command(&project, arguments).output().unwrap());
    run(&["up", "dev", "--yes"]).ends_with(0);
    tells(
        &run(&["pipeline", "dev", "stop", "--yes"]).ends_with(1).stderr,
        &["no execution is running", "pipeline dev status"],
    );
    tells(
        &run(&["pipeline", "dev", "stop", "registered", "--yes"]).ends_with(1).stderr,
        &["is not running: SUCCEEDED"],
    );
    assert!(stopped.lock().unwrap().is_empty());
}
