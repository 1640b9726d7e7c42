use aws_sdk_kms::{
    Client,
    types::{KeyMetadata, KeyState, Tag},
};
use resource::{
    As, Attempt, Cx, Deletion, Diff, Failure, FailureKind, Found, KeyArn, Naming, Observed, Owner, Resource, Result,
    Sign, Tags,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// A symmetric encryption key, known by its alias. The id is the key's id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Key {
    /// `alias/…`: the name by which people and a later run find it.
    pub alias: String,
    /// What it is for; may be empty.
    pub description: String,
    /// Who may use and administer it.
    pub policy: Value,
    /// Whether KMS makes new key material every year.
    pub rotation: bool,
    /// Days between its deletion being asked for and done, 7 to 30.
    pub deletion_window_days: i32,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// What others can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyOutputs {
    /// The ARN.
    pub arn: KeyArn,
    /// The id.
    pub id: String,
}

const ABSENT: &[Sign] = &[("NotFoundException", "")];
/// A key or an alias made a moment ago is not known everywhere yet.
const UNKNOWN_YET: &[Sign] = &[("NotFoundException", "")];
const SPREADS_WITHIN: Duration = Duration::from_secs(60);
/// A role that the policy names is too new.
const PRINCIPAL_TOO_NEW: &[Sign] =
    &[("MalformedPolicyDocumentException", "invalid principals"), ("MalformedPolicyDocument", "invalid principals")];
const PRINCIPALS_SPREAD_WITHIN: Duration = Duration::from_secs(120);
const GONE: &[Sign] = &[
    ("NotFoundException", ""),
    ("KMSInvalidStateException", "pending deletion"),
    ("KMSInvalidStateException", "PendingDeletion"),
];
/// The only policy a key can have.
const POLICY: &str = "default";

