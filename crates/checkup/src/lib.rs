//! Checks for obstacles to creating a platform, and for faults of an existing one. Reads only.
//!
//! Each check reports its observation even if nothing is wrong, and says so if it could not read.

mod access;
mod catalog;
mod finding;
mod input;
mod machine;
mod network;
mod quotas;
mod recorded_state;

pub use finding::{Finding, Verdict};
pub use input::{DoctorInput, RoleInUse};
pub use machine::{Machine, Use};
pub use recorded_state::{check_state, conditions};

use vocabulary::{Permission, Place};

/// The permissions of a checkup beyond those of a plan. A checkup reports each denied read, and continues.
pub fn permissions(place: &Place) -> Vec<Permission> {
    let listed = Permission::read([
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
    let of_vpcs = Permission::read(["ec2:DescribeVpcAttribute"]).on([place.arn("ec2", "vpc/*")]);
    // The caller: a user, or a role, of which only the name is known.
    // <https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html>
    let callers = [place.iam_arn("role/*"), place.iam_arn("user/*")];
    let simulation = Permission::read(["iam:SimulatePrincipalPolicy"]).on(callers);
    let role = Permission::read(["iam:GetRole"]).on([place.iam_arn("role/*")]);
    vec![listed.on_anything(), of_vpcs, simulation, role]
}

/// Runs every check that needs no plan: credentials, permissions, quotas, network, the data catalog.
pub async fn run_checks(input: &DoctorInput<'_>) -> Vec<Finding> {
    let (access, quotas, network, catalog) = futures::join!(
        access::run_checks(input),
        quotas::run_checks(input),
        network::run_checks(input),
        catalog::run_checks(input)
    );
    [access, quotas, network, catalog].concat()
}
