//! Finding keys: by id or alias, and by tags where a key has lost its alias or never had one.

use aws_client::{Attempt, ErrorPattern, FailureKind, NextPage, Pages, Result};
use aws_sdk_kms::{
    Client,
    types::{KeyMetadata, KeyState},
};
use resource::{Context, Tags};
use std::collections::HashSet;

pub(crate) const ABSENT: &[ErrorPattern] = &[("NotFoundException", "")];

/// The key with this id or alias.
pub(crate) async fn describe(client: &Client, key: &str) -> Result<Option<KeyMetadata>> {
    let answer = client.describe_key().key_id(key).send().await.during("DescribeKey").none_on(ABSENT)?;
    Ok(answer.and_then(|answer| answer.key_metadata))
}

/// True if the key awaits deletion, which to every caller but KMS means that it is gone.
pub(crate) fn is_pending_deletion(key: &KeyMetadata) -> bool {
    matches!(key.key_state(), Some(KeyState::PendingDeletion | KeyState::PendingReplicaDeletion))
}

/// Our keys without an alias: a lost answer to CreateKey leaves one, and so does a deletion until its
/// window ends. Only keys without any alias are read, which in most accounts are few.
pub(crate) async fn unnamed(client: &Client, cx: &Context) -> Result<Vec<(KeyMetadata, Tags)>> {
    let listed = async { tokio::try_join!(keys(client), named(client)) };
    let (keys, named) = match listed.await {
        // Without the permission to list there is only the alias to go by.
        Err(failure) if failure.kind == FailureKind::Denied => return Ok(Vec::new()),
        listed => listed?,
    };
    let mut ours = Vec::new();
    for id in keys.into_iter().filter(|id| !named.contains(id)) {
        let tags = match tags(client, &id).await.none_on(ABSENT) {
            // The policy of a foreign key may deny this read.
            Err(failure) if failure.kind == FailureKind::Denied => continue,
            tags => tags?,
        };
        let Some(tags) = tags.filter(|tags| cx.owns(tags)) else { continue };
        ours.extend(describe(client, &id).await?.map(|key| (key, tags)));
    }
    Ok(ours)
}

async fn keys(client: &Client) -> Result<Vec<String>> {
    let listed = Pages::new("ListKeys", client.list_keys().into_paginator().send(), |page| {
        NextPage::if_truncated(page.truncated(), page.next_marker())
    })
    .items(|page| page.keys);
    Ok(listed.all().await?.into_iter().filter_map(|entry| entry.key_id).collect())
}

/// The ids of the keys that have an alias.
async fn named(client: &Client) -> Result<HashSet<String>> {
    let listed = Pages::new("ListAliases", client.list_aliases().into_paginator().send(), |page| {
        NextPage::if_truncated(page.truncated(), page.next_marker())
    })
    .items(|page| page.aliases);
    Ok(listed.all().await?.into_iter().filter_map(|entry| entry.target_key_id).collect())
}

/// The aliases of a key.
pub(crate) async fn aliases(client: &Client, id: &str) -> Result<Vec<String>> {
    let listed = Pages::new("ListAliases", client.list_aliases().key_id(id).into_paginator().send(), |page| {
        NextPage::if_truncated(page.truncated(), page.next_marker())
    })
    .items(|page| page.aliases);
    Ok(listed.all().await?.into_iter().filter_map(|entry| entry.alias_name).collect())
}

pub(crate) async fn tags(client: &Client, id: &str) -> Result<Tags> {
    let listed =
        Pages::new("ListResourceTags", client.list_resource_tags().key_id(id).into_paginator().send(), |page| {
            NextPage::if_truncated(page.truncated(), page.next_marker())
        })
        .items(|page| page.tags);
    Ok(Tags(listed.all().await?.into_iter().map(|tag| (tag.tag_key, tag.tag_value)).collect()))
}
