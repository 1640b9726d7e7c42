//! Existing buckets for states, and the states in them.

use async_trait::async_trait;
use aws_config::{Region, SdkConfig};
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, VersioningConfiguration,
};
use local::{ACCOUNT, Call, Cloud, Layer, LostAnswer, Next, Response};
use state::{Error, Holder, Lock, StateBucket, StateIdentity, StateKeys, Store as _};
use std::sync::{Arc, Mutex};
use vocabulary::Place;

pub(crate) const REGION: &str = "ap-south-1";
pub(crate) const NAME: &str = "company-states";

/// An existing bucket for states.
pub(crate) async fn shared_bucket(sdk: &SdkConfig, name: &str, versioned: bool) {
    let s3 = aws_s3::client(sdk);
    let place = CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::ApSouth1).build();
    s3.create_bucket().bucket(name).create_bucket_configuration(place).send().await.unwrap();
    if versioned {
        let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        s3.put_bucket_versioning().bucket(name).versioning_configuration(enabled).send().await.unwrap();
    }
}

/// Answers some operations itself.
pub(crate) struct Instead {
    operations: &'static [&'static str],
    status: u16,
    body: &'static str,
}

#[async_trait]
impl Layer for Instead {
    async fn answer(&self, call: Call, next: Next<'_>) -> Result<Response, LostAnswer> {
        match self.operations.contains(&call.operation.as_str()) {
            true => Ok(Response::xml(self.status, self.body)),
            false => next.run(call).await,
        }
    }
}

/// A cloud with a bucket for states, in which one operation is answered so.
pub(crate) async fn cloud(versioned: bool, instead: Option<Instead>) -> SdkConfig {
    let cloud = Cloud::open(None, REGION, ACCOUNT).unwrap();
    shared_bucket(&cloud.sdk_config(), NAME, versioned).await;
    match instead {
        Some(instead) => cloud.with_layer(Arc::new(instead)).sdk_config(),
        None => cloud.sdk_config(),
    }
}

/// The refusal to keep a first state in the bucket, if there is one.
async fn refusal(sdk: &SdkConfig) -> Option<String> {
    let region = sdk.region().unwrap().as_ref();
    let bucket = StateBucket::named(aws_s3::client(sdk), NAME, &Place::new(ACCOUNT, region));
    match bucket.make(&Default::default()).await {
        Ok(()) => None,
        Err(Error::UnusableBucket { what, help }) => Some(format!("{what}; {help:?}")),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn named_bucket_is_used_as_it_is() {
    let sdk = cloud(true, None).await;
    assert_eq!(refusal(&sdk).await, None);
    let s3 = aws_s3::client(&sdk);
    assert!(s3.get_bucket_tagging().bucket(NAME).send().await.is_err(), "it was tagged");
    assert!(s3.get_bucket_policy().bucket(NAME).send().await.is_err(), "it was given a policy");
    assert!(s3.get_bucket_lifecycle_configuration().bucket(NAME).send().await.is_err(), "it was given a lifecycle");
}

#[tokio::test]
async fn named_bucket_is_refused_for_a_first_state_unless_it_is_there_versioned_closed_and_ours() {
    let nowhere = Cloud::open(None, REGION, ACCOUNT).unwrap().sdk_config();
    let elsewhere = cloud(true, None).await.into_builder().region(Region::new("eu-west-1")).build();
    let squatted = Instead {
        operations: &["HEAD bucket", "GET bucket?list-type"],
        status: 403,
        body: "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>",
    };
    let cases: [(SdkConfig, [&str; 2]); 4] = [
        (nowhere, ["there is no bucket company-states", "leave `[state] bucket` out"]),
        (cloud(false, None).await, ["keeps no earlier versions", "KeepVersions { bucket: \"company-states\" }"]),
        (elsewhere, ["is in ap-south-1, not in eu-west-1", "name a bucket in eu-west-1"]),
        (cloud(true, Some(squatted)).await, ["belongs to another account than 123456789012", "`[state] bucket`"]),
    ];
    for (sdk, parts) in cases {
        let refused = refusal(&sdk).await.unwrap_or_else(|| panic!("not refused: {parts:?}"));
        assert!(parts.iter().all(|part| refused.contains(part)), "{refused}");
    }
}

#[tokio::test]
async fn named_bucket_that_is_public_is_refused_for_a_first_state() {
    let policy = Instead {
        operations: &["GET bucket?policyStatus"],
        status: 200,
        body: "<PolicyStatus xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><IsPublic>true</IsPublic></PolicyStatus>",
    };
    let acl = Instead {
        operations: &["GET bucket?acl"],
        status: 200,
        body: "<AccessControlPolicy xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><AccessControlList><Grant>\
               <Grantee xsi:type=\"Group\"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee>\
               <Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>",
    };
    for public in [policy, acl] {
        let operation = public.operations[0];
        let sdk = cloud(true, Some(public)).await;
        // As long as it blocks public access altogether, nothing else counts.
        assert_eq!(refusal(&sdk).await, None, "{operation}");
        aws_s3::client(&sdk).delete_public_access_block().bucket(NAME).send().await.unwrap();
        let refused = refusal(&sdk).await.unwrap_or_else(|| panic!("{operation}: not refused"));
        assert!(refused.contains("is open to the public") && refused.contains("BlockPublicAccess"), "{refused}");
    }
}

/// The keys of a project's state in the bucket.
async fn keys(sdk: &SdkConfig, project: &str, environment: &str) -> Result<StateKeys, Error> {
    let bucket = StateBucket::named(aws_s3::client(sdk), NAME, &Place::new(ACCOUNT, REGION));
    StateKeys::find(&bucket.store(), &identity(project, environment), None).await
}

fn identity(project: &str, environment: &str) -> StateIdentity {
    StateIdentity::new(&blueprint::identity(project, environment), &Place::new(ACCOUNT, REGION), NAME)
}

pub(crate) async fn put(sdk: &SdkConfig, key: &str, body: String) {
    aws_s3::client(sdk).put_object().bucket(NAME).key(key).body(body.into_bytes().into()).send().await.unwrap();
}

/// A state as mlopsctl 0.1 wrote it.
fn by_0_1(environment: &str, tags: &str) -> String {
    format!(
        r#"{{"format": 1, "serial": 3, "lineage": "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d", "tool": "0.1.0",
            "environment": "{environment}", "account": "{ACCOUNT}", "region": "{REGION}", "resources": {{
            "storage.data": {{"kind": "s3:bucket", "phase": "ready", "token": "t", "id": "shop-dev-data",
            "spec": {{"name": "shop-dev-data"{tags}}}}}}}}}"#
    )
}

