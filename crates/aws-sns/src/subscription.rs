//! Reconciler for subscriptions to SNS topics.

use crate::{endpoint, topic::ABSENT};
use aws_client::{Attempt, Loader, Pages, Result};
use aws_sdk_sns::{Client, types::Subscription as Listed};
use resource::{
    As, Context, Deletion, Diff, Found, IdForm, ImportId, Observed, Owner, ReplaceOrder, Resource, Terraform,
    usage::{NotMetered, Usage, UsageType},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;
use vocabulary::{Permission, Place, TopicArn, UNKNOWN_OPEN};

/// The text that AWS lists instead of an ARN until the endpoint's owner has confirmed.
const PENDING: &str = "PendingConfirmation";
/// The text that AWS lists instead of an ARN for a while after the end.
const DELETED: &str = "Deleted";

/// A subscription of an endpoint to a topic. The id is `protocol|endpoint`: AWS shows its ARN only once
/// the endpoint's owner has confirmed it.
///
/// One that waits for confirmation counts as ready, because only its owner can go on. Nor can it be
/// deleted: AWS drops it with the topic, or by itself after some days.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    /// The topic.
    pub topic: TopicArn,
    /// `email`, `https`, `sqs`, `lambda`, …
    pub protocol: String,
    /// The receiver of messages: an address, a URL or an ARN. The password in a URL stands apart.
    pub endpoint: String,
    /// The password that stands in the URL before the host. SNS does not give it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// True if the message comes without SNS's envelope; for `https`, `sqs` and `firehose`.
    pub raw_message_delivery: bool,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SubscriptionOutputs {
    /// The ARN, once it is confirmed.
    pub arn: Option<String>,
    /// `confirmed`, or `waits for confirmation by the owner of the endpoint`.
    pub status: String,
}

/// One listing a topic for all subscriptions that are read in a batch.
#[derive(Default)]
struct Subscriptions(Loader<String, Vec<Listed>>);

impl Resource for Subscription {
    const KIND: &'static str = "sns:subscription";
    const NOUN: &'static str = "subscription";
    const TERRAFORM: Option<Terraform> = Some(Terraform {
        import: ImportId::Arn("Terraform cannot import a subscription that nobody has confirmed"),
        ..Terraform::named(
            "aws_sns_topic_subscription",
            &[("topic_arn", "topic"), ("protocol", "protocol"), ("endpoint", "endpoint")],
        )
    });
    const REPLACE_ON: &'static [&'static str] = &["topic", "protocol", "endpoint", "password"];
    const COMPARE: &'static [(&'static str, As)] = &[("password", As::Sensitive)];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;

    type Outputs = SubscriptionOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        match self.password {
            None => IdForm::Is(self.id()),
            // Version 0.1 recorded ids with the password.
            Some(_) => IdForm::StartsWith("http"),
        }
    }

    /// Version 0.1 recorded the password as part of the endpoint.
    fn upgrade(mut recorded: Value) -> Value {
        if let (masked, Some(password)) = endpoint::mask(recorded["endpoint"].as_str().unwrap_or_default()) {
            recorded["endpoint"] = masked.into();
            recorded["password"] = password.into();
        }
        recorded
    }

    fn part_of(&self) -> Option<String> {
        Some(self.topic.to_string())
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        Ok(self.load(cx).await?.map(|_| Found { id: self.id(), owner: Owner::Parent }))
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let raw = HashMap::from([("RawMessageDelivery".to_owned(), "true".to_owned())]);
        cx.client(Client::new)
            .subscribe()
            .topic_arn(self.topic.as_str())
            .protocol(&self.protocol)
            .endpoint(endpoint::unmask(&self.endpoint, self.password.as_deref()))
            .set_attributes(self.raw_message_delivery.then_some(raw))
            .send()
            .await
            .during("Subscribe")?;
        Ok(self.id())
    }

    async fn observe(&self, _: &str, cx: &Context) -> Result<Observed<Self>> {
        let Some(listed) = self.load(cx).await? else { return Ok(Observed::Absent) };
        let arn = listed.subscription_arn.filter(|arn| arn != PENDING);
        let raw = match &arn {
            Some(arn) => raw_message_delivery(arn, cx).await?,
            // AWS tells nothing of it before the confirmation.
            None => self.raw_message_delivery,
        };
        let live = Self {
            topic: TopicArn::new(listed.topic_arn.unwrap_or_default()),
            protocol: listed.protocol.unwrap_or_default(),
            endpoint: listed.endpoint.as_deref().map(endpoint::mask).unwrap_or_default().0,
            // As it was last given: SNS shows no password.
            password: self.password.clone(),
            raw_message_delivery: raw,
        };
        let status = if arn.is_some() { "confirmed" } else { "waits for confirmation by the owner of the endpoint" };
        Ok(Observed::Ready { live, outputs: SubscriptionOutputs { arn, status: status.to_owned() } })
    }

    async fn update(&self, _: &str, _: &Self, _: &Diff, cx: &Context) -> Result<()> {
        let Some(arn) = self.confirmed(cx).await? else { return Ok(()) };
        let call = cx.client(Client::new).set_subscription_attributes().subscription_arn(arn);
        call.attribute_name("RawMessageDelivery")
            .attribute_value(self.raw_message_delivery.to_string())
            .send()
            .await
            .during("SetSubscriptionAttributes")?;
        Ok(())
    }

    async fn delete(&self, _: &str, cx: &Context) -> Result<Deletion> {
        if let Some(arn) = self.confirmed(cx).await? {
            let call = cx.client(Client::new).unsubscribe().subscription_arn(arn);
            call.send().await.during("Unsubscribe").none_on(ABSENT)?;
        }
        Ok(Deletion::Gone)
    }

    /// AWS's reference names no resource, or only perhaps the topic, for what is done to a subscription by itself.
    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let topic = match self.topic.as_str() {
            topic if topic.contains(UNKNOWN_OPEN) => [place.arn("sns", "*")],
            topic => [topic.to_owned()],
        };
        vec![
            Permission::read(["sns:ListSubscriptionsByTopic"]).on(topic.clone()),
            Permission::read(["sns:GetSubscriptionAttributes"]).on_anything(),
            Permission::change(["sns:Subscribe"]).on(topic),
            Permission::change(["sns:SetSubscriptionAttributes", "sns:Unsubscribe"]).on_anything(),
        ]
    }

    fn usage(&self) -> Usage {
        let depends_on = "messages to its topic";
        match self.protocol.as_str() {
            "email" | "email-json" => Usage::default().by_use("mails", depends_on, UsageType::Emails),
            "http" | "https" => Usage::default().by_use("messages by HTTPS", depends_on, UsageType::HttpsMessages),
            "sqs" | "lambda" => Usage::free("deliveries to queues and functions cost nothing"),
            protocol => {
                let what = format!("messages by {protocol}");
                let reason = "there is no meter for this protocol".to_owned();
                Usage { not_metered: vec![NotMetered { what, reason }], ..Usage::default() }
            }
        }
    }
}

