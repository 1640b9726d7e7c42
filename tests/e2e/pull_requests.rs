//! Plans of typical pull requests, stored as pages for a reviewer.

use crate::{
    pages::{open_ssh, page},
    project::Project,
};
use aws_sdk_lambda::Client as Functions;

fn up(environment: &str) -> Project {
    let project = Project::new();
    project.local(&["up", environment]).ends_with(0);
    project
}

/// The plan of dev after edits of its file.
#[track_caller]
fn reviewed(name: &str, edits: &[(&str, &str)]) {
    let project = up("dev");
    edits.iter().for_each(|(from, to)| project.edit("dev", from, to));
    page(&format!("pr-{name}"), &project.local(&["plan", "dev"]).ends_with(0).stdout);
}

#[test]
fn zones_are_added() {
    reviewed("zones", &[("zones = 2", "zones = 3")]);
}

#[test]
fn keys_are_switched_on() {
    let project = up("dev");
    project.edit("dev", "kms = false", "kms = true");
    page("pr-kms", &project.local(&["plan", "dev"]).ends_with(1).stdout);
}

#[test]
fn a_function_gets_memory() {
    reviewed("memory", &[("memory_mb = 1024", "memory_mb = 2048")]);
}

#[test]
fn a_function_is_renamed() {
    let project = up("dev");
    project.edit("dev", "name = \"data-validation\"", "name = \"data-check\"");
    project.edit("dev", "load_mode = \"snapshot\"", "load_mode = \"snapshot\"\nvalidation_function = \"data-check\"");
    let folder = project.path().join("pipeline/functions");
    std::fs::rename(folder.join("data-validation"), folder.join("data-check")).unwrap();
    page("pr-function-renamed", &project.local(&["plan", "dev"]).ends_with(0).stdout);
}

#[test]
fn a_bucket_is_added_and_removed_again() {
    let project = up("dev");
    let bucket = "[[storage.buckets]]\nname = \"landing\"\n\n[[storage.buckets]]\nname = \"models\"";
    project.edit("dev", "[[storage.buckets]]\nname = \"models\"", bucket);
    page("pr-bucket-added", &project.local(&["plan", "dev"]).ends_with(0).stdout);
    project.local(&["up", "dev"]).ends_with(0);
    project.edit("dev", bucket, "[[storage.buckets]]\nname = \"models\"");
    page("pr-bucket-removed", &project.local(&["plan", "dev"]).ends_with(0).stdout);
}

#[test]
fn a_tag_changes_everywhere() {
    reviewed("tag", &[("Owner = \"DataTeam\"", "Owner = \"Platform\"")]);
}

#[test]
fn log_groups_keep_longer() {
    reviewed("log-retention", &[("log_retention_days = 7", "log_retention_days = 30")]);
}

#[test]
fn old_objects_are_kept_longer() {
    reviewed("bucket-retention", &[("expire_noncurrent_days = 7", "expire_noncurrent_days = 14")]);
}

#[test]
fn the_address_range_changes() {
    reviewed("cidr", &[("cidr = \"10.0.0.0/16\"", "cidr = \"10.8.0.0/16\"")]);
}

#[test]
fn somebody_subscribes_to_alerts() {
    let from = "# subscriptions = [{ protocol = \"email\", endpoint = \"data-team@example.com\" }]";
    reviewed("subscription", &[(from, &from[2..])]);
}

#[test]
fn a_crawler_gets_a_schedule() {
    let from = "name = \"raw\"\nprefix = \"raw/\"\n";
    let to = "name = \"raw\"\nprefix = \"raw/\"\nschedule = \"cron(0 3 * * ? *)\"\n";
    reviewed("schedule", &[(from, to)]);
}

#[test]
fn a_feature_group_is_added() {
    let group = "[[feature_groups]]\nname = \"plans\"\nrecord_identifier = \"plan_id\"\nevent_time = \"event_time\"\n\
                 features = [{ name = \"plan_id\", type = \"String\" }, { name = \"event_time\", type = \"Fractional\" }]\n\n\
                 [registry]";
    reviewed("feature-group", &[("[registry]", group)]);
}

#[test]
fn endpoints_and_flow_logs_are_added() {
    reviewed(
        "endpoints",
        &[("endpoints = []", "endpoints = [\"sts\", \"logs\"]"), ("flow_logs = false", "flow_logs = true")],
    );
}

