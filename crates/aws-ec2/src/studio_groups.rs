//! The security groups that SageMaker Studio makes for its file system and leaves in the VPC. The two
//! of a domain name each other in their rules, so neither can be deleted as it is.

use crate::permissions::{self, Direction};
use aws_sdk_ec2::{
    Client,
    types::{NetworkInterface, SecurityGroup},
};
use resource::{Attempt, Result};

/// Removes those that nothing uses, and gives back the groups that stay. If one is in use there is still
/// a domain, and all stay as they are.
pub(crate) async fn remove<'a>(
    client: &Client,
    groups: &'a [SecurityGroup],
    interfaces: &[NetworkInterface],
) -> Result<Vec<&'a SecurityGroup>> {
    let (left, others): (Vec<&SecurityGroup>, Vec<&SecurityGroup>) = groups.iter().partition(|group| of_studio(group));
    if left.iter().any(|group| used(group, interfaces)) {
        return Ok(groups.iter().collect());
    }
    for group in &left {
        let id = group.group_id().unwrap_or_default();
        permissions::revoke(client, id, Direction::Ingress, group.ip_permissions().to_vec()).await?;
        permissions::revoke(client, id, Direction::Egress, group.ip_permissions_egress().to_vec()).await?;
    }
    for group in left {
        let call = client.delete_security_group().set_group_id(group.group_id.clone());
        call.send().await.during("DeleteSecurityGroup").absent(&[("InvalidGroup.NotFound", "")])?;
    }
    Ok(others)
}

fn of_studio(group: &SecurityGroup) -> bool {
    let name = group.group_name().unwrap_or_default();
    name.starts_with("security-group-for-inbound-nfs-")
        || name.starts_with("security-group-for-outbound-nfs-")
        || group.tags().iter().any(|tag| tag.key() == Some("ManagedByAmazonSageMakerResource"))
}

fn used(group: &SecurityGroup, interfaces: &[NetworkInterface]) -> bool {
    interfaces.iter().flat_map(NetworkInterface::groups).any(|member| member.group_id() == group.group_id())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ec2::types::{GroupIdentifier, Tag};

    #[test]
    fn studios_groups_are_known_by_name_or_tag() {
        let named = |name: &str| SecurityGroup::builder().group_name(name);
        let tag = Tag::builder().key("ManagedByAmazonSageMakerResource").value("arn:…:domain/d-1").build();
        assert!(of_studio(&named("security-group-for-inbound-nfs-d-1").build()));
        assert!(of_studio(&named("security-group-for-outbound-nfs-d-1").build()));
        assert!(of_studio(&named("renamed").tags(tag).build()));
        assert!(!of_studio(&named("security-group-for-something").build()));
    }

    #[test]
    fn a_group_with_members_is_in_use() {
        let member = GroupIdentifier::builder().group_id("sg-1").build();
        let interfaces = [NetworkInterface::builder().groups(member).build()];
        assert!(used(&SecurityGroup::builder().group_id("sg-1").build(), &interfaces));
        assert!(!used(&SecurityGroup::builder().group_id("sg-2").build(), &interfaces));
    }
}
