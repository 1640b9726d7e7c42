//! Alarms that can fire, each with what it tells.

use crate::{
    build_context::BuildContext,
    names::{GUARDS, VARIANT, deployed, drift_job_logs, endpoint_name, machines},
    network::Network,
};
use aws_cloudwatch::{Comparison, CompositeAlarm, MetricAlarm, MissingData};
use aws_s3::Replication;
use aws_sns::Topic;
use config::environment::{drift::JOB, monitoring, storage};
use resource::{Handle, Stack, Tags};
use std::collections::BTreeMap;

/// An alarm before it is wired to the topic.
struct Watch {
    address: String,
    description: String,
    namespace: &'static str,
    metric: &'static str,
    dimensions: BTreeMap<String, String>,
    statistic: &'static str,
    threshold: f64,
    period_seconds: i32,
    /// The number of periods that the alarm evaluates.
    evaluation_periods: i32,
    /// The periods of these that must be beyond the threshold.
    datapoints_to_alarm: i32,
    missing_data: MissingData,
}

impl Watch {
    /// Fires when anything is counted within five minutes.
    fn any(
        address: String,
        description: String,
        namespace: &'static str,
        metric: &'static str,
        dimensions: &[(&str, String)],
    ) -> Self {
        Self {
            address,
            description,
            namespace,
            metric,
            dimensions: dimensions.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            statistic: "Sum",
            threshold: 1.0,
            period_seconds: 300,
            evaluation_periods: 1,
            datapoints_to_alarm: 1,
            missing_data: MissingData::NotBreaching,
        }
    }
}

/// Answers the alarms that judge a deployment.
pub(crate) fn build(
    stack: &mut Stack,
    context: &BuildContext,
    network: &Network,
    topic: Handle<Topic>,
) -> Vec<Handle<MetricAlarm>> {
    let guards: Vec<Handle<MetricAlarm>> =
        guards(context).into_iter().map(|watch| alarm(stack, context, topic, watch)).collect();
    let mut alarms = guards.clone();
    for watch in watches(context) {
        alarms.push(alarm(stack, context, topic, watch));
    }
    for (index, nat) in network.nat.iter().enumerate() {
        let address = format!("nat-{}-ports", index + 1);
        let name = context.named(&address);
        alarms.push(stack.add("monitoring", &address, (*nat, topic), move |(nat, topic)| MetricAlarm {
            dimensions: BTreeMap::from([("NatGatewayId".to_owned(), nat.id.to_string())]),
            ..metric_alarm(
                &name,
                "The NAT gateway has no free ports: connections are refused",
                ("AWS/NATGateway", "ErrorPortAllocation"),
                topic.arn.as_str(),
            )
        }));
    }
    for (index, extra) in context.environment.monitoring.alarms.iter().enumerate() {
        let setting = format!("monitoring.alarms.{index}.name");
        alarms.push(stack.for_setting(setting, |stack| custom(stack, context, topic, extra)));
    }
    if context.environment.monitoring.composite_alarm && !alarms.is_empty() {
        stack.for_setting("monitoring.composite_alarm", |stack| composite(stack, context, topic, alarms));
    }
    guards
}

/// The endpoint that deployments change: by its alarms an update is judged within minutes.
fn guards(context: &BuildContext) -> Vec<Watch> {
    let Some((_, deploy)) = deployed(context) else { return Vec::new() };
    let name = endpoint_name(context, &deploy);
    let dimensions = [("EndpointName", name.clone()), ("VariantName", VARIANT.to_owned())];
    let watch = |trouble: &str, description, metric| {
        let watch = Watch::any(format!("{GUARDS}-{trouble}"), description, "AWS/SageMaker", metric, &dimensions);
        Watch { period_seconds: 60, ..watch }
    };
    // The average over calls is the share of those that fail. In a quiet minute that is one call of one, which must not
    // bring the model before back: the share must be too high in two of three minutes. A minute without calls is a good one.
    // <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html>
    let share_of_calls = |threshold: f64, watch: Watch| Watch {
        statistic: "Average",
        threshold,
        evaluation_periods: 3,
        datapoints_to_alarm: 2,
        ..watch
    };
    let share = deploy.max_error_rate;
    let errors = format!("Of the answers of {name}, {}% are errors", share * 100.0);
    let refused_share = deploy.max_client_error_rate;
    let refused = format!(
        "Of the calls of {name}, {}% are refused: do callers send what the model takes?",
        refused_share * 100.0
    );
    let slow = format!("The endpoint {name} is slower than {} ms", deploy.latency_ms);
    vec![
        share_of_calls(share, watch("errors", errors, "Invocation5XXErrors")),
        // A model that takes other features than callers send answers each call with 400.
        share_of_calls(refused_share, watch("client-errors", refused, "Invocation4XXErrors")),
        // ModelLatency counts microseconds.
        Watch {
            statistic: "p95",
            threshold: f64::from(deploy.latency_ms) * 1000.0,
            evaluation_periods: 3,
            datapoints_to_alarm: 3,
            ..watch("latency", slow, "ModelLatency")
        },
    ]
}

