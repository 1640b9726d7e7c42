//! Permissions that the file gives to code: on buckets of the environment, and on other resources that the file names.

use super::{Environment, Storage};
use crate::check::Place;
use crate::form::{ConditionKey, ConditionOperator, Map, PolicyAction, PolicyResource, Prefix, Slug, Text};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Access to buckets, by the short names of the buckets.
pub type BucketGrants = BTreeMap<String, BucketGrant>;

/// The schema of [`BucketGrants`].
pub(super) type BucketGrantsSchema = Map<Slug, BucketGrant>;

/// Access to a bucket of this environment: `"read"`, or for a part of it `{ access = "read", prefix = "incoming/" }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum BucketGrant {
    /// Access to all objects.
    Whole(Access),
    /// Access to the objects under a prefix.
    Part {
        /// The access to the objects.
        access: Access,
        /// The prefix of the objects.
        prefix: String,
    },
}

/// The access to objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Listing and reading.
    Read,
    /// Putting and deleting.
    Write,
    /// Both.
    ReadWrite,
}

impl BucketGrant {
    /// The access to the objects.
    pub fn access(&self) -> Access {
        match self {
            Self::Whole(access) | Self::Part { access, .. } => *access,
        }
    }

    /// The prefix of the objects; empty for all.
    pub fn prefix(&self) -> &str {
        match self {
            Self::Whole(_) => "",
            Self::Part { prefix, .. } => prefix,
        }
    }
}

impl Access {
    /// True if objects may be listed and read.
    pub fn reads(self) -> bool {
        self != Self::Write
    }

    /// True if objects may be put and deleted.
    pub fn writes(self) -> bool {
        self != Self::Read
    }
}

impl JsonSchema for BucketGrant {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "BucketGrant".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let access = |description: &str| {
            json_schema!({
                "type": "string",
                "description": description,
                "pattern": "^(read|write|read-write)$",
                "patternErrorMessage": "must be `read`, `write` or `read-write`",
                "examples": ["read"],
            })
        };
        let mut prefix = Text::<Prefix>::json_schema(generator);
        prefix.insert("description".into(), "The prefix of the objects, which ends with a slash.".into());
        let mut schema = access("`read`, `write` or `read-write`, or a table with the prefix it is for.");
        schema.insert("type".into(), serde_json::json!(["string", "object"]));
        schema.insert(
            "properties".into(),
            serde_json::json!({ "access": access("What may be done with the objects."), "prefix": prefix }),
        );
        schema.insert("required".into(), serde_json::json!(["access", "prefix"]));
        schema.insert("additionalProperties".into(), false.into());
        schema
    }
}

/// A right on something that the environment did not make: one statement of the role's policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    /// The actions, for example `sqs:SendMessage`.
    #[schemars(with = "Vec<Text<PolicyAction>>", length(min = 1), extend("uniqueItems" = true))]
    pub actions: Vec<String>,
    /// The ARNs of what they may be used on.
    #[schemars(with = "Vec<Text<PolicyResource>>", length(min = 1), extend("uniqueItems" = true))]
    pub resources: Vec<String>,
    /// The conditions: `{ StringEquals = { "aws:ResourceTag/Team" = "ml" } }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "Map<ConditionOperator, Map<ConditionKey, Values>>")]
    pub conditions: BTreeMap<String, BTreeMap<String, Values>>,
    /// Patterns of actions and `*` as a resource are meant.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub accept_wildcards: bool,
    /// Actions by which the role could get more rights are meant.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub accept_escalation: bool,
}

/// One value of a condition, or several of which one must match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Values {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

impl JsonSchema for Values {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Values".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "array"], "items": { "type": "string" }, "minItems": 1 })
    }
}

/// Actions that let a principal gain more permissions, or give its permissions to others. `*` stands for any rest.
/// Actions that only read IAM are not in the list.
/// <https://rhinosecuritylabs.com/aws/aws-privilege-escalation-methods-mitigation/>
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_understand-policy-summary-access-level-summaries.html>
const ESCALATING: [&str; 40] = [
    "account:*",
    "cloudformation:createchangeset",
    "cloudformation:createstack",
    "cloudformation:executechangeset",
    "cloudformation:updatestack",
    "codebuild:createproject",
    "codebuild:startbuild",
    "codebuild:updateproject",
    "datapipeline:putpipelinedefinition",
    "ec2:modifyinstanceattribute",
    "ecr:setrepositorypolicy",
    "ecs:registertaskdefinition",
    "glue:createdevendpoint",
    "glue:createjob",
    "glue:updatedevendpoint",
    "glue:updatejob",
    "iam:*",
    "identitystore:*",
    "kms:creategrant",
    "kms:putkeypolicy",
    "lambda:addlayerversionpermission",
    "lambda:addpermission",
    "lambda:createfunction",
    "lambda:updatefunctioncode",
    "lambda:updatefunctionconfiguration",
    "organizations:*",
    "s3:deletebucketpolicy",
    "s3:putbucketacl",
    "s3:putbucketpolicy",
    "s3:putbucketpublicaccessblock",
    "s3:putobjectacl",
    "sagemaker:createpresigneddomainurl",
    "sagemaker:createpresignednotebookinstanceurl",
    "secretsmanager:putresourcepolicy",
    "sns:addpermission",
    "sqs:addpermission",
    "ssm:sendcommand",
    "ssm:startsession",
    "sso:*",
    "states:updatestatemachine",
];

