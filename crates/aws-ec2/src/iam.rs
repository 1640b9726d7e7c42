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
    Permission::look([action]).on_anything()
}

/// Listings that only a deletion makes.
pub(crate) fn search(actions: &[&str]) -> Permission {
    Permission::change(actions.iter().copied()).on_anything()
}

/// A look at what bears our tags.
pub(crate) fn look(actions: &[&str], types: &[&str], place: &Place) -> Permission {
    Permission::look(actions.iter().copied()).on(all(types, place)).when(PermissionCondition::BearsTags)
}

/// Making one of a type, with its tags from the start, `within` others that are ours.
pub(crate) fn create(operation: &str, kind: &str, within: &[&str], place: &Place) -> Vec<Permission> {
    let action = format!("ec2:{operation}");
    let made = || all(&[kind], place);
    let mut permissions = vec![
        Permission::change([action.as_str()]).on(made()).when(PermissionCondition::GivesTags),
        Permission::change(["ec2:CreateTags"])
            .on(made())
            .when(PermissionCondition::GivesTags)
            .when(PermissionCondition::Is("ec2:CreateAction", vec![operation.to_owned()])),
        Permission::change(["ec2:CreateTags", "ec2:DeleteTags"]).on(made()).when(PermissionCondition::BearsTags),
    ];
    if !within.is_empty() {
        permissions.push(change(&[action.as_str()], within, place));
    }
    permissions
}

/// Changing or deleting what bears our tags. Each type that an operation names must be allowed.
pub(crate) fn change(actions: &[&str], types: &[&str], place: &Place) -> Permission {
    Permission::change(actions.iter().copied()).on(all(types, place)).when(PermissionCondition::BearsTags)
}

/// Changing what AWS has made for us without any tags of ours.
pub(crate) fn change_untagged(actions: &[&str], types: &[&str], place: &Place) -> Permission {
    Permission::change(actions.iter().copied()).on(all(types, place)).when(PermissionCondition::BearsNone)
}

/// Looking for what keeps something, and deleting the interfaces that Lambda has let go of. Those are Lambda's and
/// bear nobody's tags, so that nothing narrower than all of the region can be said.
pub(crate) fn sweep(place: &Place) -> Vec<Permission> {
    vec![
        search(&["ec2:DescribeNetworkInterfaces"]),
        Permission::change(["ec2:DeleteNetworkInterface"]).on(all(&["network-interface"], place)),
    ]
}
