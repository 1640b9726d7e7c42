//! The permissions that an environment needs, before any of its resources exist.

use crate::{Policy, Scope};
use aws_client::Result;
use resource::{KindRegistry, Tags};
use serde_json::Value;
use state::{State, StateBucket, StateIdentity, StateKeys};
use vocabulary::{Permission, Place};

/// An environment.
pub struct PolicyInputs<'a> {
    /// By kind (`ec2:vpc`), everything that its file asks for, with placeholders for what is not known yet.
    pub declared: Vec<(&'a str, &'a Value)>,
    /// The state, if it can be read: resources that the file no longer declares are still to be deleted.
    pub state: Option<&'a State>,
    /// The bucket of the state.
    pub state_bucket: &'a str,
    /// True if the environment file names that bucket, which is then used as it is.
    pub names_state_bucket: bool,
    /// The project of the state.
    pub project: &'a str,
    /// The environment of the state.
    pub environment: &'a str,
    /// The prefix in the state bucket that the file names.
    pub state_prefix: Option<&'a str>,
    /// True if the state is at the root of the named bucket, where mlopsctl 0.1 kept it.
    pub is_state_at_root: bool,
    /// Further permissions of the identity that gets the policy, beyond those for provisioning.
    pub also: Vec<Permission>,
    /// The permissions on existing resources outside of the stack.
    pub existing: Vec<Permission>,
    /// Every kind of resource.
    pub registry: &'a KindRegistry,
    /// Account, region and partition.
    pub place: &'a Place,
}

impl PolicyInputs<'_> {
    /// The policy for everything that its provisioning needs, or only for its reads. Its names begin with the
    /// prefix, and `identity` are the tags by which its things are known.
    ///
    /// # Errors
    /// When a kind, or the form of a recorded declaration, is not known to this version.
    pub fn policy(&self, prefix: &str, identity: &Tags, is_read_only: bool) -> Result<Policy> {
        let (needed, scope) = (self.needed()?, Scope::new(prefix, self.place.account.as_str()));
        Ok(match is_read_only {
            true => Policy::read_only(&needed, &scope, identity),
            false => Policy::new(&needed, &scope, identity),
        })
    }

    fn needed(&self) -> Result<Vec<Permission>> {
        let mut needed = self.by_mlopsctl();
        needed.extend(self.existing.iter().cloned());
        needed.extend(self.by_declared()?);
        needed.extend(self.by_recorded()?);
        Ok(needed)
    }

    /// The reads of mlopsctl itself: the identity of the credentials, zones, endpoint services, the tag index, the
    /// state.
    fn by_mlopsctl(&self) -> Vec<Permission> {
        // It knows no resources, and nobody is refused it but by an explicit denial.
        let caller = Permission::read(["sts:GetCallerIdentity"]).on_anything();
        let (bucket, place) = (self.state_bucket, self.place);
        let mut needed = match self.names_state_bucket {
            true => StateBucket::permissions_in_named(bucket, place, &self.state_keys()),
            false => StateBucket::permissions(bucket, place),
        };
        needed.extend([caller, aws_tagging::permission()]);
        needed.extend(aws_ec2::placement_permissions());
        needed.extend(self.also.iter().cloned());
        needed
    }

    /// The keys in the named state bucket.
    fn state_keys(&self) -> StateKeys {
        let identity = StateIdentity::for_environment(self.project, self.environment, self.place, self.state_bucket);
        match self.is_state_at_root {
            true => StateKeys::at_root(),
            false => StateKeys::of_new_state(&identity, self.state_prefix),
        }
    }

    fn by_declared(&self) -> Result<Vec<Permission>> {
        let mut needed = Vec::new();
        for (kind, spec) in &self.declared {
            needed.extend(self.registry.get(kind)?.permissions(spec, self.place)?);
        }
        Ok(needed)
    }

    fn by_recorded(&self) -> Result<Vec<Permission>> {
        let mut needed = Vec::new();
        for entry in self.state.into_iter().flat_map(|state| state.resources.values()) {
            let reconciler = self.registry.get(&entry.kind)?;
            for spec in std::iter::once(&entry.spec).chain(entry.deposed.iter().map(|deposed| &deposed.spec)) {
                needed.extend(reconciler.permissions(spec, self.place)?);
            }
        }
        Ok(needed)
    }
}