fn watches(context: &BuildContext) -> Vec<Watch> {
    let mut watches = Vec::new();
    for function in &context.environment.functions {
        let name = context.named(&function.name);
        for (metric, what) in [("Errors", "failed"), ("Throttles", "was throttled")] {
            let address = format!("{}-{}", function.name, metric.to_lowercase());
            let dimensions = [("FunctionName", name.clone())];
            watches.push(Watch::any(address, format!("The function {name} {what}"), "AWS/Lambda", metric, &dimensions));
        }
    }
    if context.environment.drift.job.is_some() {
        let (name, group) = (&context.name, drift_job_logs(context));
        let told = format!(
            "Drift is left to a person, or the drift job failed: {group} says why, `mlopsctl drift {name}` what"
        );
        let dimensions = [("FunctionName", context.named(JOB))];
        let watch = Watch::any(JOB.to_owned(), told, "AWS/Lambda", "Errors", &dimensions);
        // From the first run that fails to the next that does not.
        watches.push(Watch { missing_data: MissingData::Ignore, ..watch });
    }
    for (short, name, arn) in machines(context) {
        for (metric, trouble, what) in
            [("ExecutionsFailed", "failures", "failed"), ("ExecutionsTimedOut", "timeouts", "ran out of time")]
        {
            let dimensions = [("StateMachineArn", arn.clone())];
            let address = format!("{short}-{trouble}");
            watches.push(Watch::any(address, format!("{name} {what}"), "AWS/States", metric, &dimensions));
        }
    }
    watches.extend(replications(context));
    for endpoint in &context.environment.monitoring.endpoints {
        let dimensions = [("EndpointName", endpoint.name.clone()), ("VariantName", endpoint.variant.clone())];
        let errors = format!("The endpoint {} answers with errors", endpoint.name);
        watches.push(Watch::any(
            format!("endpoint-{}-errors", endpoint.name),
            errors,
            "AWS/SageMaker",
            "Invocation5XXErrors",
            &dimensions,
        ));
        let slow = format!("The endpoint {} is slower than {} ms", endpoint.name, endpoint.latency_ms);
        let latency = Watch::any(
            format!("endpoint-{}-latency", endpoint.name),
            slow,
            "AWS/SageMaker",
            "ModelLatency",
            &dimensions,
        );
        // ModelLatency counts microseconds.
        watches.push(Watch {
            statistic: "p95",
            threshold: f64::from(endpoint.latency_ms) * 1000.0,
            evaluation_periods: 3,
            datapoints_to_alarm: 3,
            ..latency
        });
    }
    watches
}

/// The copies of buckets in another region. Of S3's metrics of a replication, only that of failures is in the region of the
/// bucket. The latency is in that of the copies, where an alarm would need a topic of its own.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html>
fn replications(context: &BuildContext) -> Vec<Watch> {
    let replicated = context.environment.storage.buckets.iter().filter(|bucket| bucket.replicate);
    let watch = |bucket: &storage::Bucket| {
        let (from, to) = (context.bucket(&bucket.name), context.bucket(&storage::replica_name(&bucket.name)));
        let told = format!("S3 could not copy objects of {from} to {to}");
        let dimensions = [("SourceBucket", from), ("DestinationBucket", to), ("RuleId", Replication::RULE.to_owned())];
        let address = format!("{}-replication", bucket.name);
        Watch::any(address, told, "AWS/S3", "OperationsFailedReplication", &dimensions)
    };
    replicated.map(watch).collect()
}

