//! What others have changed is put back by `reconcile`, as far as the environment file wants it, and nothing else is
//! touched.

use crate::project::{Project, Ran};
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use serde_json::{Value, json};

const BUCKET: &str = "storage.data";
const ALARM: &str = "monitoring.pipeline-failures";

/// dev, with a bucket's versioning suspended and an alarm deleted by somebody.
fn changed_by_somebody() -> Project {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    project.behind_its_back(async |sdk| {
        let bucket = format!("mlops-pipeline-dev-data-{}", local::ACCOUNT);
        let suspended = VersioningConfiguration::builder().status(BucketVersioningStatus::Suspended).build();
        let call = aws_s3::client(&sdk).put_bucket_versioning().bucket(bucket).versioning_configuration(suspended);
        call.send().await.unwrap();
        let alarm = "mlops-pipeline-dev-pipeline-failures";
        aws_sdk_cloudwatch::Client::new(&sdk).delete_alarms().alarm_names(alarm).send().await.unwrap();
    });
    project
}

fn summary(ran: &Ran) -> Value {
    serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap()
}

fn drifted(project: &Project) -> Vec<String> {
    let drift = Ran::of(project.command(&["drift", "dev", "--local", "--json"]).output().unwrap()).json();
    let drifted = drift["drifted"].as_array().unwrap().iter();
    drifted.map(|one| one["address"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_was_changed_and_deleted_is_put_back_without_a_question() {
    let project = changed_by_somebody();
    let mut job = project.command(&["reconcile", "dev", "--local", "--json"]);
    let ran = Ran::of(job.stdin(std::process::Stdio::null()).output().unwrap()).ends_with(0);
    let summary = summary(&ran);
    assert_eq!((&summary["created"], &summary["updated"], &summary["failed"]), (&json!(1), &json!(1), &json!(0)));
    assert_eq!((&summary["drift_left"], &summary["pending"]), (&json!([]), &json!([])));
    assert_eq!(drifted(&project), Vec::<String>::new());
    let again = project.local(&["reconcile", "dev"]).ends_with(0);
    assert!(again.stderr.contains("Nothing to do"), "{}", again.stderr);
}

#[test]
fn what_the_file_asks_for_anew_is_not_touched() {
    let project = changed_by_somebody();
    project.edit("dev", "log_retention_days = 7", "log_retention_days = 14");
    let ran = project.local(&["reconcile", "dev"]).ends_with(0);
    assert!(ran.stderr.contains("asks for more than was applied"), "{}", ran.stderr);
    assert_eq!(drifted(&project), Vec::<String>::new());
    let plan = project.local(&["plan", "dev", "--exit-code", "--json"]).ends_with(2).json();
    let changes = plan["changes"].as_array().unwrap();
    let retention = |change: &Value| change["fields"][0]["path"].as_str().unwrap().starts_with("retention");
    assert!(!changes.is_empty() && changes.iter().all(retention), "{changes:#?}");
}

#[test]
fn nothing_is_healed_where_the_file_says_so_and_the_exit_code_tells() {
    let project = changed_by_somebody();
    project.append("dev", "\n[drift]\nheal = \"nothing\"\n");
    let ran = project.local(&["reconcile", "dev", "--json"]).ends_with(2);
    let left = summary(&ran)["drift_left"].clone();
    let of = |address: &str| left.as_array().unwrap().iter().find(|one| one["address"] == address).cloned().unwrap();
    assert_eq!((&of(ALARM)["action"], &of(BUCKET)["action"]), (&json!("create"), &json!("update")));
    assert_eq!(of(BUCKET)["reason"], "nothing is to be healed");
    let told = project.local(&["reconcile", "dev"]).ends_with(2);
    assert!(told.stderr.contains(&format!("left: {BUCKET} (s3:bucket)")), "{}", told.stderr);
    assert!(told.stderr.contains("2 left as found"), "{}", told.stderr);
    assert_eq!(drifted(&project).len(), 2);
}

#[test]
fn drift_that_is_ignored_stays_and_is_no_difference() {
    let project = changed_by_somebody();
    project.append("dev", &format!("\n[drift]\nignore = [\"{BUCKET}\"]\n"));
    let ran = project.local(&["reconcile", "dev", "--json"]).ends_with(0);
    assert_eq!((&summary(&ran)["created"], &summary(&ran)["updated"]), (&json!(1), &json!(0)));
    let plan = project.local(&["plan", "dev", "--json"]).ends_with(0).json();
    assert_eq!(plan["changes"][0]["address"], BUCKET);
}

#[test]
fn too_many_differences_are_hardly_a_slip() {
    let project = changed_by_somebody();
    project.append("dev", "\n[drift]\ntoo_many = 2\n");
    let ran = project.local(&["reconcile", "dev"]).ends_with(1);
    for said in ["2 resources are not as they were left", "nothing was touched", "too_many"] {
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
    assert_eq!(drifted(&project).len(), 2);
}

#[test]
fn an_environment_that_was_never_brought_up_has_nothing_to_heal() {
    let project = Project::new();
    let ran = project.local(&["reconcile", "dev"]).ends_with(1);
    assert!(ran.stderr.contains("has not been brought up yet"), "{}", ran.stderr);
}
