//! Reconciler for symmetric KMS keys, each with an alias.

use crate::search::{self, ABSENT, describe, is_pending_deletion};
use aws_client::{Attempt, ErrorPattern, Failure, FailureKind, Result};
use aws_sdk_kms::{
    Client,
    types::{KeyMetadata, KeyState, Tag},
};
use resource::{
    As, Context, Deletion, Diff, Found, IdForm, Observed, Owner, ReplaceOrder, Resource, SizeLimit, Tags, Terraform,
    usage::{Quantity, Usage, UsageType},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;
use vocabulary::{KeyArn, Permission, PermissionCondition, Place};

/// A symmetric encryption key, known by its alias. The id is the key's id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Key {
    /// `alias/…`: the name by which people and a later run find it.
    pub alias: String,
    /// The purpose of the key; may be empty.
    pub description: String,
    /// The key policy, which names the users and administrators.
    pub policy: Value,
    /// True if KMS makes new key material every year.
    pub rotation: bool,
    /// Days between its deletion being asked for and done, 7 to 30.
    pub deletion_window_days: i32,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyOutputs {
    /// The ARN.
    pub arn: KeyArn,
    /// The id.
    pub id: String,
}

/// A key or an alias made a moment ago is not known everywhere yet, and neither is that a key is back.
const UNKNOWN_YET: &[ErrorPattern] =
    &[("NotFoundException", ""), ("DisabledException", ""), ("KMSInvalidStateException", "")];
/// A key that awaits deletion may refuse to be read.
const UNREADABLE: &[ErrorPattern] = &[("KMSInvalidStateException", "")];
/// The time that KMS may take to spread a change: seconds, in some cases minutes.
/// <https://docs.aws.amazon.com/kms/latest/developerguide/accessing-kms.html#programming-eventual-consistency>
const SPREADS_WITHIN: Duration = Duration::from_secs(300);
/// A role that the policy names is too new.
/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html>
const PRINCIPAL_TOO_NEW: &[ErrorPattern] =
    &[("MalformedPolicyDocumentException", "invalid principals"), ("MalformedPolicyDocument", "invalid principals")];
/// The time after which a new role has certainly reached KMS. AWS states no bound.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>
const PRINCIPALS_SPREAD_WITHIN: Duration = Duration::from_secs(120);
/// A key is deleted only after its waiting period, and is of no use from its beginning.
/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html>
const GONE: &[ErrorPattern] = &[
    ("NotFoundException", ""),
    ("KMSInvalidStateException", "pending deletion"),
    ("KMSInvalidStateException", "PendingDeletion"),
];
/// Its deletion was cancelled before.
/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_CancelKeyDeletion.html>
const NOT_PENDING_DELETION: &[ErrorPattern] = &[("KMSInvalidStateException", "is not pending deletion")];
/// The only policy a key can have.
const POLICY: &str = "default";

impl Resource for Key {
    const KIND: &'static str = "kms:key";
    const NOUN: &'static str = "KMS key";
    // Its alias identifies a key.
    const TERRAFORM: Option<Terraform> = Some(Terraform {
        exported_as: "aws_kms_key",
        settings: &["aws_kms_key", "aws_kms_key_policy"],
        second_import: Some(("aws_kms_alias", "alias")),
        ..Terraform::named("aws_kms_alias", &[("name", "alias")])
    });
    // The most that AWS takes of a KMS key.
    // <https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html>
    const SIZE_LIMITS: &'static [SizeLimit] = &[
        SizeLimit::characters("alias", 256),
        SizeLimit::characters("description", 8192),
        SizeLimit::document("policy", 32_768),
    ];
    const COMPARE: &'static [(&'static str, As)] = &[("policy", As::Policy), ("deletion_window_days", As::WriteOnly)];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;
    const KEPT: bool = true;

    type Outputs = KeyOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Assigned
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        let client = cx.client(Client::new);
        let named = describe(&client, &self.alias).await?;
        let tags = match &named {
            Some(key) => search::tags(&client, &key.key_id).await.none_on(ABSENT)?,
            None => None,
        };
        match (named, tags) {
            // A stranger's key that is going leaves its alias to us.
            (Some(key), Some(tags)) if !is_pending_deletion(&key) || cx.owns(&tags) => {
                Ok(Some(Found { id: key.key_id, owner: Owner::Tags(tags) }))
            }
            _ => {
                let unnamed = search::unnamed(&client, cx).await?;
                let alive = unnamed.into_iter().filter(|(key, _)| !is_pending_deletion(key));
                let found = alive.map(|(key, tags)| Found { id: key.key_id, owner: Owner::Tags(tags) });
                Found::only(found, Self::NOUN, cx)
            }
        }
    }

    /// Takes back a key of ours that awaits deletion, or is off since its deletion was cancelled, if there is one: what
    /// it encrypted is readable again. The update that gives it its alias switches it on.
    async fn create(&self, cx: &Context) -> Result<String> {
        let client = cx.client(Client::new);
        if let Some((key, _)) = search::unnamed(&client, cx).await?.into_iter().find(|(key, _)| !is_usable(key)) {
            cancel_deletion(&client, &key).await?;
            return Ok(key.key_id);
        }
        let created = cx
            .client_once(Client::new)
            .create_key()
            .description(&self.description)
            .policy(self.policy.to_string())
            // KMS's lock-out check tests PutKeyPolicy on a key without tags. It refuses a caller whose permission
            // requires the stack's tags. A policy that names the account locks nobody out.
            .bypass_policy_lockout_safety_check(is_administered_by(&self.policy, cx.place()))
            .set_tags(Some(kms_tags(&self.tags)?))
            .send()
            .await
            .during("CreateKey")
            .retry_on(PRINCIPAL_TOO_NEW, PRINCIPALS_SPREAD_WITHIN)?;
        created.key_metadata.map(|key| key.key_id).ok_or_else(|| Failure::incomplete("CreateKey", "key id"))
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let client = cx.client(Client::new);
        // Asked by its alias, DescribeKey tells at once whether the alias is right.
        let read = async {
            tokio::try_join!(describe(&client, &self.alias), rotation(&client, id), policy(&client, id), async {
                search::tags(&client, id).await.none_on(UNREADABLE)
            },)
        };
        let Some((named, rotation, policy, tags)) = read.await.none_on(ABSENT)? else { return Ok(Observed::Absent) };
        let named = named.filter(|key| key.key_id == id);
        let is_named = named.is_some();
        let Some(key) = (match named {
            Some(key) => Some(key),
            None => describe(&client, id).await?,
        }) else {
            return Ok(Observed::Absent);
        };
        if is_pending_deletion(&key) && !is_named {
            return Ok(Observed::Absent);
        }
        let arn = key.arn().ok_or_else(|| Failure::incomplete("DescribeKey", "ARN"))?;
        let outputs = KeyOutputs { arn: KeyArn::new(arn), id: key.key_id.clone() };
        if matches!(key.key_state(), Some(KeyState::Creating | KeyState::Updating)) {
            let status = key.key_state().map_or("", KeyState::as_str).to_owned();
            return Ok(Observed::Settling { status, outputs: Some(outputs) });
        }
        let alias = match is_usable(&key) {
            true if is_named => self.alias.clone(),
            true => search::aliases(&client, id).await?.into_iter().min().unwrap_or_default(),
            // A key that is disabled or awaits deletion serves no caller under its alias.
            false => String::new(),
        };
        let live = Key {
            alias,
            description: key.description.unwrap_or_default(),
            policy,
            rotation,
            deletion_window_days: self.deletion_window_days,
            tags: tags.unwrap_or_default(),
        };
        Ok(Observed::Ready { live, outputs })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        let client = cx.client(Client::new);
        if diff.has("alias") {
            if let Some(key) = describe(&client, id).await? {
                revive(&client, &key).await?;
            }
            let before = search::aliases(&client, id).await.none_on(ABSENT)?.unwrap_or_default();
            self.name(&client, id).await?;
            // The only one it had is the one it was declared with; of several, some are other people's.
            if before == [live.alias.as_str()] {
                let call = client.delete_alias().alias_name(&live.alias);
                call.send().await.during("DeleteAlias").none_on(ABSENT)?;
            }
        }
        if diff.has("policy") {
            let call = client.put_key_policy().key_id(id).policy_name(POLICY).policy(self.policy.to_string());
            let answer = call.send().await.during("PutKeyPolicy").retry_on(UNKNOWN_YET, SPREADS_WITHIN);
            answer.retry_on(PRINCIPAL_TOO_NEW, PRINCIPALS_SPREAD_WITHIN)?;
        }
        if diff.has("description") {
            let call = client.update_key_description().key_id(id).description(&self.description);
            call.send().await.during("UpdateKeyDescription").retry_on(UNKNOWN_YET, SPREADS_WITHIN)?;
        }
        if diff.has("rotation") {
            match self.rotation {
                true => {
                    let answer = client.enable_key_rotation().key_id(id).send().await.during("EnableKeyRotation");
                    answer.retry_on(UNKNOWN_YET, SPREADS_WITHIN)?;
                }
                false => {
                    let answer = client.disable_key_rotation().key_id(id).send().await.during("DisableKeyRotation");
                    answer.retry_on(UNKNOWN_YET, SPREADS_WITHIN)?;
                }
            }
        }
        let add = async |missing: Tags| {
            let call = client.tag_resource().key_id(id).set_tags(Some(kms_tags(&missing)?));
            call.send().await.during("TagResource").retry_on(UNKNOWN_YET, SPREADS_WITHIN)
        };
        let remove = async |removed| {
            let call = client.untag_resource().key_id(id).set_tag_keys(Some(removed));
            call.send().await.during("UntagResource").retry_on(UNKNOWN_YET, SPREADS_WITHIN)
        };
        self.tags.converge(&live.tags, diff, add, remove).await
    }

    /// KMS never deletes at once: the key is unusable from now on, costs nothing, and vanishes after
    /// its window. Until then `aws kms cancel-key-deletion` brings it back.
    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let client = cx.client(Client::new);
        // Only while it names this key: another program may have pointed it at another key.
        let aliases = search::aliases(&client, id).await.none_on(GONE)?.unwrap_or_default();
        if aliases.contains(&self.alias) {
            client.delete_alias().alias_name(&self.alias).send().await.during("DeleteAlias").none_on(ABSENT)?;
        }
        let call = client.schedule_key_deletion().key_id(id).pending_window_in_days(self.deletion_window_days);
        call.send().await.during("ScheduleKeyDeletion").none_on(GONE)?;
        Ok(Deletion::Gone)
    }

    /// KMS keeps no list of what a key has encrypted: objects, their old versions, log events, file systems and
    /// copies of them anywhere. So there is always something to lose.
    async fn data_at_risk(&self, id: &str, cx: &Context) -> Result<Option<String>> {
        let key = describe(&cx.client(Client::new), id).await?;
        let usable = key.filter(|key| !is_pending_deletion(key));
        Ok(usable.map(|_| "the only means to read what was ever encrypted with it".to_owned()))
    }

    /// The waiting period in days, without a date: it begins with the deletion, and a saved plan may be applied days later.
    /// <https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html>
    fn after_deletion(&self) -> Option<String> {
        let days = self.deletion_window_days;
        Some(format!(
            "what was ever encrypted with it can be read no more; for {days} days `aws kms cancel-key-deletion` brings \
             the key back"
        ))
    }

    /// A key's tags count for KMS's decisions only up to five minutes after it was made, so that what follows at once
    /// is not bound to them: none of it takes a key from anybody.
    /// <https://docs.aws.amazon.com/kms/latest/developerguide/abac.html>
    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let (keys, alias) = (place.arn("kms", "key/*"), place.arn("kms", &self.alias));
        let through_s3 = PermissionCondition::Is("kms:ViaService", vec![place.endpoint_of("s3", &place.region)]);
        let read = ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"];
        let named = ["kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"];
        let changed = [
            "kms:PutKeyPolicy",
            "kms:UpdateKeyDescription",
            "kms:EnableKey",
            "kms:CancelKeyDeletion",
            "kms:ScheduleKeyDeletion",
            "kms:TagResource",
            "kms:UntagResource",
        ];
        vec![
            // Neither knows resources.
            Permission::read(["kms:ListKeys", "kms:ListAliases"]).on_anything(),
            Permission::read(read).on([keys.as_str()]),
            // Objects of a bucket that has another key by now are still encrypted with this one.
            Permission::read(["kms:Decrypt"]).on([keys.as_str()]).when(through_s3).when(PermissionCondition::HasTags),
            Permission::change(["kms:CreateKey"]).on_anything().when(PermissionCondition::GivesTags),
            Permission::change(["kms:TagResource"]).on([keys.as_str()]).when(PermissionCondition::GivesTags),
            Permission::change(named).on([keys.as_str(), &alias]),
            match self.rotation {
                true => Permission::change(["kms:EnableKeyRotation"]).on([keys.as_str()]),
                false => Permission::change(["kms:DisableKeyRotation"])
                    .on([keys.as_str()])
                    .when(PermissionCondition::HasTags),
            },
            Permission::change(changed).on([keys.as_str()]).when(PermissionCondition::HasTags),
        ]
    }

    fn usage(&self) -> Usage {
        let usage = Usage::default().monthly("KMS key", UsageType::KeyMonth, Quantity::ONE).by_use(
            "requests to KMS",
            "reads and writes of what is encrypted",
            UsageType::KeyRequests,
        );
        // Each of the first two rotations adds the price of a key, those after them nothing (AWS, KMS pricing, 2024).
        let depends_on = "the key's age: one more after the first rotation, two after the second, then no more";
        match self.rotation {
            true => usage.by_use("key material of earlier rotations", depends_on, UsageType::KeyMonth),
            false => usage,
        }
    }
}

