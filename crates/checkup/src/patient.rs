//! The platform that a checkup examines.

use crate::machine::Machine;
use aws_types::SdkConfig;
use serde_json::Value;
use state::State;
use vocabulary::Place;

/// The platform that a checkup examines.
pub struct Patient<'a> {
    /// How its cloud is reached.
    pub sdk: &'a SdkConfig,
    /// Account, region and partition.
    pub place: &'a Place,
    /// By kind (`ec2:vpc`), everything that is declared.
    pub declared: Vec<(&'a str, &'a Value)>,
    /// The state that records it.
    pub state: &'a State,
    /// The least policy with which it can be provisioned.
    pub policy: &'a Value,
    /// The existing roles that it uses.
    pub roles: Vec<RoleInUse<'a>>,
    /// The machines that its pipeline starts.
    pub machines: Vec<Machine>,
}

/// An existing role.
#[derive(Clone, Debug)]
pub struct RoleInUse<'a> {
    /// The key of `[identity.roles]` that names it.
    pub key: &'a str,
    /// Its ARN.
    pub arn: &'a str,
    /// The policy that it needs.
    pub policy: Value,
}
