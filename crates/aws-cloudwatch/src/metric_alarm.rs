//! Reconciler for alarms on a single metric.

use crate::{
    AlarmOutputs,
    alarms::{self, Alarm},
};
use aws_client::{Attempt, Result};
use aws_sdk_cloudwatch::{
    Client,
    types::{self as sdk, ComparisonOperator, Dimension, Statistic},
};
use resource::{
    As, Context, Deletion, Diff, Found, IdForm, Observed, ReplaceOrder, Resource, SizeLimit, Tags, Terraform,
    usage::{Quantity, Usage, UsageType},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vocabulary::{Permission, Place};

/// An alarm on one metric. The id is the name.
///
/// AWS accepts an alarm on a metric that does not exist, and it never fires: take namespace, name and
/// dimensions from the service's documentation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricAlarm {
    /// The name, shared with composite alarms.
    pub name: String,
    /// The meaning of the alarm and the steps to take; may be empty.
    pub description: String,
    /// For example `AWS/Lambda`.
    pub namespace: String,
    /// For example `Errors`.
    pub metric: String,
    /// All dimensions the metric is published with.
    pub dimensions: BTreeMap<String, String>,
    /// `Sum`, `Average`, `Minimum`, `Maximum`, `SampleCount`, or a percentile such as `p99`.
    pub statistic: String,
    /// The length of a period: 10, 30 or a multiple of 60.
    pub period_seconds: i32,
    /// The number of most recent periods that CloudWatch evaluates.
    pub evaluation_periods: i32,
    /// The number of those periods that must be beyond the threshold.
    pub datapoints_to_alarm: i32,
    /// The value that CloudWatch compares the statistic with.
    pub threshold: f64,
    /// The operator of that comparison.
    pub comparison: Comparison,
    /// The state that CloudWatch assumes for a period without data.
    pub missing_data: MissingData,
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

/// The operator that compares a statistic with the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are AWS's and say it")]
pub enum Comparison {
    GreaterThanThreshold,
    GreaterThanOrEqualToThreshold,
    LessThanThreshold,
    LessThanOrEqualToThreshold,
}

/// The state that CloudWatch assumes for a period without data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MissingData {
    /// As lacking: the alarm goes to INSUFFICIENT_DATA.
    Missing,
    /// As nothing: the alarm stays as it is.
    Ignore,
    /// As beyond the threshold.
    Breaching,
    /// As within the threshold.
    NotBreaching,
}

/// Alarms on periods shorter than this are of high resolution.
const MINUTE: i32 = 60;

impl Resource for MetricAlarm {
    const KIND: &'static str = "cloudwatch:metric-alarm";
    const NOUN: &'static str = "alarm";
    const TERRAFORM: Option<Terraform> =
        Some(Terraform::named("aws_cloudwatch_metric_alarm", &[("alarm_name", "name")]));
    // The most that AWS takes of an alarm.
    // <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>
    const SIZE_LIMITS: &'static [SizeLimit] = &[
        SizeLimit::characters("name", 255),
        SizeLimit::characters("description", 1024),
        SizeLimit::items("dimensions", 30),
        SizeLimit::items("alarm_actions", 5),
        SizeLimit::items("ok_actions", 5),
        SizeLimit::items("insufficient_data_actions", 5),
    ];
    const REPLACE_ON: &'static [&'static str] = &["name"];
    const COMPARE: &'static [(&'static str, As)] = &[
        ("dimensions", As::Whole),
        ("alarm_actions", As::Set),
        ("ok_actions", As::Set),
        ("insufficient_data_actions", As::Set),
    ];
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
        Ok(match alarm {
            None => Observed::Absent,
            Some(Alarm::Composite(_)) => {
                Observed::Broken { reason: "it is a composite alarm".into(), transient: false }
            }
            Some(Alarm::Metric(alarm)) => {
                Observed::Ready { live: live(*alarm, tags), outputs: alarms::outputs(id, cx.place()) }
            }
        })
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

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let put = Permission::change(["cloudwatch:PutMetricAlarm"]).on([alarms::arn(&self.name, place)]);
        alarms::permissions(&self.name, place).into_iter().chain([put]).collect()
    }

    fn usage(&self) -> Usage {
        match self.period_seconds < MINUTE {
            true => {
                Usage::default().monthly("alarm of high resolution", UsageType::HighResolutionAlarmMonth, Quantity::ONE)
            }
            false => Usage::default().monthly("alarm", UsageType::AlarmMonth, Quantity::ONE),
        }
    }
}

impl MetricAlarm {
    /// Creates the alarm, or replaces all of it but the tags. Tags are sent in both cases, since a service control policy
    /// may demand them of each such request. AWS ignores them for an alarm that exists.
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>
    async fn put(&self, cx: &Context) -> Result<()> {
        let (statistic, extended) = statistic(&self.statistic);
        let dimensions =
            self.dimensions.iter().map(|(name, value)| Dimension::builder().name(name).value(value).build());
        cx.client(Client::new)
            .put_metric_alarm()
            .alarm_name(&self.name)
            .alarm_description(&self.description)
            .namespace(&self.namespace)
            .metric_name(&self.metric)
            .set_dimensions(Some(dimensions.collect()))
            .set_statistic(statistic)
            .set_extended_statistic(extended)
            .period(self.period_seconds)
            .evaluation_periods(self.evaluation_periods)
            .datapoints_to_alarm(self.datapoints_to_alarm)
            .threshold(self.threshold)
            .comparison_operator(self.comparison.as_type())
            .treat_missing_data(self.missing_data.as_str())
            .actions_enabled(self.actions_enabled)
            .set_alarm_actions(Some(self.alarm_actions.clone()))
            .set_ok_actions(Some(self.ok_actions.clone()))
            .set_insufficient_data_actions(Some(self.insufficient_data_actions.clone()))
            .set_tags(alarms::given(&self.tags))
            .send()
            .await
            .during("PutMetricAlarm")?;
        Ok(())
    }
}

