//! EC2 is eventually consistent: what was made a moment ago may not be known to the next call.
//! <https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>

use aws_client::ErrorPattern;
use std::time::Duration;

/// Something that a call refers to is not known yet. The spelling differs from operation to operation.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
pub(crate) const UNKNOWN_YET: &[ErrorPattern] = &[
    ("InvalidVpcID.NotFound", ""),
    ("InvalidVpcId.NotFound", ""),
    ("InvalidSubnetID.NotFound", ""),
    ("InvalidSubnetId.NotFound", ""),
    ("InvalidInternetGatewayID.NotFound", ""),
    ("InvalidGatewayID.NotFound", ""),
    ("InvalidAllocationID.NotFound", ""),
    ("InvalidElasticIpID.NotFound", ""),
    ("InvalidNatGatewayID.NotFound", ""),
    ("NatGatewayNotFound", ""),
    ("InvalidRouteTableID.NotFound", ""),
    ("InvalidRouteTableId.NotFound", ""),
    ("InvalidGroup.NotFound", ""),
    ("InvalidSecurityGroupID.NotFound", ""),
    ("InvalidSecurityGroupId.NotFound", ""),
    ("InvalidVpcEndpointId.NotFound", ""),
    ("InvalidFlowLogId.NotFound", ""),
];

/// The time within which EC2 certainly knows a new resource. AWS advises to wait for up to five minutes.
/// <https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>
pub(crate) const SPREADS_WITHIN: Duration = Duration::from_secs(300);
