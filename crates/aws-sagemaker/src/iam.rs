//! The IAM statements for SageMaker, in the forms that recur. Names bind those for resources that have the stack's
//! name. Tags bind those for domains and their content, because AWS chooses a domain's id.
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html>

use vocabulary::{Permission, PermissionCondition, Place, RoleArn};

/// The statements for reading and changing a resource whose name is the stack's, tags included.
pub(crate) fn named(kind: &str, name: &str, reads: &[&str], changes: &[&str], place: &Place) -> Vec<Permission> {
    let arn = [place.arn("sagemaker", &format!("{kind}/{name}"))];
    let changes = changes.iter().chain(&["sagemaker:AddTags", "sagemaker:DeleteTags"]).copied();
    vec![
        Permission::read(reads.iter().chain(&["sagemaker:ListTags"]).copied()).on(arn.clone()),
        Permission::change(changes).on(arn),
    ]
}

/// The statements for reading, creating and changing resources that their tags identify.
pub(crate) fn tagged(kind: &str, read: &str, create: &str, changes: &[&str], place: &Place) -> Vec<Permission> {
    let all = [all(kind, place)];
    let changes = changes.iter().chain(&["sagemaker:AddTags", "sagemaker:DeleteTags"]).copied();
    vec![
        Permission::read([read, "sagemaker:ListTags"]).on(all.clone()),
        Permission::change([create, "sagemaker:AddTags"]).on(all.clone()).when(PermissionCondition::GivesTags),
        Permission::change(changes).on(all).when(PermissionCondition::HasTags),
    ]
}

/// Everything of a kind.
pub(crate) fn all(kind: &str, place: &Place) -> String {
    place.arn("sagemaker", &format!("{kind}/*"))
}

/// Closing apps and deleting spaces. People open them for themselves, without the stack's tags; AWS deletes no
/// profile and no domain before.
pub(crate) fn move_out(place: &Place) -> Vec<Permission> {
    vec![
        // Neither knows resources.
        Permission::change(["sagemaker:ListApps", "sagemaker:ListSpaces"]).on_anything(),
        Permission::change(["sagemaker:DeleteApp"]).on([all("app", place)]),
        Permission::change(["sagemaker:DeleteSpace"]).on([all("space", place)]),
    ]
}

/// Handing a role to SageMaker.
pub(crate) fn pass_role(role: &RoleArn, place: &Place) -> Permission {
    Permission::pass_role(role, "sagemaker", place)
}
