//! SageMaker creates a file system for a domain, with a mount target in each subnet, and two security groups that name
//! each other. The mount targets follow the subnets. A deletion of the domain leaves the groups behind, and a file
//! system that is to be retained, with its mount targets. Any other file system is deleted some time after the domain.
//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteDomain.html>
//! <https://github.com/hashicorp/terraform-provider-aws/issues/20986>

use super::{law::Law, world::World};
use crate::wire::{Asked, Refusal, answered};
use async_trait::async_trait;
use local::Response;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::time::Instant;

#[derive(Clone)]
struct Home {
    file_system: String,
    /// The security group of its mount targets.
    inbound: String,
    /// Mount target and its interface.
    targets: BTreeMap<String, String>,
    /// True if the domain's deletion, once sent, takes the file system with it.
    deletes_data: Option<bool>,
    /// When it goes, the domain being gone.
    goes: Option<Instant>,
}

/// The homes by domain, and mount targets on their way out.
#[derive(Clone, Default)]
pub(super) struct Homes {
    homes: BTreeMap<String, Home>,
    leaving: BTreeMap<String, (Instant, String)>,
    gone: Vec<String>,
}

/// SageMaker's tag on what it makes; the value is the domain's ARN.
const MARK: &str = "ManagedByAmazonSageMakerResource";

impl Home {
    async fn mount(&mut self, subnet: &str, world: &World<'_>) {
        let target = target_in(subnet);
        let description = format!("EFS mount target for {} ({target})", self.file_system);
        let given = json!({ "SubnetId": subnet, "Description": description, "SecurityGroupId.1": self.inbound });
        let made = world.ask("ec2", "CreateNetworkInterface", given).await.unwrap_or_default();
        let interface = made["networkInterface"]["networkInterfaceId"].as_str().unwrap_or_default();
        self.targets.insert(target, interface.to_owned());
    }
}

/// The id of the mount target in a subnet.
fn target_in(subnet: &str) -> String {
    format!("fsmt-{}", subnet.trim_start_matches("subnet-"))
}