impl Key {
    /// Gives the key its alias, which may have to be taken from a key that is awaiting deletion.
    async fn name(&self, client: &Client, id: &str) -> Result<()> {
        let answer = client.create_alias().alias_name(&self.alias).target_key_id(id).send().await.during("CreateAlias");
        let refusal = match answer.retry_on(UNKNOWN_YET, SPREADS_WITHIN) {
            Err(refusal) if refusal.kind == FailureKind::Exists => refusal,
            answer => return answer.map(drop),
        };
        match describe(client, &self.alias).await? {
            Some(holder) if holder.key_id == id => Ok(()),
            Some(holder) if is_pending_deletion(&holder) => {
                let call = client.update_alias().alias_name(&self.alias).target_key_id(id);
                call.send().await.during("UpdateAlias").retry_on(UNKNOWN_YET, SPREADS_WITHIN).map(drop)
            }
            Some(holder) => Err(Failure {
                kind: FailureKind::Final,
                help: Some(
                    format!("{} names key {}; choose another alias or remove that one", self.alias, holder.key_id)
                        .into(),
                ),
                ..refusal
            }),
            None => Err(Failure { kind: FailureKind::Retryable(SPREADS_WITHIN), ..refusal }),
        }
    }
}

/// True if a key policy lets the account's IAM policies decide who may change it. KMS's lock-out check tests only the
/// caller.
/// <https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#key-policy-default-allow-root-enable-iam>
fn is_administered_by(policy: &Value, place: &Place) -> bool {
    let root = place.iam_arn("root");
    let is = |value: &Value, text: &str| *value == text || *value == json!([text]);
    policy["Statement"].as_array().into_iter().flatten().any(|statement| {
        statement["Effect"] == "Allow"
            && is(&statement["Principal"]["AWS"], &root)
            && is(&statement["Action"], "kms:*")
            && statement["Condition"].is_null()
    })
}

