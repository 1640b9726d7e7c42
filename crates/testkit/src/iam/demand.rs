//! A request for permission: an action, a resource and condition keys.

use std::{collections::BTreeMap, fmt};

/// The resources of the account have these ARNs.
pub(super) const ACCOUNT: &str = local::ACCOUNT;

/// One question to a policy.
#[derive(Clone, Debug)]
pub(crate) struct Demand {
    /// `service:Action`.
    pub(super) action: String,
    /// An ARN, or `*` for actions that know no resources.
    pub(super) resource: String,
    /// Condition keys in lower case, and their values.
    context: BTreeMap<String, Vec<String>>,
    /// Keys that begin so count as met: nothing here can tell.
    assumed: Option<&'static str>,
}

impl Demand {
    pub(super) fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        let demand = Self::bare(action, resource);
        match demand.action.starts_with("s3:") {
            // Names of buckets say nothing of their account.
            true => demand.with("aws:ResourceAccount", ACCOUNT),
            false => demand,
        }
    }

    /// Without any condition key.
    pub(crate) fn bare(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { action: action.into(), resource: resource.into(), context: BTreeMap::new(), assumed: None }
    }

    /// An action that knows no resources.
    pub(super) fn anywhere(action: impl Into<String>) -> Self {
        Self::new(action, "*")
    }

    /// With a value for a condition key.
    pub(super) fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.context.entry(key.to_ascii_lowercase()).or_default().push(value.into());
        self
    }

    /// With tags as `aws:RequestTag` or `aws:ResourceTag`.
    pub(super) fn tagged(self, which: &str, tags: &[(String, String)]) -> Self {
        tags.iter().fold(self, |demand, (key, value)| demand.with(&format!("aws:{which}/{key}"), value))
    }

    /// As if what it is about bore no tags.
    pub(super) fn without_resource_tags(mut self) -> Self {
        self.context.retain(|key, _| !key.starts_with("aws:resourcetag/"));
        self
    }

    /// Keys that begin so count as met.
    pub(super) fn assuming(self, keys: &'static str) -> Self {
        Self { assumed: Some(keys), ..self }
    }

    /// AWS's error message for a denial by a service control policy.
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>
    /// <https://github.com/aws/karpenter-provider-aws/issues/8190>
    pub(super) fn explicitly_denied(&self) -> String {
        format!(
            "User: arn:aws:sts::{ACCOUNT}:assumed-role/deployer/test is not authorized to perform: {} on resource: {} with \
             an explicit deny in a service control policy",
            self.action, self.resource
        )
    }

    pub(super) fn values(&self, key: &str) -> &[String] {
        self.context.get(&key.to_ascii_lowercase()).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn assumes(&self, key: &str) -> bool {
        self.assumed.is_some_and(|start| key.starts_with(start))
    }
}

impl fmt::Display for Demand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {} {:?}", self.action, self.resource, self.context)
    }
}

/// The ARN of a thing in a region.
pub(super) fn arn(service: &str, region: &str, resource: &str) -> String {
    format!("arn:aws:{service}:{region}:{ACCOUNT}:{resource}")
}

/// Handing a role to a service; nothing where no role is given.
pub(super) fn pass(role: &str, service: &str) -> Option<Demand> {
    let passed = Demand::new("iam:PassRole", role).with("iam:PassedToService", format!("{service}.amazonaws.com"));
    (!role.is_empty()).then_some(passed)
}
