//! Reconciler for budgets: a monthly cost limit with notifications to a topic.

use crate::billing_access;
use aws_client::{Attempt, ErrorPattern, Failure, FailureKind, Pages, Result};
use aws_sdk_budgets::{
    Client,
    types::{
        self, BudgetType, ComparisonOperator, Expression, MatchOption, Metric, Notification, NotificationType,
        ResourceTag, Spend, Subscriber, SubscriptionType, TagValues, ThresholdType, TimeUnit,
    },
};
use futures::{StreamExt, TryStreamExt, stream};
use resource::{
    As, Context, Deletion, Diff, Found, IdForm, ImportId, Observed, Owner, ReplaceOrder, Resource, SizeLimit, Tags,
    Terraform, usage::Usage,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use vocabulary::{Permission, Place, TopicArn};

/// A monthly limit on costs. The id is the name.
///
/// AWS counts a tag's costs only once the tag is activated as a cost allocation tag in the billing
/// settings of the paying account, and from then on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// The name.
    pub name: String,
    /// The limit in US dollars.
    pub monthly_usd: u32,
    /// The tags of the resources whose costs count: a resource must have all of them.
    pub counted: BTreeMap<String, String>,
    /// The topic that hears when this percentage of the limit is spent.
    pub alerts: BTreeMap<String, TopicArn>,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BudgetOutputs {
    /// The ARN.
    pub arn: String,
}

const ABSENT: &[ErrorPattern] = &[("NotFoundException", "")];
const EXISTS: &[ErrorPattern] = &[("DuplicateRecordException", "")];
/// The topic or its policy is too new for Budgets to publish to.
/// <https://libraries.io/pypi/cdk-budget-notifier/0.3.39>
const TOPIC_TOO_NEW: &[ErrorPattern] = &[("InvalidParameterException", "SNS")];
/// The time after which a new topic or its policy has certainly reached Budgets. AWS states no bound.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>
const TOPICS_SPREAD_WITHIN: Duration = Duration::from_secs(120);

impl Resource for Budget {
    const KIND: &'static str = "budgets:budget";
    const NOUN: &'static str = "budget";
    const TERRAFORM: Option<Terraform> = Some(Terraform {
        import: ImportId::AfterAccount,
        ..Terraform::named("aws_budgets_budget", &[("name", "name")])
    });
    // The most that AWS takes of a budget.
    // <https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Budget.html>
    const SIZE_LIMITS: &'static [SizeLimit] = &[SizeLimit::characters("name", 100)];
    const REPLACE_ON: &'static [&'static str] = &["name"];
    const COMPARE: &'static [(&'static str, As)] = &[("counted", As::Whole), ("alerts", As::Whole)];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;

    type Outputs = BudgetOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Is(self.name.clone())
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        if describe(&self.name, cx).await?.is_none() {
            return Ok(None);
        }
        let tags = read_tags(&self.name, cx).await?;
        Ok(Some(Found { id: self.name.clone(), owner: Owner::Tags(tags) }))
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let tags: Result<Vec<_>> = self.tags.iter().map(|(key, value)| tag(key, value)).collect();
        let sent = cx
            .client(Client::new)
            .create_budget()
            .account_id(&cx.place().account)
            .budget(self.definition()?)
            .set_resource_tags(Some(tags?))
            .send()
            .await
            .during("CreateBudget")
            .exists_on(EXISTS);
        billing_access::explain(sent)?;
        Ok(self.name.clone())
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let read =
            tokio::try_join!(describe(id, cx), alerts(id, cx), async { read_tags(id, cx).await.none_on(ABSENT) })?;
        let (Some(budget), alerts, Some(tags)) = read else { return Ok(Observed::Absent) };
        let live = Self {
            name: budget.budget_name,
            monthly_usd: budget.budget_limit.and_then(|limit| whole(&limit.amount)).unwrap_or_default(),
            counted: budget.filter_expression.map(counted).unwrap_or_default(),
            alerts,
            tags,
        };
        Ok(Observed::Ready { live, outputs: BudgetOutputs { arn: arn(id, cx.place()) } })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        let client = cx.client(Client::new);
        let account = &cx.place().account;
        if diff.has_any(&["monthly_usd", "counted"]) {
            let call = client.update_budget().account_id(account).new_budget(self.definition()?);
            call.send().await.during("UpdateBudget")?;
        }
        for percent in live.alerts.iter().filter(|alert| !self.has(alert)).map(|(percent, _)| percent) {
            let call = client.delete_notification().account_id(account).budget_name(id);
            let sent = call.notification(notification(percent)?).send().await;
            sent.during("DeleteNotification").none_on(ABSENT)?;
        }
        for (percent, topic) in self.alerts.iter().filter(|alert| !live.has(alert)) {
            let call = client.create_notification().account_id(account).budget_name(id);
            let call = call.notification(notification(percent)?).subscribers(subscriber(topic)?);
            call.send().await.during("CreateNotification").retry_on(TOPIC_TOO_NEW, TOPICS_SPREAD_WITHIN)?;
        }
        let arn = arn(id, cx.place());
        let add = async |missing: Tags| {
            let tags: Result<Vec<_>> = missing.iter().map(|(key, value)| tag(key, value)).collect();
            let call = client.tag_resource().resource_arn(&arn).set_resource_tags(Some(tags?));
            call.send().await.during("TagResource")
        };
        let remove = async |removed| {
            let call = client.untag_resource().resource_arn(&arn).set_resource_tag_keys(Some(removed));
            call.send().await.during("UntagResource")
        };
        self.tags.converge(&live.tags, diff, add, remove).await
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let call = cx.client(Client::new).delete_budget().account_id(&cx.place().account).budget_name(id);
        call.send().await.during("DeleteBudget").none_on(ABSENT)?;
        Ok(Deletion::Gone)
    }

    /// IAM knows one action for all that is read of a budget, and one for all that is written.
    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let budget = [arn(&self.name, place)];
        vec![
            Permission::read(["budgets:ViewBudget", "budgets:ListTagsForResource"]).on(budget.clone()),
            Permission::change(["budgets:ModifyBudget", "budgets:TagResource", "budgets:UntagResource"]).on(budget),
        ]
    }

    fn usage(&self) -> Usage {
        Usage::free("budgets without actions cost nothing")
    }
}

