//! Calls from the private subnets to services of AWS: without NAT, each needs an interface endpoint.

use super::{Environment, studio};
use crate::check::Place;

/// A call of something in the private subnets to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrivateCall<'a> {
    /// The service, named like its endpoint.
    pub service: &'static str,
    caller: Caller<'a>,
}

/// The origin of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caller<'a> {
    /// Studio in VpcOnly mode.
    Studio,
    /// A function that reads the secret of a variable.
    Secret { function: usize, variable: &'a str },
    /// The function at the setting `function` of the pipeline, with the purpose of its call.
    Step { function: usize, setting: &'static str, purpose: &'static str },
}

impl Environment {
    /// The calls that the platform makes from the private subnets.
    pub fn private_calls(&self) -> Vec<PrivateCall<'_>> {
        // <https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-and-internet-access.html>
        let studio = ["sagemaker.api", "sagemaker.runtime", "sts", "logs"].map(|service| (service, Caller::Studio));
        let is_enclosed = self.studio.network == studio::NetworkAccess::VpcOnly;
        let studio = studio.into_iter().filter(|_| is_enclosed);
        let calls = studio.chain(self.calls_for_secrets()).chain(self.calls_of_steps());
        calls.map(|(service, caller)| PrivateCall { service, caller }).collect()
    }

    /// <https://docs.aws.amazon.com/secretsmanager/latest/userguide/vpc-endpoint-overview.html>
    fn calls_for_secrets(&self) -> impl Iterator<Item = (&'static str, Caller<'_>)> {
        let functions = self.functions.iter().enumerate().filter(|(_, function)| function.vpc);
        functions.flat_map(|(index, function)| {
            function.secrets.iter().map(move |(variable, reference)| {
                let service = if reference.contains(":secretsmanager:") { "secretsmanager" } else { "ssm" };
                (service, Caller::Secret { function: index, variable })
            })
        })
    }

    /// The evaluation function reads the registry, and sends the sample request to a deployed model.
    /// <https://docs.aws.amazon.com/sagemaker/latest/dg/interface-vpc-endpoint.html>
    fn calls_of_steps(&self) -> Vec<(&'static str, Caller<'_>)> {
        let Some(pipeline) = &self.pipeline else { return Vec::new() };
        let name = &pipeline.evaluation_function;
        let in_vpc = self.functions.iter().position(|function| function.vpc && function.name == *name);
        let Some(function) = in_vpc else { return Vec::new() };
        let registry = [("sagemaker.api", "reads the model registry")];
        let trial = pipeline.deploy.iter().map(|_| ("sagemaker.runtime", "tries a deployed model"));
        let step = |(service, purpose)| (service, Caller::Step { function, setting: "evaluation_function", purpose });
        registry.into_iter().chain(trial).map(step).collect()
    }

    /// Reports calls to services that an enclosed network has no endpoint of.
    pub(super) fn check_private_calls(&self, at: Place<'_>) {
        if !self.network.is_enclosed() || !at.sound(&["network", "studio", "functions", "pipeline"]) {
            return;
        }
        let calls = self.private_calls();
        let lacks = |call: &&PrivateCall<'_>| !self.network.endpoints.iter().any(|endpoint| endpoint == call.service);
        let is_studio = |call: &&PrivateCall<'_>| call.caller == Caller::Studio;
        let missing: Vec<&str> = calls.iter().filter(is_studio).filter(lacks).map(|call| call.service).collect();
        if !missing.is_empty() {
            at.get("network").get("nat").report(
                format!("without NAT, Studio in VpcOnly mode needs the endpoints {}", missing.join(", ")),
                "add them to `endpoints`, or use `nat = \"single\"`",
            );
        }
        for call in calls.iter().filter(lacks).filter(|call| !missing.contains(&call.service)) {
            let (place, problem) = match call.caller {
                Caller::Studio => continue,
                Caller::Secret { function, variable } => (
                    at.get("functions").at(function).get("secrets").get(variable),
                    format!("without NAT, `{variable}` is read through the endpoint {}", call.service),
                ),
                Caller::Step { function, setting, purpose } => (
                    at.get("functions").at(function).get("name"),
                    format!(
                        "without NAT, the `{setting}` of [pipeline] {purpose} through the endpoint {}",
                        call.service
                    ),
                ),
            };
            place.report(problem, "add it to `endpoints` of [network], or use `nat = \"single\"`");
        }
        if !calls.is_empty() && !self.network.s3_endpoint {
            at.get("network").get("s3_endpoint").report("without NAT, nothing reaches S3 but through its endpoint", "");
        }
    }
}