impl Resource for Key {
    const KIND: &'static str = "kms:key";
    const NOUN: &'static str = "KMS key";
    const COMPARE: &'static [(&'static str, As)] = &[("policy", As::Policy), ("deletion_window_days", As::WriteOnly)];
    const NAMING: Naming = Naming::Declared;

    type Outputs = KeyOutputs;

    async fn find(&self, cx: &Cx) -> Result<Option<Found>> {
        let client = cx.client(Client::new);
        let Some(key) = describe(&client, &self.alias).await?.filter(|key| !is_doomed(key)) else { return Ok(None) };
        let tags = read_tags(&client, &key.key_id).await.absent(ABSENT)?;
        Ok(tags.map(|tags| Found { id: key.key_id, owner: Owner::Tags(tags) }))
    }

    async fn create(&self, cx: &Cx) -> Result<String> {
        let created = cx
            .client_once(Client::new)
            .create_key()
            .description(&self.description)
            .policy(self.policy.to_string())
            .set_tags(Some(kms_tags(&self.tags)?))
            .send()
            .await
            .during("CreateKey")
            .heals(PRINCIPAL_TOO_NEW, PRINCIPALS_SPREAD_WITHIN)?;
        created.key_metadata.map(|key| key.key_id).ok_or_else(|| Failure::incomplete("CreateKey", "key id"))
    }

    async fn observe(&self, id: &str, cx: &Cx) -> Result<Observed<Self>> {
        let client = cx.client(Client::new);
        let read = async {
            tokio::try_join!(
                describe(&client, id),
                async { client.get_key_rotation_status().key_id(id).send().await.during("GetKeyRotationStatus") },
                async { client.get_key_policy().key_id(id).policy_name(POLICY).send().await.during("GetKeyPolicy") },
                read_tags(&client, id),
                aliases(&client, id),
            )
        };
        // A key that awaits deletion may refuse some of these reads.
        let read = read.await.absent(GONE)?;
        let Some((Some(key), rotation, policy, tags, aliases)) = read else { return Ok(Observed::Absent) };
        if is_doomed(&key) {
            return Ok(Observed::Absent);
        }
        let arn = key.arn().ok_or_else(|| Failure::incomplete("DescribeKey", "ARN"))?;
        let outputs = KeyOutputs { arn: KeyArn::new(arn), id: key.key_id.clone() };
        if matches!(key.key_state(), Some(KeyState::Creating | KeyState::Updating)) {
            let status = key.key_state().map_or("", KeyState::as_str).to_owned();
            return Ok(Observed::Settling { status, outputs: Some(outputs) });
        }
        let policy = policy.policy.map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text)));
        let live = Key {
            alias: shown(&self.alias, aliases),
            description: key.description.unwrap_or_default(),
            policy: policy.unwrap_or_default(),
            rotation: rotation.key_rotation_enabled,
            deletion_window_days: self.deletion_window_days,
            tags,
        };
        Ok(Observed::Ready { live, outputs })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Cx) -> Result<()> {
        let client = cx.client(Client::new);
        if diff.has("alias") {
            self.name(&client, id).await?;
            if !live.alias.is_empty() {
                let call = client.delete_alias().alias_name(&live.alias);
                call.send().await.during("DeleteAlias").absent(ABSENT)?;
            }
        }
        if diff.has("policy") {
            let call = client.put_key_policy().key_id(id).policy_name(POLICY).policy(self.policy.to_string());
            let answer = call.send().await.during("PutKeyPolicy").heals(UNKNOWN_YET, SPREADS_WITHIN);
            answer.heals(PRINCIPAL_TOO_NEW, PRINCIPALS_SPREAD_WITHIN)?;
        }
        if diff.has("description") {
            let call = client.update_key_description().key_id(id).description(&self.description);
            call.send().await.during("UpdateKeyDescription").heals(UNKNOWN_YET, SPREADS_WITHIN)?;
        }
        if diff.has("rotation") {
            match self.rotation {
                true => {
                    let answer = client.enable_key_rotation().key_id(id).send().await.during("EnableKeyRotation");
                    answer.heals(UNKNOWN_YET, SPREADS_WITHIN)?;
                }
                false => {
                    let answer = client.disable_key_rotation().key_id(id).send().await.during("DisableKeyRotation");
                    answer.heals(UNKNOWN_YET, SPREADS_WITHIN)?;
                }
            }
        }
        let missing = self.tags.missing_from(&live.tags);
        if !missing.0.is_empty() {
            let call = client.tag_resource().key_id(id).set_tags(Some(kms_tags(&missing)?));
            call.send().await.during("TagResource").heals(UNKNOWN_YET, SPREADS_WITHIN)?;
        }
        let removed = self.tags.removed_by(diff);
        if !removed.is_empty() {
            let call = client.untag_resource().key_id(id).set_tag_keys(Some(removed));
            call.send().await.during("UntagResource").heals(UNKNOWN_YET, SPREADS_WITHIN)?;
        }
        Ok(())
    }

    /// KMS never deletes at once: the key is unusable from now on, costs nothing, and vanishes after
    /// its window. Until then `aws kms cancel-key-deletion` brings it back.
    async fn delete(&self, id: &str, cx: &Cx) -> Result<Deletion> {
        let client = cx.client(Client::new);
        // Only while it names this key: somebody may have pointed it at another.
        let aliases = aliases(&client, id).await.absent(GONE)?.unwrap_or_default();
        if aliases.contains(&self.alias) {
            client.delete_alias().alias_name(&self.alias).send().await.during("DeleteAlias").absent(ABSENT)?;
        }
        let call = client.schedule_key_deletion().key_id(id).pending_window_in_days(self.deletion_window_days);
        call.send().await.during("ScheduleKeyDeletion").absent(GONE)?;
        Ok(Deletion::Gone)
    }
}

