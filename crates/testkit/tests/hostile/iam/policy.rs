//! Managed policies. That new ones, their default versions and what let go of them show late are laws.

use super::{REGION, role};
use crate::{destroy, failure, first, times, up};
use aws_client::FailureKind;
use aws_config::SdkConfig;
use aws_iam::Policy;
use aws_sdk_iam::Client;
use resource::Tags;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{Aws, Fault, Platform};

const ARN: &str = "arn:aws:iam::123456789012:policy/ml/mine-test-data";

fn allows(action: &str) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": action, "Resource": "*" }] })
}

fn policy() -> Policy {
    Policy {
        name: "mine-test-data".into(),
        path: "/ml/".into(),
        description: "reads what models learn from".into(),
        document: allows("s3:GetObject"),
        tags: Tags::from_iter([("Purpose", "learning")]),
    }
}

/// A policy, changed, that nothing has.
fn alone(change: impl FnOnce(&mut Policy)) -> Platform {
    let mut changed = policy();
    change(&mut changed);
    Platform::made_of(REGION, move |stack| {
        stack.add("identity", "data", (), move |()| changed.clone());
    })
}

/// A policy, changed, and a role that has it.
fn held(change: impl FnOnce(&mut Policy)) -> Platform {
    let mut changed = policy();
    change(&mut changed);
    Platform::made_of(REGION, move |stack| {
        let policy = stack.add("identity", "data", (), move |()| changed.clone());
        stack.add("identity", "train", policy, |policy| {
            let mut role = role("mine-test-train", json!({ "Service": "lambda.amazonaws.com" }));
            role.managed_policies = vec![policy.arn.to_string()];
            role
        });
    })
}

fn same(_: &mut Policy) {}

#[track_caller]
fn nothing_to_do(platform: &Platform, aws: &mut Aws) {
    let again = aws.run(async |sdk| platform.plan(&sdk).await);
    assert!(again.plan.is_empty() && again.refusals.is_empty(), "{:#?}", again.plan.changes);
}

async fn seen(sdk: &SdkConfig, arn: &str) -> (aws_sdk_iam::types::Policy, Value) {
    let iam = Client::new(sdk);
    let policy = iam.get_policy().policy_arn(arn).send().await.unwrap().policy.unwrap();
    let call = iam.get_policy_version().policy_arn(arn).version_id(policy.default_version_id().unwrap());
    let version = call.send().await.unwrap().policy_version.unwrap();
    let text = percent_encoding::percent_decode_str(version.document().unwrap()).decode_utf8().unwrap().into_owned();
    (policy, serde_json::from_str(&text).unwrap())
}

async fn versions(sdk: &SdkConfig) -> Vec<String> {
    let versions = Client::new(sdk).list_policy_versions().policy_arn(ARN).send().await.unwrap().versions;
    versions.unwrap().into_iter().filter_map(|version| version.version_id).collect()
}

#[test]
fn a_policy_lives_under_its_own_permissions_and_is_as_declared() {
    let platform = held(same);
    let mut aws = Aws::lawful(REGION, 41);
    aws.allow_only(&platform.policies(None, false));
    up(&platform, &mut aws);
    nothing_to_do(&platform, &mut aws);
    let drift = aws.run(async |sdk| platform.drift(&sdk).await);
    assert!(drift.drifted.is_empty() && drift.failed.is_empty(), "{:#?} {:#?}", drift.drifted, drift.failed);
    assert_eq!(aws.denied(), Vec::<String>::new());
    aws.allow_everything();
    let (seen, document) = aws.run(async |sdk| seen(&sdk, ARN).await);
    assert_eq!(seen.description(), Some("reads what models learn from"));
    assert!(seen.tags().iter().any(|tag| tag.key() == "Purpose" && tag.value() == "learning"), "{:?}", seen.tags());
    assert_eq!((seen.attachment_count(), document), (Some(1), allows("s3:GetObject")));
    let edited = held(|policy| {
        policy.document = allows("s3:ListBucket");
        policy.tags = Tags::from_iter([("Reviewer", "anna")]);
    });
    aws.allow_only(&edited.policies(None, false));
    up(&edited, &mut aws);
    destroy(&edited, &mut aws);
    assert_eq!(aws.denied(), Vec::<String>::new());
    let used = aws.allowed();
    for action in ["CreatePolicyVersion", "DeletePolicyVersion", "DeletePolicy", "TagPolicy", "UntagPolicy"] {
        assert!(used.contains(&format!("iam:{action}")), "{used:#?}");
    }
    assert!(edited.left(&aws).is_empty(), "{:#?}", edited.left(&aws));
}

