use aws_sdk_efs::{
    Client,
    types::{FileSystemDescription, LifeCycleState, MountTargetDescription, Tag},
};
use aws_sdk_sagemaker::{Client as SageMaker, types::DomainStatus};
use resource::{
    As, Attempt, Cx, Deletion, Diff, Failure, FailureKind, Found, Naming, Observed, Place, Resource, Result, Sign,
    SubnetId, Tags,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a SageMaker domain leaves in its subnets: the file system of home directories.
///
/// SageMaker makes the file system with the domain, not we, and may leave it behind when the domain goes.
/// Its mount targets then keep the subnets from being deleted. So this is declared between the two: it
/// depends on the subnets, and the domain depends on it by taking its subnets from
/// [`StudioStorageOutputs::subnets`]. A destroy, which goes the other way, comes here after the domain is
/// gone and before the subnets.
///
/// - To create it makes no call: there is nothing to make. Its id is `studio-storage:<first subnet>`.
/// - To observe it makes no call: it is always as declared.
/// - To delete it takes the file systems that bear SageMaker's tag and have a mount target in one of the
///   subnets. Mount targets are always deleted, which loses nothing. The file system itself is deleted only
///   where data may be deleted; otherwise it stays, with everything in it, for whoever wants to mount it.
///   A file system whose domain still exists is refused: it is not left behind, and not this stack's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudioStorage {
    /// The subnets of the domain, at least one.
    pub subnets: Vec<SubnetId>,
}

/// What others can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StudioStorageOutputs {
    /// The same subnets, so that the domain depends on this.
    pub subnets: Vec<SubnetId>,
}

/// On file systems and security groups that SageMaker made; its value is the ARN of the domain.
const MADE_BY_SAGEMAKER: &str = "ManagedByAmazonSageMakerResource";

/// EFS's mount targets lean on EC2, which may be slow to let go of an interface.
const LETS_GO: &[Sign] = &[("DependencyTimeout", ""), ("FileSystemInUse", "")];

const NO_DOMAIN: &[Sign] = &[
    ("ResourceNotFound", ""),
    ("ResourceNotFoundException", ""),
    ("ValidationException", "does not exist"),
    ("ValidationException", "not found"),
];

impl Resource for StudioStorage {
    const KIND: &'static str = "efs:studio-storage";
    const NOUN: &'static str = "Studio storage";
    const COMPARE: &'static [(&'static str, As)] = &[("subnets", As::Set)];
    const NAMING: Naming = Naming::Declared;
    const DEADLINE: Duration = Duration::from_secs(600);

    type Outputs = StudioStorageOutputs;

    async fn find(&self, _: &Cx) -> Result<Option<Found>> {
        Ok(None)
    }

    async fn create(&self, _: &Cx) -> Result<String> {
        let first =
            self.subnets.first().ok_or_else(|| Failure::of(FailureKind::Final, "it needs at least one subnet"))?;
        Ok(format!("studio-storage:{first}"))
    }

    async fn observe(&self, _: &str, _: &Cx) -> Result<Observed<Self>> {
        Ok(Observed::Ready { live: self.clone(), outputs: StudioStorageOutputs { subnets: self.subnets.clone() } })
    }

    async fn update(&self, _: &str, _: &Self, _: &Diff, _: &Cx) -> Result<()> {
        Ok(())
    }

    async fn delete(&self, _: &str, cx: &Cx) -> Result<Deletion> {
        let client = cx.client(Client::new);
        let mut waits_for = Vec::new();
        for system in made_by_sagemaker(&client).await? {
            let targets = mount_targets(&client, &system).await?;
            // Once its mount targets are gone, only our mark tells that it was in these subnets.
            let marked = cx.owns(&tags(&system));
            if !marked && !self.reached_by(&targets) {
                continue;
            }
            if let Some(wait) = domain_leaves(&system, cx).await? {
                waits_for.push(wait);
                continue;
            }
            if cx.may_delete_data() && !marked {
                mark(&client, &system, cx).await?;
            }
            let doomed: Vec<_> = targets.iter().filter(|target| cx.may_delete_data() || self.holds(target)).collect();
            if !doomed.is_empty() {
                waits_for.push(format!("{} mount targets of {}", doomed.len(), system.file_system_id));
                delete_mount_targets(&client, &doomed).await?;
            } else if cx.may_delete_data() {
                waits_for.push(format!("file system {}", system.file_system_id));
                delete_file_system(&client, &system).await?;
            }
        }
        Ok(match waits_for.is_empty() {
            true => Deletion::Gone,
            false => Deletion::Going(format!("{} to go", waits_for.join(", "))),
        })
    }

    fn foresee(&self, _: &Place, _: StudioStorageOutputs) -> StudioStorageOutputs {
        StudioStorageOutputs { subnets: self.subnets.clone() }
    }
}

impl StudioStorage {
    fn holds(&self, target: &MountTargetDescription) -> bool {
        self.subnets.iter().any(|subnet| subnet.as_str() == target.subnet_id)
    }

