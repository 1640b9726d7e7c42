//! Laws of every service: throttling, eventual consistency, propagation, retries that meet their own first success.
//!
//! Throttling, lost answers and refusals are put in by rule; the rest are laws.

use crate::{failure, first, times, up, went_well};
use aws_client::FailureKind;
use std::time::Duration;
use testkit::{Aws, Fault, Platform};

/// One create of each service of dev, in each protocol.
const CREATES: [(&str, &str); 12] = [
    ("ec2", "CreateVpc"),
    ("iam", "CreateRole"),
    ("s3", "PUT bucket"),
    ("sns", "CreateTopic"),
    ("ecr", "CreateRepository"),
    ("logs", "CreateLogGroup"),
    ("lambda", "CreateFunction"),
    ("states", "CreateStateMachine"),
    ("glue", "CreateCrawler"),
    ("sagemaker", "CreateFeatureGroup"),
    ("events", "PutRule"),
    ("monitoring", "PutMetricAlarm"),
];
/// More than the SDK tries by itself, so that the engine hears of it.
const BEYOND_THE_SDK: u64 = 12;

#[test]
fn throttling_often_arrives_as_http_400_with_a_code_and_is_borne_in_every_protocol() {
    let platform = Platform::named("dev");
    let mut aws = Aws::lawful(platform.region(), 11);
    for create in CREATES {
        // The first calls make the state bucket.
        let spared = u64::from(create == ("s3", "PUT bucket"));
        aws.strike(create, spared, BEYOND_THE_SDK, Fault::throttled(create.0));
    }
    up(&platform, &mut aws);
    for (service, operation) in CREATES {
        assert!(times(&aws, service, operation) > BEYOND_THE_SDK as usize, "{service} {operation} met no fault");
    }
}

#[test]
fn throttling_is_borne_by_plans_and_comparisons_too() {
    let platform = Platform::named("dev");
    let mut aws = Aws::lawful(platform.region(), 19);
    up(&platform, &mut aws);
    aws.wait(Duration::from_secs(60));
    let reads = [("ec2", "DescribeVpcs"), ("s3", "GET bucket?policy"), ("iam", "ListRoles"), ("kms", "DescribeKey")];
    let throttle = |aws: &Aws| {
        reads.iter().for_each(|read| aws.strike(*read, 0, BEYOND_THE_SDK, Fault::throttled(read.0)));
    };
    throttle(&aws);
    let planned = aws.run(async |sdk| platform.plan(&sdk).await);
    assert!(planned.plan.is_empty() && planned.refusals.is_empty(), "{:#?}", planned.refusals);
    throttle(&aws);
    let drift = aws.run(async |sdk| platform.drift(&sdk).await);
    assert!(drift.failed.is_empty() && drift.drifted.is_empty(), "{:#?}", drift.failed);
}

#[test]
fn new_ec2_objects_can_answer_not_found_for_a_while_and_are_pending_never_gone() {
    let platform = Platform::named("dev").only("network.*");
    let mut aws = Aws::lawful(platform.region(), 12);
    for (list, member) in
        [("DescribeVpcs", "vpcSet"), ("DescribeSubnets", "subnetSet"), ("DescribeNatGateways", "natGatewaySet")]
    {
        // The plan reads once; then nothing shows for a dozen reads.
        aws.strike(("ec2", list), 2, 12, Fault::shown(move |answer| answer[member] = "".into()));
    }
    up(&platform, &mut aws);
    assert_eq!(times(&aws, "ec2", "CreateVpc"), 1);
    let again = aws.run(async |sdk| platform.plan(&sdk).await);
    assert!(again.plan.is_empty(), "{:#?}", again.plan.changes);
}

#[test]
fn a_new_role_is_not_assumable_everywhere_for_up_to_a_minute_and_is_tried_again_at_once_and_then_every_second_or_two() {
    let platform = Platform::named("dev").only("catalog.crawler-raw");
    let mut aws = Aws::lawful(platform.region(), 13);
    up(&platform, &mut aws);
    let tries: Vec<_> =
        aws.made().into_iter().filter(|made| made.operation == "CreateCrawler").map(|made| made.at).collect();
    let pauses: Vec<Duration> = tries.windows(2).map(|two| two[1] - two[0]).collect();
    assert!(pauses.len() > 5, "{pauses:?}");
    assert!(pauses[0] < Duration::from_millis(300), "{pauses:?}");
    assert!(pauses.iter().all(|pause| *pause < Duration::from_millis(2100)), "{pauses:?}");
    assert!(pauses.last().is_some_and(|pause| *pause > Duration::from_millis(900)), "{pauses:?}");
}

