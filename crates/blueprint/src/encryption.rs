//! Keys of the platform's own, by setting: one for data, one for what services write and send.

use crate::{policy::Policy, site::Site};
use aws_kms::Key;
use resource::{Handle, Stack, Tags};
use serde_json::{Value, json};

/// The encryption context of SNS: the ARN of the topic.
/// <https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html>
const TOPIC: &str = "kms:EncryptionContext:aws:sns:topicArn";

/// The platform's keys, if it has any.
#[derive(Clone, Copy)]
pub(crate) struct Keys {
    /// Buckets, feature stores, studio volumes, repositories.
    pub(crate) data: Option<Handle<Key>>,
    /// Log groups and the alerts topic.
    pub(crate) logs: Option<Handle<Key>>,
}

pub(crate) fn build(stack: &mut Stack, site: &Site) -> Keys {
    if !site.environment.encryption.kms {
        return Keys { data: None, logs: None };
    }
    let mut key = |purpose: &str, description: String, policy: Value| {
        let alias = format!("alias/{}", site.named(purpose));
        let window = i32::from(site.environment.encryption.deletion_window_days);
        stack.add("encryption", purpose, (), move |()| Key {
            alias: alias.clone(),
            description: description.clone(),
            policy: policy.clone(),
            rotation: true,
            deletion_window_days: window,
            tags: Tags::default(),
        })
    };
    let owner = || {
        let root = json!({"AWS": site.place.iam_arn("root")});
        Policy::new().allow(["kms:*"], ["*"]).to(root)
    };
    let data = key("data", format!("Data of {}", site.prefix()), owner().document());
    let topic = site.arn("sns", &site.named("alerts"));
    let logs = owner()
        .allow(["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"], ["*"])
        .to(json!({"Service": site.service("logs")}))
        .when("ArnLike", "kms:EncryptionContext:aws:logs:arn", site.arn("logs", "*"))
        .allow(["kms:Decrypt", "kms:GenerateDataKey*"], ["*"])
        .to(json!({"Service": [site.service("budgets"), site.service("cloudwatch")]}))
        .when("StringEquals", "aws:SourceAccount", site.place.account.as_str())
        .when("StringEquals", TOPIC, topic.as_str())
        // EventBridge does not say for which account it works; SNS says for which topic.
        // https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
        .allow(["kms:Decrypt", "kms:GenerateDataKey*"], ["*"])
        .to(json!({"Service": site.service("events")}))
        .when("StringEquals", TOPIC, topic);
    let logs = key("logs", format!("Logs and alerts of {}", site.prefix()), logs.document());
    Keys { data: Some(data), logs: Some(logs) }
}
