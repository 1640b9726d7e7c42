//! The replication of a bucket to another bucket, and its conversion to and from S3's types.

use crate::unbuildable;
use aws_client::{Attempt, ErrorPattern, Result};
use aws_sdk_s3::types::{
    DeleteMarkerReplication, DeleteMarkerReplicationStatus, Destination, EncryptionConfiguration, Metrics,
    MetricsStatus, ReplicationConfiguration, ReplicationRule, ReplicationRuleFilter, ReplicationRuleStatus,
    SourceSelectionCriteria, SseKmsEncryptedObjects, SseKmsEncryptedObjectsStatus,
};
use resource::{
    Context,
    usage::{Name, Relation},
};
use serde::{Deserialize, Serialize};
use vocabulary::{KeyArn, Permission, RoleArn};

/// Copies of everything in another bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replication {
    /// The role S3 copies with.
    pub role: RoleArn,
    /// The ARN of the bucket to copy to.
    pub destination_bucket_arn: String,
    /// The key of the copies, in the destination's region; none if the objects have no key of their own.
    pub kms_key: Option<KeyArn>,
    /// True if S3 publishes metrics of the replication in CloudWatch, which cost as much as custom ones.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html>
    #[serde(default)]
    pub metrics: bool,
}

/// AWS's own key for S3, as the name of a key.
const OF_AWS: &str = ":alias/aws/s3";
/// Emulators have no keys of AWS's.
/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html>
const NO_KEY: &[ErrorPattern] = &[("NotFoundException", "")];

impl Replication {
    /// The name of the rule, which its metrics have as a dimension.
    pub const RULE: &'static str = "everything";

    /// The usage that follows from the copies.
    pub(crate) fn usage(&self) -> Relation {
        let name = self.destination_bucket_arn.rsplit(':').next().unwrap_or_default();
        Relation::CopiesTo(Name::Bucket(name.to_owned()))
    }

    /// The number of metrics that S3 publishes: bytes and operations that are pending, the latency, and failures.
    pub(crate) fn published_metrics(&self) -> u64 {
        if self.metrics { 4 } else { 0 }
    }

    /// AWS's key for S3, in a region where nobody has used it, comes to be when it is first described. S3 takes a
    /// replication with a key that does not exist, and then fails to copy each object.
    /// <https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html>
    pub(crate) async fn ensure_key(&self, cx: &Context) -> Result<()> {
        let Some((key, region)) = self.key_of_aws() else { return Ok(()) };
        let kms = cx.client_in(Some(region), aws_sdk_kms::Client::new);
        kms.describe_key().key_id(key.as_str()).send().await.during("DescribeKey").none_on(NO_KEY)?;
        Ok(())
    }

    /// The permissions to describe the key. IAM checks the key's ARN even if a request names an alias.
    pub(crate) fn permission(&self) -> Option<Permission> {
        let keys = self.key_of_aws()?.0.as_str().replace(OF_AWS, ":key/*");
        Some(Permission::change(["kms:DescribeKey"]).on([keys]))
    }

    /// The key of the copies and its region, if it is AWS's.
    fn key_of_aws(&self) -> Option<(&KeyArn, &str)> {
        let key = self.kms_key.as_ref().filter(|key| key.as_str().ends_with(OF_AWS))?;
        Some((key, key.as_str().split(':').nth(3)?))
    }

    pub(crate) fn to_aws(&self) -> Result<ReplicationConfiguration> {
        let encryption = self
            .kms_key
            .as_ref()
            .map(|key| EncryptionConfiguration::builder().replica_kms_key_id(key.as_str()).build());
        let encrypted = match &self.kms_key {
            Some(_) => {
                let objects = SseKmsEncryptedObjects::builder().status(SseKmsEncryptedObjectsStatus::Enabled).build();
                let objects = objects.map_err(unbuildable)?;
                Some(SourceSelectionCriteria::builder().sse_kms_encrypted_objects(objects).build())
            }
            None => None,
        };
        let metrics = self.metrics.then(|| Metrics::builder().status(MetricsStatus::Enabled).build());
        let destination = Destination::builder()
            .bucket(&self.destination_bucket_arn)
            .set_encryption_configuration(encryption)
            .set_metrics(metrics.transpose().map_err(unbuildable)?);
        let markers = DeleteMarkerReplication::builder().status(DeleteMarkerReplicationStatus::Enabled).build();
        let rule = ReplicationRule::builder()
            .id(Self::RULE)
            .priority(1)
            .filter(ReplicationRuleFilter::builder().prefix("").build())
            .status(ReplicationRuleStatus::Enabled)
            .set_source_selection_criteria(encrypted)
            .destination(destination.build().map_err(unbuildable)?)
            .delete_marker_replication(markers)
            .build()
            .map_err(unbuildable)?;
        ReplicationConfiguration::builder().role(self.role.as_str()).rules(rule).build().map_err(unbuildable)
    }