#[test]
fn training_moves_to_a_larger_instance() {
    reviewed(
        "training-instance",
        &[("instance_type = \"ml.m5.large\"\nvolume_gb = 10", "instance_type = \"ml.m5.xlarge\"\nvolume_gb = 20")],
    );
}

#[test]
fn models_come_into_service() {
    let from = "# [pipeline.deploy]\n# instance_type = \"ml.m5.large\"";
    reviewed("deploy", &[(from, "[pipeline.deploy]\ninstance_type = \"ml.m5.large\"")]);
}

#[test]
fn the_endpoint_gets_a_larger_instance() {
    let project = up("staging");
    let from = "[pipeline.deploy]\ninstance_type = \"ml.m5.large\"";
    project.edit("staging", from, "[pipeline.deploy]\ninstance_type = \"ml.m5.2xlarge\"");
    let packages = "inference_instance_types = [\"ml.m5.large\"";
    project.edit("staging", packages, &format!("{packages}, \"ml.m5.2xlarge\""));
    page("pr-endpoint-instance", &project.local(&["plan", "staging"]).ends_with(0).stdout);
}

#[test]
fn a_bucket_is_replicated() {
    let to = "name = \"data\"\nreplicate = true\nexpire_noncurrent_days = 30";
    let replication = "[storage.replication]\nregion = \"ap-southeast-1\"\n\n[studio]";
    reviewed("replicate", &[("name = \"data\"\nexpire_noncurrent_days = 30", to), ("[studio]", replication)]);
}

#[test]
fn a_user_leaves_and_another_comes() {
    reviewed("users", &[("user_profiles = [\"data-scientist\"]", "user_profiles = [\"analyst\"]")]);
}

#[test]
fn drift_stands_beside_the_authors_change() {
    let project = up("dev");
    project.behind_its_back(async |sdk| {
        let functions = Functions::new(&sdk);
        for (function, memory) in [("model-evaluation", 3008), ("data-validation", 3008)] {
            let update = functions.update_function_configuration().memory_size(memory);
            update.function_name(format!("mlops-pipeline-dev-{function}")).send().await.unwrap();
        }
        let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
        let iam = aws_sdk_iam::Client::new(&sdk);
        let put = iam.put_role_policy().role_name("mlops-pipeline-dev-glue").policy_name("debug");
        put.policy_document(policy).send().await.unwrap();
        open_ssh(&sdk).await;
        let alarm = "mlops-pipeline-dev-pipeline-failures";
        aws_sdk_cloudwatch::Client::new(&sdk).delete_alarms().alarm_names(alarm).send().await.unwrap();
    });
    project.edit("dev", "memory_mb = 1024", "memory_mb = 2048");
    page("pr-drift-beside-change", &project.local(&["plan", "dev"]).ends_with(0).stdout);
    let plan = project.local(&["plan", "dev", "--json"]).ends_with(0).json();
    let changes = plan["changes"].as_array().unwrap();
    let change = changes.iter().find(|change| change["address"] == "functions.model-evaluation").unwrap();
    let memory = change["fields"].as_array().unwrap().iter().find(|field| field["path"] == "memory_mb").unwrap();
    assert_eq!((&memory["before"], &memory["after"]), (&3008.into(), &2048.into()));
    assert_eq!((&memory["drifted"], &memory["applied"]), (&true.into(), &1024.into()));
    assert_eq!(plan["changed_outside"], 5);
    let quiet = project.local(&["plan", "dev", "-q"]).ends_with(0).stdout;
    assert_eq!(quiet.lines().count(), 2, "{quiet}");
}

#[test]
fn protected_resources_would_go() {
    let project = up("prod");
    project.edit("prod", "kms = true", "kms = false");
    let plan = project.local(&["plan", "prod"]).ends_with(1);
    page("pr-protected", &format!("{}{}", plan.stdout, plan.stderr));
    let document = project.local(&["plan", "prod", "--json"]).ends_with(1).json();
    assert!(document["way_out"].as_str().unwrap().contains("mlopsctl up prod --unprotect "), "{document:#}");
    let changes = document["changes"].as_array().unwrap();
    assert!(changes.iter().all(|change| change["action"] != "delete" || change["cause"].is_string()), "{document:#}");
}

