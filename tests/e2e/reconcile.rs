//! `reconcile` puts back what was applied, whatever the environment file asks for by now, and touches nothing else.

use crate::project::{Project, Ran};
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use serde_json::{Value, json};

const BUCKET: &str = "storage.data";
const ALARM: &str = "monitoring.pipeline-failures";

/// dev, with a bucket's versioning suspended and an alarm deleted.
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
    assert!(ran.stderr.contains("asks for another value than was applied"), "{}", ran.stderr);
    assert_eq!(drifted(&project), Vec::<String>::new());
    let plan = project.local(&["plan", "dev", "--exit-code", "--json"]).ends_with(2).json();
    let changes = plan["changes"].as_array().unwrap();
    let retention = |change: &Value| change["fields"][0]["path"].as_str().unwrap().starts_with("retention");
    assert!(!changes.is_empty() && changes.iter().all(retention), "{changes:#?}");
}

/// A tag that is merged and not applied, and what an attacker or a hasty colleague does meanwhile.
#[test]
fn pending_change_does_not_keep_drift_of_the_same_resources_from_its_repair() {
    let project = changed_by_somebody();
    project.edit("dev", "Owner = \"DataTeam\"", "Owner = \"PlatformTeam\"");
    project.edit("dev", "user_profiles = [\"data-scientist\"]", "user_profiles = []");
    project.behind_its_back(async |sdk| {
        let iam = aws_sdk_iam::Client::new(&sdk);
        let everything =
            r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;
        let put = iam.put_role_policy().role_name("mlops-pipeline-dev-glue").policy_name("more");
        put.policy_document(everything).send().await.unwrap();
        let s3 = aws_s3::client(&sdk);
        let bucket = format!("mlops-pipeline-dev-data-{}", local::ACCOUNT);
        s3.delete_public_access_block().bucket(bucket).send().await.unwrap();
        let lambda = aws_sdk_lambda::Client::new(&sdk);
        let function = "mlops-pipeline-dev-model-evaluation";
        lambda.update_function_configuration().function_name(function).memory_size(3008).send().await.unwrap();
    });
    let drift = drifted(&project);
    assert_eq!(drift.len(), 4, "{drift:?}");
    let ran = project.local(&["reconcile", "dev", "--json"]).ends_with(0);
    let told = summary(&ran);
    assert_eq!((&told["created"], &told["updated"], &told["drift_left"]), (&json!(1), &json!(3), &json!([])));
    let pending = told["pending"].as_array().unwrap();
    assert!(pending.len() > 40 && pending.contains(&json!(BUCKET)), "{pending:?}");
    assert_eq!(drifted(&project), Vec::<String>::new());
    // Pending changes are still pending, and nothing else.
    let plan = project.local(&["plan", "dev", "--json"]).ends_with(0).json();
    let is_pending = |change: &Value| {
        change["action"] == "delete"
            || change["fields"].as_array().unwrap().iter().all(|field| field["path"] == "tags.Owner")
    };
    assert!(plan["changes"].as_array().unwrap().iter().all(is_pending), "{plan:#}");
    project.local(&["up", "dev"]).ends_with(0);
    assert_eq!(drifted(&project), Vec::<String>::new());
}

#[test]
fn code_that_was_swapped_is_left_while_the_file_asks_for_other_code_and_repaired_before() {
    let project = changed_by_somebody();
    let swap = |project: &Project| {
        project.behind_its_back(async |sdk| {
            let call = aws_sdk_lambda::Client::new(&sdk).update_function_code();
            let call = call.function_name("mlops-pipeline-dev-model-evaluation").zip_file(b"PK other".to_vec().into());
            call.send().await.unwrap();
        });
    };
    swap(&project);
    assert_eq!(drifted(&project).len(), 3);
    project.local(&["reconcile", "dev"]).ends_with(0);
    assert_eq!(drifted(&project), Vec::<String>::new());
    swap(&project);
    project.append_to("pipeline/functions/model-evaluation/handler.py", "# changed and not applied\n");
    let ran = project.local(&["reconcile", "dev", "--json"]).ends_with(2);
    let left = &summary(&ran)["drift_left"][0];
    assert_eq!(left["address"], "functions.model-evaluation");
    assert!(left["reason"].as_str().unwrap().starts_with("the file asks for another value of code_sha256"), "{left}");
    let told = project.local(&["reconcile", "dev"]).ends_with(2);
    assert!(!told.stderr.contains("Nothing to do"), "{}", told.stderr);
    assert_eq!(drifted(&project), ["functions.model-evaluation"]);
}

#[test]
fn feature_that_somebody_added_stays_until_the_file_declares_it() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    project.behind_its_back(async |sdk| {
        let added = aws_sdk_sagemaker::types::FeatureDefinition::builder();
        let added = added.feature_name("clv").feature_type(aws_sdk_sagemaker::types::FeatureType::Fractional).build();
        let call = aws_sdk_sagemaker::Client::new(&sdk).update_feature_group();
        call.feature_group_name("mlops-pipeline-dev-customers").feature_additions(added).send().await.unwrap();
    });
    let drift = project.local(&["drift", "dev"]).ends_with(2).stdout;
    assert!(drift.contains("+ clv") || drift.contains("\"clv\""), "{drift}");
    assert!(drift.contains("declare it in the environment file, or it stays"), "{drift}");
    assert!(!drift.contains("reconcile"), "nothing promises what is refused: {drift}");
    let repaired = project.local(&["reconcile", "dev", "--json"]).ends_with(2);
    let left = &summary(&repaired)["drift_left"];
    assert_eq!(left[0]["address"], "studio.features-customers", "{left}");
    let column = "  { name = \"weekly_hours\", type = \"Fractional\" },\n";
    project.edit("dev", column, &format!("{column}  {{ name = \"clv\", type = \"Fractional\" }},\n"));
    project.local(&["up", "dev"]).ends_with(0);
    project.local(&["drift", "dev"]).ends_with(0);
    project.local(&["plan", "dev", "--exit-code"]).ends_with(0);
}

#[test]
fn reconcile_repairs_nothing_if_the_file_says_so_and_exits_with_2() {
    let project = changed_by_somebody();
    project.append("dev", "\n[drift]\nheal = \"nothing\"\n");
    let ran = project.local(&["reconcile", "dev", "--json"]).ends_with(2);
    let left = summary(&ran)["drift_left"].clone();
    let of = |address: &str| left.as_array().unwrap().iter().find(|one| one["address"] == address).cloned().unwrap();
    assert_eq!((&of(ALARM)["action"], &of(BUCKET)["action"]), (&json!("create"), &json!("update")));
    assert_eq!(of(BUCKET)["reason"], "repairs are switched off");
    let told = project.local(&["reconcile", "dev"]).ends_with(2);
    assert!(told.stderr.contains(&format!("left: {BUCKET} (s3:bucket)")), "{}", told.stderr);
    assert!(told.stderr.contains("2 left to a person"), "{}", told.stderr);
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
fn too_many_differences_are_left_to_a_person() {
    let project = changed_by_somebody();
    project.append("dev", "\n[drift]\ntoo_many = 2\n");
    let ran = project.local(&["reconcile", "dev"]).ends_with(1);
    for said in ["2 resources have drifted", "nothing was touched", "too_many"] {
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
    assert_eq!(drifted(&project).len(), 2);
}

#[test]
fn an_environment_that_was_never_brought_up_has_nothing_to_repair() {
    let project = Project::new();
    let ran = project.local(&["reconcile", "dev"]).ends_with(1);
    assert!(ran.stderr.contains("has not been brought up yet"), "{}", ran.stderr);
}
