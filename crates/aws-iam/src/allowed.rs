//! What IAM must allow whoever makes roles and managed policies.
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html>

use crate::{Role, attached};
use vocabulary::{Condition, Permission, Place};

/// What a look at one role reads.
const READ: [&str; 4] = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListRolePolicies", "iam:ListAttachedRolePolicies"];
/// What gives a role rights. Where roles are bounded, it is allowed only within the bound: otherwise whoever makes
/// roles and hands them to a service could do anything through it.
const GIVES_RIGHTS: [&str; 2] = ["iam:CreateRole", "iam:PutRolePolicy"];
/// What changes a role and takes away all that keeps it.
const WRITTEN: [&str; 8] = [
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:ListInstanceProfilesForRole",
    "iam:DeleteRole",
];

pub(crate) fn role(role: &Role, arn: &str, place: &Place) -> Vec<Permission> {
    let bounded = |permission: Permission| match &role.permissions_boundary {
        Some(boundary) => permission.when(Condition::Is("iam:PermissionsBoundary", vec![boundary.clone()])),
        None => permission,
    };
    let mut permissions = vec![
        // Neither knows resources.
        Permission::look(["iam:GetAccountAuthorizationDetails", "iam:ListRoles"]).on_anything(),
        Permission::look(READ).on([arn]),
        bounded(Permission::change(GIVES_RIGHTS).on([arn])),
        Permission::change(WRITTEN).on([arn]),
        // The profile is whoever's put the role into it.
        Permission::change(["iam:RemoveRoleFromInstanceProfile"]).on([place.iam_arn("instance-profile/*")]),
    ];
    permissions.extend(attached::permission(role.managed_policies.len()));
    // Nobody is granted to take a boundary off: whoever wants that has rights of their own.
    if role.permissions_boundary.is_some() {
        permissions.push(bounded(Permission::change(["iam:PutRolePermissionsBoundary"]).on([arn])));
    }
    if !role.managed_policies.is_empty() {
        let these = Condition::Is("iam:PolicyARN", role.managed_policies.clone());
        permissions.push(bounded(Permission::change(["iam:AttachRolePolicy"]).on([arn])).when(these));
    }
    permissions
}

/// What a look at a managed policy reads.
const POLICY_READ: [&str; 2] = ["iam:GetPolicy", "iam:GetPolicyVersion"];
/// What changes a managed policy, deletes it, and tells who keeps it from that.
const POLICY_WRITTEN: [&str; 8] = [
    "iam:CreatePolicy",
    "iam:TagPolicy",
    "iam:UntagPolicy",
    "iam:ListPolicyVersions",
    "iam:CreatePolicyVersion",
    "iam:DeletePolicyVersion",
    "iam:DeletePolicy",
    "iam:ListEntitiesForPolicy",
];

/// A document gives nobody rights until a role has it, which is allowed by the role's own permissions.
pub(crate) fn policy(arn: &str) -> Vec<Permission> {
    vec![Permission::look(POLICY_READ).on([arn]), Permission::change(POLICY_WRITTEN).on([arn])]
}
