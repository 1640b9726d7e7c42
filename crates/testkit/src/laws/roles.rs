//! A new role is not known to all of IAM at once, nor can services assume it, nor do its policies count,
//! for up to a minute. Each service has its own words for that.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>

use super::{law::Law, lifecycle::Words, world::World};
use crate::wire::{Asked, Refusal};
use async_trait::async_trait;
use local::Response;
use std::collections::BTreeMap;
use tokio::time::Instant;

#[derive(Clone)]
struct Young {
    /// From when on IAM itself knows it.
    known: Instant,
    /// Until when its unique id stands in for its ARN.
    nameless: Instant,
    /// From when on services can assume it.
    assumable: Instant,
    /// From when on its policies count.
    allowed: Instant,
}

/// The roles that were made or changed a moment ago, by name.
#[derive(Clone, Default)]
pub(super) struct Roles {
    young: BTreeMap<String, Young>,
    changes: u64,
}

/// Operations that try a role at once: where they name it, and what they answer if they cannot assume it.
const ASSUME: &[(&str, &str, &str, Words)] = &[
    ("lambda", "CreateFunction", "Role", LAMBDA),
    ("lambda", "UpdateFunctionConfiguration", "Role", LAMBDA),
    ("states", "CreateStateMachine", "roleArn", STATES),
    ("states", "UpdateStateMachine", "roleArn", STATES),
    ("glue", "CreateCrawler", "Role", GLUE),
    ("glue", "UpdateCrawler", "Role", GLUE),
    ("sagemaker", "CreateDomain", "DefaultUserSettings/ExecutionRole", SAGEMAKER),
    ("sagemaker", "UpdateDomain", "DefaultUserSettings/ExecutionRole", SAGEMAKER),
    ("sagemaker", "CreateUserProfile", "UserSettings/ExecutionRole", SAGEMAKER),
    ("sagemaker", "CreateFeatureGroup", "RoleArn", SAGEMAKER),
    ("sagemaker", "CreateMlflowApp", "RoleArn", SAGEMAKER),
    ("ec2", "CreateFlowLogs", "DeliverLogsPermissionArn", FLOW_LOGS),
];

pub(super) const LAMBDA: Words =
    ("InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda.");
const STATES: Words = (
    "AccessDeniedException",
    "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.",
);
pub(super) const GLUE: Words =
    ("InvalidInputException", "Service is unable to assume provided role. Please verify role's TrustPolicy.");
pub(super) const SAGEMAKER: Words = (
    "ValidationException",
    "Could not assume role {key}. Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to assume the role.",
);
const FLOW_LOGS: Words = ("InvalidParameter", "Unable to assume given IAM role: '{key}'");

/// Operations that try what a role's policies allow: what the request must have for that, and what they answer.
const NEED: &[(&str, &str, &str, &str, Words)] = &[
    (
        "lambda",
        "CreateFunction",
        "Role",
        "VpcConfig",
        (
            "InvalidParameterValueException",
            "The provided execution role does not have permissions to call CreateNetworkInterface on EC2",
        ),
    ),
    (
        "states",
        "CreateStateMachine",
        "roleArn",
        "loggingConfiguration",
        ("AccessDeniedException", "The state machine IAM Role is not authorized to access the Log Destination"),
    ),
    (
        "glue",
        "CreateCrawler",
        "Role",
        "Targets",
        (
            "InvalidInputException",
            "The following roles are not authorized to perform: glue:GetDatabase on resource: {key}",
        ),
    ),
    (
        "sagemaker",
        "CreateFeatureGroup",
        "RoleArn",
        "OfflineStoreConfig",
        ("ValidationException", "Invalid S3Uri provided for the offline store: access denied to the role {key}"),
    ),
];

impl Roles {
    fn named<'a>(&self, asked: &'a Asked, member: &str) -> Option<(&'a str, &Young)> {
        let arn = asked.text(member);
        let name = arn.rsplit('/').next()?;
        Some((arn, self.young.get(name)?))
    }
}

#[async_trait]
impl Law for Roles {
    async fn before(&mut self, asked: &Asked, world: &World<'_>) -> Option<Response> {
        let refuse =
            |(code, message): Words, key: &str| Some(Refusal::new(code, message.replace("{key}", key)).to(&asked.call));
        if asked.service == "iam" && asked.operation != "CreateRole" {
            let name = asked.text("RoleName");
            let unknown = self.young.get(name).is_some_and(|role| role.known > world.now);
            let refusal = Refusal::new("NoSuchEntity", format!("The role with name {name} cannot be found."));
            return unknown.then(|| refusal.status(404).to(&asked.call));
        }
        for (.., member, words) in ASSUME.iter().filter(|(service, operation, ..)| asked.is(service, operation)) {
            if let Some((arn, role)) = self.named(asked, member)
                && role.assumable > world.now
            {
                return refuse(*words, arn);
            }
        }
        for (.., member, with, words) in NEED.iter().filter(|(service, operation, ..)| asked.is(service, operation)) {
            if let Some((arn, role)) = self.named(asked, member)
                && role.allowed > world.now
                && !asked.given[*with].is_null()
            {
                return refuse(*words, arn);
            }
        }
        None
    }

    async fn after(&mut self, asked: &Asked, response: &mut Response, world: &World<'_>) {
        if asked.service != "iam" || response.status >= 300 {
            return;
        }
        let name = asked.text("RoleName");
        match asked.operation.as_str() {
            "CreateRole" => {
                let known = world.after(0..=5, &format!("{name} is known"));
                let young = Young {
                    known,
                    nameless: known + world.chance.span(0..=3, &format!("{name} has a name")),
                    assumable: world.works(name, 10..=60, &format!("{name} can be assumed")),
                    allowed: world.now,
                };
                self.young.insert(name.to_owned(), young);
            }
            "DeleteRole" => {
                self.young.remove(name);
            }
            "PutRolePolicy" | "AttachRolePolicy" => {
                self.changes += 1;
                if let Some(role) = self.young.get_mut(name) {
                    role.allowed = world.after(2..=15, &format!("change {}", self.changes));
                }
            }
            "GetRole" if self.young.get(name).is_some_and(|role| role.nameless > world.now) => {
                let body = String::from_utf8_lossy(&response.body);
                if let Some((before, rest)) = body.split_once("<Arn>")
                    && let Some((_, after)) = rest.split_once("</Arn>")
                {
                    response.body = format!("{before}<Arn>AROAEXAMPLE</Arn>{after}").into();
                }
            }
            _ => {}
        }
    }

    fn copy(&self) -> Box<dyn Law> {
        Box::new(self.clone())
    }
}
