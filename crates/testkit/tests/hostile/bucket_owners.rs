//! Owners of buckets: what mlopsctl says and does when a bucket was deleted and another account made one of its name.

use crate::up;
use aws_client::FailureKind;
use aws_config::SdkConfig;
use aws_sdk_s3::{
    primitives::ByteStream,
    types::{BucketLocationConstraint, CreateBucketConfiguration},
};
use engine::RepairScope;
use std::time::Duration;
use testkit::{Aws, Platform, as_account};

const BUCKET: &str = "mlops-pipeline-dev-data-123456789012";
const WORDS: &str = "the bucket mlops-pipeline-dev-data-123456789012 exists and belongs to another account";
const ATTACKER: &str = "210987654321";

fn platform() -> Platform {
    Platform::named("dev").only("storage.data")
}

/// Deletes the bucket, after which another account creates one of its name, with its tags and with an object.
async fn squat(sdk: &SdkConfig) {
    let own = aws_s3::client(sdk);
    let tags = own.get_bucket_tagging().bucket(BUCKET).send().await.unwrap().tag_set;
    own.delete_bucket().bucket(BUCKET).send().await.unwrap();
    tokio::time::sleep(Duration::from_secs(120)).await;
    let attacker = aws_s3::client(&as_account(sdk, ATTACKER));
    let here = CreateBucketConfiguration::builder()
        .location_constraint(BucketLocationConstraint::from("ap-south-1"))
        .set_tags(Some(tags));
    attacker.create_bucket().bucket(BUCKET).create_bucket_configuration(here.build()).send().await.unwrap();
    tokio::time::sleep(Duration::from_secs(120)).await;
    let body = ByteStream::from_static(b"theirs");
    attacker.put_object().bucket(BUCKET).key("thesis.bin").body(body).send().await.unwrap();
}

async fn objects(sdk: &SdkConfig) -> usize {
    let attacker = aws_s3::client(&as_account(sdk, ATTACKER));
    attacker.list_objects_v2().bucket(BUCKET).send().await.unwrap().contents().len()
}

fn squatted() -> (Platform, Aws) {
    let platform = platform();
    let mut aws = Aws::brisk(platform.region(), 31);
    up(&platform, &mut aws);
    aws.run(async |sdk| squat(&sdk).await);
    (platform, aws)
}

#[test]
fn a_bucket_that_another_account_recreated_is_refused_by_plan_and_reported_by_drift() {
    let (platform, mut aws) = squatted();
    let planning = aws.run(async |sdk| platform.plan(&sdk).await);
    let refusals: Vec<String> =
        planning.refusals.iter().map(|refusal| format!("{}: {}", refusal.address, refusal.failure)).collect();
    assert_eq!(refusals, [format!("storage.data: {WORDS}")]);
    // `doctor` calls a name that another has a problem.
    assert_eq!(planning.refusals[0].failure.kind, FailureKind::Exists);
    let drift = aws.run(async |sdk| platform.drift(&sdk).await);
    assert!(drift.failed.iter().any(|failed| failed.failure.message == WORDS), "{:#?}", drift.failed);
    assert!(aws.run(async |sdk| platform.try_up(&sdk).await).is_err());
}

#[test]
fn a_bucket_that_another_account_recreated_is_left_to_a_person_by_reconcile() {
    let (platform, mut aws) = squatted();
    let repairs = aws.run(async |sdk| platform.repairs(RepairScope::Everything, &sdk).await);
    assert!(repairs.planned.is_empty() && repairs.failed.is_empty(), "{repairs:#?}");
    let left: Vec<String> = repairs.left.iter().map(|left| format!("{}: {}", left.address, left.reason)).collect();
    assert_eq!(left, [format!("storage.data: {WORDS}")]);
}

#[test]
fn a_bucket_that_another_account_recreated_survives_destroy_with_what_it_holds() {
    let (platform, mut aws) = squatted();
    let refusals = aws.run(async |sdk| platform.try_destroy(&sdk).await).unwrap_err();
    assert!(refusals.iter().any(|refusal| refusal.failure.message == WORDS), "{refusals:#?}");
    assert_eq!(aws.run(async |sdk| objects(&sdk).await), 1);
}

#[test]
fn a_missing_permission_is_not_taken_for_another_account() {
    let platform = platform();
    let mut aws = Aws::brisk(platform.region(), 32);
    up(&platform, &mut aws);
    aws.strike(("s3", "GET bucket?versioning"), 0, 50, testkit::Fault::refused("AccessDenied", "Access Denied"));
    let planning = aws.run(async |sdk| platform.plan(&sdk).await);
    assert_eq!(planning.refusals[0].failure.kind, FailureKind::Denied, "{:#?}", planning.refusals);
    assert_eq!(planning.refusals[0].failure.code.as_deref(), Some("AccessDenied"));
}
