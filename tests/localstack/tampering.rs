//! Changes to a platform behind mlopsctl's back, service by service, and the drift that each must cause.

use crate::platform::Platform;
use aws_config::SdkConfig;
use aws_sdk_ec2::types::{Filter, IpPermission, IpRange};
use aws_sdk_ecr::types::ImageScanningConfiguration;
use aws_sdk_glue::types::{JobCommand, JobUpdate};
use aws_sdk_lambda::types::Environment;
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use aws_sdk_sagemaker::types::Tag;
use aws_sdk_sfn::types::TracingConfiguration;
use std::collections::BTreeMap;

/// The fields that differ, by address; no field at all of what is missing.
pub(crate) type Drift = BTreeMap<String, Vec<String>>;

/// Changes or deletes something in every service.
pub(crate) fn everywhere(platform: &Platform) -> Drift {
    let prefix = platform.prefix();
    platform.behind_its_back(async |sdk| {
        storage(&sdk, &platform.bucket("data")).await;
        network(&sdk, platform.project).await;
        identity(&sdk, &prefix).await;
        catalog(&sdk, &prefix).await;
        studio(&sdk, &prefix).await;
        functions(&sdk, &prefix).await;
        pipeline(&sdk, &prefix).await;
        monitoring(&sdk, &prefix).await;
    });
    let drift: [(&str, &[&str]); _] = [
        ("storage.data", &["lifecycle", "versioning"]),
        ("network.lambda-security-group", &["ingress"]),
        ("network.private-routes-1", &["routes"]),
        ("identity.glue", &["inline_policies.everything"]),
        ("catalog.job-etl", &["number_of_workers", "timeout_minutes"]),
        ("catalog.trigger-publish", &[]),
        ("studio.domain", &["tags.Owner"]),
        ("studio.user-data-scientist", &[]),
        ("functions.data-validation", &["environment.DEBUG", "environment.LIMITS", "memory_mb"]),
        ("functions.logs-data-validation", &["retention"]),
        ("registry.images", &["scan_on_push"]),
        ("pipeline.training", &["tracing"]),
        ("monitoring.pipeline-failures", &[]),
        ("monitoring.pipeline-timeouts", &["threshold"]),
        ("monitoring.dashboard", &[]),
        ("monitoring.event-pipeline-state", &["enabled"]),
        ("monitoring.alerts", &["display_name"]),
    ];
    drift.map(|(address, fields)| (address.to_owned(), fields.iter().map(|&field| field.to_owned()).collect())).into()
}

async fn storage(sdk: &SdkConfig, bucket: &str) {
    let s3 = aws_s3::client(sdk);
    let suspended = VersioningConfiguration::builder().status(BucketVersioningStatus::Suspended).build();
    s3.put_bucket_versioning().bucket(bucket).versioning_configuration(suspended).send().await.unwrap();
    s3.delete_bucket_lifecycle().bucket(bucket).send().await.unwrap();
}

/// Opens a security group to the world, and takes the way out from the private subnets.
async fn network(sdk: &SdkConfig, project: &str) {
    let ec2 = aws_sdk_ec2::Client::new(sdk);
    let at = |address: &str| {
        let tag = |key: &str, value: &str| Filter::builder().name(format!("tag:{key}")).values(value).build();
        Some(vec![tag("Project", project), tag("mlopsctl:address", address)])
    };
    let group = at("network.lambda-security-group");
    let groups = ec2.describe_security_groups().set_filters(group).send().await.unwrap();
    let world = IpPermission::builder().ip_protocol("tcp").from_port(22).to_port(22);
    let world = world.ip_ranges(IpRange::builder().cidr_ip("0.0.0.0/0").build()).build();
    let call = ec2.authorize_security_group_ingress().group_id(groups.security_groups()[0].group_id().unwrap());
    call.ip_permissions(world).send().await.unwrap();
    let tables = ec2.describe_route_tables().set_filters(at("network.private-routes-1")).send().await.unwrap();
    let call = ec2.delete_route().route_table_id(tables.route_tables()[0].route_table_id().unwrap());
    call.destination_cidr_block("0.0.0.0/0").send().await.unwrap();
}

async fn identity(sdk: &SdkConfig, prefix: &str) {
    let everything = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let call = aws_sdk_iam::Client::new(sdk).put_role_policy().role_name(format!("{prefix}-glue"));
    call.policy_name("everything").policy_document(everything).send().await.unwrap();
}