fn subnets(asked: &Asked) -> impl Iterator<Item = &str> {
    asked.given["SubnetIds"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

async fn group(way: &str, domain: &str, arn: &str, vpc: &str, world: &World<'_>) -> String {
    let name = format!("security-group-for-{way}-nfs-{domain}");
    let given = json!({
        "GroupName": name, "GroupDescription": format!("[DO NOT DELETE] Security group for {way} NFS of {domain}"), "VpcId": vpc,
        "TagSpecification.1.ResourceType": "security-group",
        "TagSpecification.1.Tag.1.Key": MARK, "TagSpecification.1.Tag.1.Value": arn,
    });
    let made = world.ask("ec2", "CreateSecurityGroup", given).await.unwrap_or_default();
    made["groupId"].as_str().unwrap_or_default().to_owned()
}

async fn allow(operation: &str, group: &str, port: (u16, u16), peer: &str, world: &World<'_>) {
    let rule = json!({
        "GroupId": group, "IpPermissions.1.IpProtocol": "tcp", "IpPermissions.1.FromPort": port.0.to_string(),
        "IpPermissions.1.ToPort": port.1.to_string(), "IpPermissions.1.Groups.1.GroupId": peer,
    });
    world.ask("ec2", operation, rule).await;
}

impl Homes {
    async fn furnish(&mut self, asked: &Asked, domain: &str, arn: &str, world: &World<'_>) {
        let described =
            world.ask("sagemaker", "DescribeDomain", json!({ "DomainId": domain })).await.unwrap_or_default();
        let file_system = described["HomeEfsFileSystemId"].as_str().unwrap_or_default().to_owned();
        let vpc = asked.text("VpcId");
        let inbound = group("inbound", domain, arn, vpc, world).await;
        let outbound = group("outbound", domain, arn, vpc, world).await;
        for port in [(988, 988), (1018, 1023), (2049, 2049)] {
            allow("AuthorizeSecurityGroupIngress", &inbound, port, &outbound, world).await;
            allow("AuthorizeSecurityGroupEgress", &outbound, port, &inbound, world).await;
        }
        let mut home = Home { file_system, inbound, targets: BTreeMap::new(), deletes_data: None, goes: None };
        for subnet in subnets(asked) {
            home.mount(subnet, world).await;
        }
        self.homes.insert(domain.to_owned(), home);
    }
}

/// The mount targets follow the subnets that the domain has now.
impl Homes {
    async fn refurnish(&mut self, asked: &Asked, world: &World<'_>) {
        let Some(home) = self.homes.get_mut(asked.text("DomainId")) else { return };
        let targets: Vec<String> = subnets(asked).map(target_in).collect();
        if targets.is_empty() {
            return;
        }
        for (target, interface) in home.targets.extract_if(.., |target, _| !targets.contains(target)) {
            let at = world.after(10..=60, &target);
            self.leaving.insert(target, (at, interface));
        }
        for subnet in subnets(asked) {
            if !home.targets.contains_key(&target_in(subnet)) {
                home.mount(subnet, world).await;
            }
        }
    }
}

async fn remove(interface: &str, world: &World<'_>) {
    world.ask("ec2", "DeleteNetworkInterface", json!({ "NetworkInterfaceId": interface })).await;
}

#[async_trait]
impl Law for Homes {
    async fn tick(&mut self, world: &World<'_>) {
        for (_, (_, interface)) in self.leaving.extract_if(.., |_, (at, _)| *at <= world.now).collect::<Vec<_>>() {
            remove(&interface, world).await;
        }
        for (domain, home) in &mut self.homes {
            if home.deletes_data == Some(true) && home.goes.is_none() {
                let there = world.ask("sagemaker", "DescribeDomain", json!({ "DomainId": domain })).await;
                if there.is_none() {
                    home.goes = Some(world.after(5..=60, &format!("home {}", self.gone.len())));
                }
            }
        }
        let over = |home: &Home| home.goes.is_some_and(|at| at <= world.now);
        for (_, home) in self.homes.extract_if(.., |_, home| over(home)).collect::<Vec<_>>() {
            for interface in home.targets.values() {
                remove(interface, world).await;
            }
            self.gone.push(home.file_system);
        }
    }

    async fn before(&mut self, asked: &Asked, world: &World<'_>) -> Option<Response> {
        match (asked.service.as_str(), asked.operation.as_str()) {
            ("elasticfilesystem", "DescribeFileSystems") => {
                let id = asked.text("FileSystemId");
                let refusal = Refusal::new("FileSystemNotFound", format!("File system '{id}' does not exist."));
                self.gone.iter().any(|gone| gone == id).then(|| refusal.status(404).to(&asked.call))
            }
            ("elasticfilesystem", "DeleteMountTarget") => {
                let id = asked.text("MountTargetId");
                let interface = self.homes.values_mut().find_map(|home| home.targets.remove(id));
                Some(match interface {
                    Some(interface) => {
                        let at = world.after(10..=60, id);
                        self.leaving.insert(id.to_owned(), (at, interface));
                        Response::rest_json(204, "")
                    }
                    None if self.leaving.contains_key(id) => Response::rest_json(204, ""),
                    None => {
                        let message = format!("Mount target '{id}' does not exist.");
                        Refusal::new("MountTargetNotFound", message).status(404).to(&asked.call)
                    }
                })
            }
            ("sagemaker", "UpdateDomain") if asked.text("AppNetworkAccessType") == "VpcOnly" => {
                let said = !asked.text("VpcId").is_empty() && asked.given["SubnetIds"].is_array();
                let message = "VpcId and Subnet IDs are required for updating domains to VpcOnly mode.";
                (!said).then(|| Refusal::new("ValidationException", message).to(&asked.call))
            }
            ("ec2", "DeleteNetworkInterface") => {
                let id = asked.text("NetworkInterfaceId");
                let ours = self.homes.values().flat_map(|home| home.targets.values()).any(|one| one == id)
                    || self.leaving.values().any(|(_, one)| one == id);
                let message = format!("Network interface '{id}' is currently in use.");
                ours.then(|| Refusal::new("InvalidParameterValue", message).to(&asked.call))
            }
            _ => None,
        }
    }

    async fn after(&mut self, asked: &Asked, response: &mut Response, world: &World<'_>) {
        if asked.service != "sagemaker" || response.status >= 300 {
            return;
        }
        match asked.operation.as_str() {
            "CreateDomain" => {
                let answer = answered(asked, response);
                let (domain, arn) = (answer["DomainId"].as_str(), answer["DomainArn"].as_str());
                if let (Some(domain), Some(arn)) = (domain, arn) {
                    self.furnish(asked, domain, arn, world).await;
                }
            }
            "UpdateDomain" => self.refurnish(asked, world).await,
            "DeleteDomain" => {
                if let Some(home) = self.homes.get_mut(asked.text("DomainId")) {
                    home.deletes_data = Some(asked.text("RetentionPolicy/HomeEfsFileSystem") == "Delete");
                }
            }
            _ => {}
        }
    }

    fn copy(&self) -> Box<dyn Law> {
        Box::new(self.clone())
    }
}