/// The plan of dev after edits of its file, if it was brought up with the first edit.
#[track_caller]
fn reviewed_after(name: &str, first: (&str, &str), edits: &[(&str, &str)]) {
    let project = Project::new();
    project.edit("dev", first.0, first.1);
    project.local(&["up", "dev"]).ends_with(0);
    edits.iter().for_each(|(from, to)| project.edit("dev", from, to));
    page(&format!("pr-{name}"), &project.local(&["plan", "dev"]).ends_with(0).stdout);
}

#[test]
fn a_statement_of_a_role_grows() {
    let function = "name = \"data-validation\"\n";
    let queue = "arn:aws:sqs:ap-south-1:123456789012:orders";
    let first = format!("{function}permissions = [{{ actions = [\"sqs:SendMessage\"], resources = [\"{queue}\"] }}]\n");
    let more = "{ actions = [\"sqs:SendMessage\", \"sqs:GetQueueUrl\"]";
    let wide = "}, { actions = [\"sqs:ListQueues\"], resources = [\"*\"], accept_wildcards = true }]";
    reviewed_after(
        "policy-statement",
        (function, &first),
        &[("{ actions = [\"sqs:SendMessage\"]", more), (&format!("\"{queue}\"] }}]"), &format!("\"{queue}\"] {wide}"))],
    );
}

#[test]
fn training_instances_may_talk_to_each_other() {
    reviewed(
        "rule-opened",
        &[(
            "instance_type = \"ml.m5.large\"\nvolume_gb = 10",
            "instance_type = \"ml.m5.large\"\ninstance_count = 2\nvolume_gb = 10",
        )],
    );
}

#[test]
fn an_alarm_gets_another_threshold() {
    let retention = "log_retention_days = 7\n";
    let alarm = "[[monitoring.alarms]]\nname = \"queue-age\"\nnamespace = \"AWS/SQS\"\nthreshold = 300\n\
                 metric = \"ApproximateAgeOfOldestMessage\"\ndimensions = { QueueName = \"orders\" }\n";
    let first = format!("{retention}\n{alarm}");
    reviewed_after("alarm-threshold", (retention, &first), &[("threshold = 300", "threshold = 900")]);
}

#[test]
fn plan_as_markdown_says_the_same_when_it_was_saved() {
    let project = up("dev");
    project.edit("dev", "cidr = \"10.0.0.0/16\"", "cidr = \"10.8.0.0/16\"");
    project.edit("dev", "user_profiles = [\"data-scientist\"]", "user_profiles = [\"analyst\"]");
    project.edit("dev", "Owner = \"DataTeam\"", "Owner = \"Platform\"");
    let made = project.local(&["plan", "dev", "--format", "markdown", "--out", "dev.plan"]).ends_with(0);
    page("markdown-changes", &made.stdout);
    let shown = project.local(&["plan", "--show", "dev.plan", "--format", "markdown"]).ends_with(0);
    // A saved plan does not know the short forms of names.
    let headlines = |text: &str| text.split("<details>").next().unwrap().to_owned();
    assert_eq!(headlines(&shown.stdout), headlines(&made.stdout));
    let refused = project.local(&["plan", "dev", "--format", "markdown", "--json"]).ends_with(64);
    assert!(refused.stderr.contains("cannot be used with"), "{}", refused.stderr);
}

#[test]
fn plan_as_markdown_names_data_at_risk_and_refusals_first() {
    let project = Project::new();
    let models = "[[storage.buckets]]\nname = \"models\"";
    let landing = format!("[[storage.buckets]]\nname = \"landing\"\n\n{models}");
    project.edit("prod", models, &landing);
    project.local(&["up", "prod"]).ends_with(0);
    project.behind_its_back(async |sdk| {
        let bucket = format!("mlops-pipeline-prod-landing-{}", local::ACCOUNT);
        let call = aws_s3::client(&sdk).put_object().bucket(bucket).key("customers.csv");
        call.body(b"x".to_vec().into()).send().await.unwrap();
    });
    project.edit("prod", &landing, models);
    project.edit("prod", "kms = true", "kms = false");
    page("markdown-refused", &project.local(&["plan", "prod", "--format", "markdown"]).ends_with(1).stdout);
}

#[test]
fn plan_as_markdown_of_a_new_platform_and_of_no_change() {
    let first = Project::new().local(&["plan", "dev", "--format", "markdown"]).ends_with(0).stdout;
    assert!(first.contains("is created for the state") && first.contains("On AWS it would cost "), "{first}");
    page("markdown-nothing", &up("dev").local(&["plan", "dev", "--format", "markdown"]).ends_with(0).stdout);
}
