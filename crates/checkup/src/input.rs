//! The input of the checks of `doctor`.

use crate::machine::Machine;
use aws_types::SdkConfig;
use resource::{KindRegistry, Resource, spec_as};
use serde_json::Value;
use state::State;
use vocabulary::Place;

/// The platform that `doctor` checks.
pub struct DoctorInput<'a> {
    /// The SDK's configuration for calls to the platform's cloud.
    pub sdk: &'a SdkConfig,
    /// Account, region and partition.
    pub place: &'a Place,
    /// The kinds of resources.
    pub registry: &'a KindRegistry,
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

impl DoctorInput<'_> {
    /// The first declared resource of a kind.
    pub(crate) fn declared_as<R: Resource>(&self) -> Option<R> {
        self.declared.iter().find_map(|(kind, spec)| spec_as(kind, spec))
    }

    /// The ids of the recorded resources of a kind.
    pub(crate) fn recorded_ids<R: Resource>(&self) -> Vec<String> {
        let entries = self.state.resources.values().filter(|entry| entry.kind == R::KIND);
        entries.filter_map(|entry| entry.id.clone()).collect()
    }
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
