//! Keys, by setting. The platform has two keys of its own: one for data, one for logs and messages of services. An
//! existing key replaces both.

use crate::{build_context::BuildContext, policy::Policy};
use aws_kms::{ExistingKey, Key, KeyOutputs, KeyUse};
use resource::{Reference, Stack, Tags};
use serde_json::{Value, json};

/// The services that use the key for roles and for the provisioning identity, in the form of `kms:ViaService`.
/// <https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service>
const VIA: [&str; 5] = ["ecr", "elasticfilesystem", "lambda", "s3", "sagemaker"];
/// The actions of CloudWatch Logs on the key of a log group.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html>
const LOGS: [&str; 5] = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"];
/// The actions of services that publish to an encrypted topic.
const PUBLISH: [&str; 2] = ["kms:Decrypt", "kms:GenerateDataKey*"];
/// The encryption context of CloudWatch Logs. Its value is the ARN of the log group.
const GROUP: &str = "kms:EncryptionContext:aws:logs:arn";
/// The encryption context of SNS: the ARN of the topic.
/// <https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html>
const TOPIC: &str = "kms:EncryptionContext:aws:sns:topicArn";

/// The keys that the platform encrypts with, if any.
pub(crate) struct Keys {
    /// Buckets, feature stores, studio volumes, repositories.
    pub(crate) data: Option<Reference<Key>>,
    /// Log groups and the alerts topic.
    pub(crate) logs: Option<Reference<Key>>,
}

/// The key that the environment file names. The stack has no resource for it and never changes it.
pub(crate) fn existing(context: &BuildContext) -> Option<ExistingKey> {
    let arn = context.environment.encryption.key_arn.clone()?;
    let via = VIA.map(|service| context.place.endpoint_of(service, &context.place.region)).into();
    // Budgets publishes only if there is a budget.
    let budgets = context.environment.budget.is_some().then_some("budgets");
    let alarms: Vec<&str> = budgets.into_iter().chain(["cloudwatch"]).collect();
    Some(ExistingKey { arn, setting: "encryption.key_arn", statements: service_statements(context, &alarms), via })
}

/// The key that the environment file names for its state.
pub(crate) fn of_state(context: &BuildContext) -> Option<ExistingKey> {
    let arn = context.environment.state.kms_key_arn.clone()?;
    let via = vec![context.place.endpoint_of("s3", &context.place.region)];
    Some(ExistingKey { arn, setting: "state.kms_key_arn", statements: Vec::new(), via })
}

/// Allows decryption of data that the platform's own key encrypted before the file named an existing key. The own key
/// stays as long as such data exists. A policy can name it only by its alias.
/// <https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html>
pub(crate) fn decrypt_former(policy: Policy, context: &BuildContext) -> Policy {
    match context.environment.encryption.key_arn {
        Some(_) => policy.allow(["kms:Decrypt"], [context.arn("kms", "key/*")]).when(
            "ForAnyValue:StringEquals",
            "kms:ResourceAliases",
            alias(context, "data"),
        ),
        None => policy,
    }
}

fn alias(context: &BuildContext, purpose: &str) -> String {
    format!("alias/{}", context.named(purpose))
}

/// The statements that let services use a key for log groups and the alerts topic. These services use no role of this
/// account, so no IAM policy can allow it. `alarms` are the services that publish what they watch.
fn service_statements(context: &BuildContext, alarms: &[&str]) -> Vec<KeyUse> {
    let topic = context.arn("sns", &context.named("alerts"));
    type Context<'a> = &'a [(&'a str, Option<&'a str>)];
    let statement = |services: Vec<String>, actions: &[&str], policy: Policy, context: Context<'_>| KeyUse {
        services,
        actions: actions.iter().map(|action| (*action).to_owned()).collect(),
        statement: policy.document()["Statement"][0].clone(),
        context: context.iter().map(|(key, value)| ((*key).to_owned(), value.map(str::to_owned))).collect(),
    };
    let (account, group) = (context.place.account.as_str(), context.arn("logs", "log-group:*"));
    let logs = vec![context.service("logs")];
    let alarms: Vec<String> = alarms.iter().map(|service| context.service(service)).collect();
    let events = vec![context.service("events")];
    vec![
        statement(
            logs.clone(),
            &LOGS,
            Policy::new().allow(LOGS, ["*"]).for_principal(json!({"Service": logs[0]})).when(
                "ArnLike",
                GROUP,
                context.arn("logs", "*"),
            ),
            &[(GROUP, Some(&group))],
        ),
        statement(
            alarms.clone(),
            &PUBLISH,
            Policy::new()
                .allow(PUBLISH, ["*"])
                .for_principal(json!({"Service": alarms}))
                .when("StringEquals", "aws:SourceAccount", account)
                .when("StringEquals", TOPIC, topic.as_str()),
            &[("aws:SourceAccount", Some(account)), (TOPIC, Some(&topic))],
        ),
        // EventBridge does not send the account that it works for. SNS sends the topic.
        // https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
        statement(
            events.clone(),
            &PUBLISH,
            Policy::new().allow(PUBLISH, ["*"]).for_principal(json!({"Service": events[0]})).when(
                "StringEquals",
                TOPIC,
                topic.as_str(),
            ),
            &[("aws:SourceAccount", None), ("aws:SourceArn", None), (TOPIC, Some(&topic))],
        ),
    ]
}

pub(crate) fn build(stack: &mut Stack, context: &BuildContext) -> Keys {
    if let Some(existing) = existing(context) {
        let arn = vocabulary::KeyArn::new(existing.arn.as_str());
        let key = Reference::Existing(KeyOutputs { id: existing.id().to_owned(), arn });
        return Keys { data: Some(key.clone()), logs: Some(key) };
    }
    if !context.environment.encryption.kms {
        return Keys { data: None, logs: None };
    }
    let mut key = |purpose: &str, description: String, policy: Value| {
        let alias = alias(context, purpose);
        let window = i32::from(context.environment.encryption.deletion_window_days);
        stack.add("encryption", purpose, (), move |()| Key {
            alias: alias.clone(),
            description: description.clone(),
            policy: policy.clone(),
            rotation: true,
            deletion_window_days: window,
            tags: Tags::default(),
        })
    };
    let root = json!({"AWS": context.place.iam_arn("root")});
    let owner = Policy::new().allow(["kms:*"], ["*"]).for_principal(root).document();
    let data = key("data", format!("Data of {}", context.prefix()), owner.clone());
    let mut policy = owner;
    if let Some(statements) = policy["Statement"].as_array_mut() {
        statements
            .extend(service_statements(context, &["budgets", "cloudwatch"]).into_iter().map(|needed| needed.statement));
    }
    let logs = key("logs", format!("Logs and alerts of {}", context.prefix()), policy);
    Keys { data: Some(data.into()), logs: Some(logs.into()) }
}
