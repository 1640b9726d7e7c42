//! Permissions that the environment file gives to a role, beyond the platform's own needs.

use crate::{build_context::BuildContext, policy::Policy, roles::GIVEN};
use config::environment::grants::{BucketGrant, BucketGrants, Permission};
use serde_json::{Value, json};
use vocabulary::KeyArn;

/// The permissions that the file gives to one role.
#[derive(Clone, Default)]
pub(crate) struct Granted {
    buckets: Policy,
    permissions: Policy,
    /// The service through which a role encrypts and decrypts objects.
    via: String,
    reads: bool,
    writes: bool,
}

impl Granted {
    /// The permissions of one section of the file.
    pub(crate) fn new(context: &BuildContext, buckets: &BucketGrants, permissions: &[Permission]) -> Self {
        let granted = Self { via: context.place.endpoint_of("s3", &context.place.region), ..Self::default() };
        let granted = buckets.iter().fold(granted, |granted, (name, grant)| granted.bucket(context, name, grant));
        permissions.iter().fold(granted, Self::permission)
    }

    /// These permissions and others.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            buckets: self.buckets.and(other.buckets),
            permissions: self.permissions.and(other.permissions),
            via: if self.via.is_empty() { other.via } else { self.via },
            reads: self.reads || other.reads,
            writes: self.writes || other.writes,
        }
    }

    fn bucket(mut self, context: &BuildContext, name: &str, grant: &BucketGrant) -> Self {
        let (bucket, objects) = (context.bucket_arn(name), context.objects(name, grant.prefix()));
        let mut policy = self.buckets.allow(["s3:GetBucketLocation"], [bucket.clone()]);
        if grant.access().reads() {
            policy = policy.allow(["s3:ListBucket"], [bucket]);
            if !grant.prefix().is_empty() {
                policy = policy.when("StringLike", "s3:prefix", format!("{}*", grant.prefix()));
            }
            policy = policy.allow(["s3:GetObject"], [objects.clone()]);
        }
        if grant.access().writes() {
            policy = policy.allow(["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"], [objects]);
        }
        self.reads |= grant.access().reads();
        self.writes |= grant.access().writes();
        Self { buckets: policy, ..self }
    }

    fn permission(self, given: &Permission) -> Self {
        let mut policy = self.permissions.allow(&given.actions, given.resources.iter().cloned());
        for (operator, keys) in &given.conditions {
            for (key, values) in keys {
                policy = policy.when(operator, key, json!(values));
            }
        }
        Self { permissions: policy, ..self }
    }

    /// The policies, by their names. A role that uses objects under a key needs the key as well. Writing needs
    /// decryption too, since a multipart upload reads its parts again.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions>
    pub(crate) fn policies(&self, key: Option<&KeyArn>) -> Vec<(String, Value)> {
        let mut buckets = self.buckets.clone();
        if let Some(key) = key.filter(|_| self.reads || self.writes) {
            let actions: &[&str] = if self.writes { &["kms:Decrypt", "kms:GenerateDataKey"] } else { &["kms:Decrypt"] };
            buckets = buckets.allow(actions, [key.as_str()]).when("StringEquals", "kms:ViaService", self.via.as_str());
        }
        let both = [("buckets", buckets), (GIVEN, self.permissions.clone())];
        both.into_iter()
            .filter(|(_, policy)| !policy.is_empty())
            .map(|(name, policy)| (name.to_owned(), policy.document()))
            .collect()
    }
}
