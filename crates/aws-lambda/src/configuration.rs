//! A function's configuration between its declaration and Lambda's form of it.

use crate::{Architecture, Function, VpcConfig, digest};
use aws_client::{Failure, FailureKind, Result};
use aws_sdk_lambda::{
    operation::{
        create_function::builders::CreateFunctionFluentBuilder, get_function::GetFunctionOutput,
        update_function_configuration::builders::UpdateFunctionConfigurationFluentBuilder,
    },
    types::{
        self, DeadLetterConfig, Environment, FunctionConfiguration, LastUpdateStatus, LoggingConfig, TracingConfig,
        TracingMode, VpcConfigResponse,
    },
};
use resource::{Diff, Tags};
use vocabulary::{KeyArn, RoleArn, SecurityGroupId, SubnetId};

/// The fields UpdateFunctionConfiguration changes.
pub(crate) const FIELDS: &[&str] = &[
    "role",
    "runtime",
    "handler",
    "layers",
    "description",
    "memory_mb",
    "timeout_seconds",
    "environment",
    "vpc",
    "tracing",
    "dead_letter",
    "log_group",
    "key",
];

impl Function {
    /// Adds everything but the code to a create call.
    pub(crate) fn fill(&self, call: CreateFunctionFluentBuilder) -> CreateFunctionFluentBuilder {
        call.function_name(&self.name)
            .role(self.role.as_str())
            .runtime(self.runtime.as_str().into())
            .handler(&self.handler)
            .description(&self.description)
            .set_layers((!self.layers.is_empty()).then(|| self.layers.clone()))
            .architectures(self.architecture.into())
            .memory_size(self.memory_mb)
            .timeout(self.timeout_seconds)
            .environment(self.variables())
            .set_vpc_config(self.vpc.as_ref().map(|vpc| attachment(Some(vpc))))
            .tracing_config(self.tracing_config())
            .set_dead_letter_config(self.dead_letter.as_ref().map(|_| self.dead_letter_config()))
            .logging_config(self.logging_config())
            .set_kms_key_arn(self.key.as_ref().map(ToString::to_string))
            .set_tags(Some(self.tags.0.clone().into_iter().collect()))
    }

    /// Adds what differs to an update; what is left out stays as it is. Lambda takes a setting away
    /// when it is given as empty.
    pub(crate) fn change(
        &self,
        call: UpdateFunctionConfigurationFluentBuilder,
        diff: &Diff,
    ) -> UpdateFunctionConfigurationFluentBuilder {
        let has = |field| diff.has(field);
        call.set_role(has("role").then(|| self.role.to_string()))
            .set_runtime(has("runtime").then(|| self.runtime.as_str().into()))
            .set_handler(has("handler").then(|| self.handler.clone()))
            .set_layers(has("layers").then(|| self.layers.clone()))
            .set_description(has("description").then(|| self.description.clone()))
            .set_memory_size(has("memory_mb").then_some(self.memory_mb))
            .set_timeout(has("timeout_seconds").then_some(self.timeout_seconds))
            .set_environment(has("environment").then(|| self.variables()))
            .set_vpc_config(has("vpc").then(|| attachment(self.vpc.as_ref())))
            .set_tracing_config(has("tracing").then(|| self.tracing_config()))
            .set_dead_letter_config(has("dead_letter").then(|| self.dead_letter_config()))
            .set_logging_config(has("log_group").then(|| self.logging_config()))
            .set_kms_key_arn(has("key").then(|| self.key.as_ref().map(ToString::to_string).unwrap_or_default()))
    }

    fn variables(&self) -> Environment {
        Environment::builder().set_variables(Some(self.environment.clone().into_iter().collect())).build()
    }

    fn tracing_config(&self) -> TracingConfig {
        let mode = if self.tracing { TracingMode::Active } else { TracingMode::PassThrough };
        TracingConfig::builder().mode(mode).build()
    }

    fn dead_letter_config(&self) -> DeadLetterConfig {
        DeadLetterConfig::builder().target_arn(self.dead_letter.clone().unwrap_or_default()).build()
    }

    fn logging_config(&self) -> LoggingConfig {
        LoggingConfig::builder().log_group(&self.log_group).build()
    }
}

/// Lambda's form of a VPC configuration; empty lists take the function out of its VPC.
pub(crate) fn attachment(vpc: Option<&VpcConfig>) -> types::VpcConfig {
    let subnets = vpc.map_or_else(Vec::new, |vpc| vpc.subnets.iter().map(ToString::to_string).collect());
    let groups = vpc.map_or_else(Vec::new, |vpc| vpc.security_groups.iter().map(ToString::to_string).collect());
    types::VpcConfig::builder().set_subnet_ids(Some(subnets)).set_security_group_ids(Some(groups)).build()
}