/// Services whose ARNs have no account, for all or for some of their resources.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
const WITHOUT_ACCOUNT: [(&str, &str); 7] = [
    ("apigateway", ""),
    ("bedrock", "foundation-model/"),
    ("ec2", "image/"),
    ("ec2", "snapshot/"),
    ("route53", ""),
    ("s3", ""),
    ("ssm", "parameter/aws/"),
];

pub(super) fn check(environment: &Environment, at: Place<'_>) {
    let storage = at.sound(&["storage"]).then_some(&environment.storage);
    let role = |name: &str| environment.identity.roles.of(name).map(|(setting, _)| setting);
    let functions = at.get("functions");
    for (index, function) in environment.functions.iter().enumerate() {
        let existing = role(&format!("{}-function", function.name));
        check_grants(&function.permissions, &function.buckets, functions.at(index), storage, existing);
    }
    let jobs = at.get("catalog").get("jobs");
    for (index, job) in environment.catalog.jobs.iter().enumerate() {
        check_grants(&job.permissions, &job.buckets, jobs.at(index), storage, role("glue"));
    }
    let studio = &environment.studio;
    check_grants(&studio.permissions, &studio.buckets, at.get("studio"), storage, role("sagemaker"));
    if let Some(pipeline) = &environment.pipeline {
        let at = at.get("pipeline");
        check_grants(&pipeline.permissions, &pipeline.buckets, at, storage, role("pipeline"));
        let training = &pipeline.training;
        check_grants(&training.permissions, &training.buckets, at.get("training"), storage, role("training"));
    }
}

/// Checks the permissions and the bucket grants of a section. `at` is the section that contains both. `existing` is the
/// setting that names an existing role in place of the role that would get them.
fn check_grants(
    permissions: &[Permission],
    buckets: &BucketGrants,
    at: Place<'_>,
    storage: Option<&Storage>,
    existing: Option<String>,
) {
    for key in ["permissions", "buckets"] {
        if let Some(setting) = existing.as_ref().filter(|_| at.states(key)) {
            at.get(key).report(
                format!("nobody gets these: `{setting}` of [identity.roles] names an existing role, which mlopsctl never changes"),
                format!("leave `{key}` out, and let the owner of the role allow it"),
            );
        }
    }
    if let Some(storage) = storage {
        for name in buckets.keys() {
            let declared = storage.buckets.iter().map(|bucket| bucket.name.as_str());
            at.get("buckets").get(name).refers_to("bucket", name, declared);
        }
    }
    if at.sound(&["permissions"]) {
        for (index, permission) in permissions.iter().enumerate() {
            permission.check(at.get("permissions").at(index));
        }
    }
}

impl Permission {
    fn check(&self, at: Place<'_>) {
        for (index, action) in self.actions.iter().enumerate() {
            let at = at.get("actions").at(index);
            if !self.accept_escalation && escalates(action) {
                at.report(
                    format!("with `{action}` the role could give itself or others more rights"),
                    "name only actions that use resources, or accept it with `accept_escalation = true`",
                );
            } else if !self.accept_wildcards && action.contains(['*', '?']) {
                at.report(
                    format!("`{action}` is a pattern, which also allows actions that AWS adds later"),
                    "name the actions, or accept it with `accept_wildcards = true`",
                );
            }
        }
        for (index, resource) in self.resources.iter().enumerate() {
            let at = at.get("resources").at(index);
            if !self.accept_wildcards && is_everything(resource) {
                at.report(
                    format!("`{resource}` stands for resources that nobody named"),
                    "name them; for actions that know no resources accept it with `accept_wildcards = true`",
                );
            } else if lacks_account(resource) {
                at.report(
                    format!("`{resource}` has no account"),
                    "an ARN is `arn:partition:service:region:account:resource`",
                );
            }
        }
    }
}

/// True if an action, or one that its pattern matches, escalates permissions.
fn escalates(action: &str) -> bool {
    let action = action.to_ascii_lowercase();
    let Some((service, name)) = action.split_once(':') else { return true };
    let reads_iam = service == "iam" && ["get", "list", "simulate"].iter().any(|verb| name.starts_with(verb));
    let is_meant = |listed: &str| match listed.split_once(':') {
        Some((of, _)) if of != service => false,
        Some((_, "*")) => !reads_iam,
        Some((_, listed)) => matches(name, listed),
        None => false,
    };
    ESCALATING.iter().any(|listed| is_meant(listed))
}

/// True if a text matches a pattern with `*` and `?`.
fn matches(pattern: &str, text: &str) -> bool {
    let mut expression = String::from("^");
    for sign in pattern.chars() {
        match sign {
            '*' => expression.push_str(".*"),
            '?' => expression.push('.'),
            other => expression.push_str(&regex::escape(&other.to_string())),
        }
    }
    expression.push('$');
    regex::Regex::new(&expression).is_ok_and(|expression| expression.is_match(text))
}

/// True if a resource is `*`, or an ARN without resource, region and account.
fn is_everything(resource: &str) -> bool {
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    match parts[..] {
        [_, _, _, region, account, name] => region.contains('*') || account.contains('*') || name.starts_with('*'),
        _ => true,
    }
}

fn lacks_account(resource: &str) -> bool {
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    match parts[..] {
        [_, _, service, _, "", name] => {
            !WITHOUT_ACCOUNT.iter().any(|(of, start)| *of == service && name.starts_with(start))
        }
        _ => false,
    }
}
