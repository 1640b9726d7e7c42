//! The VPC and the subnets that everything else is in.

use crate::build_context::BuildContext;
use aws_ec2::{NatGateway, RouteTable, Subnet, Vpc};
use resource::{Handle, Reference, Tags};

/// Every IPv4 address.
pub(crate) const ANYWHERE: &str = "0.0.0.0/0";

/// A VPC and its private subnets.
pub(crate) struct Location {
    pub(crate) vpc: Reference<Vpc>,
    pub(crate) private: Vec<Reference<Subnet>>,
    /// The route tables of the private subnets, if the stack owns them.
    pub(crate) tables: Vec<Handle<RouteTable>>,
    pub(crate) nat: Vec<Handle<NatGateway>>,
}

/// The tag that the console shows as the name. A `Name` in the file's `[tags]` takes precedence.
pub(crate) fn name_tag(context: &BuildContext, name: &str) -> Tags {
    [("Name", context.named(name).as_str())].into_iter().collect()
}
