//! The dependents that block the deletion of a network resource. AWS says only that there are some. People need their
//! names, and some are leftovers of AWS services that only this stack removes.

use crate::tagging::{self, filter};
use aws_client::{Attempt, ErrorPattern, Failure, FailureKind, Pages, Result};
use aws_sdk_ec2::{
    Client,
    types::{Filter, NatGatewayState, NetworkInterface, NetworkInterfaceStatus, Tag},
};
use resource::{ADDRESS_TAG, Tags};
use std::time::Duration;

/// Something still depends on it.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
pub(crate) const BLOCKED: &[ErrorPattern] = &[("DependencyViolation", ""), ("InvalidGroup.InUse", "")];

/// The time that Lambda may keep the interfaces of a deleted function: about 40 minutes at worst.
/// <https://github.com/hashicorp/terraform-provider-aws/issues/10329>
const LAMBDA_LEAVES_WITHIN: Duration = Duration::from_secs(45 * 60);
/// The time that any other dependent may take to leave. Load balancers need about five minutes.
/// <https://github.com/hashicorp/terraform-provider-aws/pull/10347>
const OTHERS_LEAVE_WITHIN: Duration = Duration::from_secs(600);
/// The time that a deletion waits for a dependent that only a person can remove. A person who removes it meanwhile need
/// not repeat the deletion.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/deleting-security-groups.html>
const PEOPLE_LEAVE_WITHIN: Duration = Duration::from_secs(120);
/// The number of dependents that a message names.
const NAMED: usize = 5;

/// The dependents that block a deletion.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Dependents {
    what: Vec<String>,
    of_lambda: bool,
    /// True if only a person can remove one of them.
    of_people: bool,
}

impl Dependents {
    /// Adds a dependent that neither AWS's services nor this stack remove.
    pub(crate) fn add_foreign(&mut self, what: String) {
        self.what.push(what);
        self.of_people = true;
    }

    /// Deletes the interfaces that Lambda has let go of, and takes down the others.
    pub(crate) async fn sweep(client: &Client, interfaces: &[NetworkInterface]) -> Result<Self> {
        let mut dependents = Self::default();
        for interface in interfaces {
            dependents.of_lambda |= of_lambda(interface);
            if of_lambda(interface) && interface.status() == Some(&NetworkInterfaceStatus::Available) {
                let id = interface.network_interface_id.clone();
                let call = client.delete_network_interface().set_network_interface_id(id);
                // In use again: a function of the same group and subnet was quicker.
                // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
                call.send().await.during("DeleteNetworkInterface").none_on(&[
                    ("InvalidNetworkInterfaceID.NotFound", ""),
                    ("InvalidNetworkInterface.InUse", ""),
                    ("InvalidParameterValue", "in use"),
                ])?;
            } else {
                // AWS's services attach their interfaces to no EC2 instance of the account.
                dependents.of_people |= instance(interface).is_some();
                dependents.what.push(name(interface));
            }
        }
        Ok(dependents)
    }

    /// The refusal of a deletion, with what stands in its way and how long that may take to leave.
    pub(crate) fn explain(found: Result<Self>, refusal: Failure) -> Failure {
        let (within, why) = match found {
            Ok(dependents) if dependents.of_people => {
                let help = Some("remove what is not of this environment, and try again".into());
                let message = format!("{}; {dependents}", refusal.message);
                return Failure { kind: FailureKind::Retryable(PEOPLE_LEAVE_WITHIN), message, help, ..refusal };
            }
            Ok(dependents) if dependents.of_lambda => (LAMBDA_LEAVES_WITHIN, dependents.to_string()),
            Ok(dependents) => (OTHERS_LEAVE_WITHIN, dependents.to_string()),
            Err(error) => (OTHERS_LEAVE_WITHIN, format!("the resources that use it could not be listed: {error}")),
        };
        Failure { kind: FailureKind::Retryable(within), message: format!("{}; {why}", refusal.message), ..refusal }
    }
}

