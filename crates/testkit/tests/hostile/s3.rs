//! S3 and ECR. Conflicts and names that are not free yet are laws; what people keep in buckets and
//! repositories is put there.

use crate::{destroy, failure, first, last, times, up};
use aws_client::FailureKind;
use aws_sdk_s3::primitives::ByteStream;
use std::time::Duration;
use testkit::{Aws, Fault, Platform};

const BUCKET: &str = "mlops-pipeline-dev-data-123456789012";
const REPOSITORY: &str = "mlops-pipeline-dev";

fn bucket() -> Platform {
    Platform::named("dev").only("storage.data")
}

#[test]
fn bucket_and_settings_are_tried_again_while_a_conflicting_operation_is_in_progress() {
    let platform = bucket();
    let mut aws = Aws::lenient(platform.region());
    let words = "A conflicting conditional operation is currently in progress against this resource. Please try again.";
    let settings =
        ["versioning", "encryption", "lifecycle", "policy", "ownershipControls", "publicAccessBlock", "notification"];
    let operations: Vec<String> =
        settings.iter().map(|setting| format!("PUT bucket?{setting}")).chain(["PUT bucket".to_owned()]).collect();
    for operation in &operations {
        // Those of the state bucket, which is made first, are not meant.
        let spared = u64::from(
            ["versioning", "encryption", "policy", "publicAccessBlock"].iter().any(|one| operation.ends_with(one))
                || operation == "PUT bucket",
        );
        aws.strike(("s3", operation), spared, 3, Fault::refused("OperationAborted", words));
    }
    up(&platform, &mut aws);
    let again = aws.run(async |sdk| platform.plan(&sdk).await);
    assert!(again.plan.is_empty());
}

#[test]
fn new_bucket_is_searched_for_until_it_is_visible() {
    let platform = bucket();
    let mut aws = Aws::lenient(platform.region());
    let missing = Fault::refused("NoSuchBucket", "The specified bucket does not exist");
    aws.strike(("s3", "GET bucket?versioning"), 0, 8, missing);
    up(&platform, &mut aws);
    assert_eq!(times(&aws, "s3", "PUT bucket"), 2, "the state's and its own");
}

#[test]
fn versions_and_delete_markers_both_block_and_are_deleted_only_when_allowed_and_counted() {
    let platform = bucket();
    let mut aws = Aws::lawful(platform.region(), 55);
    up(&platform, &mut aws);
    aws.run(async |sdk| {
        let s3 = aws_sdk_s3::Client::new(&sdk);
        for n in 0..3 {
            let body = ByteStream::from_static(b"12345");
            s3.put_object().bucket(BUCKET).key("customers.csv").body(body).send().await.unwrap();
            if n == 1 {
                s3.delete_object().bucket(BUCKET).key("customers.csv").send().await.unwrap();
            }
        }
        assert!(s3.delete_bucket().bucket(BUCKET).send().await.is_err(), "it is not empty");
    });
    let keeping = bucket().keeping_data();
    let refusals = aws.run(async |sdk| keeping.try_destroy(&sdk).await).unwrap_err();
    let said = refusals[0].failure.to_string();
    assert!(said.contains("it holds") && said.contains("3"), "{said}");
    assert_eq!(refusals[0].failure.kind, FailureKind::Refused);
    assert_eq!(times(&aws, "s3", "DELETE bucket"), 1, "nothing was touched since");
    destroy(&platform, &mut aws);
    assert_eq!(platform.left(&aws), Vec::<String>::new());
}

#[test]
fn delete_markers_alone_are_nobodys_data_and_do_not_block() {
    let platform = bucket().keeping_data();
    let mut aws = Aws::lawful(platform.region(), 56);
    up(&platform, &mut aws);
    aws.run(async |sdk| {
        let s3 = aws_sdk_s3::Client::new(&sdk);
        s3.delete_object().bucket(BUCKET).key("never-there").send().await.unwrap();
    });
    destroy(&platform, &mut aws);
    assert_eq!(platform.left(&aws), Vec::<String>::new());
}

#[test]
fn a_name_given_up_a_moment_ago_is_refused_for_a_while_and_then_taken() {
    let platform = bucket();
    let mut aws = Aws::lawful(platform.region(), 57);
    up(&platform, &mut aws);
    destroy(&platform, &mut aws);
    let before = times(&aws, "s3", "PUT bucket");
    up(&platform, &mut aws);
    assert!(times(&aws, "s3", "PUT bucket") > before + 1, "the first attempts met OperationAborted");
}

const BEING_FREED: [(&str, &str); 2] = [
    ("OperationAborted", "A conflicting conditional operation is currently in progress against this resource."),
    ("BucketAlreadyExists", "The requested bucket name is not available."),
];

/// A cloud with the state bucket, in which S3 refuses the names of other new buckets that many times.
fn with_a_name_that_is_being_freed(times: u64, (code, words): (&str, &str)) -> Aws {
    let mut aws = Aws::lawful(bucket().region(), 60);
    up(&Platform::named("dev").only("identity.sagemaker"), &mut aws);
    aws.strike(("s3", "PUT bucket"), 0, times, Fault::refused(code, words));
    aws
}

