//! The existing network that the environment file names instead of a network of the stack's own.

use aws_ec2::ExistingNetwork;
use config::{Environment, environment::studio::NetworkAccess};
use vocabulary::{SecurityGroupId, SubnetId, VpcId};

/// The services that Studio calls in VpcOnly mode.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-and-internet-access.html>
const STUDIO: [&str; 4] = ["sagemaker.api", "sagemaker.runtime", "sts", "logs"];

/// The network that an environment file names, with the platform's requirements. `None` if the stack has its own
/// network.
pub fn existing_network(environment: &Environment) -> Option<ExistingNetwork> {
    let network = &environment.network;
    let groups = &network.security_groups;
    Some(ExistingNetwork {
        vpc: VpcId::new(network.vpc_id.as_deref()?),
        subnets: network.private_subnets.iter().map(|id| SubnetId::new(id.as_str())).collect(),
        security_groups: groups
            .named()
            .map(|(setting, id)| (format!("network.{setting}"), SecurityGroupId::new(id)))
            .collect(),
        makes_endpoints: network.endpoints.clone(),
        calls: calls(environment),
        makes_groups: groups.sagemaker.is_empty()
            || groups.lambda.is_empty()
            || (groups.endpoints.is_empty() && !network.endpoints.is_empty()),
    })
}

/// The services that Studio, and functions in the VPC with secrets, call from the subnets.
fn calls(environment: &Environment) -> Vec<String> {
    let is_enclosed = environment.studio.network == NetworkAccess::VpcOnly;
    let studio = STUDIO.into_iter().filter(|_| is_enclosed).map(str::to_owned);
    let functions = environment.functions.iter().filter(|function| function.vpc);
    let secrets = functions
        .flat_map(|function| function.secrets.values())
        .map(|reference| if reference.contains(":secretsmanager:") { "secretsmanager" } else { "ssm" }.to_owned());
    let mut calls: Vec<String> = studio.collect();
    calls.extend(secrets);
    calls.sort();
    calls.dedup();
    calls
}