impl Key {
    /// Gives the key its alias, which may have to be taken from a key that is awaiting deletion.
    async fn name(&self, client: &Client, id: &str) -> Result<()> {
        let answer = client.create_alias().alias_name(&self.alias).target_key_id(id).send().await.during("CreateAlias");
        let refusal = match answer.heals(UNKNOWN_YET, SPREADS_WITHIN) {
            Err(refusal) if refusal.kind == FailureKind::Exists => refusal,
            answer => return answer.map(drop),
        };
        match describe(client, &self.alias).await? {
            Some(holder) if holder.key_id == id => Ok(()),
            Some(holder) if is_doomed(&holder) => {
                let call = client.update_alias().alias_name(&self.alias).target_key_id(id);
                call.send().await.during("UpdateAlias").heals(UNKNOWN_YET, SPREADS_WITHIN).map(drop)
            }
            Some(holder) => Err(Failure {
                kind: FailureKind::Final,
                help: Some(format!(
                    "{} names key {}; choose another alias or remove that one",
                    self.alias, holder.key_id
                )),
                ..refusal
            }),
            None => Err(Failure { kind: FailureKind::Heals(SPREADS_WITHIN), ..refusal }),
        }
    }
}

/// The key with this id or alias.
async fn describe(client: &Client, key: &str) -> Result<Option<KeyMetadata>> {
    let answer = client.describe_key().key_id(key).send().await.during("DescribeKey").absent(ABSENT)?;
    Ok(answer.and_then(|answer| answer.key_metadata))
}

/// Whether the key awaits deletion, which to everybody else means that it is gone.
fn is_doomed(key: &KeyMetadata) -> bool {
    matches!(key.key_state(), Some(KeyState::PendingDeletion | KeyState::PendingReplicaDeletion))
}

async fn aliases(client: &Client, id: &str) -> Result<Vec<String>> {
    let mut entries = client.list_aliases().key_id(id).into_paginator().items().send();
    let mut names = Vec::new();
    while let Some(entry) = entries.next().await {
        names.extend(entry.during("ListAliases")?.alias_name);
    }
    Ok(names)
}

/// The alias to compare with: a key may bear others beside the declared one, which are left alone.
fn shown(declared: &str, aliases: Vec<String>) -> String {
    match aliases.iter().any(|alias| alias == declared) {
        true => declared.to_owned(),
        false => aliases.into_iter().min().unwrap_or_default(),
    }
}

async fn read_tags(client: &Client, id: &str) -> Result<Tags> {
    let mut tags = client.list_resource_tags().key_id(id).into_paginator().items().send();
    let mut read = Tags::default();
    while let Some(tag) = tags.next().await {
        let tag = tag.during("ListResourceTags")?;
        read.0.insert(tag.tag_key, tag.tag_value);
    }
    Ok(read)
}

fn kms_tags(tags: &Tags) -> Result<Vec<Tag>> {
    tags.iter()
        .map(|(key, value)| Tag::builder().tag_key(key).tag_value(value).build())
        .collect::<std::result::Result<_, _>>()
        .map_err(|error| Failure::of(FailureKind::Final, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_state(state: KeyState) -> KeyMetadata {
        KeyMetadata::builder().key_id("1234").key_state(state).build().unwrap()
    }

    #[test]
    fn a_key_awaiting_deletion_is_gone_and_a_disabled_one_is_not() {
        assert!(is_doomed(&in_state(KeyState::PendingDeletion)));
        assert!(!is_doomed(&in_state(KeyState::Disabled)));
        assert!(!is_doomed(&in_state(KeyState::Enabled)));
    }

    #[test]
    fn other_aliases_of_the_key_are_no_difference() {
        let aliases = vec!["alias/another".to_owned(), "alias/data".to_owned()];
        assert_eq!(shown("alias/data", aliases), "alias/data");
    }

    #[test]
    fn a_key_without_the_declared_alias_shows_the_one_it_has() {
        assert_eq!(shown("alias/data", vec!["alias/old".to_owned()]), "alias/old");
        assert_eq!(shown("alias/data", Vec::new()), "");
    }
}
