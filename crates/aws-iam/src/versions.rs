//! The versions of a managed policy. IAM keeps five, deletes none by itself, and numbers them on and on.

use crate::errors::{GONE, PROPAGATES};
use aws_client::{Attempt, ErrorPattern, NextPage, Pages, Result};
use aws_sdk_iam::Client;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// As many as IAM keeps.
const MOST: usize = 5;
/// Another change is under way, or the version has become the default one.
const BUSY: &[ErrorPattern] = &[("ConcurrentModification", ""), ("DeleteConflict", "")];

/// The default versions that this run has made, by the policy's ARN.
#[derive(Default)]
pub(crate) struct CreatedVersions(Mutex<HashMap<String, u64>>);

impl CreatedVersions {
    pub(crate) fn note(&self, arn: &str, version: &str) {
        self.all().insert(arn.to_owned(), number(version));
    }

    /// True if IAM still shows an older version than the one that this run made.
    pub(crate) fn is_newer_than(&self, arn: &str, version: &str) -> bool {
        self.all().get(arn).is_some_and(|made| *made > number(version))
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The versions that do not count, oldest first.
pub(crate) async fn old(arn: &str, client: &Client) -> Result<Vec<String>> {
    let mut old = Vec::new();
    let pages = client.list_policy_versions().policy_arn(arn).into_paginator().send();
    let mut versions =
        Pages::new("ListPolicyVersions", pages, |page| NextPage::if_truncated(page.is_truncated(), page.marker()))
            .items(|page| page.versions);
    while let Some(version) = versions.next().await? {
        old.extend(version.version_id.filter(|_| !version.is_default_version));
    }
    old.sort_by_key(|version| number(version));
    Ok(old)
}

/// Makes room for one more, beside the one that counts.
pub(crate) async fn make_room(arn: &str, client: &Client) -> Result<()> {
    let old = old(arn, client).await.retry_on(GONE, PROPAGATES)?;
    let too_many = (old.len() + 2).saturating_sub(MOST);
    delete(arn, &old[..too_many], client).await
}

pub(crate) async fn delete(arn: &str, versions: &[String], client: &Client) -> Result<()> {
    for version in versions {
        let answer = client.delete_policy_version().policy_arn(arn).version_id(version).send().await;
        answer.during("DeletePolicyVersion").retry_on(BUSY, PROPAGATES).none_on(GONE)?;
    }
    Ok(())
}

/// `12` of `v12`.
fn number(version: &str) -> u64 {
    version.strip_prefix('v').and_then(|number| number.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_apart_by_number() {
        let made = CreatedVersions::default();
        made.note("a", "v10");
        assert!(made.is_newer_than("a", "v9"));
        assert!(!made.is_newer_than("a", "v10") && !made.is_newer_than("b", "v9"));
    }
}
