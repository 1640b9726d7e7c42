//! The alerts topic and the rules that send events to it; alarms and dashboard have files of their own.

use crate::{
    alarms, build_context::BuildContext, dashboard, encryption::Keys, names::machines, network::Network,
    policy::Policy, settings_json::spelled,
};
use aws_cloudwatch::MetricAlarm;
use aws_eventbridge::{Input, Rule, Source, Target};
use aws_sns::{Encryption, Subscription, Topic};
use resource::{Handle, Reference, Stack, Tags};
use serde_json::{Value, json};

/// The topic that alarms and events of the platform are sent to.
pub(crate) fn topic(stack: &mut Stack, context: &BuildContext, keys: &Keys) -> Handle<Topic> {
    let (name, prefix) = (context.named("alerts"), context.prefix());
    let arn = context.arn("sns", &name);
    let policy = Policy::new()
        .allow(["sns:Publish"], [arn.clone()])
        .for_principal(json!({"Service": [context.service("budgets"), context.service("cloudwatch")]}))
        .when("StringEquals", "aws:SourceAccount", context.place.account.as_str())
        // EventBridge tells a topic nothing to set a condition on: with one, no event would arrive. Nor is a role of the
        // target's a way out: with a role, deliveries to an encrypted topic may fail.
        // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
        .allow(["sns:Publish"], [arn.clone()])
        .for_principal(json!({"Service": context.service("events")}))
        .allow(["sns:Publish", "sns:Subscribe", "sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic"], [arn])
        .for_principal(json!({"AWS": context.place.iam_arn("root")}))
        .document();
    let topic = stack.add("monitoring", "alerts", keys.logs.clone().map(Reference::ready), move |key| Topic {
        name: name.clone(),
        display_name: format!("{prefix} alerts"),
        encryption: key.map_or(Encryption::Off, |key| Encryption::Kms(key.arn)),
        policy: policy.clone(),
        tags: Tags::default(),
    });
    for subscription in &context.environment.monitoring.subscriptions {
        let (protocol, endpoint) = (spelled(&subscription.protocol), subscription.endpoint.clone());
        // A new password is the same subscription, and no part of its name.
        let listed = Subscription::listed_endpoint(&endpoint);
        let address =
            format!("subscription-{}", resource::sha256_hex(format!("{protocol}:{listed}").as_bytes()).split_at(8).0);
        stack.add("monitoring", &address, topic.ready(), move |topic| {
            Subscription::new(topic.arn, protocol.clone(), &endpoint)
        });
    }
    stack.output("alerts_topic_arn", topic, |topic| topic.arn);
    topic
}

/// Answers the alarms that judge a deployment.
pub(crate) fn build(
    stack: &mut Stack,
    context: &BuildContext,
    network: &Network,
    topic: Handle<Topic>,
) -> Vec<Handle<MetricAlarm>> {
    let guards = alarms::build(stack, context, network, topic);
    events(stack, context, topic);
    if context.environment.monitoring.dashboard {
        dashboard::build(stack, context, network);
    }
    guards
}

/// Rules for events that no metric shows, or that other identities cause.
fn events(stack: &mut Stack, context: &BuildContext, topic: Handle<Topic>) {
    let prefix = format!("{}-", context.prefix());
    let group = context.named(&context.environment.studio.model_package_group);
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
    let machines: Vec<String> = machines(context).into_iter().map(|(_, _, arn)| arn).collect();
    if !machines.is_empty() {
        rules.push((
            "pipeline-state",
            "An execution of the training pipeline or a deployment failed, ran out of time or was stopped",
            json!({"source": ["aws.states"], "detail-type": ["Step Functions Execution Status Change"],
                   "detail": {"stateMachineArn": machines, "status": ["FAILED", "TIMED_OUT", "ABORTED"]}}),
        ));
    }
    for (short, description, pattern) in rules {
        event(stack, context, topic, short, description, pattern);
    }
}

fn event(
    stack: &mut Stack,
    context: &BuildContext,
    topic: Handle<Topic>,
    short: &str,
    description: &str,
    pattern: Value,
) {
    let (name, description) = (context.named(short), description.to_owned());
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
