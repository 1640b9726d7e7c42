use crate::unbuildable;
use aws_sdk_s3::types::{
    DeleteMarkerReplication, DeleteMarkerReplicationStatus, Destination, EncryptionConfiguration,
    ReplicationConfiguration, ReplicationRule, ReplicationRuleFilter, ReplicationRuleStatus, SourceSelectionCriteria,
    SseKmsEncryptedObjects, SseKmsEncryptedObjectsStatus,
};
use resource::{KeyArn, Result, RoleArn};
use serde::{Deserialize, Serialize};

/// Copies of everything in another bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replication {
    /// The role S3 copies with.
    pub role: RoleArn,
    /// The ARN of the bucket to copy to.
    pub destination_bucket_arn: String,
    /// The key of the copies, in the destination's region; none if the objects have no key of their own.
    pub kms_key: Option<KeyArn>,
}

impl Replication {
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
        let destination =
            Destination::builder().bucket(&self.destination_bucket_arn).set_encryption_configuration(encryption);
        let markers = DeleteMarkerReplication::builder().status(DeleteMarkerReplicationStatus::Enabled).build();
        let rule = ReplicationRule::builder()
            .id("everything")
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
        for kms_key in [None, Some(KeyArn::new("arn:aws:kms:eu-west-1:123456789012:alias/aws/s3"))] {
            let replication = Replication {
                role: RoleArn::new("arn:aws:iam::123456789012:role/replication"),
                destination_bucket_arn: "arn:aws:s3:::copies".into(),
                kms_key,
            };
            assert_eq!(Replication::from_aws(&replication.to_aws().unwrap()), Some(replication));
        }
    }

    #[test]
    fn a_replication_of_a_part_differs_from_one_of_everything() {
        let replication = Replication {
            role: RoleArn::new("arn:aws:iam::123456789012:role/replication"),
            destination_bucket_arn: "arn:aws:s3:::copies".into(),
            kms_key: None,
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
        };
        let mut off = replication.to_aws().unwrap();
        off.rules[0].status = ReplicationRuleStatus::Disabled;
        assert_eq!(Replication::from_aws(&off), None);
    }
}