impl Budget {
    fn has(&self, (percent, topic): &(&String, &TopicArn)) -> bool {
        self.alerts.get(*percent) == Some(topic)
    }

    fn definition(&self) -> Result<types::Budget> {
        let limit = Spend::builder().amount(self.monthly_usd.to_string()).unit("USD").build().map_err(unbuildable)?;
        types::Budget::builder()
            .budget_name(&self.name)
            .budget_type(BudgetType::Cost)
            .time_unit(TimeUnit::Monthly)
            .budget_limit(limit)
            .metrics(Metric::UnblendedCost)
            .set_filter_expression(self.filter())
            .build()
            .map_err(unbuildable)
    }

    /// AWS takes one condition as it is, and several only within an `And`.
    fn filter(&self) -> Option<Expression> {
        let conditions = self.counted.iter().map(|(key, value)| {
            let tags = TagValues::builder().key(key).values(value).match_options(MatchOption::Equals).build();
            Expression::builder().tags(tags).build()
        });
        let mut conditions: Vec<Expression> = conditions.collect();
        match conditions.len() {
            0 | 1 => conditions.pop(),
            _ => Some(Expression::builder().set_and(Some(conditions)).build()),
        }
    }
}

/// The tags that an expression asks for; what is no such expression is none of ours.
fn counted(expression: Expression) -> BTreeMap<String, String> {
    let conditions = match expression.and {
        Some(conditions) => conditions,
        None => vec![expression],
    };
    let tags = conditions.into_iter().filter_map(|condition| condition.tags);
    tags.filter_map(|tags| Some((tags.key?, tags.values.unwrap_or_default().join(",")))).collect()
}