impl Comparison {
    fn as_type(self) -> ComparisonOperator {
        match self {
            Self::GreaterThanThreshold => ComparisonOperator::GreaterThanThreshold,
            Self::GreaterThanOrEqualToThreshold => ComparisonOperator::GreaterThanOrEqualToThreshold,
            Self::LessThanThreshold => ComparisonOperator::LessThanThreshold,
            Self::LessThanOrEqualToThreshold => ComparisonOperator::LessThanOrEqualToThreshold,
        }
    }

    fn read(operator: Option<&ComparisonOperator>) -> Self {
        match operator {
            Some(ComparisonOperator::GreaterThanOrEqualToThreshold) => Self::GreaterThanOrEqualToThreshold,
            Some(ComparisonOperator::LessThanThreshold) => Self::LessThanThreshold,
            Some(ComparisonOperator::LessThanOrEqualToThreshold) => Self::LessThanOrEqualToThreshold,
            _ => Self::GreaterThanThreshold,
        }
    }
}

impl MissingData {
    fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Ignore => "ignore",
            Self::Breaching => "breaching",
            Self::NotBreaching => "notBreaching",
        }
    }

    /// AWS leaves out the default.
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>
    fn read(text: Option<&str>) -> Self {
        let all = [Self::Missing, Self::Ignore, Self::Breaching, Self::NotBreaching];
        all.into_iter().find(|one| Some(one.as_str()) == text).unwrap_or(Self::Missing)
    }
}

/// The plain statistics and the percentiles go in different fields.
fn statistic(name: &str) -> (Option<Statistic>, Option<String>) {
    match Statistic::try_parse(name) {
        Ok(plain) => (Some(plain), None),
        Err(_) => (None, Some(name.to_owned())),
    }
}

fn live(alarm: sdk::MetricAlarm, tags: Tags) -> MetricAlarm {
    let statistic = alarm.statistic.as_ref().map(|statistic| statistic.as_str().to_owned());
    let dimensions = alarm.dimensions.unwrap_or_default();
    MetricAlarm {
        name: alarm.alarm_name.unwrap_or_default(),
        description: alarm.alarm_description.unwrap_or_default(),
        namespace: alarm.namespace.unwrap_or_default(),
        metric: alarm.metric_name.unwrap_or_default(),
        dimensions: dimensions.into_iter().filter_map(|dimension| Some((dimension.name?, dimension.value?))).collect(),
        statistic: statistic.or(alarm.extended_statistic).unwrap_or_default(),
        period_seconds: alarm.period.unwrap_or_default(),
        evaluation_periods: alarm.evaluation_periods.unwrap_or_default(),
        datapoints_to_alarm: alarm.datapoints_to_alarm.or(alarm.evaluation_periods).unwrap_or_default(),
        threshold: alarm.threshold.unwrap_or_default(),
        comparison: Comparison::read(alarm.comparison_operator.as_ref()),
        missing_data: MissingData::read(alarm.treat_missing_data.as_deref()),
        // CloudWatch's default.
        // <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>
        actions_enabled: alarm.actions_enabled.unwrap_or(true),
        alarm_actions: alarm.alarm_actions.unwrap_or_default(),
        ok_actions: alarm.ok_actions.unwrap_or_default(),
        insufficient_data_actions: alarm.insufficient_data_actions.unwrap_or_default(),
        tags,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_extended_statistics() {
        assert_eq!(statistic("Sum"), (Some(Statistic::Sum), None));
        assert_eq!(statistic("p99.9"), (None, Some("p99.9".to_owned())));
    }

    #[test]
    fn what_aws_leaves_out_is_its_default() {
        let alarm = live(sdk::MetricAlarm::builder().evaluation_periods(3).build(), Tags::default());
        assert_eq!(alarm.datapoints_to_alarm, 3);
        assert_eq!(alarm.missing_data, MissingData::Missing);
        assert!(alarm.actions_enabled);
    }

    #[test]
    fn every_comparison_and_treatment_reads_back_as_it_was_sent() {
        for comparison in [
            Comparison::GreaterThanThreshold,
            Comparison::GreaterThanOrEqualToThreshold,
            Comparison::LessThanThreshold,
            Comparison::LessThanOrEqualToThreshold,
        ] {
            assert_eq!(Comparison::read(Some(&comparison.as_type())), comparison);
        }
        for missing in [MissingData::Missing, MissingData::Ignore, MissingData::Breaching, MissingData::NotBreaching] {
            assert_eq!(MissingData::read(Some(missing.as_str())), missing);
        }
    }
}