#[test]
fn a_new_policy_is_waited_for_by_itself_and_by_the_role_that_is_to_have_it() {
    let (mut hidden, mut refused) = (0, 0);
    for seed in 0..6 {
        let platform = held(same);
        let mut aws = Aws::lawful(REGION, seed);
        up(&platform, &mut aws);
        assert_eq!(times(&aws, "iam", "CreatePolicy"), 1);
        let said: Vec<String> = platform.said().iter().map(|event| format!("{:?}", event.phase)).collect();
        hidden += usize::from(said.iter().any(|words| words.contains("it to appear")));
        refused += usize::from(said.iter().any(|words| words.contains("is not attachable")));
    }
    assert!(hidden > 0, "no seed hid a new policy");
    assert!(refused > 0, "no seed kept a new policy from the role");
}

#[test]
fn a_document_is_put_once_although_iam_still_shows_the_old_one() {
    let edited = alone(|policy| policy.document = allows("s3:ListBucket"));
    let mut waited = 0;
    for seed in 0..6 {
        let mut aws = Aws::lawful(REGION, seed);
        up(&alone(same), &mut aws);
        up(&edited, &mut aws);
        assert_eq!(times(&aws, "iam", "CreatePolicyVersion"), 1);
        let propagates = |event: &engine::Event| format!("{:?}", event.phase).contains("propagating");
        waited += usize::from(edited.said().iter().any(propagates));
        aws.wait(Duration::from_secs(60));
        nothing_to_do(&edited, &mut aws);
    }
    assert!(waited > 0, "no seed showed an old version");
}

#[test]
fn changed_document_is_restored_also_by_a_sixth_version() {
    let platform = alone(same);
    let mut aws = Aws::lawful(REGION, 42);
    up(&platform, &mut aws);
    aws.wait(Duration::from_secs(60));
    aws.run(async |sdk| {
        let call = Client::new(&sdk).create_policy_version().policy_arn(ARN);
        call.policy_document(allows("s3:*").to_string()).send().await.unwrap();
    });
    for restored in ["v3", "v4", "v5", "v6", "v7"] {
        aws.run(async |sdk| {
            let call = Client::new(&sdk).set_default_policy_version().policy_arn(ARN).version_id("v2");
            call.send().await.unwrap();
        });
        let drift = aws.run(async |sdk| platform.drift(&sdk).await);
        assert_eq!(drift.drifted.len(), 1, "{:#?}", drift.drifted);
        up(&platform, &mut aws);
        aws.wait(Duration::from_secs(60));
        let (policy, document) = aws.run(async |sdk| seen(&sdk, ARN).await);
        assert_eq!((policy.default_version_id(), document), (Some(restored), allows("s3:GetObject")));
    }
    nothing_to_do(&platform, &mut aws);
    let kept = aws.run(async |sdk| versions(&sdk).await);
    assert_eq!(kept, ["v2", "v4", "v5", "v6", "v7"], "the oldest go");
}

