//! Reconcilers for the network: one file per resource, named as AWS names it.

mod batch;
mod default_security_group;
mod dependents;
mod elastic_ip;
mod eventual_consistency;
mod existing_network;
mod flow_log;
mod iam;
mod internet_gateway;
mod nat_gateway;
mod route_table;
mod rule;
mod rule_calls;
mod security_group;
mod subnet;
mod tagging;
mod unsuccessful;
mod vpc;
mod vpc_endpoint;
mod zones;

pub use default_security_group::{DefaultSecurityGroup, DefaultSecurityGroupOutputs};
pub use elastic_ip::{ElasticIp, ElasticIpOutputs};
pub use existing_network::{ExistingNetwork, ObservedNetwork, PlatformFacts};
pub use flow_log::{FlowLog, FlowLogOutputs};
pub use internet_gateway::{InternetGateway, InternetGatewayOutputs};
pub use nat_gateway::{NatGateway, NatGatewayOutputs};
pub use route_table::{Route, RouteTable, RouteTableOutputs, RouteTarget};
pub use rule::{Peer, Rule};
pub use security_group::{SecurityGroup, SecurityGroupOutputs};
pub use subnet::{Subnet, SubnetOutputs};
pub use vpc::{Vpc, VpcOutputs};
pub use vpc_endpoint::{Reach, VpcEndpoint, VpcEndpointOutputs};
pub use zones::{EndpointService, Zone, availability_zones, endpoint_services, placement_permissions};

use resource::KindRegistry;

/// The reason why most parts of a network are free.
const FREE: &str = "a VPC and its parts cost nothing; gateways, addresses and endpoints do, on their own lines";

/// Adds every kind of this crate.
#[must_use]
pub fn register(registry: KindRegistry) -> KindRegistry {
    registry
        .with::<Vpc>()
        .with::<Subnet>()
        .with::<InternetGateway>()
        .with::<ElasticIp>()
        .with::<NatGateway>()
        .with::<RouteTable>()
        .with::<SecurityGroup>()
        .with::<DefaultSecurityGroup>()
        .with::<VpcEndpoint>()
        .with::<FlowLog>()
}
