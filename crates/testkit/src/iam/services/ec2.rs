//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html>

use super::{given_tags::form_tags, numbered};
use crate::{
    iam::{
        demand::{Demand, arn, pass},
        tags::Tags,
    },
    wire::Asked,
};

/// Operations that make something: the type they make, and the members that name what it is made within.
const MAKES: &[(&str, &str, &[&str])] = &[
    ("CreateVpc", "vpc", &[]),
    ("CreateSubnet", "subnet", &["VpcId"]),
    ("CreateInternetGateway", "internet-gateway", &[]),
    ("AllocateAddress", "elastic-ip", &[]),
    ("CreateNatGateway", "natgateway", &["SubnetId", "AllocationId"]),
    ("CreateRouteTable", "route-table", &["VpcId"]),
    ("CreateSecurityGroup", "security-group", &["VpcId"]),
    ("CreateVpcEndpoint", "vpc-endpoint", &["VpcId", "RouteTableId", "SubnetId", "SecurityGroupId"]),
    ("CreateFlowLogs", "vpc-flow-log", &["ResourceId"]),
];

/// Operations on live resources, and the members that name all that must be allowed.
const CHANGES: &[(&str, &[&str])] = &[
    ("DescribeVpcAttribute", &["VpcId"]),
    ("ModifyVpcAttribute", &["VpcId"]),
    ("DeleteVpc", &["VpcId"]),
    ("ModifySubnetAttribute", &["SubnetId"]),
    ("DeleteSubnet", &["SubnetId"]),
    ("AttachInternetGateway", &["InternetGatewayId", "VpcId"]),
    ("DetachInternetGateway", &["InternetGatewayId", "VpcId"]),
    ("DeleteInternetGateway", &["InternetGatewayId"]),
    ("ReleaseAddress", &["AllocationId"]),
    ("DeleteNatGateway", &["NatGatewayId"]),
    ("CreateRoute", &["RouteTableId"]),
    ("ReplaceRoute", &["RouteTableId"]),
    ("DeleteRoute", &["RouteTableId"]),
    ("DeleteRouteTable", &["RouteTableId"]),
    ("AssociateRouteTable", &["RouteTableId", "SubnetId"]),
    ("ReplaceRouteTableAssociation", &["RouteTableId", "AssociationId"]),
    ("DisassociateRouteTable", &["AssociationId"]),
    ("AuthorizeSecurityGroupIngress", &["GroupId"]),
    ("AuthorizeSecurityGroupEgress", &["GroupId"]),
    ("RevokeSecurityGroupIngress", &["GroupId"]),
    ("RevokeSecurityGroupEgress", &["GroupId"]),
    ("UpdateSecurityGroupRuleDescriptionsIngress", &["GroupId"]),
    ("UpdateSecurityGroupRuleDescriptionsEgress", &["GroupId"]),
    ("DeleteSecurityGroup", &["GroupId"]),
    (
        "ModifyVpcEndpoint",
        &[
            "VpcEndpointId",
            "AddRouteTableId",
            "RemoveRouteTableId",
            "AddSubnetId",
            "RemoveSubnetId",
            "AddSecurityGroupId",
            "RemoveSecurityGroupId",
        ],
    ),
    ("DeleteVpcEndpoints", &["VpcEndpointId"]),
    ("DeleteFlowLogs", &["FlowLogId"]),
    ("DeleteNetworkInterface", &["NetworkInterfaceId"]),
    ("CreateTags", &["ResourceId"]),
    ("DeleteTags", &["ResourceId"]),
];

