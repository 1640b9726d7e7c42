//! Reconciler for SNS topics.

use aws_client::{Attempt, ErrorPattern, Failure, FailureKind, Result};
use aws_sdk_sns::{Client, types::Tag};
use resource::{
    As, Context, Deletion, Diff, Found, IdForm, Observed, Owner, ReplaceOrder, Resource, SizeLimit, Tags, Terraform,
    usage::{Usage, UsageType},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::HashMap, time::Duration};
use vocabulary::{KeyArn, Permission, Place, TopicArn};

/// A topic. The id is the ARN.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Topic {
    /// The name.
    pub name: String,
    /// The sender's name in mails; may be empty.
    pub display_name: String,
    /// The encryption of messages at rest.
    pub encryption: Encryption,
    /// The policy for publishing and subscribing.
    pub policy: Value,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The encryption of messages at rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Encryption {
    /// Not by a key.
    Off,
    /// With this key. Alarms and event rules can publish only if its policy lets their services use
    /// it, which that of `alias/aws/sns` does not.
    Kms(KeyArn),
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TopicOutputs {
    /// The ARN.
    pub arn: TopicArn,
    /// The name.
    pub name: String,
}

pub(crate) const ABSENT: &[ErrorPattern] =
    &[("NotFound", ""), ("NotFoundException", ""), ("ResourceNotFound", ""), ("ResourceNotFoundException", "")];
/// A principal of the policy, or the key, is too new.
/// <https://github.com/hashicorp/terraform-provider-aws/issues/26041>
/// <https://github.com/hashicorp/terraform/issues/12740>
const PROPAGATING: &[ErrorPattern] = &[
    ("InvalidParameter", "PrincipalNotFound"),
    ("InvalidParameter", "nvalid principal"),
    ("InvalidParameter", "Policy statement action out of service scope"),
    ("KMSNotFound", ""),
    ("KMSAccessDenied", ""),
];
/// The time after which a new principal or key has certainly reached SNS. AWS states no bound.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>
const PROPAGATION: Duration = Duration::from_secs(120);

impl Resource for Topic {
    const KIND: &'static str = "sns:topic";
    const NOUN: &'static str = "SNS topic";
    const TERRAFORM: Option<Terraform> = Some(Terraform {
        settings: &["aws_sns_topic_policy"],
        ..Terraform::named("aws_sns_topic", &[("name", "name")])
    });
    // The most that AWS takes of an SNS topic.
    // <https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html>
    // <https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html>
    const SIZE_LIMITS: &'static [SizeLimit] = &[
        SizeLimit::characters("name", 256),
        SizeLimit::characters("display_name", 100),
        SizeLimit::document("policy", 30_720),
    ];
    const REPLACE_ON: &'static [&'static str] = &["name"];
    const COMPARE: &'static [(&'static str, As)] = &[("policy", As::Policy)];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;

    type Outputs = TopicOutputs;

    fn id_form(&self, place: &Place) -> IdForm {
        IdForm::Is(arn(&self.name, place))
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        let arn = arn(&self.name, cx.place());
        if attributes(&arn, cx).await?.is_none() {
            return Ok(None);
        }
        let tags = read_tags(&arn, cx).await?;
        Ok(Some(Found { id: arn, owner: Owner::Tags(tags) }))
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let mut attributes = HashMap::from([("Policy".to_owned(), self.policy.to_string())]);
        if !self.display_name.is_empty() {
            attributes.insert("DisplayName".to_owned(), self.display_name.clone());
        }
        if let Encryption::Kms(key) = &self.encryption {
            attributes.insert("KmsMasterKeyId".to_owned(), key.to_string());
        }
        let call = cx.client(Client::new).create_topic().name(&self.name).set_attributes(Some(attributes));
        let created = call
            .set_tags(Some(sns_tags(&self.tags)?))
            .send()
            .await
            .during("CreateTopic")
            .retry_on(PROPAGATING, PROPAGATION)
            // The same call again is answered with the topic that is there; one that differs in
            // attributes or tags is refused with these words.
            // <https://github.com/localstack/localstack/issues/3928>
            // <https://github.com/MassTransit/MassTransit/pull/3721>
            .exists_on(&[("InvalidParameter", "already exists")])?;
        created.topic_arn.ok_or_else(|| Failure::incomplete("CreateTopic", "topic ARN"))
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let (attributes, tags) = tokio::try_join!(attributes(id, cx), cx.tags(id, &self.tags, read_tags(id, cx)))?;
        let Some(attributes) = attributes else { return Ok(Observed::Absent) };
        let name = id.rsplit(':').next().unwrap_or_default().to_owned();
        let outputs = TopicOutputs { arn: TopicArn::new(id), name: name.clone() };
        Ok(Observed::Ready { live: live(name, &attributes, tags), outputs })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        let client = cx.client(Client::new);
        let key = match &self.encryption {
            Encryption::Off => "",
            Encryption::Kms(key) => key.as_str(),
        };
        let policy = self.policy.to_string();
        let settings = [
            ("display_name", "DisplayName", self.display_name.as_str()),
            ("encryption", "KmsMasterKeyId", key),
            ("policy", "Policy", &policy),
        ];
        for (field, attribute, value) in settings {
            if diff.has(field) {
                let call = client.set_topic_attributes().topic_arn(id).attribute_name(attribute).attribute_value(value);
                call.send().await.during("SetTopicAttributes").retry_on(PROPAGATING, PROPAGATION)?;
            }
        }
        let add = async |missing: Tags| {
            let call = client.tag_resource().resource_arn(id).set_tags(Some(sns_tags(&missing)?));
            call.send().await.during("TagResource").retry_on(&[("ConcurrentAccess", "")], PROPAGATION)
        };
        let remove = async |removed| {
            let call = client.untag_resource().resource_arn(id).set_tag_keys(Some(removed));
            call.send().await.during("UntagResource").retry_on(&[("ConcurrentAccess", "")], PROPAGATION)
        };
        self.tags.converge(&live.tags, diff, add, remove).await
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        cx.client(Client::new).delete_topic().topic_arn(id).send().await.during("DeleteTopic").none_on(ABSENT)?;
        Ok(Deletion::Gone)
    }

    fn predict_outputs(&self, place: &Place, _: TopicOutputs) -> TopicOutputs {
        TopicOutputs { arn: TopicArn::new(arn(&self.name, place)), name: self.name.clone() }
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let topic = [place.arn("sns", &self.name)];
        vec![
            Permission::read(["sns:GetTopicAttributes", "sns:ListTagsForResource"]).on(topic.clone()),
            Permission::change([
                "sns:CreateTopic",
                "sns:TagResource",
                "sns:UntagResource",
                "sns:SetTopicAttributes",
                "sns:DeleteTopic",
            ])
            .on(topic),
        ]
    }

    fn usage(&self) -> Usage {
        Usage::default().by_use("messages to a topic", "alarms and events", UsageType::TopicRequests)
    }
}

