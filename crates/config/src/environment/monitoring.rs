//! Logs, alarms and the dashboard.

use super::arn::Arn;
use super::secrets::without_password;
use crate::check::{Place, Surroundings};
use crate::form::partition;
use crate::form::{Map, MetricName, Namespace, SageMakerName, Slug, Statistic, Text};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Logs, alarms, the dashboard, and the subscribers of notifications.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Monitoring {
    /// Days after which logs go; CloudWatch Logs accepts these values only.
    #[schemars(with = "Retention")]
    pub log_retention_days: u16,
    /// The subscribers that SNS notifies of alarms and of the pipeline's outcomes.
    pub subscriptions: Vec<Subscription>,
    /// A dashboard of this environment's own functions, pipeline, jobs, buckets and endpoints.
    pub dashboard: bool,
    /// More alarms than the necessary ones.
    pub enhanced: bool,
    /// One alarm that stands for all of them.
    pub composite_alarm: bool,
    /// Endpoints, made by other means, whose errors and latency are watched.
    pub endpoints: Vec<Endpoint>,
    /// Alarms beside those that every environment has.
    pub alarms: Vec<Alarm>,
}

/// The schema of a retention.
struct Retention;

/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html>
const RETENTIONS: [u16; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

impl JsonSchema for Retention {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Retention".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "enum": RETENTIONS })
    }
}

/// A subscriber of alarms and of the pipeline's outcomes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// The protocol by which SNS delivers.
    pub protocol: Protocol,
    /// The address: of mail, a telephone number, a URL or an ARN. Owners of mail and web addresses must confirm the
    /// subscription.
    #[schemars(length(max = 2048))]
    pub endpoint: String,
}

/// The protocol by which SNS delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Protocol {
    Email,
    EmailJson,
    Sms,
    Https,
    Sqs,
    Lambda,
}

/// An endpoint that is watched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Its name.
    #[schemars(with = "Text<SageMakerName>", example = &"recommendations")]
    pub name: String,
    /// Its production variant.
    #[serde(default = "all_traffic")]
    #[schemars(with = "Text<SageMakerName>", example = &"AllTraffic")]
    pub variant: String,
    /// The latency of the model above which there is an alarm.
    #[serde(default = "second")]
    #[schemars(range(min = 1, max = 60_000))]
    pub latency_ms: u16,
}

fn all_traffic() -> String {
    "AllTraffic".to_owned()
}

fn second() -> u16 {
    1000
}

/// An alarm on any metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// The short name.
    #[schemars(with = "Text<Slug>", example = &"function-errors")]
    pub name: String,
    /// Its meaning, and the next step of the person whom it notifies.
    #[serde(default)]
    #[schemars(length(max = 1024))]
    pub description: String,
    /// The namespace of the metric.
    #[schemars(with = "Text<Namespace>")]
    pub namespace: String,
    /// The metric. CloudWatch accepts names that do not exist; such an alarm never fires.
    #[schemars(with = "Text<MetricName>")]
    pub metric: String,
    /// The dimensions of the metric: all of those that it is published with.
    #[serde(default)]
    #[schemars(with = "Map<MetricName, Text<MetricName>>")]
    pub dimensions: BTreeMap<String, String>,
    /// The statistic that makes one value of those of a period, for example `Average`.
    #[serde(default = "sum")]
    #[schemars(with = "Text<Statistic>")]
    pub statistic: String,
    /// The value that the statistic is compared with.
    pub threshold: f64,
    /// The comparison with the threshold at which the alarm fires.
    #[serde(default)]
    pub comparison: Comparison,
    /// The length of a period in seconds: 10, 20, 30 or a multiple of 60.
    #[serde(default = "five_minutes")]
    #[schemars(range(min = 10, max = 604_800))]
    pub period_seconds: u32,
    /// The number of latest periods that the alarm evaluates.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 1440))]
    pub evaluation_periods: u16,
    /// The number of these periods in which the threshold must be crossed. Left out, it is all of them.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1440))]
    pub datapoints_to_alarm: Option<u16>,
    /// The meaning of a period without values.
    #[serde(default)]
    pub treat_missing_data: MissingData,
}

/// A comparison of a value with the threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Comparison {
    GreaterThanThreshold,
    #[default]
    GreaterThanOrEqualToThreshold,
    LessThanThreshold,
    LessThanOrEqualToThreshold,
}

/// The meaning of a period without values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum MissingData {
    /// The threshold is crossed.
    Breaching,
    /// All is well.
    #[default]
    NotBreaching,
    /// The alarm keeps its state.
    Ignore,
    /// The alarm has too little data.
    Missing,
}

fn sum() -> String {
    "Sum".to_owned()
}

fn five_minutes() -> u32 {
    300
}

fn one() -> u16 {
    1
}

