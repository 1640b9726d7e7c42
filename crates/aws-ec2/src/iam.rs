//! The IAM statements for EC2, in the forms that recur. AWS chooses the ids, so tags bind each statement: those in the
//! request for a creation, those of the resource for everything else.
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html>

use vocabulary::{Permission, PermissionCondition, Place};

/// Everything of some types, as EC2 spells them in ARNs: `vpc`, `natgateway`, ….
fn all(types: &[&str], place: &Place) -> Vec<String> {
    types.iter().map(|kind| place.arn("ec2", &format!("{kind}/*"))).collect()
}

/// A listing, which knows no resources.
pub(crate) fn list(action: &str) -> Permission {
    Permission::read([action]).on_anything()
}

/// Listings that only deletions need.
pub(crate) fn search(actions: &[&str]) -> Permission {
    Permission::change(actions.iter().copied()).on_anything()
}

/// A read of resources that have the stack's tags.
pub(crate) fn read(actions: &[&str], types: &[&str], place: &Place) -> Permission {
    Permission::read(actions.iter().copied()).on(all(types, place)).when(PermissionCondition::HasTags)
}

/// Creations of a resource of a type, with its tags from the start, `within` resources of the stack.
pub(crate) fn create(operation: &str, kind: &str, within: &[&str], place: &Place) -> Vec<Permission> {
    let action = format!("ec2:{operation}");
    let made = || all(&[kind], place);
    let mut permissions = vec![
        Permission::change([action.as_str()]).on(made()).when(PermissionCondition::GivesTags),
        Permission::change(["ec2:CreateTags"])
            .on(made())
            .when(PermissionCondition::GivesTags)
            .when(PermissionCondition::Is("ec2:CreateAction", vec![operation.to_owned()])),
        Permission::change(["ec2:CreateTags", "ec2:DeleteTags"]).on(made()).when(PermissionCondition::HasTags),
    ];
    if !within.is_empty() {
        permissions.push(change(&[action.as_str()], within, place));
    }
    permissions
}

/// Changes and deletions of resources that have the stack's tags. Each type that an operation names must be allowed.
pub(crate) fn change(actions: &[&str], types: &[&str], place: &Place) -> Permission {
    Permission::change(actions.iter().copied()).on(all(types, place)).when(PermissionCondition::HasTags)
}

/// Changes of resources that AWS made for the stack, without its tags.
pub(crate) fn change_untagged(actions: &[&str], types: &[&str], place: &Place) -> Permission {
    Permission::change(actions.iter().copied()).on(all(types, place)).when(PermissionCondition::HasNoStackTags)
}

/// The search for resources that block a deletion, and the deletion of interfaces that Lambda no longer uses. Lambda made
/// these interfaces without tags, so that no statement can be narrower than the region.
pub(crate) fn sweep(place: &Place) -> Vec<Permission> {
    vec![
        search(&["ec2:DescribeNetworkInterfaces"]),
        Permission::change(["ec2:DeleteNetworkInterface"]).on(all(&["network-interface"], place)),
    ]
}
