//! What tells people how the platform is: log groups, the alerts topic, alarms that can fire, events.

use crate::{catalog::spelled, dashboard, encryption::Keys, network::Network, policy::Policy, site::Site};
use aws_cloudwatch::{Comparison, CompositeAlarm, MetricAlarm, MissingData};
use aws_eventbridge::{Input, Rule, Source, Target};
use aws_logs::{Encryption as LogEncryption, LogGroup, Retention};
use aws_sns::{Encryption, Subscription, Topic};
use config::environment::{drift::JOB, monitoring};
use resource::{Handle, Stack, Tags};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A log group with the environment's retention, made before whatever writes to it.
pub(crate) fn log_group(
    stack: &mut Stack,
    site: &Site,
    keys: &Keys,
    area: &str,
    address: &str,
    name: &str,
) -> Handle<LogGroup> {
    let (name, days) = (name.to_owned(), i32::from(site.environment.monitoring.log_retention_days));
    stack.add(area, address, keys.logs.map(Handle::ready), move |key| LogGroup {
        name: name.clone(),
        retention: Retention::Days(days),
        encryption: key.map_or(LogEncryption::AwsManaged, |key| LogEncryption::Kms(key.arn)),
        tags: Tags::default(),
    })
}

/// The topic that alarms and events of the platform are sent to.
pub(crate) fn topic(stack: &mut Stack, site: &Site, keys: &Keys) -> Handle<Topic> {
    let (name, prefix) = (site.named("alerts"), site.prefix());
    let arn = site.arn("sns", &name);
    let policy = Policy::new()
        .allow(["sns:Publish"], [arn.clone()])
        .to(json!({"Service": [site.service("budgets"), site.service("cloudwatch")]}))
        .when("StringEquals", "aws:SourceAccount", site.place.account.as_str())
        // EventBridge tells a topic nothing to set a condition on: with one, no event would arrive.
        // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
        .allow(["sns:Publish"], [arn.clone()])
        .to(json!({"Service": site.service("events")}))
        .allow(["sns:Publish", "sns:Subscribe", "sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic"], [arn])
        .to(json!({"AWS": site.place.iam_arn("root")}))
        .document();
    let topic = stack.add("monitoring", "alerts", keys.logs.map(Handle::ready), move |key| Topic {
        name: name.clone(),
        display_name: format!("{prefix} alerts"),
        encryption: key.map_or(Encryption::Off, |key| Encryption::Kms(key.arn)),
        policy: policy.clone(),
        tags: Tags::default(),
    });
    for subscription in &site.environment.monitoring.subscriptions {
        let (protocol, endpoint) = (spelled(&subscription.protocol), subscription.endpoint.clone());
        let address =
            format!("subscription-{}", resource::sha256_hex(format!("{protocol}:{endpoint}").as_bytes()).split_at(8).0);
        stack.add("monitoring", &address, topic.ready(), move |topic| Subscription {
            topic: topic.arn,
            protocol: protocol.clone(),
            endpoint: endpoint.clone(),
            raw_message_delivery: false,
        });
    }
    stack.output("alerts_topic_arn", topic, |topic| topic.arn);
    topic
}

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
    evaluation_periods: i32,
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
            missing_data: MissingData::NotBreaching,
        }
    }
}

/// Answers the alarms that judge a deployment.
pub(crate) fn build(
    stack: &mut Stack,
    site: &Site,
    network: &Network,
    topic: Handle<Topic>,
) -> Vec<Handle<MetricAlarm>> {
    let guards: Vec<Handle<MetricAlarm>> =
        guards(site).into_iter().map(|watch| alarm(stack, site, topic, watch)).collect();
    let mut alarms = guards.clone();
    for watch in watches(site) {
        alarms.push(alarm(stack, site, topic, watch));
    }
    for (index, nat) in network.nat.iter().enumerate() {
        let address = format!("nat-{}-ports", index + 1);
        let name = site.named(&address);
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
    for extra in &site.environment.monitoring.alarms {
        alarms.push(custom(stack, site, topic, extra));
    }
    if site.environment.monitoring.composite_alarm && !alarms.is_empty() {
        composite(stack, site, topic, alarms);
    }
    events(stack, site, topic);
    if site.environment.monitoring.dashboard {
        dashboard::build(stack, site, network);
    }
    guards
}

/// The endpoint that deployments change: by its alarms an update is judged within minutes.
fn guards(site: &Site) -> Vec<Watch> {
    let Some((_, deploy)) = crate::deploy::settings(site) else { return Vec::new() };
    let name = crate::deploy::endpoint_name(site, &deploy);
    let dimensions = [("EndpointName", name.clone()), ("VariantName", crate::deploy::VARIANT.to_owned())];
    let watch = |address: &str, description, metric| {
        let watch = Watch::any(address.to_owned(), description, "AWS/SageMaker", metric, &dimensions);
        Watch { period_seconds: 60, ..watch }
    };
    let share = deploy.max_error_rate;
    let errors = format!("Of the answers of {name}, {}% are errors", share * 100.0);
    let slow = format!("The endpoint {name} is slower than {} ms", deploy.latency_ms);
    vec![
        // The average over calls is the share of those that fail.
        Watch { statistic: "Average", threshold: share, ..watch("endpoint-errors", errors, "Invocation5XXErrors") },
        // ModelLatency counts microseconds.
        Watch {
            statistic: "p95",
            threshold: f64::from(deploy.latency_ms) * 1000.0,
            evaluation_periods: 3,
            ..watch("endpoint-latency", slow, "ModelLatency")
        },
    ]
}

/// The state machines with what they are called.
fn machines(site: &Site) -> Vec<(&'static str, &'static str, String)> {
    let training =
        site.environment.pipeline.is_some().then(|| ("pipeline", "The training pipeline", crate::pipeline::arn(site)));
    let deploy = crate::deploy::settings(site).map(|_| ("deploy", "A deployment", crate::deploy::arn(site)));
    training.into_iter().chain(deploy).collect()
}

fn watches(site: &Site) -> Vec<Watch> {
    let mut watches = Vec::new();
    for function in &site.environment.functions {
        let name = site.named(&function.name);
        for (metric, what) in [("Errors", "failed"), ("Throttles", "was throttled")] {
            let address = format!("{}-{}", function.name, metric.to_lowercase());
            let dimensions = [("FunctionName", name.clone())];
            watches.push(Watch::any(address, format!("The function {name} {what}"), "AWS/Lambda", metric, &dimensions));
        }
    }
    if site.environment.drift.job.is_some() {
        let (name, group) = (&site.name, crate::drift_job::log_group(site));
        let told = format!(
            "Drift is left to a person, or the drift job failed: {group} says why, `mlopsctl drift {name}` what"
        );
        let dimensions = [("FunctionName", site.named(JOB))];
        let watch = Watch::any(JOB.to_owned(), told, "AWS/Lambda", "Errors", &dimensions);
        // From the first run that fails to the next that does not.
        watches.push(Watch { missing_data: MissingData::Ignore, ..watch });
    }
    for (short, name, arn) in machines(site) {
        for (metric, trouble, what) in
            [("ExecutionsFailed", "failures", "failed"), ("ExecutionsTimedOut", "timeouts", "ran out of time")]
        {
            let dimensions = [("StateMachineArn", arn.clone())];
            let address = format!("{short}-{trouble}");
            watches.push(Watch::any(address, format!("{name} {what}"), "AWS/States", metric, &dimensions));
        }
    }
    for endpoint in &site.environment.monitoring.endpoints {
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
            ..latency
        });
    }
    watches
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