#[test]
fn bucket_is_made_once_s3_frees_its_name_after_an_hour() {
    for refusal in BEING_FREED {
        let platform = bucket();
        let mut aws = with_a_name_that_is_being_freed(420, refusal);
        let began = aws.now();
        up(&platform, &mut aws);
        assert!(aws.now() - began > Duration::from_secs(3600), "{refusal:?} {:?}", aws.now() - began);
        let waits = |event: &engine::Event| {
            let said = format!("{:?}", event.phase);
            [refusal.0, "after hours", "choose another name", "run the command again later"]
                .iter()
                .all(|part| said.contains(part))
        };
        assert!(platform.said().iter().any(waits), "it says what it waits for, and what else helps");
    }
}

#[test]
fn bucket_whose_name_stays_taken_fails_with_what_to_do() {
    for refusal in BEING_FREED {
        let platform = bucket();
        let mut aws = with_a_name_that_is_being_freed(u64::MAX, refusal);
        let applied = aws.run(async |sdk| platform.up(&sdk).await);
        let failed = failure(&applied);
        assert!(failed.contains(refusal.0) && failed.contains("after hours"), "{failed}");
        let help = applied.failed[0].failure.help.as_ref().unwrap();
        let words = format!("run the same command again later, or choose another name than {BUCKET}");
        assert_eq!(help.advice(), words);
    }
}

#[test]
fn state_bucket_whose_name_stays_taken_fails_with_what_to_do() {
    let platform = bucket();
    let mut aws = Aws::lawful(platform.region(), 61);
    let (code, words) = BEING_FREED[0];
    aws.strike(("s3", "PUT bucket"), 0, u64::MAX, Fault::refused(code, words));
    let began = aws.now();
    let made = aws.run(async |sdk| platform.state_bucket(&sdk).make(&Default::default()).await);
    assert!(aws.now() - began >= Duration::from_secs(7200));
    assert!(times(&aws, "s3", "PUT bucket") < 1000, "{}", times(&aws, "s3", "PUT bucket"));
    let Err(state::Error::Store { failure, .. }) = made else { panic!("{made:?}") };
    assert_eq!(failure.code.as_deref(), Some(code));
    let help = failure.help.unwrap();
    assert!(["hours", "again later", "[state] bucket"].iter().all(|part| help.advice().contains(part)), "{help:?}");
}

#[test]
fn a_policy_that_could_lock_out_whoever_empties_a_bucket_is_removed_first() {
    let platform = bucket();
    let mut aws = Aws::lawful(platform.region(), 58);
    up(&platform, &mut aws);
    aws.run(async |sdk| {
        let s3 = aws_sdk_s3::Client::new(&sdk);
        s3.put_object().bucket(BUCKET).key("a").body(ByteStream::from_static(b"1")).send().await.unwrap();
        let policy = serde_json::json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": format!("arn:aws:s3:::{BUCKET}/*"),
            "Condition": { "StringNotEquals": { "aws:SourceVpce": "vpce-1" } },
        }] });
        s3.put_bucket_policy().bucket(BUCKET).policy(policy.to_string()).send().await.unwrap();
    });
    destroy(&platform, &mut aws);
    let unlocked = first(&aws, "s3", "DELETE bucket?policy");
    assert!(unlocked < first(&aws, "s3", "POST bucket?delete"), "before anything in it is deleted");
    assert!(unlocked < last(&aws, "s3", "DELETE bucket"));
}

#[test]
fn a_repository_with_images_is_deleted_only_when_allowed() {
    let platform = Platform::named("dev").only("registry.images");
    let mut aws = Aws::lawful(platform.region(), 59);
    up(&platform, &mut aws);
    aws.run(async |sdk| {
        let ecr = aws_sdk_ecr::Client::new(&sdk);
        let manifest = r#"{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json"}"#;
        let call = ecr.put_image().repository_name(REPOSITORY).image_manifest(manifest).image_tag("v1");
        call.send().await.unwrap();
        let refused = ecr.delete_repository().repository_name(REPOSITORY).send().await.unwrap_err();
        assert!(refused.into_service_error().is_repository_not_empty_exception());
    });
    let keeping = Platform::named("dev").only("registry.images").keeping_data();
    let refusals = aws.run(async |sdk| keeping.try_destroy(&sdk).await).unwrap_err();
    assert!(refusals[0].failure.to_string().contains("it holds 1 image"), "{}", refusals[0].failure);
    destroy(&platform, &mut aws);
    assert_eq!(platform.left(&aws), Vec::<String>::new());
}

#[test]
fn key_of_aws_for_copies_is_described_in_their_region_before_anything_is_copied() {
    let platform = Platform::named("prod").only("storage.data");
    let mut aws = Aws::lenient(platform.region());
    up(&platform, &mut aws);
    let replicates = first(&aws, "s3", "PUT bucket?replication");
    let described =
        aws.made().iter().position(|made| made.operation == "DescribeKey" && made.region == "ap-southeast-1");
    assert!(described.is_some_and(|at| at < replicates), "{described:?}");
}