impl std::fmt::Display for Dependents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let named = self.what.len().min(NAMED);
        match self.what.len() - named {
            0 if named == 0 => f.write_str("no network interface, gateway or rule uses it any more"),
            0 => write!(f, "these resources still use it: {}", self.what.join(", ")),
            more => write!(f, "these resources still use it: {} and {more} more", self.what[..named].join(", ")),
        }
    }
}

/// True if both sets of tags name the same stack; the address may differ.
pub(crate) fn same_stack(identity: &Tags, tags: &Tags) -> bool {
    identity.iter().filter(|(key, _)| *key != ADDRESS_TAG).all(|(key, value)| tags.get(key) == Some(value))
        && tags.get(ADDRESS_TAG).is_some()
}

fn of_lambda(interface: &NetworkInterface) -> bool {
    interface.description().is_some_and(|text| text.starts_with("AWS Lambda VPC ENI-"))
}

/// The EC2 instance that an interface is attached to.
fn instance(interface: &NetworkInterface) -> Option<&str> {
    interface.attachment().and_then(|attachment| attachment.instance_id())
}

/// AWS's services say in the description whose an interface is.
fn name(interface: &NetworkInterface) -> String {
    let id = interface.network_interface_id().unwrap_or_default();
    let description = interface.description().filter(|text| !text.is_empty());
    match (instance(interface), description) {
        (Some(instance), _) => format!("network interface {id} of instance {instance}"),
        (None, Some(description)) => format!("network interface {id} ({description})"),
        (None, None) => format!("network interface {id}"),
    }
}

/// The network interfaces that pass a filter.
pub(crate) async fn interfaces(client: &Client, which: Filter) -> Result<Vec<NetworkInterface>> {
    let pages = client.describe_network_interfaces().filters(which).into_paginator().send();
    let pages = Pages::new("DescribeNetworkInterfaces", pages, |page| page.next_token().into());
    pages.items(|page| page.network_interfaces).all().await
}

/// The dependents of a subnet, which are always network interfaces.
pub(crate) async fn of_subnet(client: &Client, subnet: &str) -> Result<Dependents> {
    Dependents::sweep(client, &interfaces(client, filter("subnet-id", [subnet])).await?).await
}