    /// None where no rule is on. What copies less than everything, or to several places, is read with a
    /// destination that says so and that no declaration has.
    pub(crate) fn from_aws(configuration: &ReplicationConfiguration) -> Option<Self> {
        let on: Vec<&ReplicationRule> =
            configuration.rules().iter().filter(|rule| rule.status() == &ReplicationRuleStatus::Enabled).collect();
        let destination = on.first()?.destination()?;
        let key = destination.encryption_configuration().and_then(|encryption| encryption.replica_kms_key_id());
        let whole = matches!(on.as_slice(), [rule] if copies_everything(rule));
        Some(Self {
            role: RoleArn::new(configuration.role()),
            destination_bucket_arn: format!(
                "{}{}",
                destination.bucket(),
                if whole { "" } else { " (and not simply everything)" }
            ),
            kms_key: key.map(KeyArn::new),
            metrics: destination.metrics().is_some_and(|metrics| metrics.status() == &MetricsStatus::Enabled),
        })
    }
}

fn copies_everything(rule: &ReplicationRule) -> bool {
    let filtered = rule.filter().is_some_and(|filter| {
        filter.prefix().is_some_and(|prefix| !prefix.is_empty()) || filter.tag().is_some() || filter.and().is_some()
    });
    let markers = rule.delete_marker_replication().and_then(|markers| markers.status());
    !filtered && markers == Some(&DeleteMarkerReplicationStatus::Enabled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replication_reads_back_as_declared() {
        let key = KeyArn::new("arn:aws:kms:eu-west-1:123456789012:alias/aws/s3");
        for (kms_key, metrics) in [(None, false), (None, true), (Some(key), true)] {
            let replication = Replication {
                role: RoleArn::new("arn:aws:iam::123456789012:role/replication"),
                destination_bucket_arn: "arn:aws:s3:::copies".into(),
                kms_key,
                metrics,
            };
            assert_eq!(Replication::from_aws(&replication.to_aws().unwrap()), Some(replication));
        }
    }

    #[test]
    fn key_of_aws_is_described_in_its_region_and_a_key_of_ones_own_is_not() {
        let with = |key: &str| Replication {
            role: RoleArn::new("arn:aws:iam::123456789012:role/replication"),
            destination_bucket_arn: "arn:aws:s3:::copies".into(),
            kms_key: Some(KeyArn::new(key)),
            metrics: true,
        };
        let of_aws = with("arn:aws:kms:eu-west-1:123456789012:alias/aws/s3");
        assert_eq!(of_aws.key_of_aws().map(|(_, region)| region), Some("eu-west-1"));
        let permission = of_aws.permission().unwrap();
        assert_eq!(permission.resources, ["arn:aws:kms:eu-west-1:123456789012:key/*"]);
        assert!(with("arn:aws:kms:eu-west-1:123456789012:key/1").permission().is_none());
    }

    #[test]
    fn a_replication_of_a_part_differs_from_one_of_everything() {
        let replication = Replication {
            role: RoleArn::new("arn:aws:iam::123456789012:role/replication"),
            destination_bucket_arn: "arn:aws:s3:::copies".into(),
            kms_key: None,
            metrics: true,
        };
        let mut narrowed = replication.to_aws().unwrap();
        narrowed.rules[0].filter = Some(ReplicationRuleFilter::builder().prefix("raw/").build());
        let mut without_markers = replication.to_aws().unwrap();
        without_markers.rules[0].delete_marker_replication = None;
        let mut several = replication.to_aws().unwrap();
        several.rules.push(several.rules[0].clone());
        for changed in [narrowed, without_markers, several] {
            assert_ne!(Replication::from_aws(&changed), Some(replication.clone()));
        }
    }

    #[test]
    fn a_replication_that_is_off_is_none() {
        let replication = Replication {
            role: RoleArn::new("arn:aws:iam::123456789012:role/replication"),
            destination_bucket_arn: "arn:aws:s3:::copies".into(),
            kms_key: None,
            metrics: true,
        };
        let mut off = replication.to_aws().unwrap();
        off.rules[0].status = ReplicationRuleStatus::Disabled;
        assert_eq!(Replication::from_aws(&off), None);
    }
}
