//! A key is data as long as anything that was encrypted with it stays.

use crate::{destroy, up};
use aws_client::FailureKind;
use aws_sdk_s3::{
    Client,
    primitives::ByteStream,
    types::{
        BlockedEncryptionTypes, EncryptionType, ServerSideEncryption, ServerSideEncryptionByDefault,
        ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
    },
};
use testkit::{Aws, Fault, Platform};

const KEY: &str = "raw/rows.csv";

fn staging(kms: bool) -> Platform {
    let platform = Platform::with("staging", |environment| {
        environment.encryption.kms = kms;
        // Their records would have to be replaced with the key, which is refused for its own reasons.
        environment.feature_groups.clear();
    });
    platform.keeping_data()
}

fn bucket(platform: &Platform) -> String {
    format!("{}-data-{}", platform.prefix(), local::ACCOUNT)
}

/// Brings staging up with its keys, and puts an object there.
fn built() -> (Platform, Aws) {
    let platform = staging(true);
    let mut aws = Aws::brisk(platform.region(), 11);
    up(&platform, &mut aws);
    let bucket = bucket(&platform);
    aws.run(async |sdk| {
        let put = Client::new(&sdk).put_object().bucket(&bucket).key(KEY).body(ByteStream::from_static(b"1,2"));
        put.send().await.unwrap();
    });
    (platform, aws)
}

#[track_caller]
fn is_readable(platform: &Platform, aws: &mut Aws) {
    let bucket = bucket(platform);
    aws.run(async |sdk| {
        let read = Client::new(&sdk).get_object().bucket(&bucket).key(KEY).send().await;
        read.expect("the object can be read");
    });
}

#[test]
fn object_is_unreadable_once_its_key_awaits_deletion() {
    let (platform, mut aws) = built();
    is_readable(&platform, &mut aws);
    let bucket = bucket(&platform);
    aws.run(async |sdk| {
        let state = platform.state(&sdk).await.unwrap().0;
        let key = state
            .resources
            .values()
            .find(|entry| entry.kind == "kms:key" && entry.spec["alias"].as_str().unwrap().ends_with("data"));
        let key = key.unwrap().id.clone().unwrap();
        aws_sdk_kms::Client::new(&sdk).schedule_key_deletion().key_id(key).send().await.unwrap();
        let s3 = Client::new(&sdk);
        let listed = s3.list_object_versions().bucket(&bucket).prefix(KEY).send().await.unwrap();
        let version = listed.versions()[0].version_id().map(str::to_owned);
        for version in [None, version] {
            let read = s3.get_object().bucket(&bucket).key(KEY).set_version_id(version).send().await.unwrap_err();
            assert!(format!("{read:?}").contains("KMSInvalidStateException"), "{read:?}");
        }
    });
}

#[test]
fn key_that_is_taken_back_and_cannot_be_switched_on_at_once_is_no_reason_for_a_second_key() {
    let platform = Platform::named("staging").only("encryption.data");
    let mut aws = Aws::lawful(platform.region(), 12);
    up(&platform, &mut aws);
    let keys = async |sdk: aws_config::SdkConfig| {
        let listed = aws_sdk_kms::Client::new(&sdk).list_keys().send().await.unwrap();
        listed.keys().iter().map(|key| key.key_id().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let before = aws.run(keys);
    destroy(&platform, &mut aws);
    let words = "arn:aws:kms:ap-south-1:123456789012:key/1 is pending deletion.";
    aws.strike(("kms", "EnableKey"), 0, 3, Fault::refused("KMSInvalidStateException", words));
    up(&platform, &mut aws);
    assert_eq!(aws.run(keys), before);
    let again = aws.run(async |sdk| platform.plan(&sdk).await);
    assert!(again.plan.is_empty(), "{:#?}", again.plan.changes);
}

#[test]
fn key_stays_when_encryption_is_switched_off() {
    let (_, mut aws) = built();
    let without = staging(false);
    let planning = aws.run(async |sdk| without.plan(&sdk).await);
    let kept: Vec<&str> = planning.plan.kept.iter().map(|kept| kept.address.as_str()).collect();
    assert!(kept.iter().any(|address| address.starts_with("encryption.")), "{kept:?}");
    assert!(planning.plan.changes.iter().all(|change| change.kind != "kms:key"), "{:#?}", planning.plan.changes);
    up(&without, &mut aws);
    is_readable(&without, &mut aws);
    let again = aws.run(async |sdk| without.plan(&sdk).await);
    assert!(again.plan.is_empty(), "{:#?}", again.plan.changes);
    // And on again: the same key serves.
    up(&staging(true), &mut aws);
    is_readable(&without, &mut aws);
}

#[test]
fn key_is_not_destroyed_without_consent_even_if_the_bucket_was_forgotten() {
    let (platform, mut aws) = built();
    aws.run(async |sdk| platform.forget("storage.data", &sdk).await);
    let refusals = aws.run(async |sdk| platform.try_destroy(&sdk).await).unwrap_err();
    let keys: Vec<_> = refusals.iter().filter(|refusal| refusal.kind == "kms:key").collect();
    assert!(
        !keys.is_empty() && keys.iter().all(|refusal| refusal.failure.kind == FailureKind::Refused),
        "{refusals:#?}"
    );
    is_readable(&platform, &mut aws);
}

#[test]
fn types_of_encryption_that_a_bucket_refuses_stay_refused_when_its_key_changes() {
    let mut aws = Aws::lenient("ap-south-1");
    let platform = staging(false).only("storage.data");
    up(&platform, &mut aws);
    let bucket = bucket(&platform);
    aws.run(async |sdk| {
        let by_default = ServerSideEncryptionByDefault::builder().sse_algorithm(ServerSideEncryption::Aes256);
        let refused = BlockedEncryptionTypes::builder().encryption_type(EncryptionType::SseC).build();
        let rule = ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(by_default.build().unwrap())
            .blocked_encryption_types(refused)
            .build();
        let configuration = ServerSideEncryptionConfiguration::builder().rules(rule).build().unwrap();
        let call = Client::new(&sdk).put_bucket_encryption().bucket(&bucket);
        call.server_side_encryption_configuration(configuration).send().await.unwrap();
    });
    up(&staging(true).only("storage.data"), &mut aws);
    aws.run(async |sdk| {
        let call = Client::new(&sdk).get_bucket_encryption().bucket(&bucket);
        let now = call.send().await.unwrap().server_side_encryption_configuration.unwrap();
        let rule = &now.rules()[0];
        let algorithm = rule.apply_server_side_encryption_by_default().unwrap().sse_algorithm();
        assert_eq!(algorithm, &ServerSideEncryption::AwsKms);
        let refused = rule.blocked_encryption_types().map(BlockedEncryptionTypes::encryption_type);
        assert_eq!(refused, Some([EncryptionType::SseC].as_slice()));
    });
}