#[tokio::test]
async fn state_of_0_1_at_the_root_stays_there_for_its_own_environment_and_is_nobody_elses() {
    let own = r#", "tags": {"Project": "shop"}"#;
    let (root, shared) = (StateKeys::at_root(), StateKeys::shared(&identity("shop", "dev")));
    assert_eq!(shared.state, "shop/dev/state.json");
    assert_eq!(shared.lock, "shop/dev/lock.json");
    let cases = [
        (None, shared.clone()),
        (Some(by_0_1("dev", own)), root.clone()),
        // A dashboard has no tags: its name tells.
        (Some(by_0_1("dev", "")), root.clone()),
        (Some(by_0_1("prod", own)), shared.clone()),
        (Some(by_0_1("dev", r#", "tags": {"Project": "fraud"}"#)), shared.clone()),
        // Nothing is lost with it, and whose it was it does not say.
        (
            Some(by_0_1("dev", own).replace("storage.data", "x").split("\"x\"").next().unwrap().to_owned() + "}}"),
            shared.clone(),
        ),
        // Its owner must hear that it is damaged.
        (Some(by_0_1("dev", own).replace("shop-dev-data", "shop-dev-data-1") + "}"), root.clone()),
        (Some(by_0_1("prod", own).replace("shop-dev-data", "shop-prod-data-1") + "}"), shared.clone()),
    ];
    for (state, expected) in cases {
        let sdk = cloud(true, None).await;
        if let Some(state) = &state {
            put(&sdk, "state.json", state.clone()).await;
        }
        assert_eq!(keys(&sdk, "shop", "dev").await.unwrap(), expected, "{state:?}");
    }
}

/// Denies the object at the root of the bucket, like a policy that names only the environment's own keys.
struct RootDenied;

#[async_trait]
impl Layer for RootDenied {
    async fn answer(&self, call: Call, next: Next<'_>) -> Result<Response, LostAnswer> {
        match call.operation == "GET object" && call.request.uri.contains("company-states/state.json") {
            true => Ok(Response::xml(403, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")),
            false => next.run(call).await,
        }
    }
}

#[tokio::test]
async fn state_that_others_keep_at_the_root_need_not_be_readable() {
    let cloud = Cloud::open(None, REGION, ACCOUNT).unwrap();
    let sdk = cloud.sdk_config();
    shared_bucket(&sdk, NAME, true).await;
    put(&sdk, "state.json", by_0_1("dev", r#", "tags": {"Project": "fraud"}"#)).await;
    let sdk = cloud.with_layer(Arc::new(RootDenied)).sdk_config();
    let store = StateBucket::named(aws_s3::client(&sdk), NAME, &Place::new(ACCOUNT, REGION)).store();
    assert!(store.get("state.json").await.is_err(), "it is denied");
    assert_eq!(keys(&sdk, "shop", "dev").await.unwrap(), StateKeys::shared(&identity("shop", "dev")));
}

#[tokio::test]
async fn two_states_of_one_environment_are_refused() {
    let sdk = cloud(true, None).await;
    put(&sdk, "state.json", by_0_1("dev", "")).await;
    put(&sdk, "shop/dev/state.json", "{}".to_owned()).await;
    let refused = keys(&sdk, "shop", "dev").await.unwrap_err().to_string();
    assert!(refused.contains("company-states/state.json") && refused.contains("shop/dev/state.json"), "{refused}");
}

#[tokio::test]
async fn state_that_could_not_be_read_again_is_not_written() {
    let sdk = cloud(true, None).await;
    let store = StateBucket::named(aws_s3::client(&sdk), NAME, &Place::new(ACCOUNT, REGION)).store();
    let refused = store.put("state.json", vec![b' '; aws_client::LARGEST_ANSWER + 1].into(), None).await.unwrap_err();
    assert!(matches!(refused, Error::TooLarge { .. }), "{refused}");
    assert!(store.get("state.json").await.unwrap().is_none());
}

/// Remembers each object that is put, with the key that it is to be encrypted with.
#[derive(Default)]
struct Puts(Mutex<Vec<(String, Option<String>)>>);

#[async_trait]
impl Layer for Puts {
    async fn answer(&self, call: Call, next: Next<'_>) -> Result<Response, LostAnswer> {
        if call.operation == "PUT object" {
            let path = call.request.uri.split('?').next().unwrap_or_default();
            let name = path.rsplit('/').next().unwrap_or_default().to_owned();
            let key = call.request.headers.get("x-amz-server-side-encryption-aws-kms-key-id");
            self.0.lock().unwrap().push((name, key.map(|key| key.to_str().unwrap().to_owned())));
        }
        next.run(call).await
    }
}

#[tokio::test]
async fn state_and_lock_are_put_with_the_key_that_the_file_names_or_with_the_buckets_own() {
    let key = "arn:aws:kms:ap-south-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    for key in [Some(key.to_owned()), None] {
        let cloud = Cloud::open(None, REGION, ACCOUNT).unwrap();
        shared_bucket(&cloud.sdk_config(), NAME, true).await;
        let puts = Arc::new(Puts::default());
        let s3 = aws_s3::client(&cloud.with_layer(puts.clone()).sdk_config());
        let bucket = StateBucket::named(s3, NAME, &Place::new(ACCOUNT, REGION)).encrypted_with(key.clone());
        let store = Arc::new(bucket.store());
        store.put("state.json", "{}".into(), None).await.unwrap();
        let lock = Lock::acquire(store, "lock.json", "dev", Holder::new("up", None), async {}).await.unwrap();
        let expected = ["state.json", "lock.json"].map(|name| (name.to_owned(), key.clone()));
        assert_eq!(*puts.0.lock().unwrap(), expected);
        drop(lock);
    }
}

#[tokio::test]
async fn history_ends_where_the_store_repeats_a_page() {
    let endless = Instead {
        operations: &["GET bucket?versions"],
        status: 200,
        body: "<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>state.json</NextKeyMarker>\
               <NextVersionIdMarker>1</NextVersionIdMarker></ListVersionsResult>",
    };
    let sdk = cloud(true, Some(endless)).await;
    let bucket = StateBucket::named(aws_s3::client(&sdk), NAME, &Place::new(ACCOUNT, REGION));
    let error = bucket.store().history("state.json").await.unwrap_err();
    assert!(error.to_string().contains("the pages of the list repeat"), "{error}");
}