impl Subscription {
    /// A subscription of this endpoint, which may hold a password.
    pub fn new(topic: TopicArn, protocol: String, endpoint: &str) -> Self {
        let (endpoint, password) = endpoint::mask(endpoint);
        Self { topic, protocol, endpoint, password, raw_message_delivery: false }
    }

    /// The endpoint as SNS lists it: without its password.
    pub fn listed_endpoint(endpoint: &str) -> String {
        endpoint::mask(endpoint).0
    }

    fn id(&self) -> String {
        format!("{}|{}", self.protocol, self.endpoint)
    }

    async fn confirmed(&self, cx: &Context) -> Result<Option<String>> {
        let listed = self.load(cx).await?;
        Ok(listed.and_then(|listed| listed.subscription_arn).filter(|arn| arn != PENDING))
    }

    async fn load(&self, cx: &Context) -> Result<Option<Listed>> {
        let client = cx.client(Client::new);
        let topics = cx.shared::<Subscriptions>();
        let all = topics.0.load(self.topic.to_string(), |topics| list(client, topics)).await?;
        Ok(all.unwrap_or_default().into_iter().find(|listed| self.is(listed)))
    }

    fn is(&self, listed: &Listed) -> bool {
        listed.protocol() == Some(&self.protocol)
            && listed.endpoint().map(endpoint::mask).is_some_and(|(masked, _)| masked == self.endpoint)
            && listed.subscription_arn() != Some(DELETED)
    }
}

