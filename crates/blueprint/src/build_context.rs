//! The environment, the account and the region that the platform is built for.

use crate::{Inputs, files::Files, placement::Placement};
use aws_iam::RoleOutputs;
use config::{Environment, environment::feature_groups::FeatureGroup};
use resource::Tags;
use std::path::{Path, PathBuf};
use vocabulary::{Place, RoleArn};

/// The environment, the account and the region that the platform is built for: all that an area needs to name things.
pub(crate) struct BuildContext {
    pub(crate) environment: Environment,
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) placement: Placement,
    pub(crate) files: Files,
    pub(crate) is_state_at_root: bool,
    pub(crate) program: Option<PathBuf>,
}

impl BuildContext {
    pub(crate) fn new(inputs: &Inputs<'_>) -> Self {
        Self {
            environment: inputs.environment.clone(),
            name: inputs.name.to_owned(),
            place: inputs.place.clone(),
            placement: inputs.placement.clone(),
            files: Files::new(inputs.root),
            is_state_at_root: inputs.is_state_at_root,
            program: inputs.program.map(Path::to_owned),
        }
    }

    /// `<project>-<env>`.
    pub(crate) fn prefix(&self) -> String {
        self.environment.prefix()
    }

    /// `<project>-<env>-<name>`.
    pub(crate) fn named(&self, name: &str) -> String {
        self.environment.name_of(name)
    }

    /// The full name of one of the platform's buckets.
    pub(crate) fn bucket(&self, name: &str) -> String {
        self.environment.bucket_name(name, &self.place.account)
    }

    /// The ARN of one of the platform's buckets.
    pub(crate) fn bucket_arn(&self, name: &str) -> String {
        format!("arn:{}:s3:::{}", self.place.partition, self.bucket(name))
    }

    /// Objects under a prefix of one of the platform's buckets.
    pub(crate) fn objects(&self, bucket: &str, prefix: &str) -> String {
        format!("{}/{prefix}*", self.bucket_arn(bucket))
    }

    /// An ARN in this account and region.
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        self.place.arn(service, resource)
    }

    /// The ARN of one of the platform's roles.
    pub(crate) fn role_arn(&self, name: &str) -> String {
        let own = || self.place.iam_arn(&format!("role{}{}", self.environment.identity.path(), self.named(name)));
        self.existing_role(name).map_or_else(own, |role| role.arn.to_string())
    }

    /// The full name of one of the platform's roles.
    pub(crate) fn role_name(&self, name: &str) -> String {
        self.existing_role(name).map_or_else(|| self.named(name), |role| role.name)
    }

    /// The role that the file names instead of a role of the platform.
    pub(crate) fn existing_role(&self, name: &str) -> Option<RoleOutputs> {
        let (_, arn) = self.environment.identity.roles.of(name)?;
        let name = arn.rsplit('/').next().unwrap_or_default().to_owned();
        Some(RoleOutputs { arn: RoleArn::new(arn), name })
    }

    /// The feature groups that the pipeline's ETL job writes to.
    pub(crate) fn ingesting(&self) -> impl Iterator<Item = &FeatureGroup> {
        self.environment.feature_groups.iter().filter(|group| group.ingest)
    }

    /// The principal of a service, as policies name it.
    pub(crate) fn service(&self, service: &str) -> String {
        self.place.principal(service)
    }
}

/// The tags by which the engine decides who owns a resource.
pub fn identity_of(environment: &Environment) -> Tags {
    environment.owner_tags().into_iter().chain([("ManagedBy", "mlopsctl")]).collect()
}

/// The same tags, for a file without `[owner_tags]`.
pub fn identity(project: &str, environment: &str) -> Tags {
    [("Project", project), ("Environment", environment), ("ManagedBy", "mlopsctl")].into_iter().collect()
}