#[test]
fn tags_of_the_stack_are_restored_and_foreign_tags_stay() {
    let platform = alone(same);
    let mut aws = Aws::lawful(REGION, 44);
    up(&platform, &mut aws);
    aws.run(async |sdk| {
        let iam = Client::new(&sdk);
        iam.untag_policy().policy_arn(ARN).tag_keys("Purpose").send().await.unwrap();
        let theirs = aws_sdk_iam::types::Tag::builder().key("CostCenter").value("7").build().unwrap();
        iam.tag_policy().policy_arn(ARN).tags(theirs).send().await.unwrap();
    });
    up(&platform, &mut aws);
    let tags = |aws: &mut Aws| {
        let (policy, _) = aws.run(async |sdk| seen(&sdk, ARN).await);
        let mut keys: Vec<_> = policy.tags().iter().map(|tag| tag.key().to_owned()).collect();
        keys.retain(|key| ["Purpose", "CostCenter"].contains(&key.as_str()));
        keys.sort();
        keys
    };
    assert_eq!(tags(&mut aws), ["CostCenter", "Purpose"]);
    up(&alone(|policy| policy.tags = Tags::default()), &mut aws);
    assert_eq!(tags(&mut aws), ["CostCenter"]);
    assert_eq!(times(&aws, "iam", "CreatePolicyVersion"), 0);
}

#[test]
fn a_description_is_replaced_under_the_same_name_once_the_old_versions_are_gone() {
    let mut aws = Aws::lawful(REGION, 45);
    up(&alone(same), &mut aws);
    up(&alone(|policy| policy.document = allows("s3:ListBucket")), &mut aws);
    let described = alone(|policy| policy.description = "reads and writes".into());
    up(&described, &mut aws);
    aws.wait(Duration::from_secs(60));
    let (policy, document) = aws.run(async |sdk| seen(&sdk, ARN).await);
    assert_eq!((policy.description(), document), (Some("reads and writes"), allows("s3:GetObject")));
    assert_eq!((times(&aws, "iam", "CreatePolicy"), times(&aws, "iam", "DeletePolicyVersion")), (2, 1));
    nothing_to_do(&described, &mut aws);
}

#[test]
fn a_policy_that_a_role_has_is_replaced_by_one_of_another_name_before_it_goes() {
    let mut aws = Aws::lawful(REGION, 46);
    up(&held(same), &mut aws);
    let renamed = held(|policy| {
        policy.name = "mine-test-features".into();
        policy.description = "reads features".into();
    });
    up(&renamed, &mut aws);
    assert!(first(&aws, "iam", "DetachRolePolicy") < first(&aws, "iam", "DeletePolicy"));
    aws.wait(Duration::from_secs(60));
    aws.run(async |sdk| {
        let iam = Client::new(&sdk);
        let attached = iam.list_attached_role_policies().role_name("mine-test-train").send().await.unwrap();
        let names: Vec<_> = attached.attached_policies().iter().filter_map(|one| one.policy_name()).collect();
        assert_eq!(names, ["mine-test-features"]);
        let gone = iam.get_policy().policy_arn(ARN).send().await.unwrap_err().into_service_error();
        assert!(gone.is_no_such_entity_exception());
    });
    nothing_to_do(&renamed, &mut aws);
}

#[test]
fn a_policy_goes_with_its_versions_once_its_role_has_let_go_of_it() {
    let mut refused = 0;
    for seed in 0..6 {
        let mut aws = Aws::lawful(REGION, seed);
        up(&held(same), &mut aws);
        let edited = held(|policy| policy.document = allows("s3:ListBucket"));
        up(&edited, &mut aws);
        destroy(&edited, &mut aws);
        assert!(edited.left(&aws).is_empty(), "{:#?}", edited.left(&aws));
        refused += times(&aws, "iam", "DeletePolicy") - 1;
    }
    assert!(refused > 0, "no seed met DeleteConflict");
}

