//! Existing resources that the environment file names and the stack does not own. mlopsctl checks them before a plan,
//! and never owns, changes or deletes them.

use crate::{Error, Inputs, build_context::BuildContext, encryption, required};
use aws_ec2::ExistingNetwork;
use aws_iam::{ExistingRole, Role};
use aws_kms::ExistingKey;
use config::environment::identity::Roles;
use resource::{Address, Resource};
use vocabulary::Permission;

/// The existing resources that a file names, each with the platform's requirements.
#[derive(Clone, Debug, Default)]
pub struct Existing {
    /// The network of `[network] vpc_id`.
    pub network: Option<ExistingNetwork>,
    /// The keys that `[encryption] key_arn` and `[state] kms_key_arn` name.
    pub keys: Vec<ExistingKey>,
    /// The roles of `[identity.roles]` that the platform uses.
    pub roles: Vec<ExistingRole>,
}

/// The permissions on existing resources that provisioning an environment needs.
pub fn existing_permissions(inputs: &Inputs<'_>) -> Vec<Permission> {
    required::permissions(&BuildContext::new(inputs))
}

/// The existing resources that an environment file names.
///
/// # Errors
/// When the file describes no valid platform.
pub fn existing(inputs: &Inputs<'_>) -> Result<Existing, Error> {
    let context = BuildContext::new(inputs);
    let keys = encryption::existing(&context).into_iter().chain(encryption::of_state(&context)).collect();
    let roles = if inputs.environment.identity.roles == Roles::default() { Vec::new() } else { roles(inputs)? };
    Ok(Existing { network: crate::existing_network(inputs.environment), keys, roles })
}

/// The name of a role without the stack's prefix, as in its address.
fn short(address: &Address) -> &str {
    address.as_str().split_once('.').map_or("", |(_, name)| name)
}

/// The existing roles, each with the policies of the role that the same file declares without `[identity.roles]`.
fn roles(inputs: &Inputs<'_>) -> Result<Vec<ExistingRole>, Error> {
    let mut environment = inputs.environment.clone();
    let existing = std::mem::take(&mut environment.identity.roles);
    // The policies of the drift job follow from all other resources, and its role gets them by name.
    let job = environment.drift.job.take();
    let stack = crate::stack(&Inputs { environment: &environment, ..*inputs })?;
    let declared =
        stack.declarations(&crate::registry(), inputs.place).map_err(|error| Error::Job(error.to_string()))?;
    let mut roles: Vec<ExistingRole> = Vec::new();
    for role in declared.iter().filter(|one| one.kind == <Role as Resource>::KIND) {
        let Some((setting, arn)) = existing.of(short(&role.address)) else { continue };
        let spec: Role = serde_json::from_value(role.spec.clone()).map_err(|error| Error::Job(error.to_string()))?;
        let policies = spec.inline_policies.into_values();
        let setting = format!("identity.roles.{setting}");
        // One setting can stand for several roles of the platform, which trust the same service.
        match roles.iter_mut().find(|known| known.setting == setting) {
            Some(known) => known.policies.extend(policies),
            None => roles.push(ExistingRole {
                arn: arn.to_owned(),
                setting,
                trust: spec.trust,
                policies: policies.collect(),
            }),
        }
    }
    if let (Some(_), Some((setting, arn))) = (job, existing.of(config::environment::drift::JOB)) {
        roles.push(ExistingRole {
            arn: arn.to_owned(),
            setting: format!("identity.roles.{setting}"),
            trust: crate::policy::trust(&inputs.place.principal("lambda"), inputs.place),
            policies: Vec::new(),
        });
    }
    Ok(roles)
}
