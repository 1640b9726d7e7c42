//! SageMaker's tags: given in the create call, read and changed by ARN for every kind of resource.

use crate::sign;
use aws_sdk_sagemaker::{Client, types::Tag};
use resource::{Attempt, Cx, Diff, Result, Tags};

/// Tags for a create call.
pub(crate) fn given(tags: &Tags) -> Option<Vec<Tag>> {
    Some(tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect())
}

/// The tags of whatever bears this ARN; none when it is gone.
pub(crate) async fn read(arn: &str, cx: &Cx) -> Result<Tags> {
    let mut pages = cx.client(Client::new).list_tags().resource_arn(arn).into_paginator().items().send();
    let mut tags = Tags::default();
    while let Some(tag) = pages.next().await {
        let Some(tag) = tag.during("ListTags").absent(sign::ABSENT)? else { return Ok(Tags::default()) };
        if let (Some(key), Some(value)) = (tag.key, tag.value) {
            tags.0.insert(key, value);
        }
    }
    Ok(tags)
}

/// Brings the tags of whatever bears this ARN in line.
pub(crate) async fn converge(arn: &str, tags: &Tags, live: &Tags, diff: &Diff, cx: &Cx) -> Result<()> {
    let client = cx.client(Client::new);
    let missing = tags.missing_from(live);
    if !missing.0.is_empty() {
        client.add_tags().resource_arn(arn).set_tags(given(&missing)).send().await.during("AddTags")?;
    }
    let removed = tags.removed_by(diff);
    if !removed.is_empty() {
        client.delete_tags().resource_arn(arn).set_tag_keys(Some(removed)).send().await.during("DeleteTags")?;
    }
    Ok(())
}