/// True if callers can encrypt with the key.
fn is_usable(key: &KeyMetadata) -> bool {
    !is_pending_deletion(key) && key.key_state() != Some(&KeyState::Disabled)
}

/// Makes a key usable that awaits deletion or was switched off.
async fn revive(client: &Client, key: &KeyMetadata) -> Result<()> {
    cancel_deletion(client, key).await?;
    // After a cancelled deletion a key is off.
    if !is_usable(key) {
        let call = client.enable_key().key_id(&key.key_id);
        call.send().await.during("EnableKey").retry_on(UNKNOWN_YET, SPREADS_WITHIN)?;
    }
    Ok(())
}

/// Takes a key back that awaits deletion. KMS may show for a while that it still does.
/// <https://docs.aws.amazon.com/kms/latest/developerguide/accessing-kms.html#programming-eventual-consistency>
async fn cancel_deletion(client: &Client, key: &KeyMetadata) -> Result<()> {
    if is_pending_deletion(key) {
        let call = client.cancel_key_deletion().key_id(&key.key_id);
        call.send().await.during("CancelKeyDeletion").none_on(NOT_PENDING_DELETION)?;
    }
    Ok(())
}

async fn rotation(client: &Client, id: &str) -> Result<bool> {
    let answer = client.get_key_rotation_status().key_id(id).send().await.during("GetKeyRotationStatus");
    Ok(answer.none_on(UNREADABLE)?.is_some_and(|status| status.key_rotation_enabled))
}

