//! The IAM statements for Lambda.
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html>

use crate::{Function, asynchronous, interfaces};
use vocabulary::{Need, Permission, PermissionCondition, Place};

pub(crate) fn function(function: &Function, arn: &str, place: &Place) -> Vec<Permission> {
    let concurrency = match function.reserved_concurrency {
        Some(_) => "lambda:PutFunctionConcurrency",
        None => "lambda:DeleteFunctionConcurrency",
    };
    let mut permissions = vec![
        // GetFunction leaves the tags out for those who may not list them.
        Permission::read(["lambda:GetFunction", "lambda:ListTags"]).on([arn]),
        Permission::change([
            "lambda:CreateFunction",
            "lambda:TagResource",
            "lambda:UntagResource",
            "lambda:GetFunctionConfiguration",
            "lambda:UpdateFunctionConfiguration",
            "lambda:UpdateFunctionCode",
            concurrency,
            "lambda:DeleteFunction",
        ])
        .on([arn]),
        Permission::pass_role(&function.role, "lambda", place),
    ];
    // The function may have left its VPC before.
    permissions.extend(interfaces::permissions(function, place));
    if function.asynchronous.is_some() {
        permissions.extend(asynchronous::permissions(arn));
    }
    if function.vpc.is_some() {
        permissions.extend(network(place));
    }
    if let Some(key) = &function.key {
        // Only those who may decrypt are shown the environment variables.
        permissions.push(Permission::use_key(Need::Read, ["kms:Decrypt"], &["lambda"], key, place));
        let seals = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt"];
        permissions.push(Permission::use_key(Need::Change, seals, &["lambda"], key, place));
    }
    permissions
}

/// Lambda reads the network in the caller's name before a function joins it.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html>
fn network(place: &Place) -> [Permission; 2] {
    let reads = ["ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups"];
    let groups = Permission::change(["ec2:GetSecurityGroupsForVpc"]).on([place.arn("ec2", "vpc/*")]);
    [Permission::change(reads).on_anything(), groups.when(PermissionCondition::HasTags)]
}