async fn catalog(sdk: &SdkConfig, prefix: &str) {
    let glue = aws_sdk_glue::Client::new(sdk);
    let name = format!("{prefix}-etl");
    let job = glue.get_job().job_name(&name).send().await.unwrap().job.unwrap();
    let command = job.command.unwrap();
    let command = JobCommand::builder()
        .name(command.name.unwrap())
        .script_location(command.script_location.unwrap())
        .python_version(command.python_version.unwrap())
        .build();
    // The rest as it was: UpdateJob resets what is not given.
    let update = JobUpdate::builder()
        .role(job.role.unwrap())
        .command(command)
        .description(job.description.unwrap())
        .set_default_arguments(job.default_arguments)
        .set_execution_property(job.execution_property)
        .set_execution_class(job.execution_class)
        .set_security_configuration(job.security_configuration)
        .glue_version(job.glue_version.unwrap())
        .worker_type(job.worker_type.unwrap())
        .max_retries(job.max_retries)
        .number_of_workers(50)
        .timeout(2880)
        .build();
    glue.update_job().job_name(name).job_update(update).send().await.unwrap();
    glue.delete_trigger().name(format!("{prefix}-publish")).send().await.unwrap();
}

async fn studio(sdk: &SdkConfig, prefix: &str) {
    let sagemaker = aws_sdk_sagemaker::Client::new(sdk);
    let domains = sagemaker.list_domains().send().await.unwrap();
    let domain = domains.domains().iter().find(|domain| domain.domain_name() == Some(prefix)).unwrap();
    let nobody = Tag::builder().key("Owner").value("Nobody").build();
    sagemaker.add_tags().resource_arn(domain.domain_arn().unwrap()).tags(nobody).send().await.unwrap();
    let call = sagemaker.delete_user_profile().domain_id(domain.domain_id().unwrap());
    call.user_profile_name("data-scientist").send().await.unwrap();
}

async fn functions(sdk: &SdkConfig, prefix: &str) {
    let name = format!("{prefix}-data-validation");
    let lambda = aws_sdk_lambda::Client::new(sdk);
    let more = Environment::builder().variables("DEBUG", "1").build();
    let call = lambda.update_function_configuration().function_name(&name).memory_size(128).environment(more);
    call.send().await.unwrap();
    let logs = aws_sdk_cloudwatchlogs::Client::new(sdk);
    logs.delete_retention_policy().log_group_name(format!("/aws/lambda/{name}")).send().await.unwrap();
}

async fn pipeline(sdk: &SdkConfig, prefix: &str) {
    let ecr = aws_sdk_ecr::Client::new(sdk);
    let unscanned = ImageScanningConfiguration::builder().scan_on_push(false).build();
    let call = ecr.put_image_scanning_configuration().repository_name(prefix);
    call.image_scanning_configuration(unscanned).send().await.unwrap();
    let sfn = aws_sdk_sfn::Client::new(sdk);
    let machines = sfn.list_state_machines().send().await.unwrap();
    let ours = |name: &str| name == format!("{prefix}-training");
    let machine = machines.state_machines().iter().find(|machine| ours(machine.name())).unwrap();
    let machine = sfn.describe_state_machine().state_machine_arn(machine.state_machine_arn()).send().await.unwrap();
    let call = sfn.update_state_machine().state_machine_arn(machine.state_machine_arn()).role_arn(machine.role_arn());
    call.tracing_configuration(TracingConfiguration::builder().enabled(false).build()).send().await.unwrap();
}

async fn monitoring(sdk: &SdkConfig, prefix: &str) {
    let cloudwatch = aws_sdk_cloudwatch::Client::new(sdk);
    cloudwatch.delete_alarms().alarm_names(format!("{prefix}-pipeline-failures")).send().await.unwrap();
    cloudwatch.delete_dashboards().dashboard_names(prefix).send().await.unwrap();
    let name = format!("{prefix}-pipeline-timeouts");
    let alarms = cloudwatch.describe_alarms().alarm_names(&name).send().await.unwrap();
    let alarm = &alarms.metric_alarms()[0];
    let call = cloudwatch
        .put_metric_alarm()
        .alarm_name(name)
        .set_alarm_description(alarm.alarm_description.clone())
        .set_alarm_actions(alarm.alarm_actions.clone())
        .set_ok_actions(alarm.ok_actions.clone())
        .set_namespace(alarm.namespace.clone())
        .set_metric_name(alarm.metric_name.clone())
        .set_dimensions(alarm.dimensions.clone())
        .set_statistic(alarm.statistic.clone())
        .set_period(alarm.period)
        .set_evaluation_periods(alarm.evaluation_periods)
        .set_datapoints_to_alarm(alarm.datapoints_to_alarm)
        .set_comparison_operator(alarm.comparison_operator.clone())
        .set_treat_missing_data(alarm.treat_missing_data.clone())
        .threshold(1000.0);
    call.send().await.unwrap();
    let rule = format!("{prefix}-pipeline-state");
    aws_sdk_eventbridge::Client::new(sdk).disable_rule().name(rule).send().await.unwrap();
    let sns = aws_sdk_sns::Client::new(sdk);
    let topics = sns.list_topics().send().await.unwrap();
    let ours = format!(":{prefix}-alerts");
    let topic = topics.topics().iter().filter_map(|topic| topic.topic_arn()).find(|arn| arn.ends_with(&ours));
    let call = sns.set_topic_attributes().topic_arn(topic.unwrap()).attribute_name("DisplayName");
    call.attribute_value("nothing to see here").send().await.unwrap();
}
