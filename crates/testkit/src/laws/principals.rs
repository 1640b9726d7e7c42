//! A policy that names a role made a moment ago is refused: the service that keeps the policy does not
//! know the role yet.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>

use super::{law::Law, lifecycle::Words, world::World};
use crate::wire::{Asked, Refusal};
use async_trait::async_trait;
use local::Response;
use serde_json::Value;
use std::collections::BTreeMap;
use tokio::time::Instant;

/// Operations that take a policy, and what they answer.
/// <https://github.com/aws/aws-sdk-go/issues/3921> <https://github.com/cloud-custodian/cloud-custodian/issues/4948>
/// <https://github.com/hashicorp/terraform-provider-aws/issues/41617>
const TAKE: &[(&str, &str, Words)] = &[
    ("iam", "CreateRole", IAM),
    ("iam", "UpdateAssumeRolePolicy", IAM),
    ("kms", "CreateKey", KMS),
    ("kms", "PutKeyPolicy", KMS),
    ("sns", "CreateTopic", SNS),
    ("sns", "SetTopicAttributes", SNS),
    (
        "ecr",
        "SetRepositoryPolicy",
        (
            "InvalidParameterException",
            "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'",
        ),
    ),
    ("s3", "PUT bucket?policy", ("MalformedPolicy", "Invalid principal in policy")),
    (
        "lambda",
        "AddPermission",
        (
            "InvalidParameterValueException",
            "The provided principal was invalid. Please check the principal and try again.",
        ),
    ),
];

/// IAM does not know the principal of a trust policy yet.
/// <https://github.com/hashicorp/terraform-provider-aws/issues/8905>
const IAM: Words = ("MalformedPolicyDocument", "Invalid principal in policy: \"AWS\":\"{key}\"");
/// A key's policy names only principals that KMS can see.
/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html>
const KMS: Words =
    ("MalformedPolicyDocumentException", "Policy contains a statement with one or more invalid principals.");
/// SNS does not find the principal of a topic's policy.
/// <https://github.com/hashicorp/terraform-provider-aws/issues/26041>
const SNS: Words = ("InvalidParameter", "Invalid parameter: Policy Error: PrincipalNotFound");

/// From when on roles are known as principals, by ARN.
#[derive(Clone, Default)]
pub(super) struct Principals {
    known_from: BTreeMap<String, Instant>,
}

/// The policies within a request: every text that is JSON, and the body itself for S3.
fn policies(asked: &Asked) -> Vec<Value> {
    let texts = asked.given.as_object().into_iter().flatten().filter_map(|(_, value)| value.as_str());
    let mut policies: Vec<Value> = texts.filter_map(|text| serde_json::from_str(text).ok()).collect();
    policies.extend(serde_json::from_slice::<Value>(&asked.call.request.body).ok());
    policies
}

/// The principals that a policy names, at whatever depth.
fn principals(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match name.as_str() {
                    "Principal" => texts(member, found),
                    _ => principals(member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| principals(item, found)),
        _ => {}
    }
}

fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => members.values().for_each(|member| texts(member, found)),
        _ => {}
    }
}

#[async_trait]
impl Law for Principals {
    async fn before(&mut self, asked: &Asked, world: &World<'_>) -> Option<Response> {
        let (.., (code, message)) = TAKE.iter().find(|(service, operation, _)| asked.is(service, operation))?;
        let mut named = Vec::new();
        policies(asked).iter().for_each(|policy| principals(policy, &mut named));
        let unknown = named.iter().find(|arn| self.known_from.get(*arn).is_some_and(|from| *from > world.now))?;
        Some(Refusal::new(*code, message.replace("{key}", unknown)).to(&asked.call))
    }

    async fn after(&mut self, asked: &Asked, response: &mut Response, world: &World<'_>) {
        if asked.is("iam", "CreateRole") && response.status < 300 {
            let (path, name) = (asked.text("Path"), asked.text("RoleName"));
            let path = if path.is_empty() { "/" } else { path };
            let arn = format!("arn:aws:iam::{}:role{path}{name}", local::ACCOUNT);
            self.known_from.insert(arn, world.after(5..=60, &format!("{name} is a principal")));
        }
    }

    fn copy(&self) -> Box<dyn Law> {
        Box::new(self.clone())
    }
}
