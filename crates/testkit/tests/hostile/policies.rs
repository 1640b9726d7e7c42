//! Policies that name a role made a moment ago: SNS, KMS, ECR, S3, Lambda. All laws. And keys, which are
//! never deleted at once.

use crate::{destroy, first, times, up};
use aws_iam::Role;
use aws_kms::Key;
use aws_sns::{Encryption, Topic};
use resource::{Handle, Stack, Tags};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{Aws, Platform};

const REGION: &str = "eu-central-1";

fn allows(principal: &str, action: &str, resource: &str) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": action, "Resource": resource, "Principal": { "AWS": principal } },
    ] })
}

fn role(stack: &mut Stack) -> Handle<Role> {
    stack.add("identity", "reader", (), |()| Role {
        name: "reader".into(),
        path: "/".into(),
        description: String::new(),
        trust: json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "Service": "lambda.amazonaws.com" } },
        ] }),
        inline_policies: Default::default(),
        managed_policies: Vec::new(),
        permissions_boundary: None,
        max_session_seconds: 3600,
        tags: Tags::default(),
    })
}

#[test]
fn a_topic_policy_is_taken_once_its_principals_are_found() {
    let platform = Platform::made_of(REGION, |stack| {
        let role = role(stack);
        stack.add("monitoring", "topic", role, |role| Topic {
            name: "alerts".into(),
            display_name: String::new(),
            encryption: Encryption::Off,
            policy: allows(role.arn.as_str(), "sns:Publish", "*"),
            tags: Tags::default(),
        });
    });
    let mut aws = Aws::lawful(REGION, 91);
    up(&platform, &mut aws);
    assert!(times(&aws, "sns", "CreateTopic") > 3, "it met PrincipalNotFound");
}

#[test]
fn a_key_policy_is_taken_once_its_principals_are_valid() {
    let platform = Platform::made_of(REGION, |stack| {
        let role = role(stack);
        stack.add("encryption", "key", role, |role| Key {
            alias: "alias/mine".into(),
            description: "mine".into(),
            policy: allows(role.arn.as_str(), "kms:*", "*"),
            rotation: true,
            deletion_window_days: 7,
            tags: Tags::default(),
        });
    });
    let mut aws = Aws::lawful(REGION, 92);
    up(&platform, &mut aws);
    assert!(times(&aws, "kms", "CreateKey") > 3, "it met invalid principals");
}

#[test]
fn a_repository_policy_is_taken_once_its_principals_are_valid() {
    let platform = Platform::made_of(REGION, |stack| {
        let role = role(stack);
        stack.add("registry", "images", role, |role| aws_ecr::Repository {
            name: "mine".into(),
            immutable_tags: true,
            scan_on_push: true,
            encryption: aws_ecr::Encryption::Aes256,
            lifecycle_policy: Value::Null,
            policy: json!({ "Version": "2012-10-17", "Statement": [{
                "Sid": "pull", "Effect": "Allow", "Action": "ecr:BatchGetImage",
                "Principal": { "AWS": role.arn.as_str() },
            }] }),
            tags: Tags::default(),
        });
    });
    let mut aws = Aws::lawful(REGION, 93);
    up(&platform, &mut aws);
    assert!(times(&aws, "ecr", "SetRepositoryPolicy") > 3, "it met an invalid policy");
}

#[test]
fn a_bucket_policy_is_taken_once_its_principals_are_valid() {
    let platform = Platform::made_of(REGION, |stack| {
        let role = role(stack);
        stack.add("storage", "data", role, |role| aws_s3::Bucket {
            name: "mine-data".into(),
            region: None,
            versioning: true,
            encryption: aws_s3::Encryption::S3,
            public_access_blocked: true,
            owner_enforced: true,
            policy: allows(role.arn.as_str(), "s3:GetObject", "arn:aws:s3:::mine-data/*"),
            lifecycle: Vec::new(),
            access_logs: None,
            replication: None,
            event_bridge: false,
            tags: Tags::default(),
        });
    });
    let mut aws = Aws::lawful(REGION, 94);
    up(&platform, &mut aws);
    assert!(times(&aws, "s3", "PUT bucket?policy") > 3, "it met an invalid principal");
}

#[test]
fn a_key_is_only_ever_scheduled_for_deletion_and_the_next_up_takes_it_back() {
    let platform = Platform::named("staging").only("encryption.*");
    let mut aws = Aws::lawful(platform.region(), 95);
    up(&platform, &mut aws);
    let made = times(&aws, "kms", "CreateKey");
    destroy(&platform, &mut aws);
    assert_eq!(times(&aws, "kms", "ScheduleKeyDeletion"), 2);
    // Until ListKeys shows a key that is seconds old, nothing could find it.
    aws.wait(Duration::from_secs(300));
    up(&platform, &mut aws);
    assert_eq!(times(&aws, "kms", "CreateKey"), made, "no second key");
    assert_eq!(times(&aws, "kms", "CancelKeyDeletion"), 2);
    assert!(first(&aws, "kms", "CancelKeyDeletion") < first(&aws, "kms", "EnableKey"));
    let again = aws.run(async |sdk| platform.plan(&sdk).await);
    assert!(again.plan.is_empty(), "{:#?}", again.plan.changes);
}
