//! The lifecycle rules of a bucket, and their conversion to and from S3's types.

use crate::unbuildable;
use aws_client::Result;
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, ExpirationStatus, LifecycleExpiration, LifecycleRuleFilter,
    NoncurrentVersionExpiration, TransitionStorageClass,
};
use serde::{Deserialize, Serialize};

/// The expiry and the storage class of objects as they age.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LifecycleRule {
    /// Unique within the bucket.
    pub id: String,
    /// Keys it is about; empty: all.
    pub prefix: String,
    /// Days after which unfinished uploads go.
    pub abort_uploads_days: Option<i32>,
    /// Days after which old versions go.
    pub expire_noncurrent_days: Option<i32>,
    /// Days after which objects go.
    pub expire_days: Option<i32>,
    /// Moves to cheaper storage.
    pub transitions: Vec<Transition>,
}

/// A move to another storage class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    /// For example `INTELLIGENT_TIERING`.
    pub storage_class: String,
    /// Days after creation.
    pub days: i32,
}

/// The class whose objects S3 monitors for a price.
const TIERING: &str = "INTELLIGENT_TIERING";

impl LifecycleRule {
    /// True if the bucket moves objects to intelligent tiering.
    pub(crate) fn is_tiering(&self) -> bool {
        self.transitions.iter().any(|transition| transition.storage_class == TIERING)
    }

    pub(crate) fn to_aws(&self) -> Result<aws_sdk_s3::types::LifecycleRule> {
        let abort = |days| AbortIncompleteMultipartUpload::builder().days_after_initiation(days).build();
        let old = |days| NoncurrentVersionExpiration::builder().noncurrent_days(days).build();
        let transition = |one: &Transition| {
            let class = TransitionStorageClass::from(one.storage_class.as_str());
            aws_sdk_s3::types::Transition::builder().storage_class(class).days(one.days).build()
        };
        let transitions: Vec<_> = self.transitions.iter().map(transition).collect();
        aws_sdk_s3::types::LifecycleRule::builder()
            .id(&self.id)
            .filter(LifecycleRuleFilter::builder().prefix(&self.prefix).build())
            .status(ExpirationStatus::Enabled)
            .set_abort_incomplete_multipart_upload(self.abort_uploads_days.map(abort))
            .set_noncurrent_version_expiration(self.expire_noncurrent_days.map(old))
            .set_expiration(self.expiration())
            .set_transitions((!transitions.is_empty()).then_some(transitions))
            .build()
            .map_err(unbuildable)
    }

    /// A rule that expires old versions also removes delete markers that hide nothing; an expiry of current objects
    /// does that itself.
    fn expiration(&self) -> Option<LifecycleExpiration> {
        let expiration = LifecycleExpiration::builder();
        match (self.expire_days, self.expire_noncurrent_days) {
            (Some(days), _) => Some(expiration.days(days).build()),
            (None, Some(_)) => Some(expiration.expired_object_delete_marker(true).build()),
            (None, None) => None,
        }
    }

    /// A rule that is switched off, or that is narrowed by conditions other than a prefix, is read as one
    /// that does nothing: it does not do what a declaration says.
    pub(crate) fn from_aws(rule: &aws_sdk_s3::types::LifecycleRule) -> Self {
        let on = rule.status() == &ExpirationStatus::Enabled && !rule.filter().is_some_and(is_narrowed);
        let transition = |one: &aws_sdk_s3::types::Transition| Transition {
            storage_class: one.storage_class().map(|class| class.as_str().to_owned()).unwrap_or_default(),
            days: one.days().unwrap_or_default(),
        };
        Self {
            id: rule.id().unwrap_or_default().to_owned(),
            prefix: rule.filter().and_then(|filter| filter.prefix()).unwrap_or_default().to_owned(),
            abort_uploads_days: rule
                .abort_incomplete_multipart_upload()
                .and_then(|abort| abort.days_after_initiation())
                .filter(|_| on),
            expire_noncurrent_days: rule
                .noncurrent_version_expiration()
                .and_then(|old| old.noncurrent_days())
                .filter(|_| on),
            expire_days: rule.expiration().and_then(|expiration| expiration.days()).filter(|_| on),
            transitions: rule.transitions().iter().filter(|_| on).map(transition).collect(),
        }
    }
}

fn is_narrowed(filter: &LifecycleRuleFilter) -> bool {
    filter.tag().is_some()
        || filter.and().is_some()
        || filter.object_size_greater_than().is_some()
        || filter.object_size_less_than().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> LifecycleRule {
        LifecycleRule {
            id: "keep-tidy".into(),
            prefix: "raw/".into(),
            abort_uploads_days: Some(7),
            expire_noncurrent_days: Some(30),
            expire_days: None,
            transitions: vec![Transition { storage_class: "INTELLIGENT_TIERING".into(), days: 0 }],
        }
    }

    #[test]
    fn a_rule_reads_back_as_declared() {
        for expire_days in [None, Some(365)] {
            let rule = LifecycleRule { expire_days, ..rule() };
            assert_eq!(LifecycleRule::from_aws(&rule.to_aws().unwrap()), rule);
        }
    }

    #[test]
    fn a_rule_that_is_off_or_narrowed_differs_from_the_declared_one() {
        let mut off = rule().to_aws().unwrap();
        off.status = ExpirationStatus::Disabled;
        let mut narrowed = rule().to_aws().unwrap();
        narrowed.filter = Some(LifecycleRuleFilter::builder().prefix("raw/").object_size_greater_than(1).build());
        for changed in [off, narrowed] {
            let read = LifecycleRule::from_aws(&changed);
            assert_eq!(read.id, rule().id);
            assert_ne!(read, rule());
        }
    }

    #[test]
    fn markers_that_hide_nothing_go_with_the_old_versions_unless_an_expiry_sees_to_it() {
        assert_eq!(rule().expiration().unwrap().expired_object_delete_marker(), Some(true));
        let expiring = LifecycleRule { expire_days: Some(365), ..rule() };
        assert_eq!(expiring.expiration().unwrap().expired_object_delete_marker(), None);
        let plain = LifecycleRule { expire_noncurrent_days: None, ..rule() };
        assert_eq!(plain.expiration(), None);
    }
}
