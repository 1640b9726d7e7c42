//! The network interfaces of functions in a VPC. Lambda makes one for each subnet and set of security groups, shares it
//! among the functions there, and removes it up to 40 minutes after the last of them has left. It acts in the name of
//! that function's role, and cannot remove the interface without the role.
//! <https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html>
//! <https://github.com/awslabs/aws-support-tools/pull/174>
//! <https://github.com/terraform-aws-modules/terraform-aws-lambda/issues/310>

use crate::{Function, VpcConfig, configuration::joined};
use aws_client::{Attempt, ErrorPattern, FailureKind, Pages, Result};
use aws_sdk_ec2::{
    Client as Ec2,
    types::{Filter, NetworkInterface, NetworkInterfaceStatus},
};
use aws_sdk_iam::Client as Iam;
use aws_sdk_lambda::Client;
use resource::Context;
use std::{collections::BTreeSet, time::Duration};
use vocabulary::{Permission, Place};

/// The time that Lambda may keep the interfaces of a function that has left its VPC.
/// <https://github.com/hashicorp/terraform-provider-aws/issues/10329>
pub(crate) const LETS_GO_WITHIN: Duration = Duration::from_secs(45 * 60);

/// The description of every interface of Lambda begins so; the name of the first function and a UUID follow.
const DESCRIPTION: &str = "AWS Lambda VPC ENI-";
/// A hyphen and a UUID.
const SUFFIX: usize = 37;
/// The role is not there.
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html>
const NO_ROLE: &[ErrorPattern] = &[("NoSuchEntity", "")];

/// Deletes the interfaces of a function outside of its VPC, or of a deleted one, that Lambda has let go of. Returns an
/// interface that Lambda still holds, in words. Interfaces that other functions share stay.
pub(crate) async fn remove(function: &Function, cx: &Context) -> Result<Option<String>> {
    let ec2 = cx.client(Ec2::new);
    let all = Filter::builder().name("description").values(format!("{DESCRIPTION}*")).build();
    let pages = ec2.describe_network_interfaces().filters(all).into_paginator().send();
    let pages = Pages::new("DescribeNetworkInterfaces", pages, |page| page.next_token().into());
    let mut own = pages.items(|page| page.network_interfaces).all().await?;
    own.retain(|interface| {
        let is_of_place = || function.vpc.as_ref().is_some_and(|vpc| is_of(interface, vpc));
        is_of_lambda_in(interface, &cx.place().account) && (is_named_after(interface, &function.name) || is_of_place())
    });
    if own.is_empty() {
        return Ok(None);
    }
    let others = other_functions(&function.name, cx).await?;
    own.retain(|interface| !others.iter().any(|vpc| is_of(interface, vpc)));
    let (free, held): (Vec<_>, Vec<_>) =
        own.into_iter().partition(|interface| interface.status() == Some(&NetworkInterfaceStatus::Available));
    for interface in free {
        let call = ec2.delete_network_interface().set_network_interface_id(interface.network_interface_id);
        // In use again: a new function of the same subnet and groups was quicker.
        // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
        call.send().await.during("DeleteNetworkInterface").none_on(&[
            ("InvalidNetworkInterfaceID.NotFound", ""),
            ("InvalidNetworkInterface.InUse", ""),
            ("InvalidParameterValue", "in use"),
        ])?;
    }
    Ok(held.first().map(|interface| {
        let (id, description) = (interface.network_interface_id(), interface.description());
        format!("network interface {} ({})", id.unwrap_or_default(), description.unwrap_or_default())
    }))
}

/// True if Lambda can act in the name of the function's role, or the caller may not read whether it can.
pub(crate) async fn has_role(function: &Function, cx: &Context) -> Result<bool> {
    let name = function.role.as_str().rsplit('/').next().unwrap_or_default();
    let found = cx.client(Iam::new).get_role().role_name(name).send().await.during("GetRole").none_on(NO_ROLE);
    match found {
        Err(failure) if failure.kind == FailureKind::Denied => Ok(true),
        found => Ok(found?.is_some()),
    }
}

