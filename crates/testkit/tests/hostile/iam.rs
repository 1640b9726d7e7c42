//! IAM. Invalid principals and roles without a name are laws; what people attach to a role is put there
//! by hand.

mod paging;
mod policy;

use crate::{destroy, times, up};
use aws_iam::Role;
use resource::{Stack, Tags};
use serde_json::json;
use testkit::{Aws, Platform};

const REGION: &str = "eu-central-1";

fn role(name: &str, principal: serde_json::Value) -> Role {
    let trust = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal },
    ] });
    Role {
        name: name.into(),
        path: "/".into(),
        description: String::new(),
        trust,
        inline_policies: [(
            "logs".to_owned(),
            json!({ "Version": "2012-10-17", "Statement": [
                { "Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*" },
            ] }),
        )]
        .into(),
        managed_policies: vec!["arn:aws:iam::aws:policy/ReadOnlyAccess".into()],
        permissions_boundary: None,
        max_session_seconds: 3600,
        tags: Tags::default(),
    }
}

fn two_roles(stack: &mut Stack) {
    let first = stack.add("identity", "first", (), |()| role("first", json!({ "Service": "lambda.amazonaws.com" })));
    stack.add("identity", "second", first, |first| role("second", json!({ "AWS": first.arn.as_str() })));
}

#[test]
fn a_policy_that_names_a_new_role_meets_malformed_policy_document_while_the_principal_propagates() {
    let platform = Platform::made_of(REGION, two_roles);
    let mut aws = Aws::lawful(REGION, 21);
    up(&platform, &mut aws);
    assert!(times(&aws, "iam", "CreateRole") > 3, "the second role was refused for a while");
}

#[test]
fn an_arn_shown_briefly_as_a_unique_id_is_read_until_it_is_a_real_arn() {
    let mut nameless = 0;
    for seed in 0..6 {
        let platform = Platform::made_of(REGION, two_roles);
        let mut aws = Aws::lawful(REGION, seed);
        up(&platform, &mut aws);
        let (state, _) = aws.run(async |sdk| platform.state(&sdk).await).unwrap();
        for entry in state.resources.values() {
            assert!(entry.outputs["arn"].as_str().is_some_and(|arn| arn.starts_with("arn:aws:iam::")), "{entry:?}");
        }
        let waited = |event: &engine::Event| format!("{:?}", event.phase).contains("propagating");
        nameless += usize::from(platform.said().iter().any(waited));
    }
    assert!(nameless > 0, "no seed showed a role without a name");
}

#[test]
fn the_deletion_of_a_role_detaches_deletes_and_leaves_all_that_is_in_its_way() {
    let platform = Platform::made_of(REGION, two_roles);
    let mut aws = Aws::lawful(REGION, 22);
    up(&platform, &mut aws);
    aws.run(async |sdk| {
        let iam = aws_sdk_iam::Client::new(&sdk);
        let more = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
        iam.attach_role_policy().role_name("first").policy_arn(more).send().await.unwrap();
        let document = r#"{"Version":"2012-10-17","Statement":[]}"#;
        let call = iam.put_role_policy().role_name("first").policy_name("by-hand").policy_document(document);
        call.send().await.unwrap();
        iam.create_instance_profile().instance_profile_name("by-hand").send().await.unwrap();
        let call = iam.add_role_to_instance_profile().instance_profile_name("by-hand").role_name("first");
        call.send().await.unwrap();
        let refused = iam.delete_role().role_name("first").send().await.unwrap_err().into_service_error();
        assert!(refused.is_delete_conflict_exception(), "{refused:?}");
    });
    destroy(&platform, &mut aws);
    aws.run(async |sdk| {
        let iam = aws_sdk_iam::Client::new(&sdk);
        let gone = iam.get_role().role_name("first").send().await.unwrap_err().into_service_error();
        assert!(gone.is_no_such_entity_exception());
    });
}

#[test]
fn a_role_that_is_gone_already_is_deleted() {
    let platform = plain(3600);
    let mut aws = Aws::lawful(REGION, 23);
    up(&platform, &mut aws);
    aws.run(async |sdk| aws_sdk_iam::Client::new(&sdk).delete_role().role_name("first").send().await.unwrap());
    destroy(&platform, &mut aws);
}

fn plain(session: i32) -> Platform {
    Platform::made_of(REGION, move |stack| {
        let mut plain = role("first", json!({ "Service": "lambda.amazonaws.com" }));
        plain.max_session_seconds = session;
        (plain.inline_policies, plain.managed_policies) = Default::default();
        stack.add("identity", "first", (), move |()| plain.clone());
    })
}

#[test]
fn a_change_that_the_account_s_listing_does_not_show_yet_is_not_made_twice() {
    let (before, after) = (plain(3600), plain(7200));
    let mut aws = Aws::lawful(REGION, 24);
    up(&before, &mut aws);
    up(&after, &mut aws);
    assert_eq!(times(&aws, "iam", "UpdateRole"), 1);
    let (alone, listed) = (times(&aws, "iam", "GetRole"), times(&aws, "iam", "ListRoles"));
    let again = aws.run(async |sdk| after.plan(&sdk).await);
    assert!(again.plan.is_empty() && again.refusals.is_empty(), "{:#?}", again.plan.changes);
    assert_eq!(times(&aws, "iam", "ListRoles") - listed, 1);
    assert_eq!(times(&aws, "iam", "GetRole") - alone, 1, "the listing still shows the role as it was");
}

#[test]
fn a_role_that_the_account_s_listing_still_shows_after_its_deletion_is_made_anew() {
    let platform = plain(3600);
    let mut aws = Aws::lawful(REGION, 25);
    up(&platform, &mut aws);
    aws.run(async |sdk| {
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        platform.plan(&sdk).await
    });
    destroy(&platform, &mut aws);
    let alone = times(&aws, "iam", "GetRole");
    let planned = aws.run(async |sdk| platform.plan(&sdk).await);
    assert_eq!(planned.plan.changes.len(), 1, "{:#?}", planned.plan.changes);
    assert_eq!(times(&aws, "iam", "GetRole") - alone, 1, "the listing still shows the role");
    up(&platform, &mut aws);
}

#[test]
fn role_with_more_managed_policies_than_the_account_attaches_is_refused_by_the_plan() {
    for (policies, is_refused) in [(10, false), (12, true)] {
        let platform = Platform::made_of(REGION, move |stack| {
            let mut many = role("many", json!({ "Service": "lambda.amazonaws.com" }));
            many.managed_policies = (0..policies).map(|n| format!("arn:aws:iam::aws:policy/Policy{n}")).collect();
            stack.add("identity", "many", (), move |()| many.clone());
        });
        let mut aws = Aws::lenient(REGION);
        let planning = aws.run(async |sdk| platform.plan(&sdk).await);
        let refused: Vec<String> = planning.refusals.iter().map(|one| one.failure.to_string()).collect();
        let words = "it has 12 managed policies, and this account may attach 10 to a role";
        assert_eq!(refused, if is_refused { vec![words] } else { Vec::new() });
        assert_eq!(times(&aws, "iam", "GetAccountSummary"), usize::from(is_refused));
    }
}