impl From<Architecture> for types::Architecture {
    fn from(architecture: Architecture) -> Self {
        match architecture {
            Architecture::X86 => Self::X8664,
            Architecture::Arm64 => Self::Arm64,
        }
    }
}

/// The function as GetFunction shows it, which tells nothing of asynchronous calls.
///
/// # Errors
/// When parts of it are hidden for want of a permission: to take them for empty would overwrite them.
pub(crate) fn read(name: &str, answer: &GetFunctionOutput) -> Result<Function> {
    let shown = answer.configuration().ok_or_else(|| Failure::incomplete("GetFunction", "configuration"))?;
    if let Some(error) = shown.environment().and_then(|environment| environment.error()) {
        let message = error.message().unwrap_or("Lambda gives no reason");
        return Err(hidden("environment variables", error.error_code(), message));
    }
    let variables = shown.environment().and_then(|environment| environment.variables());
    let tracing = shown.tracing_config().and_then(|tracing| tracing.mode()) == Some(&TracingMode::Active);
    let log_group = shown.logging_config().and_then(|logging| logging.log_group());
    Ok(Function {
        name: name.to_owned(),
        description: shown.description().unwrap_or_default().to_owned(),
        role: RoleArn::new(shown.role().unwrap_or_default()),
        runtime: shown.runtime().map(|runtime| runtime.as_str().to_owned()).unwrap_or_default(),
        handler: shown.handler().unwrap_or_default().to_owned(),
        code_sha256: running_code(shown),
        layers: shown.layers().iter().filter_map(|layer| layer.arn()).map(str::to_owned).collect(),
        architecture: match shown.architectures().first() {
            Some(types::Architecture::Arm64) => Architecture::Arm64,
            _ => Architecture::X86,
        },
        // Lambda's defaults.
        // <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>
        memory_mb: shown.memory_size().unwrap_or(128),
        timeout_seconds: shown.timeout().unwrap_or(3),
        environment: variables.map(|variables| variables.clone().into_iter().collect()).unwrap_or_default(),
        vpc: joined(shown.vpc_config()),
        tracing,
        dead_letter: shown.dead_letter_config().and_then(|queue| queue.target_arn()).and_then(some),
        reserved_concurrency: answer.concurrency().and_then(|concurrency| concurrency.reserved_concurrent_executions()),
        asynchronous: None,
        log_group: log_group.map_or_else(|| format!("/aws/lambda/{name}"), str::to_owned),
        key: shown.kms_key_arn().and_then(some).map(KeyArn::new),
        tags: tags(answer)?,
    })
}

/// The VPC settings of a function, or `None` if it is in no VPC.
pub(crate) fn joined(shown: Option<&VpcConfigResponse>) -> Option<VpcConfig> {
    shown.filter(|vpc| !vpc.subnet_ids().is_empty()).map(|vpc| VpcConfig {
        subnets: vpc.subnet_ids().iter().map(SubnetId::new).collect(),
        security_groups: vpc.security_group_ids().iter().map(SecurityGroupId::new).collect(),
    })
}

/// The function's tags, which GetFunction gives along.
pub(crate) fn tags(answer: &GetFunctionOutput) -> Result<Tags> {
    if let Some(error) = answer.tags_error() {
        return Err(hidden("tags", Some(error.error_code()), error.message()));
    }
    Ok(Tags(answer.tags().map(|tags| tags.clone().into_iter().collect()).unwrap_or_default()))
}

fn hidden(what: &str, code: Option<&str>, message: &str) -> Failure {
    Failure {
        operation: "GetFunction".to_owned(),
        code: code.map(str::to_owned),
        ..Failure::new(FailureKind::Denied, format!("the function's {what} cannot be read: {message}"))
    }
}

