//! The recovery of deleted objects: the versions that their bucket keeps, and for how long.

use crate::{LifecycleRule, read::lifecycle};
use aws_client::{Attempt, Result};
use aws_sdk_s3::{Client, types::BucketVersioningStatus};

/// The time for which a deleted object can be restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// The bucket keeps no versions of new objects: nothing brings it back.
    Never,
    /// The lifecycle takes old versions at least this many days after the deletion.
    Days(i32),
    /// No rule of the lifecycle takes old versions.
    Unlimited,
}

/// The time for which deleted objects below a prefix can be restored.
///
/// # Errors
/// When the settings of the bucket cannot be read.
pub async fn recovery(client: &Client, bucket: &str, prefix: &str) -> Result<Recovery> {
    let versioning = async { client.get_bucket_versioning().bucket(bucket).send().await.during("GetBucketVersioning") };
    let (versioning, rules) = tokio::try_join!(versioning, lifecycle(client, bucket))?;
    Ok(match versioning.status() {
        Some(BucketVersioningStatus::Enabled) => kept(&rules, prefix),
        // A deletion takes the version without an id, if versioning is suspended.
        // <https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectsfromVersioningSuspendedBuckets.html>
        _ => Recovery::Never,
    })
}

/// The shortest time of the rules that may be about a key below the prefix.
fn kept(rules: &[LifecycleRule], prefix: &str) -> Recovery {
    let concerns = |rule: &&LifecycleRule| rule.prefix.starts_with(prefix) || prefix.starts_with(&rule.prefix);
    let days = rules.iter().filter(concerns).filter_map(|rule| rule.expire_noncurrent_days).min();
    days.map_or(Recovery::Unlimited, Recovery::Days)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(prefix: &str, days: Option<i32>) -> LifecycleRule {
        LifecycleRule {
            id: prefix.to_owned(),
            prefix: prefix.to_owned(),
            abort_uploads_days: None,
            expire_noncurrent_days: days,
            expire_days: Some(1),
            transitions: Vec::new(),
        }
    }

    #[test]
    fn shortest_rule_that_may_be_about_a_key_decides() {
        let rules = [rule("", Some(30)), rule("raw/2024/", Some(7)), rule("processed/", Some(1)), rule("raw/", None)];
        assert_eq!(kept(&rules, "raw/"), Recovery::Days(7));
        assert_eq!(kept(&rules[..1], "raw/"), Recovery::Days(30));
        assert_eq!(kept(&rules[2..], "raw/"), Recovery::Unlimited);
        assert_eq!(kept(&[], "raw/"), Recovery::Unlimited);
    }
}
