//! Reconciler for composite alarms: alarms whose state depends on other alarms.

use crate::{
    AlarmOutputs,
    alarms::{self, Alarm},
};
use aws_client::{Attempt, Result};
use aws_sdk_cloudwatch::Client;
use resource::{
    As, Context, Deletion, Diff, Found, IdForm, Observed, ReplaceOrder, Resource, SizeLimit, Tags, Terraform,
    usage::{Quantity, Usage, UsageType},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use vocabulary::{Permission, Place};

/// An alarm on other alarms. The id is the name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompositeAlarm {
    /// The name, shared with metric alarms.
    pub name: String,
    /// The meaning of the alarm and the steps to take; may be empty.
    pub description: String,
    /// For example `ALARM("a") OR ALARM("b")`. The alarms must exist.
    pub rule: String,
    /// True if the alarm triggers its actions.
    pub actions_enabled: bool,
    /// ARNs of what happens when it goes off.
    pub alarm_actions: Vec<String>,
    /// ARNs of what happens when all is well again.
    pub ok_actions: Vec<String>,
    /// ARNs of what happens when data is lacking.
    pub insufficient_data_actions: Vec<String>,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

impl Resource for CompositeAlarm {
    const KIND: &'static str = "cloudwatch:composite-alarm";
    const NOUN: &'static str = "composite alarm";
    const TERRAFORM: Option<Terraform> =
        Some(Terraform::named("aws_cloudwatch_composite_alarm", &[("alarm_name", "name")]));
    // The most that AWS takes of a composite alarm.
    // <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html>
    const SIZE_LIMITS: &'static [SizeLimit] = &[
        SizeLimit::characters("name", 255),
        SizeLimit::characters("description", 1024),
        SizeLimit::characters("rule", 10_240),
        SizeLimit::occurrences("rule", "ALARM(", 100),
        SizeLimit::items("alarm_actions", 5),
        SizeLimit::items("ok_actions", 5),
        SizeLimit::items("insufficient_data_actions", 5),
    ];
    const REPLACE_ON: &'static [&'static str] = &["name"];
    const COMPARE: &'static [(&'static str, As)] =
        &[("alarm_actions", As::Set), ("ok_actions", As::Set), ("insufficient_data_actions", As::Set)];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;

    type Outputs = AlarmOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Is(self.name.clone())
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        alarms::find(&self.name, cx).await
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        self.put(cx).await?;
        Ok(self.name.clone())
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let (alarm, tags) = tokio::try_join!(alarms::load(id, cx), alarms::tags(id, &self.tags, cx))?;
        let alarm = match alarm {
            None => return Ok(Observed::Absent),
            Some(Alarm::Metric(_)) => {
                return Ok(Observed::Broken { reason: "it is a metric alarm".into(), transient: false });
            }
            Some(Alarm::Composite(alarm)) => *alarm,
        };
        let live = Self {
            name: alarm.alarm_name.unwrap_or_default(),
            description: alarm.alarm_description.unwrap_or_default(),
            rule: alarm.alarm_rule.unwrap_or_default(),
            // CloudWatch's default.
            // <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html>
            actions_enabled: alarm.actions_enabled.unwrap_or(true),
            alarm_actions: alarm.alarm_actions.unwrap_or_default(),
            ok_actions: alarm.ok_actions.unwrap_or_default(),
            insufficient_data_actions: alarm.insufficient_data_actions.unwrap_or_default(),
            tags,
        };
        Ok(Observed::Ready { live, outputs: alarms::outputs(id, cx.place()) })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        if diff.changes.iter().any(|change| !change.path.starts_with("tags")) {
            self.put(cx).await?;
        }
        alarms::converge_tags(id, &self.tags, &live.tags, diff, cx).await
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        alarms::delete(id, cx).await
    }

    fn predict_outputs(&self, place: &Place, _: AlarmOutputs) -> AlarmOutputs {
        alarms::outputs(&self.name, place)
    }

    /// AWS makes composite alarms only for those who may make any.
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html>
    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let put = Permission::change(["cloudwatch:PutCompositeAlarm"]).on_anything();
        alarms::permissions(&self.name, place).into_iter().chain([put]).collect()
    }

    fn usage(&self) -> Usage {
        Usage::default().monthly("composite alarm", UsageType::CompositeAlarmMonth, Quantity::ONE)
    }
}

impl CompositeAlarm {
    /// Creates the alarm, or replaces all of it but the tags. Tags are sent in both cases, since a service control policy
    /// may demand them of each such request. AWS ignores them for an alarm that exists.
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html>
    async fn put(&self, cx: &Context) -> Result<()> {
        cx.client(Client::new)
            .put_composite_alarm()
            .alarm_name(&self.name)
            .alarm_description(&self.description)
            .alarm_rule(&self.rule)
            .actions_enabled(self.actions_enabled)
            .set_alarm_actions(Some(self.alarm_actions.clone()))
            .set_ok_actions(Some(self.ok_actions.clone()))
            .set_insufficient_data_actions(Some(self.insufficient_data_actions.clone()))
            .set_tags(alarms::given(&self.tags))
            .send()
            .await
            .during("PutCompositeAlarm")
            // CloudWatch does not know a new alarm of the rule yet. Only the code is matched, because the message
            // differs for one alarm and for several. A rule that is really invalid fails a minute later.
            // <https://github.com/awsdocs/aws-cloudformation-user-guide/issues/911>
            .retry_on(&[("ValidationError", ""), ("ValidationException", "")], Duration::from_secs(60))?;
        Ok(())
    }
}
