use crate::{files::Files, placement::Placement};
use config::{Environment, environment::feature_groups::FeatureGroup};
use resource::{Place, Tags};

/// Where and for whom the platform is built: what every area needs to name things.
pub(crate) struct Site {
    pub(crate) environment: Environment,
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) placement: Placement,
    pub(crate) files: Files,
}

impl Site {
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
        self.place.iam_arn(&format!("role/{}", self.named(name)))
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

/// The tags by which a stack's ownership is judged.
pub fn identity(project: &str, environment: &str) -> Tags {
    [("Project", project), ("Environment", environment), ("ManagedBy", "mlopsctl")].into_iter().collect()
}
