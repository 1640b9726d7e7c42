//! Reconciler for rules on the default event bus, with all their targets.

use crate::{rules, target::Target};
use aws_client::{Attempt, ErrorPattern, Failure, FailureKind, Result, Tokens};
use aws_sdk_eventbridge::{
    Client,
    types::{self as sdk, RuleState, Tag},
};
use resource::{
    As, Context, Deletion, Diff, Found, IdForm, Observed, Owner, ReplaceOrder, Resource, SizeLimit, Tags, Terraform,
    usage::Usage,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use vocabulary::{Permission, Place};

/// A rule on the account's default event bus, with all of its targets. The id is the name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// The name.
    pub name: String,
    /// The purpose of the rule; may be empty.
    pub description: String,
    /// The events or the schedule that trigger the rule.
    pub source: Source,
    /// True if the rule is enabled.
    pub enabled: bool,
    /// The targets that get its events, at most five. A target that is not declared is removed.
    pub targets: Vec<Target>,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The trigger of a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Source {
    /// Events that match.
    Pattern(Value),
    /// The clock: `rate(1 day)` or `cron(0 3 * * ? *)`, in UTC.
    Schedule(String),
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RuleOutputs {
    /// The name.
    pub name: String,
    /// The ARN, for the policies of its targets.
    pub arn: String,
}

const ABSENT: &[ErrorPattern] = &[("ResourceNotFoundException", "")];
/// Another call is at work on it.
const CONTENDED: &[ErrorPattern] = &[("ConcurrentModificationException", "")];
/// The role of a target is too new.
/// <https://github.com/aws/aws-sdk-js-v3/issues/6494>
const PROPAGATING: &[ErrorPattern] = &[("ValidationException", "cannot be assumed"), ("ValidationException", "assume")];
/// The time after which a new role or rule has certainly reached EventBridge. AWS states no bound.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>
const PROPAGATION: Duration = Duration::from_secs(120);
/// The rule is too new for its targets.
/// <https://github.com/hashicorp/terraform-provider-aws/blob/0cdab4ae09a963535e03dde0bff4784afe8e3517/internal/service/events/rule.go>
const RULE_TOO_NEW: &[ErrorPattern] = &[("ResourceNotFoundException", "does not exist")];
/// The targets were removed a moment ago, and EventBridge counts them still.
/// <https://github.com/hashicorp/terraform-provider-aws/blob/0cdab4ae09a963535e03dde0bff4784afe8e3517/internal/service/events/rule.go>
const STILL_HAS_TARGETS: &[ErrorPattern] = &[("ValidationException", "since it has targets")];
/// AWS takes at most so many targets a call.
const TARGETS: usize = 10;

impl Resource for Rule {
    const KIND: &'static str = "events:rule";
    const NOUN: &'static str = "event rule";
    const TERRAFORM: Option<Terraform> = Some(Terraform {
        settings: &["aws_cloudwatch_event_target"],
        ..Terraform::named("aws_cloudwatch_event_rule", &[("name", "name")])
    });
    // The most that AWS takes of an event rule.
    // <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html>
    const SIZE_LIMITS: &'static [SizeLimit] = &[
        SizeLimit::characters("name", 64),
        SizeLimit::characters("description", 512),
        SizeLimit::document("source.Pattern", 4096),
        SizeLimit::characters("source.Schedule", 256),
        SizeLimit::items("targets", 5),
    ];
    const REPLACE_ON: &'static [&'static str] = &["name"];
    const COMPARE: &'static [(&'static str, As)] = &[
        ("targets", As::Set),
        ("targets.**.Constant", As::Sensitive),
        ("source", As::Whole),
        ("source.Pattern", As::Whole),
        ("source.Pattern.detail", As::Whole),
    ];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;

    type Outputs = RuleOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Is(self.name.clone())
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        if rules::load(&self.name, cx).await?.is_none() {
            return Ok(None);
        }
        let tags = read_tags(&self.name, cx).await?;
        Ok(Some(Found { id: self.name.clone(), owner: Owner::Tags(tags) }))
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        self.put(cx).await?;
        Ok(self.name.clone())
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let arn = arn(id, cx.place());
        let tags = cx.tags(&arn, &self.tags, read_tags(id, cx));
        let (rule, targets, tags) = tokio::try_join!(rules::load(id, cx), targets(id, cx), tags)?;
        let Some(rule) = rule else { return Ok(Observed::Absent) };
        let live = Self {
            name: id.to_owned(),
            description: rule.description.clone().unwrap_or_default(),
            enabled: rule.state != Some(RuleState::Disabled),
            source: Source::read(rule),
            targets: targets.into_iter().map(Target::read).collect(),
            tags,
        };
        Ok(Observed::Ready { live, outputs: outputs(id, cx.place()) })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        if diff.has_any(&["description", "source", "enabled"]) {
            self.put(cx).await?;
        }
        if diff.has("targets") {
            let gone = live.targets.iter().filter(|old| self.targets.iter().all(|target| target.id != old.id));
            remove(id, gone.map(|target| target.id.clone()).collect(), cx).await?;
            self.put_targets(id, live, cx).await?;
        }
        let client = cx.client(Client::new);
        let add = async |missing: Tags| {
            let call = client.tag_resource().resource_arn(arn(id, cx.place())).set_tags(Some(event_tags(&missing)?));
            call.send().await.during("TagResource").retry_on(CONTENDED, PROPAGATION)
        };
        let remove = async |removed| {
            let call = client.untag_resource().resource_arn(arn(id, cx.place())).set_tag_keys(Some(removed));
            call.send().await.during("UntagResource").retry_on(CONTENDED, PROPAGATION)
        };
        self.tags.converge(&live.tags, diff, add, remove).await
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        remove(id, targets(id, cx).await?.into_iter().map(|target| target.id).collect(), cx).await?;
        let call = cx.client(Client::new).delete_rule().name(id);
        let sent = call.send().await.during("DeleteRule").retry_on(STILL_HAS_TARGETS, PROPAGATION);
        sent.retry_on(CONTENDED, PROPAGATION).none_on(ABSENT)?;
        Ok(Deletion::Gone)
    }

    fn as_created(&self) -> Option<Self> {
        Some(Self { targets: Vec::new(), ..self.clone() })
    }

    fn predict_outputs(&self, place: &Place, _: RuleOutputs) -> RuleOutputs {
        outputs(&self.name, place)
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let rule = [arn(&self.name, place)];
        let own = [
            // It knows no resources.
            Permission::read(["events:ListRules"]).on_anything(),
            Permission::read(["events:ListTargetsByRule", "events:ListTagsForResource"]).on(rule.clone()),
            Permission::change([
                "events:PutRule",
                "events:TagResource",
                "events:UntagResource",
                "events:PutTargets",
                "events:RemoveTargets",
                "events:DeleteRule",
            ])
            .on(rule),
        ];
        let roles = self.targets.iter().filter_map(|target| target.role.as_ref());
        own.into_iter().chain(roles.map(|role| Permission::pass_role(role, "events", place))).collect()
    }

    fn usage(&self) -> Usage {
        Usage::free("rules on AWS's own events and on schedules cost nothing; what they start does")
    }
}

