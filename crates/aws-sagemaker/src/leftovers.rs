//! The leftovers of a domain in its VPC: the mount targets of its file system and the two security groups that
//! SageMaker made for them. They refer to each other, and block subnets and VPC.

use aws_client::{Attempt, Result};
use aws_sdk_ec2::{
    Client as Ec2,
    types::{Filter, IpPermission, SecurityGroup},
};
use aws_sdk_efs::Client as Efs;
use resource::{Context, Deletion};
use std::time::Duration;
use vocabulary::{Permission, PermissionCondition, Place};

/// Removes them step by step. The file system itself and its data stay.
pub(crate) async fn remove(domain: &str, vpc: &str, cx: &Context) -> Result<Deletion> {
    let ec2 = cx.client(Ec2::new);
    let names = ["inbound", "outbound"].map(|way| format!("security-group-for-{way}-nfs-{domain}"));
    let call = ec2
        .describe_security_groups()
        .filters(filter("group-name", names.to_vec()))
        .filters(filter("vpc-id", vec![vpc.to_owned()]));
    let groups = call.send().await.during("DescribeSecurityGroups")?.security_groups.unwrap_or_default();
    let ids: Vec<String> = groups.iter().filter_map(|group| group.group_id().map(str::to_owned)).collect();
    if ids.is_empty() {
        return Ok(Deletion::Gone);
    }
    let call = ec2.describe_network_interfaces().filters(filter("group-id", ids));
    let interfaces = call.send().await.during("DescribeNetworkInterfaces")?.network_interfaces.unwrap_or_default();
    for interface in &interfaces {
        if let Some(target) = interface.description().and_then(mount_target) {
            let call = cx.client(Efs::new).delete_mount_target().mount_target_id(target);
            call.send().await.during("DeleteMountTarget").none_on(&[("MountTargetNotFound", "")])?;
        }
    }
    if !interfaces.is_empty() {
        return Ok(Deletion::Going(format!("the mount targets of its file system ({})", interfaces.len())));
    }
    // Neither group can go while the other's rules name it.
    for group in &groups {
        revoke(&ec2, group).await?;
    }
    for group in groups {
        let call = ec2.delete_security_group().set_group_id(group.group_id);
        call.send()
            .await
            .during("DeleteSecurityGroup")
            // The other group still names it, or a mount target's interface is in it.
            // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
            .retry_on(&[("DependencyViolation", ""), ("InvalidGroup.InUse", "")], Duration::from_secs(600))
            .none_on(&[("InvalidGroup.NotFound", "")])?;
    }
    Ok(Deletion::Gone)
}

/// The IAM statements for their removal. SageMaker's tag on what it makes tells whose it is; EFS takes a mount target's
/// interface out in the caller's name.
/// <https://docs.aws.amazon.com/efs/latest/ug/API_DeleteMountTarget.html>
pub(crate) fn permissions(place: &Place) -> Vec<Permission> {
    let of_a_domain = || {
        let key = "aws:ResourceTag/ManagedByAmazonSageMakerResource";
        PermissionCondition::Like(key, vec![place.arn("sagemaker", "domain/*")])
    };
    let groups = ["ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress", "ec2:DeleteSecurityGroup"];
    vec![
        Permission::change(["ec2:DescribeSecurityGroups", "ec2:DescribeNetworkInterfaces"]).on_anything(),
        Permission::change(groups).on([place.arn("ec2", "security-group/*")]).when(of_a_domain()),
        Permission::change(["elasticfilesystem:DeleteMountTarget"])
            .on([place.arn("elasticfilesystem", "file-system/*")])
            .when(of_a_domain()),
        Permission::change(["ec2:DeleteNetworkInterface"]).on([place.arn("ec2", "network-interface/*")]),
    ]
}

async fn revoke(ec2: &Ec2, group: &SecurityGroup) -> Result<()> {
    let rules = |rules: &[IpPermission]| (!rules.is_empty()).then(|| rules.to_vec());
    // A rule that is not there, or whose group is not, needs no revoking.
    // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
    let gone = &[("InvalidPermission.NotFound", ""), ("InvalidGroup.NotFound", "")];
    if let Some(rules) = rules(group.ip_permissions()) {
        let call =
            ec2.revoke_security_group_ingress().set_group_id(group.group_id.clone()).set_ip_permissions(Some(rules));
        call.send().await.during("RevokeSecurityGroupIngress").none_on(gone)?;
    }
    if let Some(rules) = rules(group.ip_permissions_egress()) {
        let call =
            ec2.revoke_security_group_egress().set_group_id(group.group_id.clone()).set_ip_permissions(Some(rules));
        call.send().await.during("RevokeSecurityGroupEgress").none_on(gone)?;
    }
    Ok(())
}

/// EFS describes its interfaces as `EFS mount target for fs-… (fsmt-…)`.
fn mount_target(description: &str) -> Option<&str> {
    let (_, id) = description.rsplit_once('(')?;
    id.strip_suffix(')').filter(|id| id.starts_with("fsmt-"))
}

fn filter(name: &str, values: Vec<String>) -> Filter {
    Filter::builder().name(name).set_values(Some(values)).build()
}

#[cfg(test)]
mod tests {
    use super::mount_target;

    #[test]
    fn mount_targets_are_known_by_what_their_interfaces_are_for() {
        assert_eq!(mount_target("EFS mount target for fs-0a1b (fsmt-0c2d)"), Some("fsmt-0c2d"));
        assert_eq!(mount_target("AWS Lambda VPC ENI-f"), None);
    }
}
