//! IAM roles.

use aws_sdk_iam::Client;
use aws_sdk_iam::types::Tag;

use crate::{cloud, code};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const POLICY: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;
const MANAGED: &str = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";

fn tag(key: &str) -> Tag {
    Tag::builder().key(key).value("v").build().unwrap()
}

#[tokio::test]
async fn a_role_reads_back_with_everything_attached() {
    let iam = Client::new(&cloud().sdk_config());
    let boundary = iam.create_policy().policy_name("boundary").policy_document(POLICY);
    let boundary = boundary.send().await.unwrap().policy.unwrap().arn.unwrap();
    let create = iam
        .create_role()
        .role_name("r")
        .path("/ml/")
        .description("d")
        .assume_role_policy_document(TRUST)
        .max_session_duration(7200)
        .permissions_boundary(&boundary)
        .tags(tag("a"));
    create.clone().send().await.unwrap();
    assert_eq!(code(create.send().await), "EntityAlreadyExists");
    let role = || async { iam.get_role().role_name("r").send().await.unwrap().role.unwrap() };
    let read = role().await;
    assert_eq!(read.description(), Some("d"));
    assert_eq!(read.path(), "/ml/");
    assert_eq!(read.max_session_duration(), Some(7200));
    assert_eq!(read.permissions_boundary().unwrap().permissions_boundary_arn(), Some(&*boundary));
    assert_eq!(read.tags(), [tag("a")]);
    let trust = winterbaume_core::percent_decode(read.assume_role_policy_document().unwrap());
    assert_eq!(trust, TRUST);

    iam.tag_role().role_name("r").tags(tag("b")).send().await.unwrap();
    iam.untag_role().role_name("r").tag_keys("a").send().await.unwrap();
    let tags = iam.list_role_tags().role_name("r").send().await.unwrap();
    assert_eq!(tags.tags(), [tag("b")]);
    iam.delete_role_permissions_boundary().role_name("r").send().await.unwrap();
    iam.update_role().role_name("r").description("e").max_session_duration(3600).send().await.unwrap();
    let read = role().await;
    assert!(read.permissions_boundary().is_none());
    assert_eq!((read.description(), read.max_session_duration()), (Some("e"), Some(3600)));

    let put = iam.put_role_policy().role_name("r").policy_name("inline");
    put.policy_document(POLICY).send().await.unwrap();
    let inline = iam.get_role_policy().role_name("r").policy_name("inline").send().await.unwrap();
    assert_eq!(winterbaume_core::percent_decode(inline.policy_document()), POLICY);
    iam.attach_role_policy().role_name("r").policy_arn(MANAGED).send().await.unwrap();
    let attached = iam.list_attached_role_policies().role_name("r").send().await.unwrap();
    assert_eq!(attached.attached_policies()[0].policy_arn(), Some(MANAGED));

    let details = iam.get_account_authorization_details().send().await.unwrap();
    let details = details.role_detail_list();
    let [detail] = details else { panic!("{details:?}") };
    assert_eq!(detail.role_policy_list()[0].policy_name(), Some("inline"));
    assert_eq!(detail.attached_managed_policies()[0].policy_arn(), Some(MANAGED));
    assert_eq!(detail.tags(), [tag("b")]);

    let delete = || iam.delete_role().role_name("r").send();
    assert_eq!(code(delete().await), "DeleteConflict");
    iam.delete_role_policy().role_name("r").policy_name("inline").send().await.unwrap();
    assert_eq!(code(delete().await), "DeleteConflict");
    iam.detach_role_policy().role_name("r").policy_arn(MANAGED).send().await.unwrap();
    delete().await.unwrap();
    assert_eq!(code(iam.get_role().role_name("r").send().await), "NoSuchEntity");
}
