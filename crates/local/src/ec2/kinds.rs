//! The kinds of network resource and what is the same of all of them.

/// The names by which EC2 tags, selects and filters a kind.
pub(super) struct Kind {
    /// EC2's resource type, as in tag specifications.
    pub(super) name: &'static str,
    /// The prefix of its ids.
    pub(super) prefix: &'static str,
    /// The member that holds the id.
    pub(super) id: &'static str,
    pub(super) describe: &'static str,
    /// The member of describe requests that selects by id.
    pub(super) select: &'static str,
    /// The member of describe answers that holds the list.
    pub(super) set: &'static str,
    /// The error code for an id that names nothing.
    pub(super) missing: &'static str,
    /// Filter names and the members they look at.
    pub(super) filters: &'static [(&'static str, &'static str)],
}

pub(super) const VPC: Kind = Kind {
    name: "vpc",
    prefix: "vpc",
    id: "vpcId",
    describe: "DescribeVpcs",
    select: "VpcId",
    set: "vpcSet",
    missing: "InvalidVpcID.NotFound",
    filters: &[("vpc-id", "vpcId"), ("cidr", "cidrBlock"), ("state", "state"), ("is-default", "isDefault")],
};

pub(super) const SUBNET: Kind = Kind {
    name: "subnet",
    prefix: "subnet",
    id: "subnetId",
    describe: "DescribeSubnets",
    select: "SubnetId",
    set: "subnetSet",
    missing: "InvalidSubnetID.NotFound",
    filters: &[
        ("subnet-id", "subnetId"),
        ("vpc-id", "vpcId"),
        ("cidr-block", "cidrBlock"),
        ("state", "state"),
        ("availability-zone", "availabilityZone"),
    ],
};

pub(super) const INTERNET_GATEWAY: Kind = Kind {
    name: "internet-gateway",
    prefix: "igw",
    id: "internetGatewayId",
    describe: "DescribeInternetGateways",
    select: "InternetGatewayId",
    set: "internetGatewaySet",
    missing: "InvalidInternetGatewayID.NotFound",
    filters: &[
        ("internet-gateway-id", "internetGatewayId"),
        ("attachment.vpc-id", "attachmentSet/vpcId"),
        ("attachment.state", "attachmentSet/state"),
    ],
};

pub(super) const ADDRESS: Kind = Kind {
    name: "elastic-ip",
    prefix: "eipalloc",
    id: "allocationId",
    describe: "DescribeAddresses",
    select: "AllocationId",
    set: "addressesSet",
    missing: "InvalidAllocationID.NotFound",
    filters: &[
        ("allocation-id", "allocationId"),
        ("public-ip", "publicIp"),
        ("association-id", "associationId"),
        ("network-interface-id", "networkInterfaceId"),
    ],
};

pub(super) const NAT_GATEWAY: Kind = Kind {
    name: "natgateway",
    prefix: "nat",
    id: "natGatewayId",
    describe: "DescribeNatGateways",
    select: "NatGatewayId",
    set: "natGatewaySet",
    missing: "NatGatewayNotFound",
    filters: &[("nat-gateway-id", "natGatewayId"), ("vpc-id", "vpcId"), ("subnet-id", "subnetId"), ("state", "state")],
};

pub(super) const ROUTE_TABLE: Kind = Kind {
    name: "route-table",
    prefix: "rtb",
    id: "routeTableId",
    describe: "DescribeRouteTables",
    select: "RouteTableId",
    set: "routeTableSet",
    missing: "InvalidRouteTableID.NotFound",
    filters: &[
        ("route-table-id", "routeTableId"),
        ("vpc-id", "vpcId"),
        ("association.route-table-association-id", "associationSet/routeTableAssociationId"),
        ("association.subnet-id", "associationSet/subnetId"),
        ("association.main", "associationSet/main"),
        ("route.nat-gateway-id", "routeSet/natGatewayId"),
        ("route.gateway-id", "routeSet/gatewayId"),
    ],
};

pub(super) const SECURITY_GROUP: Kind = Kind {
    name: "security-group",
    prefix: "sg",
    id: "groupId",
    describe: "DescribeSecurityGroups",
    select: "GroupId",
    set: "securityGroupInfo",
    missing: "InvalidGroup.NotFound",
    filters: &[
        ("group-id", "groupId"),
        ("group-name", "groupName"),
        ("vpc-id", "vpcId"),
        ("description", "groupDescription"),
        ("ip-permission.group-id", "ipPermissions/groups/groupId"),
        ("egress.ip-permission.group-id", "ipPermissionsEgress/groups/groupId"),
    ],
};

pub(super) const VPC_ENDPOINT: Kind = Kind {
    name: "vpc-endpoint",
    prefix: "vpce",
    id: "vpcEndpointId",
    describe: "DescribeVpcEndpoints",
    select: "VpcEndpointId",
    set: "vpcEndpointSet",
    missing: "InvalidVpcEndpointId.NotFound",
    filters: &[
        ("vpc-endpoint-id", "vpcEndpointId"),
        ("vpc-id", "vpcId"),
        ("service-name", "serviceName"),
        ("vpc-endpoint-type", "vpcEndpointType"),
        ("vpc-endpoint-state", "state"),
    ],
};

pub(super) const FLOW_LOG: Kind = Kind {
    name: "vpc-flow-log",
    prefix: "fl",
    id: "flowLogId",
    describe: "DescribeFlowLogs",
    select: "FlowLogId",
    set: "flowLogSet",
    missing: "InvalidFlowLogId.NotFound",
    filters: &[
        ("flow-log-id", "flowLogId"),
        ("resource-id", "resourceId"),
        ("traffic-type", "trafficType"),
        ("log-group-name", "logGroupName"),
        ("log-destination-type", "logDestinationType"),
    ],
};

pub(super) const NETWORK_INTERFACE: Kind = Kind {
    name: "network-interface",
    prefix: "eni",
    id: "networkInterfaceId",
    describe: "DescribeNetworkInterfaces",
    select: "NetworkInterfaceId",
    set: "networkInterfaceSet",
    missing: "InvalidNetworkInterfaceID.NotFound",
    filters: &[
        ("network-interface-id", "networkInterfaceId"),
        ("vpc-id", "vpcId"),
        ("subnet-id", "subnetId"),
        ("group-id", "groupSet/groupId"),
        ("status", "status"),
        ("description", "description"),
        ("interface-type", "interfaceType"),
        ("requester-managed", "requesterManaged"),
    ],
};

pub(super) const KINDS: [Kind; 10] = [
    VPC,
    SUBNET,
    INTERNET_GATEWAY,
    ADDRESS,
    NAT_GATEWAY,
    ROUTE_TABLE,
    SECURITY_GROUP,
    VPC_ENDPOINT,
    FLOW_LOG,
    NETWORK_INTERFACE,
];
