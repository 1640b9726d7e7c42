//! Services try a role when they are given one: whether they can assume it, and what its policies allow. What a role
//! lacks is refused without end; what only takes time is the law of roles.
//! <https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions>

use super::{
    law::Law,
    lifecycle::Words,
    roles::{GLUE, LAMBDA, SAGEMAKER},
    world::World,
};
use crate::{
    iam::{demand::Demand, policy::Policies},
    wire::{Asked, Refusal},
};
use async_trait::async_trait;
use local::{ACCOUNT, Response};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

/// The law has nothing to note.
#[derive(Clone)]
pub(super) struct Trials;

/// The calls that Lambda simulates for a function in a VPC. The simulation names no resource and gives no condition
/// key, so that only a statement on everything, or on every type of the account's resources, allows it.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions>
/// <https://github.com/hashicorp/terraform-provider-aws/issues/20698>
const INTERFACES: [&str; 3] = ["CreateNetworkInterface", "DescribeNetworkInterfaces", "DeleteNetworkInterface"];

/// Operations that assume a role without `aws:SourceAccount`: the service, where they name the role, and what they answer
/// if they cannot assume it. AWS documents the key for Step Functions, EventBridge, VPC flow logs and SageMaker's domains
/// and jobs; for these it does not, and AWS's support names Lambda and Glue among the services that do not send it.
/// <https://github.com/prowler-cloud/prowler/issues/2810>
/// <https://github.com/prowler-cloud/prowler/issues/7021>
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/security-confused-deputy-prevention.html>
const WITHOUT_SOURCE_ACCOUNT: [(&str, &str, &str, Words); 5] = [
    ("lambda", "CreateFunction", "Role", LAMBDA),
    ("lambda", "UpdateFunctionConfiguration", "Role", LAMBDA),
    ("glue", "CreateCrawler", "Role", GLUE),
    ("glue", "UpdateCrawler", "Role", GLUE),
    ("sagemaker", "CreateFeatureGroup", "RoleArn", SAGEMAKER),
];

/// The name of the role that a request gives as an ARN or a name.
fn role<'a>(asked: &'a Asked, member: &str) -> Option<&'a str> {
    asked.text(member).rsplit('/').next().filter(|name| !name.is_empty())
}

/// A document as IAM gives it: JSON, encoded for a URL.
fn document(text: &Value) -> Option<Value> {
    let text = percent_decode_str(text.as_str()?).decode_utf8_lossy();
    serde_json::from_str(&text).ok()
}

/// Every policy that a role has.
async fn policies(role: &str, world: &World<'_>) -> Policies {
    let mut documents = Vec::new();
    let list = |answer: Option<Value>, member: &str, list: &str| {
        let answer = answer.unwrap_or_default();
        answer[member][list].as_array().cloned().unwrap_or_default()
    };
    let inline = world.ask("iam", "ListRolePolicies", json!({"RoleName": role})).await;
    for name in list(inline, "ListRolePoliciesResult", "PolicyNames") {
        let policy = world.ask("iam", "GetRolePolicy", json!({"RoleName": role, "PolicyName": name})).await;
        documents.extend(document(&policy.unwrap_or_default()["GetRolePolicyResult"]["PolicyDocument"]));
    }
    let attached = world.ask("iam", "ListAttachedRolePolicies", json!({"RoleName": role})).await;
    for policy in list(attached, "ListAttachedRolePoliciesResult", "AttachedPolicies") {
        let arn = &policy["PolicyArn"];
        let known = world.ask("iam", "GetPolicy", json!({"PolicyArn": arn})).await.unwrap_or_default();
        let version = &known["GetPolicyResult"]["Policy"]["DefaultVersionId"];
        let version = world.ask("iam", "GetPolicyVersion", json!({"PolicyArn": arn, "VersionId": version})).await;
        documents.extend(document(&version.unwrap_or_default()["GetPolicyVersionResult"]["PolicyVersion"]["Document"]));
    }
    Policies::read(&documents)
}

/// True if a role's trust policy admits a request without `aws:SourceAccount`.
async fn is_assumable(role: &str, world: &World<'_>) -> bool {
    let Some(answer) = world.ask("iam", "GetRole", json!({"RoleName": role})).await else { return true };
    let Some(mut trust) = document(&answer["GetRoleResult"]["Role"]["AssumeRolePolicyDocument"]) else { return true };
    for statement in trust["Statement"].as_array_mut().into_iter().flatten() {
        if let Some(members) = statement.as_object_mut() {
            members.remove("Principal");
            members.insert("Resource".into(), "*".into());
        }
    }
    Policies::read(&[trust]).allow(&Demand::bare("sts:AssumeRole", "*"))
}

#[async_trait]
impl Law for Trials {
    async fn before(&mut self, asked: &Asked, world: &World<'_>) -> Option<Response> {
        let tried = WITHOUT_SOURCE_ACCOUNT.iter().find(|(service, operation, ..)| asked.is(service, operation));
        if let Some((.., member, (code, message))) = tried
            && let Some(name) = role(asked, member)
            && !is_assumable(name, world).await
        {
            return Some(Refusal::new(*code, message.replace("{key}", asked.text(member))).to(&asked.call));
        }
        let joins = asked.given["VpcConfig"]["SubnetIds"].as_array().is_some_and(|subnets| !subnets.is_empty());
        if asked.service != "lambda" || !joins {
            return None;
        }
        let policies = policies(role(asked, "Role")?, world).await;
        let everything = format!("arn:aws:ec2:{}:{ACCOUNT}:*/*", asked.call.region);
        let allowed = |action: &&&str| policies.allow(&Demand::bare(format!("ec2:{action}"), &everything));
        let lacking = INTERFACES.iter().find(|action| !allowed(action))?;
        let message = format!("The provided execution role does not have permissions to call {lacking} on EC2");
        Some(Refusal::new("InvalidParameterValueException", message).to(&asked.call))
    }

    fn copy(&self) -> Box<dyn Law> {
        Box::new(self.clone())
    }
}
