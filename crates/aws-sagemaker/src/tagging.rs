//! SageMaker's tags: given in the create call, read and changed by ARN for every kind of resource.

use crate::errors;
use aws_client::{Attempt, Pages, Result};
use aws_sdk_sagemaker::{Client, types::Tag};
use resource::{Context, Diff, Tags};

/// Tags for a create call.
pub(crate) fn given(tags: &Tags) -> Option<Vec<Tag>> {
    Some(tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect())
}

/// The tags of the resource with this ARN; none if it does not exist.
pub(crate) async fn read(arn: &str, cx: &Context) -> Result<Tags> {
    let pages = cx.client(Client::new).list_tags().resource_arn(arn).into_paginator().send();
    let listed = Pages::new("ListTags", pages, |page| page.next_token().into()).items(|page| page.tags);
    let tags = listed.all().await.none_on(errors::ABSENT)?.unwrap_or_default();
    Ok(Tags(tags.into_iter().filter_map(|tag| tag.key.zip(tag.value)).collect()))
}

/// Updates the tags of the resource with this ARN.
pub(crate) async fn converge(arn: &str, tags: &Tags, live: &Tags, diff: &Diff, cx: &Context) -> Result<()> {
    let client = cx.client(Client::new);
    let add = async |missing: Tags| {
        client.add_tags().resource_arn(arn).set_tags(given(&missing)).send().await.during("AddTags")
    };
    let remove = async |removed| {
        client.delete_tags().resource_arn(arn).set_tag_keys(Some(removed)).send().await.during("DeleteTags")
    };
    tags.converge(live, diff, add, remove).await
}