fn alarm(stack: &mut Stack, site: &Site, topic: Handle<Topic>, watch: Watch) -> Handle<MetricAlarm> {
    let name = site.named(&watch.address);
    stack.add("monitoring", &watch.address.clone(), topic, move |topic| MetricAlarm {
        dimensions: watch.dimensions.clone(),
        statistic: watch.statistic.into(),
        threshold: watch.threshold,
        period_seconds: watch.period_seconds,
        evaluation_periods: watch.evaluation_periods,
        datapoints_to_alarm: watch.evaluation_periods,
        missing_data: watch.missing_data,
        ..metric_alarm(&name, &watch.description, (watch.namespace, watch.metric), topic.arn.as_str())
    })
}

fn custom(stack: &mut Stack, site: &Site, topic: Handle<Topic>, extra: &monitoring::Alarm) -> Handle<MetricAlarm> {
    let (name, extra) = (site.named(&extra.name), extra.clone());
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
fn composite(stack: &mut Stack, site: &Site, topic: Handle<Topic>, alarms: Vec<Handle<MetricAlarm>>) {
    let (name, prefix) = (site.named("platform"), site.prefix());
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

/// What happens in other people's names and metrics do not show.
fn events(stack: &mut Stack, site: &Site, topic: Handle<Topic>) {
    let prefix = format!("{}-", site.prefix());
    let group = site.named(&site.environment.studio.model_package_group);
    let mut rules = vec![
        (
            "training-jobs",
            "A training job failed or was stopped",
            json!({"source": ["aws.sagemaker"], "detail-type": ["SageMaker Training Job State Change"],
                   "detail": {"TrainingJobName": [{"prefix": prefix}], "TrainingJobStatus": ["Failed", "Stopped"]}}),
        ),
        (
            "model-approvals",
            "A model package was registered, approved or rejected",
            json!({"source": ["aws.sagemaker"], "detail-type": ["SageMaker Model Package State Change"],
                   "detail": {"ModelPackageGroupName": [group]}}),
        ),
        (
            "glue-jobs",
            "An ETL job failed, ran out of time or was stopped",
            json!({"source": ["aws.glue"], "detail-type": ["Glue Job State Change"],
                   "detail": {"jobName": [{"prefix": prefix}], "state": ["FAILED", "TIMEOUT", "STOPPED"]}}),
        ),
    ];
    let machines: Vec<String> = machines(site).into_iter().map(|(_, _, arn)| arn).collect();
    if !machines.is_empty() {
        rules.push((
            "pipeline-state",
            "An execution of the training pipeline or a deployment failed, ran out of time or was stopped",
            json!({"source": ["aws.states"], "detail-type": ["Step Functions Execution Status Change"],
                   "detail": {"stateMachineArn": machines, "status": ["FAILED", "TIMED_OUT", "ABORTED"]}}),
        ));
    }
    for (short, description, pattern) in rules {
        event(stack, site, topic, short, description, pattern);
    }
}

fn event(stack: &mut Stack, site: &Site, topic: Handle<Topic>, short: &str, description: &str, pattern: Value) {
    let (name, description) = (site.named(short), description.to_owned());
    stack.add("monitoring", &format!("event-{short}"), topic.ready(), move |topic| Rule {
        name: name.clone(),
        description: description.clone(),
        source: Source::Pattern(pattern.clone()),
        enabled: true,
        targets: vec![Target {
            id: "alerts".into(),
            arn: topic.arn.into(),
            role: None,
            input: Input::Event,
            dead_letter_queue: None,
        }],
        tags: Tags::default(),
    });
}
