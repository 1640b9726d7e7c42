//! The permissions of roles on the network interfaces that services make in the platform's VPC.

use crate::{policy::Policy, site::Site};
use vocabulary::{Place, VpcId};

/// Network interfaces that services make in the platform's VPC, in the name of a role.
#[derive(Clone)]
pub(crate) struct Interfaces {
    interfaces: String,
    within: Vec<String>,
    /// The condition operator for VPCs, and the common prefix of their ARNs.
    vpcs: (&'static str, String),
}

impl Interfaces {
    pub(crate) fn of(site: &Site) -> Self {
        let all = |kind: &str| site.arn("ec2", &format!("{kind}/*"));
        let interfaces = all("network-interface");
        if site.environment.network.vpc_id.is_none() {
            let within = ["subnet", "security-group"].map(all).into();
            return Self { interfaces, within, vpcs: ("StringEquals", site.arn("ec2", "vpc")) };
        }
        // The ARNs of a shared VPC and its subnets contain the account of their owner.
        // https://docs.aws.amazon.com/vpc/latest/userguide/vpc-share-limitations.html
        let shared = Place { account: "*".to_owned(), ..site.place.clone() };
        let within = vec![shared.arn("ec2", "subnet/*"), shared.arn("ec2", "security-group/*")];
        Self { interfaces, within, vpcs: ("ArnLike", shared.arn("ec2", "vpc")) }
    }

    /// Limits the last statement to a VPC.
    fn in_vpc(&self, policy: Policy, vpc: &VpcId) -> Policy {
        let (operator, vpcs) = &self.vpcs;
        policy.when(operator, "ec2:Vpc", format!("{vpcs}/{vpc}"))
    }

    /// Making them in this VPC, with its subnets and security groups. An interface that is to be made is in no VPC yet:
    /// EC2 gives `ec2:Vpc` for its subnet and groups, and not for itself. Describing has no resource level.
    /// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html>
    pub(crate) fn make(&self, policy: Policy, vpc: &VpcId) -> Policy {
        let policy = policy
            .allow(["ec2:CreateNetworkInterface"], [self.interfaces.clone()])
            .allow(["ec2:CreateNetworkInterface"], self.within.clone());
        let policy = self.in_vpc(policy, vpc).allow(["ec2:DeleteNetworkInterface"], [self.interfaces.clone()]);
        self.in_vpc(policy, vpc).allow(
            [
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSubnets",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeVpcs",
                "ec2:DescribeDhcpOptions",
            ],
            ["*"],
        )
    }

    /// Lending them to the service's own account, where its machines are.
    pub(crate) fn lend(&self, policy: Policy, vpc: &VpcId) -> Policy {
        let lends = policy.allow(
            ["ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterfacePermission"],
            [self.interfaces.clone()],
        );
        self.in_vpc(lends, vpc)
    }
}

/// The network interfaces of a function. Before Lambda creates one, it simulates the role without a resource and
/// without condition keys. It refuses a role that allows less than AWS's own AWSLambdaVPCAccessExecutionRole. The
/// function's code has the same role and does not need these actions, so a second statement denies them to the code.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions>
/// <https://github.com/hashicorp/terraform-provider-aws/issues/20698>
pub(crate) fn function_interfaces(policy: Policy, function: &str) -> Policy {
    const ACTIONS: [&str; 6] = [
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
    ];
    policy.allow(ACTIONS, ["*"]).deny(ACTIONS, ["*"]).when("ArnEquals", "lambda:SourceFunctionArn", function)
}
