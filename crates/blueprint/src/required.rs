//! The permissions on existing resources that provisioning needs.

use crate::{build_context::BuildContext, encryption};
use vocabulary::{Permission, PermissionCondition};

/// For the keys, roles and the network that the file names.
pub(crate) fn permissions(context: &BuildContext) -> Vec<Permission> {
    let key = encryption::existing(context);
    let key = key.iter().flat_map(|key| key.permissions(&context.place));
    let roles = context.environment.identity.roles.arns().map(|arn| Permission::read(["iam:GetRole"]).on([arn]));
    let state = encryption::of_state(context).into_iter().flat_map(|key| {
        let via = || PermissionCondition::Is("kms:ViaService", key.via.clone());
        let decrypts = Permission::read(["kms:Decrypt"]).on([key.arn.as_str()]).when(via());
        let writes = Permission::change(["kms:GenerateDataKey"]).on([key.arn.as_str()]).when(via());
        let reads = Permission::read(["kms:DescribeKey", "kms:GetKeyPolicy"]).on([key.arn.as_str()]);
        [reads, decrypts, writes]
    });
    let network = crate::existing_network(&context.environment).map(|network| network.permissions(&context.place));
    key.chain(roles).chain(state).chain(network.into_iter().flatten()).collect()
}