async fn list(client: Client, topics: Vec<String>) -> Result<HashMap<String, Vec<Listed>>> {
    let mut found = HashMap::new();
    for topic in topics {
        let pages = client.list_subscriptions_by_topic().topic_arn(&topic).into_paginator().send();
        let pages = Pages::new("ListSubscriptionsByTopic", pages, |page| page.next_token().into());
        let subscriptions = pages.items(|page| page.subscriptions).all().await.none_on(ABSENT)?;
        found.insert(topic, subscriptions.unwrap_or_default());
    }
    Ok(found)
}

async fn raw_message_delivery(arn: &str, cx: &Context) -> Result<bool> {
    let call = cx.client(Client::new).get_subscription_attributes().subscription_arn(arn);
    let answer = call.send().await.during("GetSubscriptionAttributes").none_on(ABSENT)?;
    let attributes = answer.and_then(|answer| answer.attributes).unwrap_or_default();
    Ok(attributes.get("RawMessageDelivery").is_some_and(|value| value == "true"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use resource::compare;
    use serde_json::json;

    fn declared(protocol: &str, endpoint: &str) -> Subscription {
        Subscription::new(TopicArn::new("arn:aws:sns:eu-west-1:123456789012:alerts"), protocol.to_owned(), endpoint)
    }

    #[test]
    fn subscription_with_a_password_is_known_by_what_sns_lists() {
        let declared = declared("https", "https://user:s3cr3t@hooks.example.com/alerts");
        let listed = |endpoint: &str| Listed::builder().protocol("https").endpoint(endpoint).build();
        assert!(declared.is(&listed("https://user:****@hooks.example.com/alerts")));
        // Emulators list it as it was given.
        assert!(declared.is(&listed("https://user:s3cr3t@hooks.example.com/alerts")));
        assert!(!declared.is(&listed("https://other:****@hooks.example.com/alerts")));
        assert_eq!(declared.id(), "https|https://user:****@hooks.example.com/alerts");
    }

    #[test]
    fn recorded_endpoint_of_version_0_1_is_split_and_shows_no_difference() {
        let declared = serde_json::to_value(declared("https", "https://user:s3cr3t@hooks.example.com")).unwrap();
        let recorded = json!({"topic": "arn:aws:sns:eu-west-1:123456789012:alerts", "protocol": "https",
            "endpoint": "https://user:s3cr3t@hooks.example.com", "raw_message_delivery": false});
        let recorded = Subscription::upgrade(recorded);
        assert!(compare(&declared, Some(&recorded), &recorded, Subscription::COMPARE).is_empty());
        let plain = json!({"endpoint": "team@example.com"});
        assert_eq!(Subscription::upgrade(plain.clone()), plain);
    }

    #[test]
    fn a_subscription_that_has_ended_is_not_the_one_declared() {
        let declared = declared("email", "team@example.com");
        let listed =
            |arn: &str| Listed::builder().protocol("email").endpoint("team@example.com").subscription_arn(arn).build();
        assert!(declared.is(&listed(PENDING)));
        assert!(declared.is(&listed("arn:aws:sns:eu-west-1:123456789012:alerts:1")));
        assert!(!declared.is(&listed(DELETED)));
    }
}
