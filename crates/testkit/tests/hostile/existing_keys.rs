//! A company's own key and roles, and its rule that roles stand under a path.

use crate::{destroy, up_without_drift};
use config::Environment;
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use testkit::{Aws, Platform};

const ACCOUNT: &str = "123456789012";
const PATH: &str = "/ml/";

/// A key and two roles of the company.
pub(crate) struct Company {
    pub(crate) key: String,
    pub(crate) roles: [String; 2],
}

/// The service control policy that lets nobody create a role or a managed policy of these names without a path.
pub(crate) fn control() -> Vec<Value> {
    let without_path = |kind: &str| format!("arn:aws:iam::*:{kind}/mlops-*");
    vec![json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Deny",
        "Action": ["iam:CreateRole", "iam:CreatePolicy"],
        "Resource": [without_path("role"), without_path("policy")],
    }]})]
}

pub(crate) fn company(aws: &mut Aws) -> Company {
    aws.run(async |sdk| {
        let everyone = json!({"Effect": "Allow", "Resource": "*", "Action": "kms:*",
                              "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")}});
        let services = json!({"Effect": "Allow", "Resource": "*",
                              "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*",
                                         "kms:Describe*"],
                              "Principal": {"Service": [format!("logs.{}.amazonaws.com", region()),
                                                        "cloudwatch.amazonaws.com", "events.amazonaws.com",
                                                        "budgets.amazonaws.com"]}});
        let policy = json!({"Version": "2012-10-17", "Statement": [everyone, services]}).to_string();
        let made = aws_sdk_kms::Client::new(&sdk).create_key().description("central").policy(policy).send().await;
        let key = made.unwrap().key_metadata.unwrap().arn.unwrap();
        let iam = aws_sdk_iam::Client::new(&sdk);
        let mut roles = Vec::new();
        for service in ["glue", "states"] {
            let trust = json!({"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": {"Service": format!("{service}.amazonaws.com")}}]});
            let call = iam.create_role().role_name(format!("company-{service}")).path("/central/");
            let made = call.assume_role_policy_document(trust.to_string()).send().await.unwrap();
            roles.push(made.role.unwrap().arn);
        }
        tokio::time::sleep(Duration::from_secs(120)).await;
        Company { key, roles: roles.try_into().unwrap() }
    })
}

impl Company {
    /// Names the key, the roles and the path in an environment file.
    pub(crate) fn rules(&self, environment: &mut Environment) {
        environment.encryption.key_arn = Some(self.key.clone());
        environment.identity.path = Some(PATH.into());
        environment.identity.roles.glue = Some(self.roles[0].clone());
        environment.identity.roles.pipeline = Some(self.roles[1].clone());
    }

    /// The key and the roles as they are kept, whole.
    pub(crate) fn kept(&self, aws: &Aws) -> BTreeMap<String, String> {
        let key = self.key.rsplit('/').next().unwrap().to_owned();
        let kept = aws.kept(&[key, "company-glue".to_owned(), "company-states".to_owned()]);
        assert_eq!(kept.len(), 3, "{kept:?}");
        kept
    }
}

fn region() -> String {
    Platform::named("dev").region().to_owned()
}

#[test]
fn platform_with_a_companys_key_roles_and_path_lives_and_leaves_them_as_they_were() {
    let mut aws = Aws::lawful(&region(), 91);
    let company = company(&mut aws);
    let before = company.kept(&aws);
    let platform = Platform::with("dev", |dev| company.rules(dev));
    aws.forbid(&control());
    aws.allow_only(&platform.policies(None, false));

    up_without_drift(&platform, &mut aws);
    assert_eq!(company.kept(&aws), before, "after up");

    destroy(&platform, &mut aws);
    assert_eq!(company.kept(&aws), before, "after destroy");
    assert_eq!(aws.denied(), Vec::<String>::new());
}

#[test]
fn scp_stops_roles_without_the_path_in_awss_words() {
    let platform = Platform::named("dev").only("identity.glue");
    let mut aws = Aws::lawful(platform.region(), 92);
    aws.forbid(&control());
    let applied = aws.run(async |sdk| platform.up(&sdk).await);
    let failure = crate::failure(&applied);
    assert!(
        failure.contains("identity.glue") && failure.contains("explicit deny in a service control policy"),
        "{failure}"
    );
}
