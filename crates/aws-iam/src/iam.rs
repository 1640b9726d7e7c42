//! The IAM statements for creating, changing and deleting roles and managed policies.
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html>

use crate::{Role, attached};
use vocabulary::{Permission, PermissionCondition, Place};

/// The actions that read one role.
const READ: [&str; 4] = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListRolePolicies", "iam:ListAttachedRolePolicies"];
/// The actions that give a role rights. If roles are bounded, they are granted only within the boundary. Otherwise a
/// caller that creates roles and passes them to a service could do anything through them.
const GIVES_RIGHTS: [&str; 2] = ["iam:CreateRole", "iam:PutRolePolicy"];
/// The actions that change a role and detach everything that blocks its deletion.
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
        Some(boundary) => permission.when(PermissionCondition::Is("iam:PermissionsBoundary", vec![boundary.clone()])),
        None => permission,
    };
    let mut permissions = vec![
        // Neither knows resources.
        Permission::read(["iam:GetAccountAuthorizationDetails", "iam:ListRoles"]).on_anything(),
        Permission::read(READ).on([arn]),
        bounded(Permission::change(GIVES_RIGHTS).on([arn])),
        Permission::change(WRITTEN).on([arn]),
        // An instance profile with the role may have any owner, and thus any name.
        Permission::change(["iam:RemoveRoleFromInstanceProfile"]).on([place.iam_arn("instance-profile/*")]),
    ];
    permissions.extend(attached::permission(role.managed_policies.len()));
    // No statement grants the removal of a boundary: an administrator who wants that has rights of their own.
    if role.permissions_boundary.is_some() {
        permissions.push(bounded(Permission::change(["iam:PutRolePermissionsBoundary"]).on([arn])));
    }
    if !role.managed_policies.is_empty() {
        let these = PermissionCondition::Is("iam:PolicyARN", role.managed_policies.clone());
        permissions.push(bounded(Permission::change(["iam:AttachRolePolicy"]).on([arn])).when(these));
    }
    permissions
}

/// The actions that read a managed policy.
const POLICY_READ: [&str; 2] = ["iam:GetPolicy", "iam:GetPolicyVersion"];
/// The actions that change and delete a managed policy, and that list the entities which block its deletion.
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
    vec![Permission::read(POLICY_READ).on([arn]), Permission::change(POLICY_WRITTEN).on([arn])]
}
