//! The permissions on existing resources that provisioning needs.

use crate::{encryption, site::Site};
use vocabulary::{Condition, Permission};

/// For the keys, roles and the network that the file names.
pub(crate) fn permissions(site: &Site) -> Vec<Permission> {
    let key = encryption::existing(site);
    let key = key.iter().flat_map(|key| key.permissions(&site.place));
    let roles = site.environment.identity.roles.arns().map(|arn| Permission::look(["iam:GetRole"]).on([arn]));
    let state = encryption::of_state(site).into_iter().flat_map(|key| {
        let via = || Condition::Is("kms:ViaService", key.via.clone());
        let reads = Permission::look(["kms:Decrypt"]).on([key.arn.as_str()]).when(via());
        let writes = Permission::change(["kms:GenerateDataKey"]).on([key.arn.as_str()]).when(via());
        let looks = Permission::look(["kms:DescribeKey", "kms:GetKeyPolicy"]).on([key.arn.as_str()]);
        [looks, reads, writes]
    });
    let network = crate::existing_network(&site.environment).map(|network| network.permissions(&site.place));
    key.chain(roles).chain(state).chain(network.into_iter().flatten()).collect()
}