/// Amounts are decimal text: `100`, or `100.0` when AWS shows them.
fn whole(amount: &str) -> Option<u32> {
    match amount.split_once('.') {
        Some((dollars, cents)) if cents.bytes().all(|digit| digit == b'0') => dollars.parse().ok(),
        Some(_) => None,
        None => amount.parse().ok(),
    }
}

fn notification(percent: &str) -> Result<Notification> {
    let threshold = percent.parse().map_err(unbuildable)?;
    Notification::builder()
        .notification_type(NotificationType::Actual)
        .comparison_operator(ComparisonOperator::GreaterThan)
        .threshold(threshold)
        .threshold_type(ThresholdType::Percentage)
        .build()
        .map_err(unbuildable)
}

fn subscriber(topic: &TopicArn) -> Result<Subscriber> {
    let subscriber = Subscriber::builder().subscription_type(SubscriptionType::Sns).address(topic.as_str());
    subscriber.build().map_err(unbuildable)
}

async fn describe(name: &str, cx: &Context) -> Result<Option<types::Budget>> {
    let call = cx.client(Client::new).describe_budget().account_id(&cx.place().account).budget_name(name);
    let sent = call.show_filter_expression(true).send().await.during("DescribeBudget").none_on(ABSENT);
    let answer = billing_access::explain(sent)?;
    Ok(answer.and_then(|answer| answer.budget))
}

/// The topic for each percentage. Of several topics at one, AWS shows them in no order: the first counts.
async fn alerts(budget: &str, cx: &Context) -> Result<BTreeMap<String, TopicArn>> {
    let client = cx.client(Client::new);
    let account = &cx.place().account;
    let call = client.describe_notifications_for_budget().account_id(account).budget_name(budget);
    let pages = call.into_paginator().send();
    let pages = Pages::new("DescribeNotificationsForBudget", pages, |page| page.next_token().into());
    let notifications = pages.items(|page| page.notifications).all().await.none_on(ABSENT)?.unwrap_or_default();
    let heard = stream::iter(notifications).map(|notification| async {
        let percent = notification.threshold.to_string();
        let call = client.describe_subscribers_for_notification().account_id(account).budget_name(budget);
        let answer = call.notification(notification).send().await.during("DescribeSubscribersForNotification");
        let subscribers = answer.none_on(ABSENT)?.and_then(|answer| answer.subscribers).unwrap_or_default();
        let topics = subscribers.into_iter().filter(|one| one.subscription_type == SubscriptionType::Sns);
        Ok((percent, TopicArn::new(topics.map(|one| one.address).min().unwrap_or_default())))
    });
    heard.buffer_unordered(5).try_collect().await
}

async fn read_tags(name: &str, cx: &Context) -> Result<Tags> {
    let call = cx.client(Client::new).list_tags_for_resource().resource_arn(arn(name, cx.place()));
    let answer = call.send().await.during("ListTagsForResource")?;
    Ok(answer.resource_tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect())
}

/// Budgets belong to an account, not to a region.
fn arn(name: &str, place: &Place) -> String {
    format!("arn:{}:budgets::{}:budget/{name}", place.partition, place.account)
}

fn tag(key: &str, value: &str) -> Result<ResourceTag> {
    ResourceTag::builder().key(key).value(value).build().map_err(unbuildable)
}

fn unbuildable(error: impl std::fmt::Display) -> Failure {
    Failure::new(FailureKind::Final, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(counted: &[(&str, &str)]) -> Budget {
        Budget {
            name: "b".into(),
            monthly_usd: 100,
            counted: counted.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
            alerts: BTreeMap::new(),
            tags: Tags::default(),
        }
    }

    #[test]
    fn a_filter_reads_back_as_the_tags_it_was_made_from() {
        for tags in [&[("Project", "p")][..], &[("Environment", "dev"), ("Project", "p")][..]] {
            let budget = budget(tags);
            assert_eq!(counted(budget.filter().unwrap()), budget.counted);
        }
        assert_eq!(budget(&[]).filter(), None);
    }

    #[test]
    fn amounts_are_whole_dollars() {
        assert_eq!(whole("100"), Some(100));
        assert_eq!(whole("100.00"), Some(100));
        assert_eq!(whole("99.5"), None);
    }
}