#[test]
fn a_role_that_never_becomes_assumable_is_given_up_after_two_minutes() {
    let platform = Platform::named("dev").only("catalog.crawler-raw");
    let mut aws = Aws::lenient(platform.region());
    let words = "Service is unable to assume provided role. Please verify role's TrustPolicy.";
    aws.strike(("glue", "CreateCrawler"), 0, u64::MAX, Fault::refused("InvalidInputException", words));
    let began = aws.now();
    let applied = aws.run(async |sdk| platform.up(&sdk).await);
    assert!(failure(&applied).contains("InvalidInputException: Service is unable to assume"), "{}", failure(&applied));
    let took = aws.now() - began;
    assert!(took > Duration::from_secs(115) && took < Duration::from_secs(140), "{took:?}");
}

#[test]
fn a_permission_that_is_really_missing_is_not_retried_and_is_named() {
    let platform = Platform::named("dev").only("catalog.crawler-raw");
    let mut aws = Aws::lenient(platform.region());
    let words = "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: iam:CreateRole";
    aws.strike(("iam", "CreateRole"), 0, u64::MAX, Fault::refused("AccessDenied", words));
    let began = aws.now();
    let applied = aws.run(async |sdk| platform.up(&sdk).await);
    assert!(failure(&applied).contains("is not authorized to perform: iam:CreateRole"), "{}", failure(&applied));
    assert_eq!(applied.failed[0].failure.kind, FailureKind::Denied);
    assert_eq!(times(&aws, "iam", "CreateRole"), 1);
    assert!(aws.now() - began < Duration::from_secs(10));
}

#[test]
fn a_create_retried_by_the_sdk_can_meet_its_own_first_success_and_is_taken_for_it() {
    let platform = Platform::named("dev");
    let mut clean = Aws::lawful(platform.region(), 14);
    up(&platform, &mut clean);
    let mut aws = Aws::lawful(platform.region(), 14);
    for create in CREATES {
        aws.strike(create, 0, 1, Fault::LostAnswer);
    }
    up(&platform, &mut aws);
    assert_eq!(platform.inventory(&aws), platform.inventory(&clean));
}

#[test]
fn every_create_is_found_again_when_its_answers_are_lost_for_good() {
    let platform = Platform::named("dev");
    let mut clean = Aws::lawful(platform.region(), 15);
    up(&platform, &mut clean);
    let creates = [
        ("ec2", "CreateSubnet"),
        ("ec2", "CreateInternetGateway"),
        ("ec2", "AllocateAddress"),
        ("ec2", "CreateNatGateway"),
        ("ec2", "CreateRouteTable"),
        ("ec2", "CreateSecurityGroup"),
        ("ec2", "CreateVpcEndpoint"),
        ("sagemaker", "CreateDomain"),
        ("sagemaker", "CreateUserProfile"),
        ("sagemaker", "CreateModelPackageGroup"),
        ("glue", "CreateDatabase"),
        ("glue", "CreateJob"),
        ("glue", "CreateWorkflow"),
        ("glue", "CreateTrigger"),
    ];
    let mut aws = Aws::lawful(platform.region(), 15);
    for create in creates.into_iter().chain(CREATES) {
        aws.strike(create, 0, 5, Fault::LostAnswer);
    }
    up(&platform, &mut aws);
    assert_eq!(platform.inventory(&aws), platform.inventory(&clean));
}

#[test]
fn what_somebody_else_has_made_under_our_name_is_not_touched() {
    let platform = Platform::named("dev").only("functions.logs-data-validation");
    let mut aws = Aws::lenient(platform.region());
    let group = "/aws/lambda/mlops-pipeline-dev-data-validation";
    aws.run(async |sdk| {
        let logs = aws_sdk_cloudwatchlogs::Client::new(&sdk);
        logs.create_log_group().log_group_name(group).send().await.unwrap();
    });
    let refusals = aws.run(async |sdk| platform.try_up(&sdk).await).unwrap_err();
    assert_eq!(refusals[0].address.as_str(), "functions.logs-data-validation");
    assert_eq!(refusals[0].failure.kind, FailureKind::Exists);
    assert_eq!(times(&aws, "logs", "PutRetentionPolicy"), 0);
}