#[test]
fn a_policy_that_somebody_else_has_stays_and_it_is_said_who_that_is() {
    let platform = alone(same);
    let mut aws = Aws::lawful(REGION, 47);
    up(&platform, &mut aws);
    aws.wait(Duration::from_secs(60));
    aws.run(async |sdk| {
        let iam = Client::new(&sdk);
        iam.create_user().user_name("ann").send().await.unwrap();
        iam.attach_user_policy().user_name("ann").policy_arn(ARN).send().await.unwrap();
    });
    let began = aws.now();
    let applied = aws.run(async |sdk| platform.destroy(&sdk).await);
    let words = failure(&applied);
    assert!(words.contains("Cannot delete a policy attached to entities: user ann (for 120 s)"), "{words}");
    let failed = &applied.failed[0].failure;
    assert!(failed.help.as_ref().is_some_and(|help| help.advice().contains("not of this stack")), "{failed:?}");
    assert!(failed.residue.as_ref().is_some_and(|residue| residue.contains(ARN)), "{failed:?}");
    assert!(aws.now() - began < Duration::from_secs(150));
    aws.run(async |sdk| {
        Client::new(&sdk).detach_user_policy().user_name("ann").policy_arn(ARN).send().await.unwrap();
    });
    destroy(&platform, &mut aws);
}

#[test]
fn whatever_answer_is_lost_there_is_one_policy_as_declared_and_none_after_it_was_destroyed() {
    let edited = held(|policy| policy.document = allows("s3:ListBucket"));
    for lost in 1..=7 {
        let mut aws = Aws::lawful(REGION, lost);
        for operation in ["CreatePolicy", "CreatePolicyVersion", "DeletePolicyVersion", "TagPolicy", "DeletePolicy"] {
            aws.strike(("iam", operation), 0, lost, Fault::LostAnswer);
        }
        up(&held(same), &mut aws);
        up(&edited, &mut aws);
        aws.wait(Duration::from_secs(60));
        let (_, document) = aws.run(async |sdk| seen(&sdk, ARN).await);
        assert_eq!(document, allows("s3:ListBucket"));
        assert!(aws.run(async |sdk| versions(&sdk).await).len() <= 5);
        nothing_to_do(&edited, &mut aws);
        destroy(&edited, &mut aws);
        assert!(edited.left(&aws).is_empty(), "{:#?}", edited.left(&aws));
    }
}

#[test]
fn a_policy_that_is_somebody_else_s_is_not_taken_over() {
    let platform = alone(same);
    let mut aws = Aws::lawful(REGION, 48);
    let theirs = allows("s3:*").to_string();
    aws.run(async |sdk| {
        let call = Client::new(&sdk).create_policy().policy_name("mine-test-data").path("/ml/");
        call.policy_document(&theirs).send().await.unwrap();
        tokio::time::sleep(Duration::from_secs(60)).await;
    });
    let refusals = aws.run(async |sdk| platform.try_up(&sdk).await).unwrap_err();
    assert_eq!(refusals[0].failure.kind, FailureKind::Exists);
    // Of the same name, but at another path, where it is not looked for.
    let elsewhere = alone(|policy| policy.path = "/".into());
    let applied = aws.run(async |sdk| elsewhere.up(&sdk).await);
    assert!(failure(&applied).contains("EntityAlreadyExists: A policy called mine-test-data"), "{}", failure(&applied));
    assert_eq!(times(&aws, "iam", "CreatePolicyVersion"), 0);
}

#[test]
fn a_policy_that_is_gone_already_is_deleted_and_made_again_while_it_is_declared() {
    let platform = alone(same);
    let mut aws = Aws::lawful(REGION, 49);
    up(&platform, &mut aws);
    aws.wait(Duration::from_secs(60));
    let delete = async |sdk: SdkConfig| Client::new(&sdk).delete_policy().policy_arn(ARN).send().await.unwrap();
    aws.run(delete);
    up(&platform, &mut aws);
    assert_eq!(times(&aws, "iam", "CreatePolicy"), 2);
    aws.wait(Duration::from_secs(60));
    aws.run(delete);
    destroy(&platform, &mut aws);
}