impl Rule {
    /// Creates the rule, or replaces all of its definition but the tags. Tags are sent in both cases, since a service
    /// control policy may demand them of each such request. AWS ignores them for a rule that exists.
    /// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html>
    async fn put(&self, cx: &Context) -> Result<()> {
        let call = cx.client(Client::new).put_rule().name(&self.name).description(&self.description);
        let call = match &self.source {
            Source::Pattern(pattern) => call.event_pattern(pattern.to_string()),
            Source::Schedule(expression) => call.schedule_expression(expression),
        };
        call.state(if self.enabled { RuleState::Enabled } else { RuleState::Disabled })
            .set_tags(Some(event_tags(&self.tags)?))
            .send()
            .await
            .during("PutRule")
            .retry_on(CONTENDED, PROPAGATION)?;
        Ok(())
    }

    async fn put_targets(&self, rule: &str, live: &Self, cx: &Context) -> Result<()> {
        let changed: Vec<&Target> = self.targets.iter().filter(|target| !live.targets.contains(target)).collect();
        for targets in changed.chunks(TARGETS) {
            let targets = targets.iter().map(|target| target.as_type()).collect::<Result<Vec<_>>>()?;
            let call = cx.client(Client::new).put_targets().rule(rule).set_targets(Some(targets));
            let sent = call.send().await.during("PutTargets").retry_on(RULE_TOO_NEW, PROPAGATION);
            let answer = sent.retry_on(CONTENDED, PROPAGATION).retry_on(PROPAGATING, PROPAGATION)?;
            let failed = answer.failed_entries().first();
            part_failed(
                "PutTargets",
                failed.map(|entry| (entry.target_id(), entry.error_code(), entry.error_message())),
            )?;
        }
        Ok(())
    }
}

