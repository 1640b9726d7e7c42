//! The targets of a rule, and their conversion to and from EventBridge's types.

use aws_client::{Failure, FailureKind, Result};
use aws_sdk_eventbridge::types::{self as sdk, DeadLetterConfig, InputTransformer};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use vocabulary::RoleArn;

/// The receiver of a rule's events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// A name, unique in the rule.
    pub id: String,
    /// The ARN of the topic, function, state machine, …
    pub arn: String,
    /// The role EventBridge acts with, where the target has no policy of its own.
    pub role: Option<RoleArn>,
    /// The input that the target gets.
    pub input: Input,
    /// The ARN of a queue for events that could not be delivered.
    pub dead_letter_queue: Option<String>,
}

/// The input of a target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Input {
    /// The event.
    Event,
    /// Always this.
    Constant(Value),
    /// A text made of parts of the event.
    Transformed {
        /// Names for parts of the event, `$.detail.status`.
        paths: BTreeMap<String, String>,
        /// The text, with `<name>` where a part goes. Plain text stands in double quotes.
        template: String,
    },
}

impl Target {
    pub(crate) fn as_type(&self) -> Result<sdk::Target> {
        let invalid = |error: &dyn std::fmt::Display| Failure::new(FailureKind::Final, error.to_string());
        let dead_letters = self.dead_letter_queue.as_ref().map(|queue| DeadLetterConfig::builder().arn(queue).build());
        let target = sdk::Target::builder()
            .id(&self.id)
            .arn(&self.arn)
            .set_role_arn(self.role.clone().map(String::from))
            .set_dead_letter_config(dead_letters);
        let target = match &self.input {
            Input::Event => target,
            Input::Constant(value) => target.input(value.to_string()),
            Input::Transformed { paths, template } => {
                let paths = paths.clone().into_iter().collect();
                let transformer = InputTransformer::builder().set_input_paths_map(Some(paths)).input_template(template);
                target.input_transformer(transformer.build().map_err(|error| invalid(&error))?)
            }
        };
        target.build().map_err(|error| invalid(&error))
    }

    pub(crate) fn read(target: sdk::Target) -> Self {
        let input = match (target.input, target.input_transformer) {
            (_, Some(transformer)) => Input::Transformed {
                paths: transformer.input_paths_map.unwrap_or_default().into_iter().collect(),
                template: transformer.input_template,
            },
            (Some(text), None) => Input::Constant(serde_json::from_str(&text).unwrap_or(Value::String(text))),
            (None, None) => Input::Event,
        };
        Self {
            id: target.id,
            arn: target.arn,
            role: target.role_arn.map(RoleArn::new),
            input,
            dead_letter_queue: target.dead_letter_config.and_then(|config| config.arn),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn targets_read_back_as_they_were_sent() {
        let paths = BTreeMap::from([("status".to_owned(), "$.detail.status".to_owned())]);
        let transformed = Input::Transformed { paths, template: "\"the job is <status>\"".into() };
        for input in [Input::Event, Input::Constant(json!({ "reason": "nightly" })), transformed] {
            let target = Target {
                id: "pipeline".into(),
                arn: "arn:aws:states:eu-west-1:123456789012:stateMachine:train".into(),
                role: Some(RoleArn::new("arn:aws:iam::123456789012:role/events")),
                input,
                dead_letter_queue: Some("arn:aws:sqs:eu-west-1:123456789012:lost".into()),
            };
            assert_eq!(Target::read(target.as_type().unwrap()), target);
        }
    }
}