impl Default for Monitoring {
    fn default() -> Self {
        Self {
            log_retention_days: 30,
            subscriptions: Vec::new(),
            dashboard: true,
            enhanced: false,
            composite_alarm: false,
            endpoints: Vec::new(),
            alarms: Vec::new(),
        }
    }
}

impl Monitoring {
    pub(super) fn check(&self, at: Place<'_>, around: &Surroundings<'_>) {
        let list = at.get("subscriptions");
        for (index, subscription) in self.subscriptions.iter().enumerate() {
            subscription.check(list.at(index), around);
            // SNS masks passwords: it treats two URLs that differ only in the password as the same endpoint.
            let shown = without_password(&subscription.endpoint);
            let is_same = |other: &Subscription| {
                other.protocol == subscription.protocol && without_password(&other.endpoint) == shown
            };
            if self.subscriptions[..index].iter().any(is_same) {
                list.at(index).get("endpoint").report(format!("`{shown}` is subscribed twice"), "keep one of them");
            }
        }
        at.get("endpoints").unique("endpoints", self.endpoints.iter().map(|endpoint| endpoint.name.as_str()));
        at.get("alarms").unique("alarms", self.alarms.iter().map(|alarm| alarm.name.as_str()));
        for (index, alarm) in self.alarms.iter().enumerate() {
            alarm.check(at.get("alarms").at(index));
        }
    }
}

impl Subscription {
    fn check(&self, at: Place<'_>, around: &Surroundings<'_>) {
        // SNS sends text messages from commercial regions and GovCloud only.
        // https://docs.aws.amazon.com/sns/latest/dg/sns-supported-regions-countries.html
        if self.protocol == Protocol::Sms && !["aws", "aws-us-gov"].contains(&partition(around.region)) {
            at.get("protocol").report(format!("SNS sends no text messages from {}", around.region), "use `email`");
        }
        self.check_endpoint(at.get("endpoint"), around);
    }

    fn check_endpoint(&self, at: Place<'_>, around: &Surroundings<'_>) {
        let endpoint = self.endpoint.as_str();
        let arn = Arn::parse(endpoint).filter(|arn| arn.partition.starts_with("aws"));
        let arn_of = |service: &str, start: &str| {
            arn.is_some_and(|arn| {
                arn.service == service && arn.resource.len() > start.len() && arn.resource.starts_with(start)
            })
        };
        let (right, expected) = match self.protocol {
            Protocol::Email | Protocol::EmailJson => (is_mail(endpoint), "a mail address"),
            Protocol::Sms => (is_phone(endpoint), "a telephone number such as `+4915112345678`"),
            Protocol::Https => (is_url(endpoint), "a URL that begins with `https://`"),
            Protocol::Sqs => (arn_of("sqs", ""), "the ARN of a queue"),
            Protocol::Lambda => (arn_of("lambda", "function:"), "the ARN of a function"),
        };
        if !right {
            at.report(format!("`{}` must be {expected}", without_password(endpoint)), "");
        }
        if let Some(arn) = arn {
            arn.check_partition(at, around);
        }
        // SNS: "FIFO SQS Queues can not be subscribed to standard SNS topics".
        // https://github.com/getmoto/moto/pull/8957
        if self.protocol == Protocol::Sqs && endpoint.ends_with(".fifo") {
            at.report("a FIFO queue cannot be subscribed to the alerts topic", "use a standard queue");
        }
    }
}

fn is_mail(text: &str) -> bool {
    let blank = text.chars().any(|c| c.is_whitespace() || c.is_control());
    !blank
        && text
            .split_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && host.contains('.') && !host.contains('@'))
}

/// SNS reaches hosts by name, and a URL contains no white space.
fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").unwrap_or_default();
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    !host.trim_matches(':').is_empty() && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

fn is_phone(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit())
}

impl Alarm {
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>
    fn check(&self, at: Place<'_>) {
        let period = self.period_seconds;
        if !matches!(period, 10 | 20 | 30) && !period.is_multiple_of(60) {
            at.get("period_seconds")
                .report(format!("a period of {period} seconds is not possible"), "use 10, 20, 30 or a multiple of 60");
        }
        // Periods of an hour and more may look back over a week, shorter ones over a day.
        let (most, span) = if period < 3600 { (86_400, "a day") } else { (604_800, "a week") };
        if period.saturating_mul(self.evaluation_periods.into()) > most {
            at.get("evaluation_periods").report(
                format!("{} periods of {period} seconds are more than {span}", self.evaluation_periods),
                "CloudWatch looks back no further",
            );
        }
        if self.datapoints_to_alarm.is_some_and(|points| points > self.evaluation_periods) {
            at.get("datapoints_to_alarm").report(
                format!("of {} periods no more than that can cross the threshold", self.evaluation_periods),
                "raise `evaluation_periods`",
            );
        }
        if self.dimensions.len() > 30 {
            at.get("dimensions").report("a metric has at most 30 dimensions", "");
        }
    }
}
