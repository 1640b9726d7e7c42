//! Finding keys: by id or alias, and by tags where a key has lost its alias or never had one.

use aws_sdk_kms::{
    Client,
    types::{KeyMetadata, KeyState},
};
use resource::{Attempt, Cx, FailureKind, Result, Sign, Tags};
use std::collections::HashSet;

pub(crate) const ABSENT: &[Sign] = &[("NotFoundException", "")];

/// The key with this id or alias.
pub(crate) async fn describe(client: &Client, key: &str) -> Result<Option<KeyMetadata>> {
    let answer = client.describe_key().key_id(key).send().await.during("DescribeKey").absent(ABSENT)?;
    Ok(answer.and_then(|answer| answer.key_metadata))
}

/// Whether the key awaits deletion, which to everybody else means that it is gone.
pub(crate) fn is_doomed(key: &KeyMetadata) -> bool {
    matches!(key.key_state(), Some(KeyState::PendingDeletion | KeyState::PendingReplicaDeletion))
}

/// Our keys without an alias: a lost answer to CreateKey leaves one, and so does a deletion until its
/// window ends. Only keys without any alias are looked at, which in most accounts are few.
pub(crate) async fn unnamed(client: &Client, cx: &Cx) -> Result<Vec<(KeyMetadata, Tags)>> {
    let listed = async { tokio::try_join!(keys(client), named(client)) };
    let (keys, named) = match listed.await {
        // Without the permission to list there is only the alias to go by.
        Err(failure) if failure.kind == FailureKind::Denied => return Ok(Vec::new()),
        listed => listed?,
    };
    let mut ours = Vec::new();
    for id in keys.into_iter().filter(|id| !named.contains(id)) {
        let tags = match tags(client, &id).await.absent(ABSENT) {
            // Somebody's key, whose policy lets nobody else look.
            Err(failure) if failure.kind == FailureKind::Denied => continue,
            tags => tags?,
        };
        let Some(tags) = tags.filter(|tags| cx.owns(tags)) else { continue };
        ours.extend(describe(client, &id).await?.map(|key| (key, tags)));
    }
    Ok(ours)
}

async fn keys(client: &Client) -> Result<Vec<String>> {
    let mut entries = client.list_keys().into_paginator().items().send();
    let mut ids = Vec::new();
    while let Some(entry) = entries.next().await {
        ids.extend(entry.during("ListKeys")?.key_id);
    }
    Ok(ids)
}

/// The ids of the keys that have an alias.
async fn named(client: &Client) -> Result<HashSet<String>> {
    let mut entries = client.list_aliases().into_paginator().items().send();
    let mut ids = HashSet::new();
    while let Some(entry) = entries.next().await {
        ids.extend(entry.during("ListAliases")?.target_key_id);
    }
    Ok(ids)
}

/// The aliases of a key.
pub(crate) async fn aliases(client: &Client, id: &str) -> Result<Vec<String>> {
    let mut entries = client.list_aliases().key_id(id).into_paginator().items().send();
    let mut names = Vec::new();
    while let Some(entry) = entries.next().await {
        names.extend(entry.during("ListAliases")?.alias_name);
    }
    Ok(names)
}

pub(crate) async fn tags(client: &Client, id: &str) -> Result<Tags> {
    let mut tags = client.list_resource_tags().key_id(id).into_paginator().items().send();
    let mut read = Tags::default();
    while let Some(tag) = tags.next().await {
        let tag = tag.during("ListResourceTags")?;
        read.0.insert(tag.tag_key, tag.tag_value);
    }
    Ok(read)
}
