//! Roles of the platform: each for one service.

use crate::{
    build_context::BuildContext,
    policy::{Policy, trust, within_account},
};
use aws_iam::Role;
use aws_kms::Key;
use resource::{Dependencies, Reference, Stack, Tags};
use serde_json::Value;
use std::collections::BTreeMap;
use vocabulary::KeyArn;

/// The roles that several areas use.
pub(crate) struct Roles {
    /// Of people in Studio; version 0.1 ran jobs and endpoints with it as well.
    pub(crate) studio: Reference<Role>,
    /// Of the pipeline's jobs, if there is a pipeline.
    pub(crate) training: Option<Reference<Role>>,
    /// Of the endpoint's models, if approved models are deployed.
    pub(crate) serving: Option<Reference<Role>>,
    /// Of MLflow, if there is one.
    pub(crate) mlflow: Option<Reference<Role>>,
    pub(crate) glue: Reference<Role>,
    /// Of the functions, by their short names.
    pub(crate) functions: BTreeMap<String, Reference<Role>>,
}

impl Roles {
    /// The roles in whose name SageMaker has network interfaces.
    pub(crate) fn of_sagemaker(&self) -> Vec<Reference<Role>> {
        [Some(&self.studio), self.training.as_ref(), self.serving.as_ref()].into_iter().flatten().cloned().collect()
    }

    /// The roles in whose name Lambda has network interfaces.
    pub(crate) fn of_lambda(&self, context: &BuildContext) -> Vec<Reference<Role>> {
        let in_vpc = context.environment.functions.iter().filter(|function| function.vpc);
        in_vpc.filter_map(|function| self.functions.get(&function.name)).cloned().collect()
    }
}

/// The policy with the file's permissions on resources outside of the environment, perhaps a bucket of another account.
pub(crate) const GIVEN: &str = "permissions";

/// A role for a service, with named inline policies.
pub(crate) fn role(
    stack: &mut Stack,
    context: &BuildContext,
    name: &str,
    description: &str,
    service: &str,
    policies: Vec<(&str, Policy)>,
) -> Reference<Role> {
    let policies: Vec<(String, Value)> =
        policies.into_iter().map(|(name, policy)| (name.to_owned(), policy.document())).collect();
    role_with_key(stack, context, name, description, service, None, move |_| policies.clone())
}

/// A role whose policies also name a key, which is known only once it exists.
pub(crate) fn role_with_key(
    stack: &mut Stack,
    context: &BuildContext,
    name: &str,
    description: &str,
    service: &str,
    key: Option<Reference<Key>>,
    policies: impl Fn(Option<&KeyArn>) -> Vec<(String, Value)> + Send + Sync + 'static,
) -> Reference<Role> {
    role_needing(stack, context, (name, description, service), key, move |key| {
        policies(key.as_ref().map(|key| &key.arn))
    })
}

/// A role whose policies contain unknown values, or the existing role that the file names instead. The arguments are
/// name, description and service.
pub(crate) fn role_needing<D: Dependencies>(
    stack: &mut Stack,
    context: &BuildContext,
    (name, description, service): (&str, &str, &str),
    needs: D,
    policies: impl Fn(D::Resolved) -> Vec<(String, Value)> + Send + Sync + 'static,
) -> Reference<Role> {
    if let Some(role) = context.existing_role(name) {
        return Reference::Existing(role);
    }
    let path = context.environment.identity.path().to_owned();
    let (full, description) = (context.named(name), description.to_owned());
    let trust = trust(&context.service(service), &context.place);
    let boundary = context.environment.identity.permissions_boundary.clone();
    let account = context.place.account.clone();
    let bound = move |(name, policy): (String, Value)| match name.as_str() {
        GIVEN => (name, policy),
        _ => (name, within_account(policy, &account)),
    };
    let role = stack.add("identity", name, needs, move |needed| Role {
        name: full.clone(),
        path: path.clone(),
        description: description.clone(),
        trust: trust.clone(),
        inline_policies: policies(needed).into_iter().map(&bound).collect(),
        managed_policies: Vec::new(),
        permissions_boundary: boundary.clone(),
        max_session_seconds: 3600,
        tags: Tags::default(),
    });
    role.into()
}

/// Use of a key for data, through the services that hold it.
pub(crate) fn use_key(policy: Policy, key: Option<&KeyArn>) -> Policy {
    match key {
        Some(key) => {
            policy.allow(["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:DescribeKey"], [key.as_str()])
        }
        None => policy,
    }
}
