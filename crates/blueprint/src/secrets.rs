//! The right to read secrets that the environment file refers to.

use crate::{build_context::BuildContext, policy::Policy};

/// Leave to read exactly these secrets, through the service that keeps them alone where a key of one's own encrypts
/// them; `None` without secrets.
pub(crate) fn policy<'a>(
    context: &BuildContext,
    references: impl Iterator<Item = &'a String>,
    keys: impl Iterator<Item = &'a String>,
) -> Option<Policy> {
    let (mut secrets, mut parameters) = (Vec::new(), Vec::new());
    for reference in references {
        match reference.split(':').nth(2) {
            Some("secretsmanager") => secrets.push(reference.clone()),
            Some(_) => parameters.push(reference.clone()),
            None => parameters.push(context.arn("ssm", &format!("parameter{reference}"))),
        }
    }
    let keys: Vec<String> = sorted(keys.cloned().collect());
    let mut policy = Policy::new();
    let mut services = Vec::new();
    for (service, action, resources) in
        [("secretsmanager", "secretsmanager:GetSecretValue", secrets), ("ssm", "ssm:GetParameter", parameters)]
    {
        if !resources.is_empty() {
            policy = policy.allow([action], sorted(resources));
            services.push(context.place.endpoint_of(service, &context.place.region));
        }
    }
    if services.is_empty() {
        return None;
    }
    if !keys.is_empty() {
        policy = policy.allow(["kms:Decrypt"], keys).when("StringEquals", "kms:ViaService", services);
    }
    Some(policy)
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts.dedup();
    texts
}
