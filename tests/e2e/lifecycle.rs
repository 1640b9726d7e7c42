//! Every environment: up, nothing to do, drift, repair, destroy, nothing left.

use crate::project::Project;
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};

fn whole_life(environment: &str) {
    let project = Project::new();
    project.local(&["up", environment]).ends_with(0);
    let plan = project.local(&["plan", environment, "--exit-code", "--json"]).ends_with(0).json();
    assert_eq!(plan["changes"], serde_json::json!([]));
    let resources = plan["summary"]["unchanged"].as_u64().unwrap();
    assert!(resources > 50, "{resources}");
    project.local(&["drift", environment]).ends_with(0);

    tamper(&project, environment);
    let drift = project.local(&["drift", environment, "--json"]).ends_with(2).json();
    let changed =
        |address: &str| drift["drifted"].as_array().unwrap().iter().find(|one| one["address"] == address).cloned();
    let bucket = changed("storage.data").unwrap();
    assert_eq!((&bucket["change"], &bucket["fields"][0]["path"]), (&"modified".into(), &"versioning".into()));
    assert_eq!(changed("monitoring.pipeline-failures").unwrap()["change"], "missing");
    assert_eq!(paths(&changed("functions.data-validation").unwrap()), ["layers"]);
    let job = paths(&changed("catalog.job-etl").unwrap());
    assert!(job.iter().any(|path| path.starts_with("non_overridable_arguments")), "{job:?}");
    assert_eq!(drift["drifted"].as_array().unwrap().len(), 4);

    project.local(&["up", environment]).ends_with(0);
    project.local(&["drift", environment]).ends_with(0);
    project.local(&["plan", environment, "--exit-code"]).ends_with(0);

    let destroyed =
        project.local(&["destroy", environment, "--delete-data", "--unprotect", "*", "--json"]).ends_with(0);
    let summary: serde_json::Value = serde_json::from_str(destroyed.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(summary["deleted"].as_u64().unwrap(), resources);
    let again = project.local(&["destroy", environment]).ends_with(0);
    let place = format!("s3://mlops-pipeline-{environment}-mlopsctl-state-{}/", local::ACCOUNT);
    for said in ["nothing to do", "stays, with its history", &place, "--with-state"] {
        assert!(again.stderr.contains(said), "{said} is not in {}", again.stderr);
    }
    let outputs = project.local(&["output", environment]).ends_with(0);
    assert!(outputs.stderr.contains("has no resources, and so no outputs"), "{}", outputs.stderr);
    let removed = project.local(&["destroy", environment, "--with-state"]).ends_with(0);
    assert!(!removed.stderr.contains("stays"), "{}", removed.stderr);
    nothing_is_left(&project, environment);
}

/// The paths of the fields that drifted.
fn paths(drifted: &serde_json::Value) -> Vec<String> {
    let fields = drifted["fields"].as_array().unwrap();
    fields.iter().map(|field| field["path"].as_str().unwrap().to_owned()).collect()
}

/// Suspends a bucket's versioning, deletes an alarm, and replaces the code of a function and a job.
fn tamper(project: &Project, environment: &str) {
    project.behind_its_back(async |sdk| {
        let bucket = format!("mlops-pipeline-{environment}-data-{}", local::ACCOUNT);
        let suspended = VersioningConfiguration::builder().status(BucketVersioningStatus::Suspended).build();
        let call = aws_s3::client(&sdk).put_bucket_versioning().bucket(bucket).versioning_configuration(suspended);
        call.send().await.unwrap();
        let alarm = format!("mlops-pipeline-{environment}-pipeline-failures");
        aws_sdk_cloudwatch::Client::new(&sdk).delete_alarms().alarm_names(alarm).send().await.unwrap();
        let function = format!("mlops-pipeline-{environment}-data-validation");
        let layer = "arn:aws:lambda:ap-south-1:999999999999:layer:foreign:1";
        let update = aws_sdk_lambda::Client::new(&sdk).update_function_configuration().function_name(function);
        update.layers(layer).send().await.unwrap();
        let glue = aws_sdk_glue::Client::new(&sdk);
        let name = format!("mlops-pipeline-{environment}-etl");
        let job = glue.get_job().job_name(&name).send().await.unwrap().job.unwrap();
        let foreign = aws_sdk_glue::types::JobUpdate::builder()
            .set_role(job.role)
            .set_command(job.command)
            .non_overridable_arguments("--extra-py-files", "s3://foreign/code.zip");
        glue.update_job().job_name(name).job_update(foreign.build()).send().await.unwrap();
    });
}

fn nothing_is_left(project: &Project, environment: &str) {
    project.behind_its_back(async |sdk| {
        let buckets = aws_s3::client(&sdk).list_buckets().send().await.unwrap();
        assert_eq!(buckets.buckets(), [], "{environment}");
        let roles = aws_sdk_iam::Client::new(&sdk).list_roles().send().await.unwrap();
        let ours: Vec<_> = roles.roles().iter().filter(|role| role.role_name().contains("mlops-pipeline")).collect();
        assert!(ours.is_empty(), "{ours:?}");
        let ec2 = aws_sdk_ec2::Client::new(&sdk);
        let vpcs = ec2.describe_vpcs().send().await.unwrap();
        let ours: Vec<_> = vpcs.vpcs().iter().filter(|vpc| vpc.is_default() != Some(true)).collect();
        assert!(ours.is_empty(), "{ours:?}");
        assert_eq!(ec2.describe_addresses().send().await.unwrap().addresses(), []);
        let groups = aws_sdk_cloudwatchlogs::Client::new(&sdk).describe_log_groups().send().await.unwrap();
        assert_eq!(groups.log_groups(), []);
        let functions = aws_sdk_lambda::Client::new(&sdk).list_functions().send().await.unwrap();
        assert_eq!(functions.functions(), []);
        let domains = aws_sdk_sagemaker::Client::new(&sdk).list_domains().send().await.unwrap();
        assert_eq!(domains.domains(), []);
        let jobs = aws_sdk_glue::Client::new(&sdk).get_jobs().send().await.unwrap();
        assert_eq!(jobs.jobs(), []);
    });
}

#[test]
fn dev_lives_and_leaves_nothing() {
    whole_life("dev");
}

#[test]
fn staging_lives_and_leaves_nothing() {
    whole_life("staging");
}

#[test]
fn prod_lives_and_leaves_nothing() {
    whole_life("prod");
}

#[test]
fn outputs_are_what_the_contract_names() {
    let project = Project::new();
    let up = project.local(&["up", "dev"]).ends_with(0);
    assert!(up.stdout.contains("vpc_id"), "{}", up.stdout);
    let outputs = project.local(&["output", "dev", "--json"]).ends_with(0).json();
    for name in [
        "vpc_id",
        "sagemaker_domain_id",
        "data_bucket_name",
        "model_bucket_name",
        "artifacts_bucket_name",
        "ecr_repository_url",
        "state_machine_arn",
        "alerts_topic_arn",
        "dashboard_url",
    ] {
        assert!(outputs[name].as_str().is_some_and(|value| !value.is_empty()), "{name} in {outputs}");
    }
    let one = project.local(&["output", "dev", "vpc_id"]).ends_with(0);
    assert_eq!(one.stdout.trim(), outputs["vpc_id"].as_str().unwrap());
    project.local(&["output", "dev", "nonsense"]).ends_with(64);
    let list = project.local(&["state", "list", "dev", "--json"]).ends_with(0).json();
    assert!(list.as_array().unwrap().iter().all(|row| row["phase"] == "ready" && row["id"].is_string()));
}

#[test]
fn regions_with_their_own_ways_work_too() {
    for region in ["us-east-1", "eu-west-1"] {
        let project = Project::new();
        project.edit("dev", "region = \"ap-south-1\"", &format!("region = {region:?}"));
        project.local(&["up", "dev"]).ends_with(0);
        project.local(&["plan", "dev", "--exit-code"]).ends_with(0);
        project.local(&["destroy", "dev", "--delete-data"]).ends_with(0);
    }
}
