//! Policy documents, written as they are read: what is allowed, on what, when.

use serde_json::{Map, Value, json};
use vocabulary::Place;

/// A policy document under construction.
#[derive(Clone, Default)]
pub(crate) struct Policy(Vec<Map<String, Value>>);

impl Policy {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// True if the policy has no statement.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Allows actions on resources.
    pub(crate) fn allow<A: AsRef<str>, R: Into<String>>(
        self,
        actions: impl IntoIterator<Item = A>,
        resources: impl IntoIterator<Item = R>,
    ) -> Self {
        self.statement("Allow", actions, resources)
    }

    /// The same with everything that another one says.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// A statement that denies actions on resources.
    pub(crate) fn deny<A: AsRef<str>, R: Into<String>>(
        self,
        actions: impl IntoIterator<Item = A>,
        resources: impl IntoIterator<Item = R>,
    ) -> Self {
        self.statement("Deny", actions, resources)
    }

    /// Denies actions on resources to everybody; for resource policies.
    pub(crate) fn deny_all<A: AsRef<str>, R: Into<String>>(
        self,
        actions: impl IntoIterator<Item = A>,
        resources: impl IntoIterator<Item = R>,
    ) -> Self {
        self.deny(actions, resources).for_principal("*".into())
    }

    fn statement<A: AsRef<str>, R: Into<String>>(
        mut self,
        effect: &str,
        actions: impl IntoIterator<Item = A>,
        resources: impl IntoIterator<Item = R>,
    ) -> Self {
        let actions: Vec<String> = actions.into_iter().map(|action| action.as_ref().to_owned()).collect();
        let resources: Vec<String> = resources.into_iter().map(Into::into).collect();
        let mut statement = Map::new();
        statement.insert("Effect".into(), effect.into());
        statement.insert("Action".into(), actions.into());
        if !resources.is_empty() {
            statement.insert("Resource".into(), resources.into());
        }
        self.0.push(statement);
        self
    }

    /// Narrows the last statement.
    pub(crate) fn when(mut self, operator: &str, key: &str, value: impl Into<Value>) -> Self {
        if let Some(statement) = self.0.last_mut() {
            let condition = statement.entry("Condition").or_insert_with(|| json!({}));
            condition[operator][key] = value.into();
        }
        self
    }

    /// Names whom the last statement is about; for trust and resource policies.
    pub(crate) fn for_principal(mut self, principal: Value) -> Self {
        if let Some(statement) = self.0.last_mut() {
            statement.insert("Principal".into(), principal);
        }
        self
    }

    pub(crate) fn document(self) -> Value {
        json!({"Version": "2012-10-17", "Statement": self.0})
    }
}

/// The same policy, with its statements about S3 bound to buckets of the account: the name of a deleted bucket can
/// become another account's.
pub(crate) fn within_account(mut policy: Value, account: &str) -> Value {
    for statement in policy["Statement"].as_array_mut().into_iter().flatten() {
        let actions = statement["Action"].as_array().into_iter().flatten();
        if actions.filter_map(Value::as_str).any(|action| action.starts_with("s3:")) {
            statement["Condition"]["StringEquals"]["aws:ResourceAccount"] = account.into();
        }
    }
    policy
}

/// The statement without which `iam:PassRole` would hand any role to any service.
pub(crate) fn pass_role(policy: Policy, role: &str, service: &str) -> Policy {
    policy.allow(["iam:PassRole"], [role]).when("StringEquals", "iam:PassedToService", service)
}

/// Lets one service assume a role, and where the service says for which account it works, for this one alone.
///
/// Not every service says so: Step Functions, EventBridge, VPC flow logs and SageMaker's domains and jobs do, Lambda and
/// Glue do not, and AWS has no list. A condition that needs the key would let such a service never assume the role. Nothing
/// is lost without it: these take only a role of the caller's own account, by `iam:PassRole`.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html>
/// <https://github.com/prowler-cloud/prowler/issues/2810>
/// <https://github.com/prowler-cloud/prowler/issues/4714>
pub(crate) fn trust(service: &str, place: &Place) -> Value {
    Policy::new()
        .allow::<_, String>(["sts:AssumeRole"], [])
        .for_principal(json!({"Service": service}))
        .when("StringEqualsIfExists", "aws:SourceAccount", place.account.as_str())
        .document()
}

/// Denies everything that does not come over TLS.
pub(crate) fn tls_only(bucket_arn: &str) -> Policy {
    Policy::new().deny_all(["s3:*"], [bucket_arn.to_owned(), format!("{bucket_arn}/*")]).when(
        "Bool",
        "aws:SecureTransport",
        "false",
    )
}
