//! Edits of the dev environment, the plan they must give, and what AWS's own clients must see of them.

use crate::{
    platform::{Changes, Platform},
    project::Project,
};
use aws_config::SdkConfig;
use std::collections::BTreeMap;

/// Edits something in every area.
pub(crate) fn everywhere(files: &Project) {
    files.edit("dev", "log_retention_days = 7", "log_retention_days = 14");
    files.edit("dev", "memory_mb = 1024", "memory_mb = 2048");
    files.edit("dev", "expire_days = 90", "expire_days = 30");
    files.edit("dev", "workers = 2", "workers = 4");
    files.edit("dev", "num_round = 100", "num_round = 200");
    files.edit("dev", "prefix = \"raw/\"", "prefix = \"raw/\"\nschedule = \"cron(0 3 * * ? *)\"");
    files.edit("dev", "user_profiles = [\"data-scientist\"]", "user_profiles = [\"data-scientist\", \"engineer\"]");
    let column = "  { name = \"weekly_hours\", type = \"Fractional\" },\n";
    files.edit("dev", column, &format!("{column}  {{ name = \"referrals\", type = \"Integral\" }},\n"));
    files.append(
        "dev",
        "\n[[monitoring.alarms]]\nname = \"queue\"\nnamespace = \"AWS/SQS\"\nmetric = \"ApproximateNumberOfMessagesVisible\"\ndimensions = { QueueName = \"work\" }\nstatistic = \"Maximum\"\nthreshold = 100\n",
    );
}

/// The expected plan: two new resources, everything else in place.
pub(crate) fn changes() -> Changes {
    let update = |address: &str, fields: &[&str]| (address.to_owned(), ("update".to_owned(), owned(fields)));
    let create = |address: &str| (address.to_owned(), ("create".to_owned(), Vec::new()));
    Changes::from([
        update("catalog.crawler-raw", &["schedule"]),
        update("catalog.error-logs-etl", &["retention.Days"]),
        update("catalog.job-etl", &["number_of_workers"]),
        update("catalog.logs-etl", &["retention.Days"]),
        update("catalog.output-logs-etl", &["retention.Days"]),
        update("functions.logs-data-validation", &["retention.Days"]),
        update("functions.logs-model-evaluation", &["retention.Days"]),
        update("functions.model-evaluation", &["memory_mb"]),
        create("monitoring.alarm-queue"),
        update("pipeline.logs", &["retention.Days"]),
        update("pipeline.training", &["definition"]),
        update("storage.artifacts", &["lifecycle"]),
        update("studio.features-customers", &["features"]),
        create("studio.user-engineer"),
    ])
}

fn owned(fields: &[&str]) -> Vec<String> {
    fields.iter().map(|&field| field.to_owned()).collect()
}

/// The edited settings, as the services show them.
pub(crate) fn observed(platform: &Platform) -> BTreeMap<&'static str, String> {
    let artifacts = platform.bucket("artifacts");
    platform.behind_its_back(async |sdk| {
        let mut observed = compute(&sdk, &platform.prefix()).await;
        let rules = aws_s3::client(&sdk).get_bucket_lifecycle_configuration().bucket(artifacts).send().await.unwrap();
        let days = rules.rules().iter().find_map(|rule| rule.expiration()?.days()).unwrap();
        observed.insert("objects expire after days", days.to_string());
        let group = format!("{}-customers", platform.prefix());
        let sagemaker = aws_sdk_sagemaker::Client::new(&sdk);
        let group = sagemaker.describe_feature_group().feature_group_name(group).send().await.unwrap();
        let last = group.feature_definitions().last().unwrap();
        observed.insert("newest feature", last.feature_name().unwrap_or_default().to_owned());
        observed
    })
}

async fn compute(sdk: &SdkConfig, prefix: &str) -> BTreeMap<&'static str, String> {
    let name = format!("{prefix}-model-evaluation");
    let call = aws_sdk_lambda::Client::new(sdk).get_function_configuration().function_name(&name);
    let memory = call.send().await.unwrap().memory_size();
    let logs = aws_sdk_cloudwatchlogs::Client::new(sdk);
    let call = logs.describe_log_groups().log_group_name_prefix(format!("/aws/lambda/{name}"));
    let retention = call.send().await.unwrap().log_groups()[0].retention_in_days();
    let glue = aws_sdk_glue::Client::new(sdk);
    let job = glue.get_job().job_name(format!("{prefix}-etl")).send().await.unwrap().job.unwrap();
    let crawler = glue.get_crawler().name(format!("{prefix}-raw")).send().await.unwrap().crawler.unwrap();
    let schedule = crawler.schedule.and_then(|schedule| schedule.schedule_expression);
    let call = aws_sdk_cloudwatch::Client::new(sdk).describe_alarms().alarm_names(format!("{prefix}-queue"));
    let threshold = call.send().await.unwrap().metric_alarms()[0].threshold();
    BTreeMap::from([
        ("memory in MB", memory.unwrap().to_string()),
        ("logs are kept for days", retention.unwrap().to_string()),
        ("workers", job.number_of_workers.unwrap().to_string()),
        ("crawler's schedule", schedule.unwrap()),
        ("alarm's threshold", threshold.unwrap().to_string()),
    ])
}

/// The expected value of [`observed`].
pub(crate) fn expected() -> BTreeMap<&'static str, String> {
    let values = [
        ("memory in MB", "2048"),
        ("logs are kept for days", "14"),
        ("workers", "4"),
        ("crawler's schedule", "cron(0 3 * * ? *)"),
        ("alarm's threshold", "100"),
        ("objects expire after days", "30"),
        ("newest feature", "referrals"),
    ];
    values.map(|(what, value)| (what, value.to_owned())).into()
}
