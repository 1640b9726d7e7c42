//! The existing network that the environment file names instead of a network of the stack's own.

use aws_ec2::ExistingNetwork;
use config::Environment;
use std::collections::BTreeSet;
use vocabulary::{SecurityGroupId, SubnetId, VpcId};

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

/// The services that the platform calls from the subnets, sorted.
fn calls(environment: &Environment) -> Vec<String> {
    let services: BTreeSet<&str> = environment.private_calls().iter().map(|call| call.service).collect();
    services.into_iter().map(str::to_owned).collect()
}