/// The actions that [`remove`] and [`has_role`] need. The interfaces are Lambda's and have no tags.
pub(crate) fn permissions(function: &Function, place: &Place) -> [Permission; 3] {
    [
        Permission::change(["iam:GetRole"]).on([function.role.as_str()]),
        Permission::change(["ec2:DescribeNetworkInterfaces", "lambda:ListFunctions"]).on_anything(),
        Permission::change(["ec2:DeleteNetworkInterface"]).on([place.arn("ec2", "network-interface/*")]),
    ]
}

/// The places of all other functions that are in a VPC.
async fn other_functions(name: &str, cx: &Context) -> Result<Vec<VpcConfig>> {
    let pages = cx.client(Client::new).list_functions().into_paginator().send();
    let pages = Pages::new("ListFunctions", pages, |page| page.next_marker().into());
    let functions = pages.items(|page| page.functions).all().await?;
    let others = functions.iter().filter(|other| other.function_name() != Some(name));
    Ok(others.filter_map(|other| joined(other.vpc_config())).collect())
}

/// True if Lambda made the interface in this account. The owner of a shared VPC sees those of other accounts as well.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing.html>
fn is_of_lambda_in(interface: &NetworkInterface, account: &str) -> bool {
    interface.owner_id().is_none_or(|owner| owner == account)
        && interface.description().is_some_and(|text| text.starts_with(DESCRIPTION))
}

/// True if Lambda made the interface for the function with this name.
fn is_named_after(interface: &NetworkInterface, function: &str) -> bool {
    let rest = interface.description().and_then(|text| text.strip_prefix(DESCRIPTION)?.strip_prefix(function));
    rest.is_some_and(|rest| rest.starts_with('-') && rest.len() == SUFFIX)
}

/// True if functions with these subnets and groups use the interface.
fn is_of(interface: &NetworkInterface, vpc: &VpcConfig) -> bool {
    let groups: BTreeSet<&str> = interface.groups().iter().filter_map(|group| group.group_id()).collect();
    let is_there = vpc.subnets.iter().any(|subnet| interface.subnet_id() == Some(subnet.as_str()));
    is_there && groups == vpc.security_groups.iter().map(|group| group.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ec2::types::GroupIdentifier;
    use vocabulary::{SecurityGroupId, SubnetId};

    #[test]
    fn interface_is_named_after_the_function_whose_name_stands_before_the_uuid() {
        let described = |text: &str| NetworkInterface::builder().description(text).build();
        let interface = described("AWS Lambda VPC ENI-train-eval-0f2c6a3e-3f7b-4c55-9d2b-1d2f3a4b5c6d");
        assert!(is_named_after(&interface, "train-eval"));
        assert!(!is_named_after(&interface, "train"));
        assert!(!is_named_after(&described("EFS mount target for fs-1 (fsmt-1)"), "train-eval"));
    }

    #[test]
    fn interface_of_another_account_or_service_is_not_counted() {
        let interface = |owner: &str, text: &str| {
            let described = NetworkInterface::builder().owner_id(owner).description(text).build();
            is_of_lambda_in(&described, "123456789012")
        };
        let name = "AWS Lambda VPC ENI-train-0f2c6a3e-3f7b-4c55-9d2b-1d2f3a4b5c6d";
        assert!(interface("123456789012", name));
        assert!(!interface("210987654321", name));
        assert!(!interface("123456789012", "EFS mount target for fs-1 (fsmt-1)"));
    }

    #[test]
    fn interface_is_of_functions_in_its_subnet_and_in_exactly_its_groups() {
        let group = |id: &str| GroupIdentifier::builder().group_id(id).build();
        let interface = NetworkInterface::builder().subnet_id("subnet-1").groups(group("sg-2")).groups(group("sg-1"));
        let interface = interface.build();
        let place = |subnets: &[&str], groups: &[&str]| VpcConfig {
            subnets: subnets.iter().map(|id| SubnetId::new(*id)).collect(),
            security_groups: groups.iter().map(|id| SecurityGroupId::new(*id)).collect(),
        };
        assert!(is_of(&interface, &place(&["subnet-0", "subnet-1"], &["sg-1", "sg-2"])));
        assert!(!is_of(&interface, &place(&["subnet-2"], &["sg-1", "sg-2"])));
        assert!(!is_of(&interface, &place(&["subnet-1"], &["sg-1"])));
    }
}
