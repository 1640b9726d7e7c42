//! Glue's tags: given in the create call, read and changed by an ARN that follows from kind and name.

use crate::errors;
use aws_client::{Attempt, Result};
use aws_sdk_glue::Client;
use resource::{Context, Diff, Found, Owner, Tags};
use std::collections::HashMap;
use vocabulary::Permission;

/// The IAM statements for tags, those of a create call included.
pub(crate) fn permissions(arn: &str) -> [Permission; 2] {
    let changes = Permission::change(["glue:TagResource", "glue:UntagResource"]);
    [Permission::read(["glue:GetTags"]).on([arn]), changes.on([arn])]
}

/// Tags for a create call.
pub(crate) fn given(tags: &Tags) -> Option<HashMap<String, String>> {
    Some(tags.0.clone().into_iter().collect())
}

/// The tags of the resource with this ARN; none if it does not exist.
pub(crate) async fn read(arn: &str, cx: &Context) -> Result<Tags> {
    let call = cx.client(Client::new).get_tags().resource_arn(arn);
    let answer = call.send().await.during("GetTags").none_on(errors::ABSENT)?;
    Ok(answer.and_then(|answer| answer.tags).unwrap_or_default().into_iter().collect())
}

/// The find result of a resource that exists under its name, with its tags.
pub(crate) async fn found(name: &str, arn: &str, cx: &Context) -> Result<Option<Found>> {
    Ok(Some(Found { id: name.to_owned(), owner: Owner::Tags(read(arn, cx).await?) }))
}

/// Updates the tags of the resource with this ARN.
pub(crate) async fn converge(arn: &str, tags: &Tags, live: &Tags, diff: &Diff, cx: &Context) -> Result<()> {
    let client = cx.client(Client::new);
    let add = async |missing: Tags| {
        client.tag_resource().resource_arn(arn).set_tags_to_add(given(&missing)).send().await.during("TagResource")
    };
    let remove = async |removed| {
        let call = client.untag_resource().resource_arn(arn).set_tags_to_remove(Some(removed));
        call.send().await.during("UntagResource")
    };
    tags.converge(live, diff, add, remove).await
}
