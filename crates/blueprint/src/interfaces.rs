//! The permissions of roles on the network interfaces that services make in the platform's VPC.

use crate::{build_context::BuildContext, policy::Policy};
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
    pub(crate) fn new(context: &BuildContext) -> Self {
        let all = |kind: &str| context.arn("ec2", &format!("{kind}/*"));
        let interfaces = all("network-interface");
        if context.environment.network.vpc_id.is_none() {
            let within = ["subnet", "security-group"].map(all).into();
            return Self { interfaces, within, vpcs: ("StringEquals", context.arn("ec2", "vpc")) };
        }
        // The ARNs of a shared VPC and its subnets contain the account of their owner.
        // https://docs.aws.amazon.com/vpc/latest/userguide/vpc-share-limitations.html
        let shared = Place { account: "*".to_owned(), ..context.place.clone() };
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
/// A function outside of the VPC may have left it: for up to 40 minutes after, Lambda deletes its interfaces in the name
/// of the role, which changes before the function does. So each function's role keeps what that takes.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions>
/// <https://github.com/hashicorp/terraform-provider-aws/issues/20698> <https://github.com/aws/aws-cdk/issues/34400>
pub(crate) fn function_interfaces(policy: Policy, function: &str, in_vpc: bool) -> Policy {
    const GIVES_UP: [&str; 3] =
        ["ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface", "ec2:UnassignPrivateIpAddresses"];
    const USES: [&str; 6] = [
        "ec2:CreateNetworkInterface",
        GIVES_UP[0],
        "ec2:DescribeSubnets",
        GIVES_UP[1],
        "ec2:AssignPrivateIpAddresses",
        GIVES_UP[2],
    ];
    let actions = if in_vpc { USES.as_slice() } else { GIVES_UP.as_slice() };
    let policy = policy.allow(actions.iter().copied(), ["*"]).deny(actions.iter().copied(), ["*"]);
    policy.when("ArnEquals", "lambda:SourceFunctionArn", function)
}