/// The resources that block the deletion of a VPC, once Lambda's leftovers are removed. `identity` holds the ownership
/// tags of the stack.
pub(crate) async fn of_vpc(client: &Client, vpc: &str, identity: &Tags) -> Result<Dependents> {
    let here = || filter("vpc-id", [vpc]);
    let attached = filter("attachment.vpc-id", [vpc]);
    let (interfaces, endpoints, subnets, nat_gateways, internet_gateways, groups) = tokio::try_join!(
        interfaces(client, here()),
        async { client.describe_vpc_endpoints().filters(here()).send().await.during("DescribeVpcEndpoints") },
        async { client.describe_subnets().filters(here()).send().await.during("DescribeSubnets") },
        async { client.describe_nat_gateways().filter(here()).send().await.during("DescribeNatGateways") },
        async { client.describe_internet_gateways().filters(attached).send().await.during("DescribeInternetGateways") },
        async { client.describe_security_groups().filters(here()).send().await.during("DescribeSecurityGroups") },
    )?;
    let mut dependents = Dependents::sweep(client, &interfaces).await?;
    // SageMaker's security groups and endpoints lack the tags of this stack too, and go with the domain. Subnets and
    // gateways are made by people only.
    let foreign = |tags: &[Tag]| !same_stack(identity, &tagging::read(tags));
    let is_foreign = subnets.subnets().iter().any(|one| foreign(one.tags()))
        || internet_gateways.internet_gateways().iter().any(|one| foreign(one.tags()))
        || nat_gateways
            .nat_gateways()
            .iter()
            .any(|one| one.state() == Some(&NatGatewayState::Available) && foreign(one.tags()));
    let named = |what: &str, id: Option<&str>| format!("{what} {}", id.unwrap_or_default());
    let subnets = subnets.subnets().iter().map(|subnet| named("subnet", subnet.subnet_id()));
    let endpoints = endpoints.vpc_endpoints().iter().map(|endpoint| named("VPC endpoint", endpoint.vpc_endpoint_id()));
    let nat_gateways = nat_gateways
        .nat_gateways()
        .iter()
        .filter(|gateway| gateway.state().is_some_and(|state| state.as_str() != "deleted"))
        .map(|gateway| named("NAT gateway", gateway.nat_gateway_id()));
    let internet_gateways = internet_gateways
        .internet_gateways()
        .iter()
        .map(|gateway| named("internet gateway", gateway.internet_gateway_id()));
    let groups = groups
        .security_groups()
        .iter()
        .filter(|group| group.group_name() != Some("default"))
        .map(|group| named("security group", group.group_id()));
    dependents.what.extend(subnets.chain(endpoints).chain(nat_gateways).chain(internet_gateways).chain(groups));
    dependents.of_people |= is_foreign;
    Ok(dependents)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal() -> Failure {
        let code = Some("DependencyViolation".to_owned());
        Failure { code, ..Failure::new(FailureKind::Final, "subnet-1 has dependencies and cannot be deleted.") }
    }

    fn interface(id: &str, description: &str) -> NetworkInterface {
        NetworkInterface::builder().network_interface_id(id).description(description).build()
    }

    #[test]
    fn a_refused_deletion_says_what_is_in_the_way() {
        let what = vec![name(&interface("eni-1", "VPC Endpoint Interface vpce-1")), name(&interface("eni-2", ""))];
        let failure = Dependents::explain(Ok(Dependents { what, ..Dependents::default() }), refusal());
        assert_eq!(failure.kind, FailureKind::Retryable(OTHERS_LEAVE_WITHIN));
        assert_eq!(
            failure.message,
            "subnet-1 has dependencies and cannot be deleted.; these resources still use it: network interface eni-1 (VPC Endpoint \
             Interface vpce-1), network interface eni-2"
        );
    }

    #[test]
    fn many_dependents_are_counted_rather_than_listed() {
        let what = (1..=7).map(|n| format!("subnet subnet-{n}")).collect();
        let text = Dependents { what, ..Dependents::default() }.to_string();
        assert!(text.ends_with("subnet subnet-5 and 2 more"), "{text}");
    }

    #[test]
    fn lambda_is_waited_for_longer_than_others() {
        let failure = Dependents::explain(Ok(Dependents { of_lambda: true, ..Dependents::default() }), refusal());
        assert_eq!(failure.kind, FailureKind::Retryable(LAMBDA_LEAVES_WITHIN));
    }

    #[test]
    fn dependents_that_a_person_has_to_remove_are_not_waited_for() {
        let mut dependents = Dependents { of_lambda: true, ..Dependents::default() };
        dependents.add_foreign("rules of security group sg-1 (theirs)".to_owned());
        let failure = Dependents::explain(Ok(dependents), refusal());
        assert_eq!(failure.kind, FailureKind::Retryable(PEOPLE_LEAVE_WITHIN));
        assert!(failure.message.contains("rules of security group sg-1 (theirs)"));
        assert!(failure.help.is_some());
    }

    #[test]
    fn a_refusal_survives_a_failure_to_explain_it() {
        let denied = Failure::new(FailureKind::Denied, "not allowed to list");
        let failure = Dependents::explain(Err(denied), refusal());
        assert_eq!(failure.code.as_deref(), Some("DependencyViolation"));
        assert!(failure.message.contains("not allowed to list"));
    }

    #[test]
    fn rules_are_taken_only_out_of_groups_of_the_same_stack() {
        let identity: Tags = [("Project", "p"), (ADDRESS_TAG, "network.endpoints")].into_iter().collect();
        let ours: Tags = [("Project", "p"), (ADDRESS_TAG, "network.lambda")].into_iter().collect();
        let unmarked: Tags = [("Project", "p")].into_iter().collect();
        let theirs: Tags = [("Project", "q"), (ADDRESS_TAG, "network.lambda")].into_iter().collect();
        assert!(same_stack(&identity, &ours));
        assert!(!same_stack(&identity, &unmarked));
        assert!(!same_stack(&identity, &theirs));
    }
}