#[test]
fn what_somebody_else_makes_under_our_name_while_we_are_at_it_is_not_taken_over() {
    let platform = Platform::named("dev").only("functions.logs-data-validation");
    let mut aws = Aws::lenient(platform.region());
    let taken = Fault::refused("ResourceAlreadyExistsException", "The specified log group already exists");
    aws.strike(("logs", "CreateLogGroup"), 0, u64::MAX, taken);
    let applied = aws.run(async |sdk| platform.up(&sdk).await);
    assert!(failure(&applied).contains("ResourceAlreadyExistsException"), "{}", failure(&applied));
}

#[test]
fn faults_at_random_on_one_call_in_twenty_change_nothing_of_what_comes_of_it() {
    let platform = Platform::named("dev");
    let mut clean = Aws::lawful(platform.region(), 16);
    up(&platform, &mut clean);
    for seed in 0..4 {
        let mut aws = Aws::lawful(platform.region(), seed);
        aws.storm(seed, 20);
        // The next run finishes each step that fails for good in the storm.
        let stormy = aws.run(async |sdk| platform.try_up(&sdk).await);
        assert!(stormy.is_ok_and(|applied| applied.done.len() > 40), "most of it withstands the storm");
        aws.calm();
        went_well(&aws.run(async |sdk| platform.up(&sdk).await));
        assert_eq!(platform.inventory(&aws), platform.inventory(&clean), "seed {seed}");
    }
}

#[test]
fn a_slow_answer_and_a_broken_connection_are_waited_for_and_sent_again() {
    let platform = Platform::named("dev").only("network.vpc");
    let mut aws = Aws::lenient(platform.region());
    aws.strike(("ec2", "CreateVpc"), 0, 1, Fault::Reset);
    aws.strike(("ec2", "ModifyVpcAttribute"), 0, 1, Fault::Slow(Duration::from_secs(45)));
    aws.strike(("ec2", "DescribeVpcAttribute"), 0, 3, Fault::internal());
    up(&platform, &mut aws);
    assert_eq!(times(&aws, "ec2", "CreateVpc"), 2, "the first was never sent");
    assert!(first(&aws, "ec2", "CreateVpc") < first(&aws, "ec2", "ModifyVpcAttribute"));
}

#[test]
fn request_that_is_never_answered_is_given_up_in_its_time_and_sent_again() {
    let platform = Platform::named("dev").only("network.vpc");
    let mut aws = Aws::lenient(platform.region());
    aws.strike(("ec2", "CreateVpc"), 0, 1, Fault::Hung);
    aws.strike(("ec2", "DescribeVpcAttribute"), 0, 1, Fault::Hung);
    let began = aws.now();
    up(&platform, &mut aws);
    assert_eq!(times(&aws, "ec2", "CreateVpc"), 2, "the first was never done");
    let took = aws.now() - began;
    // A change has a minute, a read twenty seconds.
    assert!((Duration::from_secs(80)..Duration::from_secs(100)).contains(&took), "{took:?}");
}

#[test]
fn a_call_that_is_delivered_twice_makes_one_thing() {
    let platform = Platform::named("dev");
    let mut clean = Aws::lawful(platform.region(), 17);
    up(&platform, &mut clean);
    let mut aws = Aws::lawful(platform.region(), 17);
    let tokens = [("ec2", "CreateNatGateway"), ("ec2", "CreateRouteTable"), ("ec2", "CreateVpcEndpoint")];
    for create in CREATES[1..].iter().chain(&tokens) {
        aws.strike(*create, 0, 1, Fault::Twice);
    }
    up(&platform, &mut aws);
    assert_eq!(platform.inventory(&aws), platform.inventory(&clean));
}

#[test]
fn aws_itself_may_fail_for_half_a_minute() {
    let platform = Platform::named("dev").only("network.*");
    let mut aws = Aws::lawful(platform.region(), 22);
    // Sent once each time, because nobody knows what came of it, and looked for in between.
    aws.strike(("ec2", "CreateVpc"), 0, 3, Fault::internal());
    up(&platform, &mut aws);
    assert_eq!(times(&aws, "ec2", "CreateVpc"), 4);
}
