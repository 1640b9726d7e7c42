//! The parts of every state machine of the platform: values for the placeholders, a log, a role that may log and trace,
//! and a rule that starts it.

use crate::{
    build_context::BuildContext,
    encryption::Keys,
    grants::Granted,
    log_groups,
    policy::Policy,
    roles::{role, role_with_key},
};
use aws_eventbridge::{Input, Rule, Source, Target};
use aws_iam::Role;
use aws_logs::LogGroup;
use aws_sfn::{LogLevel, Logging, StateMachine};
use config::environment::pipeline::Pipeline;
use resource::{Handle, Reference, Stack, Tags};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use vocabulary::{LogGroupArn, RoleArn};

/// The values of a definition's placeholders, by name.
pub(crate) type Values = BTreeMap<&'static str, Value>;

/// The values that all definitions share. `tags` are for what an execution makes.
pub(crate) fn values(context: &BuildContext, settings: &Pipeline, tags: Tags) -> Values {
    let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    BTreeMap::from([
        ("partition", json!(context.place.partition)),
        ("region", json!(context.place.region)),
        ("console_url", json!(context.place.console())),
        ("project", json!(context.environment.project)),
        ("name_prefix", json!(context.prefix())),
        ("tags", Value::Array(tags)),
        ("artifacts_bucket", json!(context.bucket("artifacts"))),
        ("network_isolation", json!(settings.training.network_isolation)),
    ])
}

/// The log group of a state machine.
pub(crate) fn log_group(
    stack: &mut Stack,
    context: &BuildContext,
    keys: &Keys,
    address: &str,
    machine: &str,
) -> Handle<LogGroup> {
    // AWS limits the size of the policy that lets log delivery write; this prefix is exempt.
    let group = format!("/aws/vendedlogs/states/{machine}");
    log_groups::log_group(stack, context, keys, "pipeline", address, &group)
}

pub(crate) fn declare(name: &str, role: RoleArn, definition: Value, log_group: LogGroupArn) -> StateMachine {
    StateMachine {
        name: name.to_owned(),
        role,
        definition,
        logging: Some(Logging { level: LogLevel::All, include_execution_data: true, log_group }),
        tracing: true,
        key: None,
        tags: Tags::default(),
    }
}

/// A state machine's role. It allows the steps, logging, tracing, the file's permissions, and the keys of its targets
/// and of the alerts topic.
pub(crate) fn role_for(
    stack: &mut Stack,
    context: &BuildContext,
    keys: &Keys,
    name: &str,
    description: &str,
    steps: Policy,
    granted: Granted,
) -> Reference<Role> {
    // None of these has a resource level.
    let observes = Policy::new()
        .allow(
            [
                "logs:CreateLogDelivery",
                "logs:GetLogDelivery",
                "logs:UpdateLogDelivery",
                "logs:DeleteLogDelivery",
                "logs:ListLogDeliveries",
                "logs:PutResourcePolicy",
                "logs:DescribeResourcePolicies",
                "logs:DescribeLogGroups",
            ],
            ["*"],
        )
        .allow(
            ["xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets"],
            ["*"],
        );
    let fixed = vec![("steps".to_owned(), steps.document()), ("observe".to_owned(), observes.document())];
    // An existing key encrypts the topic as well.
    let topic_has_a_key = keys.logs.is_some() && context.environment.encryption.key_arn.is_none();
    let topic_key = context.arn("kms", "key/*");
    let alias = format!("alias/{}", context.named("logs"));
    role_with_key(stack, context, name, description, "states", keys.data.clone(), move |key| {
        let mut policies = fixed.clone();
        policies.extend(granted.policies(key));
        if let Some(key) = key {
            let mut policy = Policy::new()
                .allow(["kms:DescribeKey", "kms:GenerateDataKey", "kms:Decrypt"], [key.as_str()])
                .allow(["kms:CreateGrant"], [key.as_str()])
                .when("Bool", "kms:GrantIsForAWSResource", "true");
            if topic_has_a_key {
                policy = policy.allow(["kms:GenerateDataKey", "kms:Decrypt"], [topic_key.clone()]).when(
                    "ForAnyValue:StringEquals",
                    "kms:ResourceAliases",
                    alias.as_str(),
                );
            }
            policies.push(("keys".to_owned(), policy.document()));
        }
        policies
    })
}

/// The role of rules that start a state machine.
pub(crate) fn starter(
    stack: &mut Stack,
    context: &BuildContext,
    name: &str,
    description: &str,
    machine: &str,
) -> Reference<Role> {
    let policy = Policy::new().allow(["states:StartExecution"], [machine]);
    role(stack, context, name, description, "events", vec![("start", policy)])
}

/// A rule that starts a state machine with its event.
pub(crate) struct Start {
    pub(crate) address: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) source: Source,
}

impl Start {
    pub(crate) fn add(self, stack: &mut Stack, machine: Handle<StateMachine>, starter: Reference<Role>) {
        let Self { address, name, description, source } = self;
        stack.add("pipeline", &address, (machine, starter.ready()), move |(machine, starter)| Rule {
            name: name.clone(),
            description: description.clone(),
            source: source.clone(),
            enabled: true,
            targets: vec![Target {
                id: "pipeline".into(),
                arn: machine.arn.into(),
                role: Some(starter.arn),
                input: Input::Event,
                dead_letter_queue: None,
            }],
            tags: Tags::default(),
        });
    }
}
