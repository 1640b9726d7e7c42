//! A state machine's settings between their declaration and Step Functions' form of them.

use crate::{LogLevel, Logging, StateMachine};
use aws_client::{Failure, FailureKind, Result};
use aws_sdk_sfn::{
    operation::describe_state_machine::DescribeStateMachineOutput,
    types::{
        self, CloudWatchLogsLogGroup, EncryptionConfiguration, EncryptionType, LogDestination, LoggingConfiguration,
        TracingConfiguration,
    },
};
use resource::Tags;
use serde_json::Value;
use vocabulary::{KeyArn, LogGroupArn, RoleArn};

impl StateMachine {
    pub(crate) fn logging_configuration(&self) -> LoggingConfiguration {
        let Some(logging) = &self.logging else {
            return LoggingConfiguration::builder().level(types::LogLevel::Off).include_execution_data(false).build();
        };
        // Step Functions wants the ARN that stands for all streams of the group.
        let group = CloudWatchLogsLogGroup::builder().log_group_arn(format!("{}:*", logging.log_group)).build();
        LoggingConfiguration::builder()
            .level(logging.level.into())
            .include_execution_data(logging.include_execution_data)
            .destinations(LogDestination::builder().cloud_watch_logs_log_group(group).build())
            .build()
    }

    pub(crate) fn tracing_configuration(&self) -> TracingConfiguration {
        TracingConfiguration::builder().enabled(self.tracing).build()
    }

    pub(crate) fn encryption(&self) -> Result<EncryptionConfiguration> {
        let encryption = match &self.key {
            Some(key) => EncryptionConfiguration::builder()
                .r#type(EncryptionType::CustomerManagedKmsKey)
                .kms_key_id(key.as_str()),
            None => EncryptionConfiguration::builder().r#type(EncryptionType::AwsOwnedKey),
        };
        encryption.build().map_err(|error| Failure::new(FailureKind::Final, error.to_string()))
    }
}

impl From<LogLevel> for types::LogLevel {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::All => Self::All,
            LogLevel::Error => Self::Error,
            LogLevel::Fatal => Self::Fatal,
        }
    }
}

/// The state machine as DescribeStateMachine shows it.
pub(crate) fn read(machine: &DescribeStateMachineOutput, tags: Tags) -> StateMachine {
    // Compared as JSON; text that is none differs from every declaration.
    let text = machine.definition();
    let key = machine.encryption_configuration().and_then(|encryption| encryption.kms_key_id());
    StateMachine {
        name: machine.name().to_owned(),
        role: RoleArn::new(machine.role_arn()),
        definition: serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
        logging: machine.logging_configuration().and_then(logging),
        tracing: machine.tracing_configuration().is_some_and(TracingConfiguration::enabled),
        key: key.filter(|key| !key.is_empty()).map(KeyArn::new),
        tags,
    }
}

fn logging(shown: &LoggingConfiguration) -> Option<Logging> {
    let level = match shown.level()? {
        types::LogLevel::All => LogLevel::All,
        types::LogLevel::Error => LogLevel::Error,
        types::LogLevel::Fatal => LogLevel::Fatal,
        _ => return None,
    };
    let group = shown.destinations().first()?.cloud_watch_logs_log_group()?.log_group_arn()?;
    let log_group = LogGroupArn::new(group.strip_suffix(":*").unwrap_or(group));
    Some(Logging { level, include_execution_data: shown.include_execution_data(), log_group })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_sfn::{primitives::DateTime, types::StateMachineType};
    use resource::{Resource, compare};
    use serde_json::json;

    fn machine() -> StateMachine {
        StateMachine {
            name: "train".into(),
            role: RoleArn::new("arn:aws:iam::1:role/r"),
            definition: json!({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}),
            logging: Some(Logging {
                level: LogLevel::Error,
                include_execution_data: true,
                log_group: LogGroupArn::new("arn:aws:logs:r:1:log-group:/aws/vendedlogs/states/train"),
            }),
            tracing: true,
            key: Some(KeyArn::new("arn:aws:kms:r:1:key/k")),
            tags: Tags::from_iter([("Owner", "A")]),
        }
    }

    /// The answer of Step Functions for a machine that was created as declared.
    fn shown(of: &StateMachine) -> DescribeStateMachineOutput {
        DescribeStateMachineOutput::builder()
            .state_machine_arn("arn:aws:states:r:1:stateMachine:train")
            .name(&of.name)
            .r#type(StateMachineType::Standard)
            .creation_date(DateTime::from_secs(0))
            .role_arn(of.role.as_str())
            .definition(serde_json::to_string_pretty(&of.definition).unwrap())
            .logging_configuration(of.logging_configuration())
            .tracing_configuration(of.tracing_configuration())
            .encryption_configuration(of.encryption().unwrap())
            .build()
            .unwrap()
    }

    #[test]
    fn what_is_given_is_what_is_read() {
        let machine = machine();
        assert_eq!(read(&shown(&machine), machine.tags.clone()), machine);
    }

    #[test]
    fn what_is_switched_off_reads_as_switched_off() {
        let machine = StateMachine { logging: None, tracing: false, key: None, ..machine() };
        assert_eq!(read(&shown(&machine), machine.tags.clone()), machine);
    }

    #[test]
    fn logs_go_to_all_streams_of_the_group() {
        let configuration = machine().logging_configuration();
        let group = configuration.destinations()[0].cloud_watch_logs_log_group().unwrap();
        assert_eq!(group.log_group_arn(), Some("arn:aws:logs:r:1:log-group:/aws/vendedlogs/states/train:*"));
    }

    #[test]
    fn a_state_somebody_added_is_a_difference() {
        let mut live = machine();
        live.definition["States"]["More"] = json!({"Type": "Succeed"});
        let value = |machine: &StateMachine| serde_json::to_value(machine).unwrap();
        let diff = compare(&value(&machine()), None, &value(&live), StateMachine::COMPARE);
        let paths: Vec<&str> = diff.changes.iter().map(|change| change.path.as_str()).collect();
        assert_eq!(paths, ["definition"]);
    }
}
