//! Managed policies of IAM, with their versions.

use aws_sdk_iam::Client;
use aws_sdk_iam::types::{Policy, Tag};

use crate::{ACCOUNT, REGION, cloud, code};
use local::Cloud;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[]}"#;
const ONE: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Sid":"50%25","Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;
const OTHER: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}]}"#;
const OF_AWS: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";

fn tag(key: &str) -> Tag {
    Tag::builder().key(key).value("v").build().unwrap()
}

async fn made(iam: &Client, name: &str) -> String {
    let call = iam.create_policy().policy_name(name).path("/ml/").description("d").policy_document(ONE).tags(tag("a"));
    call.send().await.unwrap().policy.unwrap().arn.unwrap()
}

async fn get(iam: &Client, arn: &str) -> Policy {
    iam.get_policy().policy_arn(arn).send().await.unwrap().policy.unwrap()
}

/// Makes a default version, and says how it is numbered.
async fn put(iam: &Client, arn: &str, document: &str) -> String {
    let call = iam.create_policy_version().policy_arn(arn).policy_document(document).set_as_default(true);
    call.send().await.unwrap().policy_version.unwrap().version_id.unwrap()
}

async fn document(iam: &Client, arn: &str) -> String {
    let version = get(iam, arn).await.default_version_id.unwrap();
    let answer = iam.get_policy_version().policy_arn(arn).version_id(version).send().await.unwrap();
    answer.policy_version.unwrap().document.unwrap()
}

#[tokio::test]
async fn a_managed_policy_reads_back_with_its_document_encoded() {
    let iam = Client::new(&cloud().sdk_config());
    let arn = made(&iam, "p").await;
    assert_eq!(arn, format!("arn:aws:iam::{ACCOUNT}:policy/ml/p"));
    let read = get(&iam, &arn).await;
    assert_eq!((read.policy_name(), read.path(), read.description()), (Some("p"), Some("/ml/"), Some("d")));
    assert_eq!(read.tags(), [tag("a")]);
    let shown = document(&iam, &arn).await;
    assert!(shown.starts_with("%7B") && winterbaume_core::percent_decode(&shown) == ONE, "{shown}");
    iam.tag_policy().policy_arn(&arn).tags(tag("b")).send().await.unwrap();
    iam.untag_policy().policy_arn(&arn).tag_keys("a").send().await.unwrap();
    assert_eq!(get(&iam, &arn).await.tags(), [tag("b")]);
}

#[tokio::test]
async fn a_name_is_given_once_whatever_the_path_and_the_case() {
    let iam = Client::new(&cloud().sdk_config());
    made(&iam, "p").await;
    for name in ["p", "P"] {
        let again = iam.create_policy().policy_name(name).policy_document(ONE).send().await;
        assert_eq!(code(again), "EntityAlreadyExists");
    }
}

#[tokio::test]
async fn versions_are_numbered_on_whatever_was_put_back_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let open = || Client::new(&Cloud::open(Some(dir.path()), REGION, ACCOUNT).unwrap().sdk_config());
    let iam = open();
    let arn = made(&iam, "p").await;
    assert_eq!(put(&iam, &arn, OTHER).await, "v2");
    // AWS's policies are put into the emulated service's state when they are first named.
    iam.create_role().role_name("r").assume_role_policy_document(TRUST).send().await.unwrap();
    iam.attach_role_policy().role_name("r").policy_arn(OF_AWS).send().await.unwrap();
    assert_eq!(put(&iam, &arn, ONE).await, "v3");
    drop(iam);
    let iam = open();
    assert_eq!(put(&iam, &arn, OTHER).await, "v4");
    assert_eq!(get(&iam, &arn).await.default_version_id(), Some("v4"));
    assert_eq!(winterbaume_core::percent_decode(&document(&iam, &arn).await), OTHER);
    let aside = iam.create_policy_version().policy_arn(&arn).policy_document(ONE).send().await.unwrap();
    assert_eq!(aside.policy_version().unwrap().version_id(), Some("v5"));
    assert_eq!(get(&iam, &arn).await.default_version_id(), Some("v4"));
    let sixth = iam.create_policy_version().policy_arn(&arn).policy_document(ONE).send().await;
    assert_eq!(code(sixth), "LimitExceeded");
    let current = iam.delete_policy_version().policy_arn(&arn).version_id("v4").send().await;
    assert_eq!(code(current), "DeleteConflict");
}

#[tokio::test]
async fn a_policy_that_has_versions_or_is_in_use_is_not_deleted() {
    let iam = Client::new(&cloud().sdk_config());
    let arn = made(&iam, "p").await;
    put(&iam, &arn, OTHER).await;
    let delete = || iam.delete_policy().policy_arn(&arn).send();
    assert_eq!(code(delete().await), "DeleteConflict");
    iam.delete_policy_version().policy_arn(&arn).version_id("v1").send().await.unwrap();
    let role = iam.create_role().role_name("r").assume_role_policy_document(TRUST).permissions_boundary(&arn);
    role.send().await.unwrap();
    assert_eq!(code(delete().await), "DeleteConflict");
    iam.delete_role_permissions_boundary().role_name("r").send().await.unwrap();
    iam.attach_role_policy().role_name("r").policy_arn(&arn).send().await.unwrap();
    assert_eq!(code(delete().await), "DeleteConflict");
    let has = iam.list_entities_for_policy().policy_arn(&arn).send().await.unwrap();
    assert_eq!(has.policy_roles()[0].role_name(), Some("r"));
    iam.detach_role_policy().role_name("r").policy_arn(&arn).send().await.unwrap();
    delete().await.unwrap();
    assert_eq!(code(iam.get_policy().policy_arn(&arn).send().await), "NoSuchEntity");
}