impl Source {
    fn read(rule: sdk::Rule) -> Self {
        match (rule.event_pattern, rule.schedule_expression) {
            (Some(pattern), _) => Self::Pattern(serde_json::from_str(&pattern).unwrap_or(Value::String(pattern))),
            (None, expression) => Self::Schedule(expression.unwrap_or_default()),
        }
    }
}

/// EventBridge answers with success and lists what failed.
fn part_failed(operation: &str, failed: Option<(Option<&str>, Option<&str>, Option<&str>)>) -> Result<()> {
    let Some((target, code, message)) = failed else { return Ok(()) };
    let message = format!("target {}: {}", target.unwrap_or_default(), message.unwrap_or("no message"));
    let failure = Failure { code: code.map(str::to_owned), ..Failure::new(FailureKind::Final, message) };
    Err(failure).during(operation).retry_on(CONTENDED, PROPAGATION).retry_on(PROPAGATING, PROPAGATION)
}

async fn targets(rule: &str, cx: &Context) -> Result<Vec<sdk::Target>> {
    let client = cx.client(Client::new);
    let mut targets = Vec::new();
    let (mut token, mut tokens) = (None, Tokens::default());
    loop {
        let call = client.list_targets_by_rule().rule(rule).set_next_token(token.take());
        let Some(page) = call.send().await.during("ListTargetsByRule").none_on(ABSENT)? else { return Ok(targets) };
        targets.extend(page.targets.unwrap_or_default());
        token = tokens.follow("ListTargetsByRule", page.next_token.as_deref().into())?;
        if token.is_none() {
            return Ok(targets);
        }
    }
}

async fn remove(rule: &str, ids: Vec<String>, cx: &Context) -> Result<()> {
    for ids in ids.chunks(TARGETS) {
        let call = cx.client(Client::new).remove_targets().rule(rule).set_ids(Some(ids.to_vec()));
        let answer = call.send().await.during("RemoveTargets").retry_on(CONTENDED, PROPAGATION).none_on(ABSENT)?;
        let failed = answer.as_ref().and_then(|answer| answer.failed_entries().first());
        part_failed(
            "RemoveTargets",
            failed.map(|entry| (entry.target_id(), entry.error_code(), entry.error_message())),
        )?;
    }
    Ok(())
}

fn arn(name: &str, place: &Place) -> String {
    place.arn("events", &format!("rule/{name}"))
}

fn outputs(name: &str, place: &Place) -> RuleOutputs {
    RuleOutputs { name: name.to_owned(), arn: arn(name, place) }
}

async fn read_tags(name: &str, cx: &Context) -> Result<Tags> {
    let call = cx.client(Client::new).list_tags_for_resource().resource_arn(arn(name, cx.place()));
    let answer = call.send().await.during("ListTagsForResource").none_on(ABSENT)?;
    Ok(answer.and_then(|answer| answer.tags).unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect())
}

fn event_tags(tags: &Tags) -> Result<Vec<Tag>> {
    tags.iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect::<std::result::Result<_, _>>()
        .map_err(|error| Failure::new(FailureKind::Final, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_target_is_named_and_a_role_that_is_too_new_is_retried() {
        assert!(part_failed("PutTargets", None).is_ok());
        let refused = Some((Some("topic"), Some("ValidationException"), Some("Provided role cannot be assumed")));
        let failure = part_failed("PutTargets", refused).unwrap_err();
        assert!(failure.message.contains("target topic"));
        assert_eq!(failure.kind, FailureKind::Retryable(PROPAGATION));
        let failure = part_failed("PutTargets", Some((None, Some("LimitExceededException"), None))).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Final);
    }
}