/// Text that is no JSON stays text, so that it differs from every declaration.
async fn policy(client: &Client, id: &str) -> Result<Value> {
    let answer = client.get_key_policy().key_id(id).policy_name(POLICY).send().await.during("GetKeyPolicy");
    let text = answer.none_on(UNREADABLE)?.and_then(|answer| answer.policy);
    Ok(text.map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text))).unwrap_or_default())
}

fn kms_tags(tags: &Tags) -> Result<Vec<Tag>> {
    tags.iter()
        .map(|(key, value)| Tag::builder().tag_key(key).tag_value(value).build())
        .collect::<std::result::Result<_, _>>()
        .map_err(|error| Failure::new(FailureKind::Final, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_state(state: KeyState) -> KeyMetadata {
        KeyMetadata::builder().key_id("1234").key_state(state).build().unwrap()
    }

    #[test]
    fn lockout_check_is_bypassed_only_where_the_account_administers_the_key() {
        let place = Place::new("123456789012", "eu-west-1");
        let policy = |principal: &str, action: &str| {
            json!({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": [action], "Resource": ["*"]},
            ]})
        };
        assert!(is_administered_by(&policy("arn:aws:iam::123456789012:root", "kms:*"), &place));
        assert!(!is_administered_by(&policy("arn:aws:iam::210987654321:root", "kms:*"), &place));
        assert!(!is_administered_by(&policy("arn:aws:iam::123456789012:root", "kms:Decrypt"), &place));
        assert!(!is_administered_by(&policy("arn:aws:iam::123456789012:role/one", "kms:*"), &place));
        let mut denied = policy("arn:aws:iam::123456789012:root", "kms:*");
        denied["Statement"][0]["Effect"] = "Deny".into();
        assert!(!is_administered_by(&denied, &place));
    }

    #[test]
    fn a_key_awaiting_deletion_is_gone_and_a_disabled_one_is_not() {
        assert!(is_pending_deletion(&in_state(KeyState::PendingDeletion)));
        assert!(!is_pending_deletion(&in_state(KeyState::Disabled)));
        assert!(!is_pending_deletion(&in_state(KeyState::Enabled)));
    }

    #[test]
    fn only_a_key_that_is_on_and_stays_can_be_used() {
        assert!(is_usable(&in_state(KeyState::Enabled)));
        assert!(!is_usable(&in_state(KeyState::Disabled)));
        assert!(!is_usable(&in_state(KeyState::PendingDeletion)));
    }
}
