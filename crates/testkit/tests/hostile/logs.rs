//! CloudWatch Logs: a service that writes to a missing group creates it, without retention.

use crate::{destroy, first, last, up};
use std::time::Duration;
use testkit::{Aws, Fault, Platform};

/// The declarations of a platform by address, as planned on an empty cloud.
pub(crate) fn declared(platform: &Platform) -> Vec<(String, serde_json::Value)> {
    let mut aws = Aws::lenient(platform.region());
    let planning = aws.run(async |sdk| platform.plan(&sdk).await);
    planning.plan.changes.into_iter().map(|change| (change.address.to_string(), change.spec)).collect()
}

#[test]
fn a_log_group_is_made_before_its_function_and_deleted_after_it() {
    let platform = Platform::named("dev").only("functions.*");
    let mut aws = Aws::lawful(platform.region(), 61);
    up(&platform, &mut aws);
    assert!(last(&aws, "logs", "CreateLogGroup") < first(&aws, "lambda", "CreateFunction"));
    destroy(&platform, &mut aws);
    assert!(first(&aws, "lambda", "DeleteFunction") < first(&aws, "logs", "DeleteLogGroup"));
    assert_eq!(platform.left(&aws), Vec::<String>::new());
}

#[test]
fn log_group_with_events_stays_without_consent_although_the_file_no_longer_declares_it() {
    let with = |named: &'static str| {
        let platform = Platform::with("dev", |dev| {
            let mut function = dev.functions[0].clone();
            function.name = named.to_owned();
            function.source = Some("pipeline/functions/data-validation".into());
            dev.functions.push(function);
        });
        platform.only("functions.*").keeping_data()
    };
    let mut aws = Aws::lawful(with("export").region(), 65);
    up(&with("export"), &mut aws);
    let group = "/aws/lambda/mlops-pipeline-dev-export";
    let groups = async |sdk: aws_config::SdkConfig| {
        let logs = aws_sdk_cloudwatchlogs::Client::new(&sdk);
        logs.describe_log_groups().log_group_name_prefix(group).send().await.unwrap().log_groups().len()
    };
    aws.run(async |sdk| {
        let logs = aws_sdk_cloudwatchlogs::Client::new(&sdk);
        logs.create_log_stream().log_group_name(group).log_stream_name("a-call").send().await.unwrap();
    });
    let without = Platform::named("dev").only("functions.*").keeping_data();
    let planning = aws.run(async |sdk| without.plan(&sdk).await);
    let kept: Vec<&str> = planning.plan.kept.iter().map(|kept| kept.address.as_str()).collect();
    assert_eq!(kept, ["functions.logs-export"]);
    up(&without, &mut aws);
    assert_eq!(aws.run(groups), 1);
    let refusals = aws.run(async |sdk| without.try_destroy(&sdk).await).unwrap_err();
    assert!(refusals.iter().any(|refusal| refusal.address.as_str() == "functions.logs-export"), "{refusals:#?}");
    assert_eq!(aws.run(groups), 1);
}

#[test]
fn log_group_that_gets_events_after_the_plan_stays_without_consent() {
    let platform = Platform::named("dev").only("functions.*").keeping_data();
    let mut aws = Aws::lawful(platform.region(), 64);
    up(&platform, &mut aws);
    aws.strike(("lambda", "DeleteFunction"), 0, 2, Fault::Slow(Duration::from_secs(30)));
    let group = "/aws/lambda/mlops-pipeline-dev-data-validation";
    let applied = aws.run(async |sdk| {
        let logs = aws_sdk_cloudwatchlogs::Client::new(&sdk);
        let function = async {
            tokio::time::sleep(Duration::from_secs(20)).await;
            logs.create_log_stream().log_group_name(group).log_stream_name("last-call").send().await.unwrap();
        };
        let (applied, ()) = tokio::join!(platform.destroy(&sdk), function);
        let streams = logs.describe_log_streams().log_group_name(group).send().await.unwrap();
        assert_eq!(streams.log_streams().len(), 1);
        applied
    });
    let failure = crate::failure(&applied);
    assert!(failure.starts_with("functions.logs-data-validation: "), "{failure}");
    assert!(failure.contains("the log group holds log events"), "{failure}");
}

#[test]
fn a_late_invocation_cannot_bring_a_function_log_group_back() {
    for environment in ["dev", "staging", "prod"] {
        let platform = Platform::named(environment);
        let roles = declared(&platform);
        let functions = roles.iter().filter(|(address, _)| address.ends_with("-function"));
        let mut seen = 0;
        for (address, role) in functions {
            seen += 1;
            assert!(!role.to_string().contains("logs:CreateLogGroup"), "{environment} {address}");
            assert!(role.to_string().contains("logs:PutLogEvents"), "{environment} {address}");
        }
        assert_eq!(seen, 2);
    }
}

#[test]
fn a_group_that_came_back_is_not_taken_for_ours_and_the_plan_says_so() {
    let platform = Platform::named("dev").only("functions.*");
    let mut aws = Aws::lawful(platform.region(), 62);
    up(&platform, &mut aws);
    destroy(&platform, &mut aws);
    let group = "/aws/lambda/mlops-pipeline-dev-data-validation";
    aws.run(async |sdk| {
        let logs = aws_sdk_cloudwatchlogs::Client::new(&sdk);
        logs.create_log_group().log_group_name(group).send().await.unwrap();
    });
    let refusals = aws.run(async |sdk| platform.try_up(&sdk).await).unwrap_err();
    assert_eq!(refusals.len(), 1);
    assert_eq!(refusals[0].address.as_str(), "functions.logs-data-validation");
}

#[test]
fn group_that_a_service_has_made_for_the_endpoint_or_a_job_is_taken_over_with_retention_and_tags() {
    let platform = Platform::named("staging").only("*-logs-etl").only("pipeline.endpoint-logs");
    let mut aws = Aws::lawful(platform.region(), 63);
    let (endpoint, job) = (
        "/aws/sagemaker/Endpoints/mlops-pipeline-staging-endpoint",
        "/aws-glue/mlops-pipeline-staging/etl/mlops-pipeline-staging-role/mlops-pipeline-staging-glue/error",
    );
    aws.run(async |sdk| {
        let logs = aws_sdk_cloudwatchlogs::Client::new(&sdk);
        for group in [endpoint, job] {
            logs.create_log_group().log_group_name(group).send().await.unwrap();
        }
    });
    up(&platform, &mut aws);
    aws.run(async |sdk| {
        let logs = aws_sdk_cloudwatchlogs::Client::new(&sdk);
        for group in [endpoint, job] {
            let found = logs.describe_log_groups().log_group_name_prefix(group).send().await.unwrap();
            assert!(found.log_groups()[0].retention_in_days().is_some(), "{group}");
        }
    });
    let again = aws.run(async |sdk| platform.plan(&sdk).await);
    assert!(again.plan.is_empty(), "{:#?}", again.plan.changes);
    destroy(&platform, &mut aws);
    assert_eq!(platform.left(&aws), Vec::<String>::new());
}
