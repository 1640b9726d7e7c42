//! Permissions from the environment file: each role gets only its own, as narrow as the file declares them.

use crate::declared_after;
use config::environment::grants::{Access, BucketGrant, Permission, Values};
use config::environment::storage::Bucket;
use resource::Declaration;
use serde_json::{Value, json};
use vocabulary::policy_spelling;

const LANDING: &str = "arn:aws:s3:::mlops-pipeline-dev-landing-123456789012";
const QUEUE: &str = "arn:aws:sqs:ap-south-1:123456789012:orders";

fn send() -> Permission {
    Permission {
        actions: vec!["sqs:SendMessage".into()],
        resources: vec![QUEUE.into()],
        conditions: [(
            "StringEquals".to_owned(),
            [("aws:PrincipalTag/Team".to_owned(), Values::One("ml".to_owned()))].into(),
        )]
        .into(),
        accept_wildcards: false,
        accept_escalation: false,
    }
}

fn policy(declared: &[Declaration], role: &str, name: &str) -> Value {
    let role = declared.iter().find(|one| one.address.as_str() == format!("identity.{role}")).unwrap();
    role.spec["inline_policies"][name].clone()
}

fn spelled(statements: Value) -> Value {
    policy_spelling(&json!({"Version": "2012-10-17", "Statement": statements}))
}

#[test]
fn permissions_of_the_file_are_a_statement_of_their_role_and_of_no_other() {
    let declared = declared_after("dev", |environment| environment.functions[0].permissions = vec![send()]);
    let condition = json!({"StringEquals": {"aws:PrincipalTag/Team": "ml"}});
    let statement =
        json!([{"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": [QUEUE], "Condition": condition}]);
    assert_eq!(policy(&declared, "data-validation-function", "permissions"), spelled(statement));
    let holders = declared.iter().filter(|one| one.spec["inline_policies"]["permissions"].is_object());
    assert_eq!(holders.count(), 1);
}

#[test]
fn bucket_that_the_file_adds_is_granted_to_every_role_that_names_it() {
    let declared = declared_after("dev", |environment| {
        environment.storage.buckets.push(Bucket::named("landing"));
        let grants = |grant| [("landing".to_owned(), grant)].into();
        let part = BucketGrant::Part { access: Access::Read, prefix: "in/".into() };
        environment.functions[0].buckets = grants(part);
        environment.catalog.jobs[0].buckets = grants(BucketGrant::Whole(Access::ReadWrite));
        environment.studio.buckets = grants(BucketGrant::Whole(Access::Read));
        let pipeline = environment.pipeline.as_mut().unwrap();
        pipeline.buckets = grants(BucketGrant::Whole(Access::Read));
        pipeline.training.buckets = grants(BucketGrant::Whole(Access::Write));
    });
    let account = json!({"StringEquals": {"aws:ResourceAccount": "123456789012"}});
    let reading = json!([
        {"Effect": "Allow", "Action": ["s3:GetBucketLocation"], "Resource": [LANDING], "Condition": account},
        {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [LANDING],
         "Condition": {"StringEquals": account["StringEquals"], "StringLike": {"s3:prefix": "in/*"}}},
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [format!("{LANDING}/in/*")], "Condition": account},
    ]);
    assert_eq!(policy(&declared, "data-validation-function", "buckets"), spelled(reading));
    for (role, reads, writes) in
        [("glue", true, true), ("sagemaker", true, false), ("pipeline", true, false), ("training", false, true)]
    {
        let policy = policy(&declared, role, "buckets").to_string();
        assert_eq!((policy.contains("GetObject"), policy.contains("PutObject")), (reads, writes), "{role}: {policy}");
    }
}

#[test]
fn crawler_reads_its_bucket() {
    let declared = declared_after("dev", |environment| {
        environment.storage.buckets.push(Bucket::named("landing"));
        environment.catalog.crawlers[0].bucket = "landing".into();
    });
    let granted = policy(&declared, "glue", "buckets").to_string();
    assert!(granted.contains(&format!("{LANDING}/raw/*")), "{granted}");
}

#[test]
fn grant_on_an_encrypted_bucket_brings_its_key_through_s3_alone() {
    let declared = declared_after("staging", |environment| {
        environment.functions[0].buckets = [("data".to_owned(), BucketGrant::Whole(Access::Read))].into();
    });
    let granted = policy(&declared, "data-validation-function", "buckets");
    let statements = granted["Statement"].as_array().unwrap();
    let key = statements.iter().find(|one| one["Action"].to_string().contains("kms:")).unwrap();
    assert_eq!(key["Action"], json!(["kms:Decrypt"]), "reading needs no more: {key}");
    assert!(key["Condition"].to_string().contains("s3.ap-south-1.amazonaws.com"), "{key}");
}

#[test]
fn rights_of_the_file_leave_the_boundary_of_the_role() {
    let boundary = "arn:aws:iam::123456789012:policy/boundary";
    let declared = declared_after("dev", |environment| {
        environment.identity.permissions_boundary = Some(boundary.into());
        environment.functions[0].permissions = vec![send()];
    });
    let role = declared.iter().find(|one| one.address.as_str() == "identity.data-validation-function").unwrap();
    assert_eq!(role.spec["permissions_boundary"], boundary);
}