/// After a failed update Lambda goes on running what it ran before, whatever the configuration shows.
/// The reason stands in for the digest, so that it differs, is seen in the plan and is applied anew.
fn running_code(shown: &FunctionConfiguration) -> String {
    match shown.last_update_status() {
        Some(LastUpdateStatus::Failed) => {
            let code = shown.last_update_status_reason_code().map_or("no code", |code| code.as_str());
            let reason = shown.last_update_status_reason().unwrap_or("Lambda gives no reason");
            format!("unknown, for the last update failed: {reason} ({code})")
        }
        _ => digest::hex(shown.code_sha256().unwrap_or_default()),
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_lambda::types::{
        Concurrency, EnvironmentError, EnvironmentResponse, LastUpdateStatusReasonCode, Runtime, TracingConfigResponse,
    };
    use resource::sha256_hex;
    use std::collections::BTreeMap;

    const DIGEST: &str = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";

    fn answer(shown: types::builders::FunctionConfigurationBuilder) -> GetFunctionOutput {
        GetFunctionOutput::builder().configuration(shown.build()).tags("Owner", "A").build()
    }

    fn bare() -> types::builders::FunctionConfigurationBuilder {
        FunctionConfiguration::builder().role("arn:aws:iam::1:role/r").runtime(Runtime::Python313).code_sha256(DIGEST)
    }

    #[test]
    fn what_lambda_leaves_out_or_shows_empty_reads_as_switched_off() {
        let shown = bare()
            .vpc_config(VpcConfigResponse::builder().vpc_id("").build())
            .dead_letter_config(DeadLetterConfig::builder().target_arn("").build())
            .kms_key_arn("");
        let function = read("validate", &answer(shown)).unwrap();
        let off = (function.vpc, function.dead_letter, function.key, function.reserved_concurrency, function.tracing);
        assert_eq!(off, (None, None, None, None, false));
        assert_eq!((function.memory_mb, function.timeout_seconds, function.architecture), (128, 3, Architecture::X86));
        assert_eq!(function.log_group, "/aws/lambda/validate");
        assert_eq!(function.runtime, "python3.13");
        assert_eq!(function.code_sha256, sha256_hex(b"abc"));
        assert_eq!(function.tags.get("Owner"), Some("A"));
    }

    #[test]
    fn everything_that_is_set_is_read() {
        let shown = bare()
            .environment(EnvironmentResponse::builder().variables("A", "b").build())
            .vpc_config(VpcConfigResponse::builder().subnet_ids("subnet-1").security_group_ids("sg-1").build())
            .tracing_config(TracingConfigResponse::builder().mode(TracingMode::Active).build())
            .dead_letter_config(DeadLetterConfig::builder().target_arn("arn:aws:sns:r:1:t").build())
            .architectures(types::Architecture::Arm64)
            .logging_config(LoggingConfig::builder().log_group("/x").build())
            .layers(types::Layer::builder().arn("arn:aws:lambda:r:2:layer:l:1").build())
            .kms_key_arn("arn:aws:kms:r:1:key/k");
        let mut answer = answer(shown);
        answer.concurrency = Some(Concurrency::builder().reserved_concurrent_executions(0).build());
        let function = read("validate", &answer).unwrap();
        assert_eq!(function.environment, BTreeMap::from([("A".to_owned(), "b".to_owned())]));
        let vpc =
            VpcConfig { subnets: vec![SubnetId::new("subnet-1")], security_groups: vec![SecurityGroupId::new("sg-1")] };
        assert_eq!(function.vpc, Some(vpc));
        assert!(function.tracing);
        assert_eq!(function.layers, ["arn:aws:lambda:r:2:layer:l:1"]);
        assert_eq!(function.dead_letter.as_deref(), Some("arn:aws:sns:r:1:t"));
        assert_eq!(function.architecture, Architecture::Arm64);
        assert_eq!(function.log_group, "/x");
        assert_eq!(function.key, Some(KeyArn::new("arn:aws:kms:r:1:key/k")));
        assert_eq!(function.reserved_concurrency, Some(0), "none may run is not the same as no reservation");
    }

    #[test]
    fn after_a_failed_update_the_code_differs_and_says_why() {
        let shown = bare()
            .last_update_status(LastUpdateStatus::Failed)
            .last_update_status_reason("no free address")
            .last_update_status_reason_code(LastUpdateStatusReasonCode::SubnetOutOfIpAddresses);
        let function = read("validate", &answer(shown)).unwrap();
        assert_eq!(
            function.code_sha256,
            "unknown, for the last update failed: no free address (SubnetOutOfIPAddresses)"
        );
    }

    #[test]
    fn variables_that_cannot_be_decrypted_are_not_taken_for_none() {
        let error = EnvironmentError::builder().error_code("AccessDeniedException").message("no kms:Decrypt").build();
        let shown = bare().environment(EnvironmentResponse::builder().error(error).build());
        let failure = read("validate", &answer(shown)).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Denied);
        assert!(failure.message.contains("no kms:Decrypt"));
    }
}
