//! What stands in the way of a platform before it is there, and what keeps it from working once it is. Reads only.
//!
//! Each check says what it saw even if nothing is wrong, and says so if it could not look.

mod access;
mod catalog;
mod finding;
mod memory;
mod network;
mod quotas;

pub use finding::{Finding, Verdict};
pub use memory::{conditions, remembered};
pub use quotas::{Machine, Use};

use aws_types::SdkConfig;
use serde_json::Value;
use state::State;
use vocabulary::{Permission, Place};

/// What is looked at.
pub struct Patient<'a> {
    /// How its cloud is reached.
    pub sdk: &'a SdkConfig,
    /// Account, region and partition.
    pub place: &'a Place,
    /// By kind (`ec2:vpc`), everything that is declared.
    pub declared: Vec<(&'a str, &'a Value)>,
    /// What is remembered of it.
    pub state: &'a State,
    /// The least policy with which it can be provisioned.
    pub policy: &'a Value,
    /// The existing roles that it uses.
    pub roles: Vec<RoleInUse<'a>>,
    /// The machines that its pipeline starts.
    pub machines: Vec<Machine>,
}

/// An existing role.
#[derive(Clone, Debug)]
pub struct RoleInUse<'a> {
    /// The key of `[identity.roles]` that names it.
    pub key: &'a str,
    /// Its ARN.
    pub arn: &'a str,
    /// The policy that it needs.
    pub policy: Value,
}

/// The permissions of a checkup beyond those of a plan. A checkup reports each denied read, and continues.
pub fn permissions(place: &Place) -> Vec<Permission> {
    let listed = Permission::look([
        "ec2:DescribeAddresses",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeNatGateways",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        "iam:GetAccountSummary",
        "lakeformation:GetDataLakeSettings",
        "servicequotas:GetServiceQuota",
        "servicequotas:ListServiceQuotas",
    ]);
    let of_vpcs = Permission::look(["ec2:DescribeVpcAttribute"]).on([place.arn("ec2", "vpc/*")]);
    // The caller: a user, or a role, of which only the name is known.
    // <https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html>
    let callers = [place.iam_arn("role/*"), place.iam_arn("user/*")];
    let simulation = Permission::look(["iam:SimulatePrincipalPolicy"]).on(callers);
    let role = Permission::look(["iam:GetRole"]).on([place.iam_arn("role/*")]);
    vec![listed.on_anything(), of_vpcs, simulation, role]
}

/// Runs every check that needs no plan: credentials, permissions, quotas, network, the data catalog.
pub async fn examine(patient: &Patient<'_>) -> Vec<Finding> {
    let (access, quotas, network, catalog) = futures::join!(
        access::examine(patient),
        quotas::examine(patient),
        network::examine(patient),
        catalog::examine(patient)
    );
    [access, quotas, network, catalog].concat()
}