/// The types of resources by the prefix of their ids, as ARNs have them, and EC2's read of one.
const TYPES: &[(&str, &str, (&str, &str))] = &[
    ("vpc-", "vpc", ("DescribeVpcs", "VpcId")),
    ("subnet-", "subnet", ("DescribeSubnets", "SubnetId")),
    ("igw-", "internet-gateway", ("DescribeInternetGateways", "InternetGatewayId")),
    ("eipalloc-", "elastic-ip", ("DescribeAddresses", "AllocationId")),
    ("nat-", "natgateway", ("DescribeNatGateways", "NatGatewayId")),
    ("rtb-", "route-table", ("DescribeRouteTables", "RouteTableId")),
    ("sg-", "security-group", ("DescribeSecurityGroups", "GroupId")),
    ("vpce-", "vpc-endpoint", ("DescribeVpcEndpoints", "VpcEndpointId")),
    ("fl-", "vpc-flow-log", ("DescribeFlowLogs", "FlowLogId")),
    ("eni-", "network-interface", ("DescribeNetworkInterfaces", "NetworkInterfaceId")),
];

pub(super) async fn demands(asked: &Asked, tags: &Tags) -> Option<Vec<Demand>> {
    let operation = asked.operation.as_str();
    let action = format!("ec2:{operation}");
    if let Some((_, made, within)) = MAKES.iter().find(|(name, ..)| *name == operation) {
        let mut demands = makes(asked, &action, made);
        demands.extend(on_what_is_there(asked, &action, within, tags).await);
        demands.extend(in_the_callers_name(asked));
        return Some(demands);
    }
    if let Some((_, members)) = CHANGES.iter().find(|(name, _)| *name == operation) {
        let given = form_tags(asked, "Tag");
        let demands = on_what_is_there(asked, &action, members, tags).await;
        return Some(demands.into_iter().map(|demand| demand.tagged("RequestTag", &given)).collect());
    }
    operation.starts_with("Describe").then(|| vec![Demand::anywhere(action)])
}

/// The thing itself, and its tags from the start.
fn makes(asked: &Asked, action: &str, made: &str) -> Vec<Demand> {
    let new = arn("ec2", &asked.call.region, &format!("{made}/*"));
    let given = form_tags(asked, "TagSpecification.1.Tag");
    let tagging = Demand::new("ec2:CreateTags", &new).with("ec2:CreateAction", &asked.operation);
    let demands = [Demand::new(action, &new), tagging];
    demands
        .into_iter()
        .take(1 + usize::from(!given.is_empty()))
        .map(|demand| demand.tagged("RequestTag", &given))
        .collect()
}

async fn on_what_is_there(asked: &Asked, action: &str, members: &[&str], tags: &Tags) -> Vec<Demand> {
    let region = &asked.call.region;
    let mut ids = Vec::new();
    for member in members {
        for id in numbered(asked, member).chain(asked.given[*member].as_str()) {
            match *member {
                "AssociationId" => ids.extend(tags.association(region, id).await),
                _ => ids.push(id.to_owned()),
            }
        }
    }
    let mut demands = Vec::new();
    for id in ids {
        let known = TYPES.iter().find(|(start, ..)| id.starts_with(start));
        let (_, kind, listed) = known.unwrap_or_else(|| panic!("no table knows what {id} is"));
        // Of what is not there EC2 says so, and has no tags to ask a policy about.
        let Some(there) = tags.of_ec2(region, *listed, &id).await else { continue };
        demands.push(Demand::new(action, arn("ec2", region, &format!("{kind}/{id}"))).tagged("ResourceTag", &there));
    }
    demands
}

/// The further actions of EC2 that the caller's policies must allow.
fn in_the_callers_name(asked: &Asked) -> Vec<Demand> {
    let mut demands: Vec<Demand> = pass(asked.text("DeliverLogsPermissionArn"), "vpc-flow-logs").into_iter().collect();
    if asked.operation == "CreateVpcEndpoint" && asked.text("VpcEndpointType") == "Interface" {
        let reads = ["ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups"];
        demands.extend(reads.map(Demand::anywhere));
        if asked.text("PrivateDnsEnabled") == "true" {
            demands.push(Demand::new("route53:AssociateVPCWithHostedZone", "arn:aws:route53:::hostedzone/ZAWS"));
        }
    }
    demands
}