    fn reached_by(&self, targets: &[MountTargetDescription]) -> bool {
        targets.iter().any(|target| self.holds(target))
    }
}

async fn made_by_sagemaker(client: &Client) -> Result<Vec<FileSystemDescription>> {
    let mut pages = client.describe_file_systems().into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(system) = pages.next().await {
        let system = system.during("DescribeFileSystems")?;
        if tags(&system).get(MADE_BY_SAGEMAKER).is_some() {
            found.push(system);
        }
    }
    Ok(found)
}

/// Without those that are gone but still listed.
async fn mount_targets(client: &Client, system: &FileSystemDescription) -> Result<Vec<MountTargetDescription>> {
    let mut pages =
        client.describe_mount_targets().file_system_id(&system.file_system_id).into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(target) = pages.next().await {
        let Some(target) = target.during("DescribeMountTargets").absent(&[("FileSystemNotFound", "")])? else { break };
        if target.life_cycle_state != LifeCycleState::Deleted {
            found.push(target);
        }
    }
    Ok(found)
}

/// What to wait for while the file system's domain is being deleted; `None` when it is gone.
async fn domain_leaves(system: &FileSystemDescription, cx: &Cx) -> Result<Option<String>> {
    let tags = tags(system);
    let Some(domain) = tags.get(MADE_BY_SAGEMAKER).and_then(domain_in) else { return Ok(None) };
    let call = cx.client(SageMaker::new).describe_domain().domain_id(domain);
    let answer = call.send().await.during("DescribeDomain").absent(NO_DOMAIN)?;
    match answer.map(|answer| answer.status) {
        None => Ok(None),
        Some(Some(DomainStatus::Deleting)) => Ok(Some(format!("domain {domain}"))),
        Some(_) => Err(Failure::refused(
            format!(
                "file system {} belongs to the SageMaker domain {domain}, which still exists and is not part of this stack",
                system.file_system_id
            ),
            "delete that domain, or move it to other subnets, and run the command again",
        )),
    }
}

/// The domain's id in the value of SageMaker's tag.
fn domain_in(arn: &str) -> Option<&str> {
    arn.rsplit('/').next().filter(|id| id.starts_with("d-"))
}

async fn mark(client: &Client, system: &FileSystemDescription, cx: &Cx) -> Result<()> {
    let tags = cx.identity().iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
    let tags = tags.collect::<std::result::Result<Vec<_>, _>>();
    let tags = tags.map_err(|error| Failure::of(FailureKind::Final, error.to_string()))?;
    let call = client.tag_resource().resource_id(&system.file_system_id).set_tags(Some(tags));
    call.send().await.during("TagResource").absent(&[("FileSystemNotFound", "")]).map(drop)
}

async fn delete_mount_targets(client: &Client, targets: &[&MountTargetDescription]) -> Result<()> {
    for target in targets.iter().filter(|target| target.life_cycle_state != LifeCycleState::Deleting) {
        let call = client.delete_mount_target().mount_target_id(&target.mount_target_id);
        call.send()
            .await
            .during("DeleteMountTarget")
            .heals(LETS_GO, Duration::from_secs(300))
            .absent(&[("MountTargetNotFound", "")])?;
    }
    Ok(())
}

async fn delete_file_system(client: &Client, system: &FileSystemDescription) -> Result<()> {
    if matches!(system.life_cycle_state, LifeCycleState::Deleting | LifeCycleState::Deleted) {
        return Ok(());
    }
    let call = client.delete_file_system().file_system_id(&system.file_system_id);
    call.send()
        .await
        .during("DeleteFileSystem")
        .heals(LETS_GO, Duration::from_secs(300))
        .absent(&[("FileSystemNotFound", "")])
        .map(drop)
}

fn tags(system: &FileSystemDescription) -> Tags {
    system.tags().iter().map(|tag| (tag.key(), tag.value())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_subnet(subnet: &str) -> MountTargetDescription {
        MountTargetDescription::builder()
            .mount_target_id("fsmt-1")
            .file_system_id("fs-1")
            .subnet_id(subnet)
            .life_cycle_state(LifeCycleState::Available)
            .build()
            .unwrap()
    }

    #[test]
    fn a_file_system_is_known_by_a_mount_target_in_the_subnets() {
        let storage = StudioStorage { subnets: vec![SubnetId::new("subnet-1"), SubnetId::new("subnet-2")] };
        assert!(storage.reached_by(&[in_subnet("subnet-9"), in_subnet("subnet-2")]));
        assert!(!storage.reached_by(&[in_subnet("subnet-9")]));
        assert!(!storage.reached_by(&[]));
    }

    #[test]
    fn sagemakers_tag_names_the_domain() {
        assert_eq!(domain_in("arn:aws:sagemaker:eu-central-1:123456789012:domain/d-abc"), Some("d-abc"));
        assert_eq!(domain_in("arn:aws:sagemaker:eu-central-1:123456789012:something"), None);
    }
}