fn metric_alarm(name: &str, description: &str, (namespace, metric): (&str, &str), topic: &str) -> MetricAlarm {
    MetricAlarm {
        name: name.to_owned(),
        description: description.to_owned(),
        namespace: namespace.to_owned(),
        metric: metric.to_owned(),
        dimensions: BTreeMap::new(),
        statistic: "Sum".into(),
        period_seconds: 300,
        evaluation_periods: 1,
        datapoints_to_alarm: 1,
        threshold: 1.0,
        comparison: Comparison::GreaterThanOrEqualToThreshold,
        missing_data: MissingData::NotBreaching,
        actions_enabled: true,
        alarm_actions: vec![topic.to_owned()],
        ok_actions: vec![topic.to_owned()],
        insufficient_data_actions: Vec::new(),
        tags: Tags::default(),
    }
}

fn alarm(stack: &mut Stack, context: &BuildContext, topic: Handle<Topic>, watch: Watch) -> Handle<MetricAlarm> {
    let name = context.named(&watch.address);
    stack.add("monitoring", &watch.address.clone(), topic, move |topic| MetricAlarm {
        dimensions: watch.dimensions.clone(),
        statistic: watch.statistic.into(),
        threshold: watch.threshold,
        period_seconds: watch.period_seconds,
        evaluation_periods: watch.evaluation_periods,
        datapoints_to_alarm: watch.datapoints_to_alarm,
        missing_data: watch.missing_data,
        ..metric_alarm(&name, &watch.description, (watch.namespace, watch.metric), topic.arn.as_str())
    })
}

fn custom(
    stack: &mut Stack,
    context: &BuildContext,
    topic: Handle<Topic>,
    extra: &monitoring::Alarm,
) -> Handle<MetricAlarm> {
    let (name, extra) = (context.named(&extra.name), extra.clone());
    stack.add("monitoring", &format!("alarm-{}", extra.name), topic, move |topic| MetricAlarm {
        dimensions: extra.dimensions.clone(),
        statistic: extra.statistic.clone(),
        period_seconds: i32::try_from(extra.period_seconds).unwrap_or(i32::MAX),
        evaluation_periods: i32::from(extra.evaluation_periods),
        datapoints_to_alarm: i32::from(extra.datapoints_to_alarm.unwrap_or(extra.evaluation_periods)),
        threshold: extra.threshold,
        comparison: match extra.comparison {
            monitoring::Comparison::GreaterThanThreshold => Comparison::GreaterThanThreshold,
            monitoring::Comparison::GreaterThanOrEqualToThreshold => Comparison::GreaterThanOrEqualToThreshold,
            monitoring::Comparison::LessThanThreshold => Comparison::LessThanThreshold,
            monitoring::Comparison::LessThanOrEqualToThreshold => Comparison::LessThanOrEqualToThreshold,
        },
        missing_data: match extra.treat_missing_data {
            monitoring::MissingData::Breaching => MissingData::Breaching,
            monitoring::MissingData::NotBreaching => MissingData::NotBreaching,
            monitoring::MissingData::Ignore => MissingData::Ignore,
            monitoring::MissingData::Missing => MissingData::Missing,
        },
        ..metric_alarm(&name, &extra.description, (&extra.namespace, &extra.metric), topic.arn.as_str())
    })
}

/// One alarm that says whether anything at all is wrong. AWS refuses one over alarms that do not exist.
fn composite(stack: &mut Stack, context: &BuildContext, topic: Handle<Topic>, alarms: Vec<Handle<MetricAlarm>>) {
    let (name, prefix) = (context.named("platform"), context.prefix());
    stack.add("monitoring", "platform", (topic, alarms), move |(topic, alarms)| {
        let parts: Vec<String> = alarms.into_iter().map(|alarm| format!("ALARM(\"{}\")", alarm.name)).collect();
        CompositeAlarm {
            name: name.clone(),
            description: format!("Something in {prefix} needs attention"),
            rule: parts.join(" OR "),
            actions_enabled: true,
            alarm_actions: vec![topic.arn.to_string()],
            ok_actions: vec![topic.arn.to_string()],
            insufficient_data_actions: Vec::new(),
            tags: Tags::default(),
        }
    });
}