fn arn(name: &str, place: &Place) -> String {
    place.arn("sns", name)
}

async fn attributes(arn: &str, cx: &Context) -> Result<Option<HashMap<String, String>>> {
    let call = cx.client(Client::new).get_topic_attributes().topic_arn(arn);
    let answer = call.send().await.during("GetTopicAttributes").none_on(ABSENT)?;
    Ok(answer.map(|answer| answer.attributes.unwrap_or_default()))
}

async fn read_tags(arn: &str, cx: &Context) -> Result<Tags> {
    let call = cx.client(Client::new).list_tags_for_resource().resource_arn(arn);
    let answer = call.send().await.during("ListTagsForResource").none_on(ABSENT)?;
    Ok(answer.and_then(|answer| answer.tags).unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect())
}

fn sns_tags(tags: &Tags) -> Result<Vec<Tag>> {
    tags.iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect::<std::result::Result<_, _>>()
        .map_err(|error| Failure::new(FailureKind::Final, error.to_string()))
}

fn live(name: String, attributes: &HashMap<String, String>, tags: Tags) -> Topic {
    let text = |attribute: &str| attributes.get(attribute).filter(|text| !text.is_empty()).cloned();
    let policy = text("Policy").map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text)));
    Topic {
        name,
        display_name: text("DisplayName").unwrap_or_default(),
        encryption: text("KmsMasterKeyId").map_or(Encryption::Off, |key| Encryption::Kms(KeyArn::new(key))),
        policy: policy.unwrap_or_default(),
        tags,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_attribute_set_to_nothing_is_none() {
        let attributes = HashMap::from([
            ("KmsMasterKeyId".to_owned(), String::new()),
            ("Policy".to_owned(), r#"{"Version":"2012-10-17"}"#.to_owned()),
        ]);
        let topic = live("alerts".into(), &attributes, Tags::default());
        assert_eq!(topic.encryption, Encryption::Off);
        assert_eq!(topic.display_name, "");
        assert_eq!(topic.policy, json!({ "Version": "2012-10-17" }));
    }
}
