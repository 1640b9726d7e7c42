//! Reconciler for SageMaker domains.

use crate::{
    contents::{self, AppOwner},
    defaults::StudioDefaults,
    errors, home_efs, iam, leftovers,
    status::{self, ResourceStatus},
    tagging,
};
use aws_client::{Attempt, Failure, Pages, Result};
use aws_sdk_sagemaker::{
    Client,
    operation::describe_domain::DescribeDomainOutput,
    types::{AppNetworkAccessType, DomainSettings, DomainSettingsForUpdate, RetentionPolicy, RetentionType},
};
use resource::{
    As, Context, Deletion, Diff, Found, IdForm, Observed, Owner, ReplaceOrder, Resource, SizeLimit, Tags, Terraform,
    usage::{Usage, UsageType},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use vocabulary::{DomainId, KeyArn, Need, Permission, PermissionCondition, Place, SecurityGroupId, SubnetId, VpcId};

/// A SageMaker domain: where Studio's users, spaces and apps live.
///
/// Its home file system is deleted with it only when data may be deleted; otherwise AWS keeps it, and
/// what is left of it in the VPC (mount targets, security groups) is removed without touching the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Domain {
    /// The name.
    pub name: String,
    /// The way that people sign in.
    pub auth_mode: AuthMode,
    /// The VPC of its file system and, in VPC-only mode, of its apps.
    pub vpc_id: VpcId,
    /// The subnets of the same.
    pub subnets: Vec<SubnetId>,
    /// The network of apps. Changing it needs every app to be stopped.
    pub app_network_access: NetworkAccess,
    /// The defaults of users' own apps.
    pub user_defaults: StudioDefaults,
    /// The defaults of apps in shared spaces.
    pub space_defaults: StudioDefaults,
    /// The security groups between domain and apps, at most three.
    pub domain_security_groups: Vec<SecurityGroupId>,
    /// The key of the file system; AWS's own when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<KeyArn>,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The way that people sign in to a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum AuthMode {
    /// With IAM, through the console or a presigned URL.
    Iam,
    /// With IAM Identity Center.
    Sso,
}

/// The network of apps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NetworkAccess {
    /// Through the VPC alone.
    VpcOnly,
    /// Through a network of SageMaker's with access to the internet.
    PublicInternetOnly,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DomainOutputs {
    /// `d-…`.
    pub id: DomainId,
    /// The ARN.
    pub arn: String,
    /// The address at which people open the domain.
    pub url: String,
    /// The file system of home directories, `fs-…`.
    pub home_efs_file_system_id: Option<String>,
}

/// The instance type of an app unless its user chooses.
const APP_INSTANCE_TYPE: &str = "ml.t3.medium";

impl Resource for Domain {
    const KIND: &'static str = "sagemaker:domain";
    const NOUN: &'static str = "SageMaker domain";
    const TERRAFORM: Option<Terraform> = Some(Terraform::named("aws_sagemaker_domain", &[("domain_name", "name")]));
    // The most that AWS takes of a SageMaker domain.
    // <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateDomain.html>
    const SIZE_LIMITS: &'static [SizeLimit] = &[SizeLimit::characters("name", 63)];
    const REPLACE_ON: &'static [&'static str] = &["name", "auth_mode", "vpc_id", "kms_key"];
    const COMPARE: &'static [(&'static str, As)] = &[
        ("subnets", As::Set),
        ("user_defaults.security_groups", As::Set),
        ("space_defaults.security_groups", As::Set),
        ("domain_security_groups", As::Set),
    ];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;
    /// Security groups, and a file system that is to be retained.
    const LEFTOVERS: bool = true;
    const TYPICAL: Duration = Duration::from_secs(300);
    const DEADLINE: Duration = Duration::from_secs(1200);

    type Outputs = DomainOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::StartsWith("d-")
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        let pages = cx.client(Client::new).list_domains().into_paginator().send();
        let mut domains = Pages::new("ListDomains", pages, |page| page.next_token().into()).items(|page| page.domains);
        let (mut ours, mut namesake) = (Vec::new(), None);
        while let Some(domain) = domains.next().await? {
            if domain.domain_name() != Some(&self.name) {
                continue;
            }
            let (Some(id), Some(arn)) = (domain.domain_id, domain.domain_arn) else { continue };
            let tags = tagging::read(&arn, cx).await?;
            match cx.owns(&tags) {
                true => ours.push(Found { id, owner: Owner::Tags(tags) }),
                false => namesake = Some(Found { id, owner: Owner::Tags(tags) }),
            }
        }
        Ok(Found::only(ours, Self::NOUN, cx)?.or(namesake))
    }

    /// Known long before it works.
    async fn live_tags(&self, id: &str, cx: &Context) -> Result<Option<Tags>> {
        let Some(found) = describe(id, cx).await? else { return Ok(None) };
        tagging::read(found.domain_arn().unwrap_or_default(), cx).await.map(Some)
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let settings = DomainSettings::builder().set_security_group_ids(self.own_groups());
        let created = cx
            .client_once(Client::new)
            .create_domain()
            .domain_name(&self.name)
            .auth_mode(self.auth_mode.as_str().into())
            .vpc_id(self.vpc_id.as_str())
            .set_subnet_ids(Some(self.subnet_ids()))
            .app_network_access_type(self.app_network_access.as_type())
            .default_user_settings(self.user_defaults.for_users())
            .default_space_settings(self.space_defaults.for_spaces())
            .set_domain_settings(self.own_groups().map(|_| settings.build()))
            .set_kms_key_id(self.kms_key.clone().map(String::from))
            .set_tags(tagging::given(&self.tags))
            .send()
            .await
            .during("CreateDomain")
            .exists_on(errors::EXISTS)
            .retry_on(errors::PROPAGATING, errors::PROPAGATION)?;
        // Older answers carry the ARN alone; the id is its last part.
        let of_arn = |arn: &str| arn.rsplit_once('/').map(|(_, id)| id.to_owned());
        created
            .domain_id()
            .map(str::to_owned)
            .or_else(|| created.domain_arn().and_then(of_arn))
            .ok_or_else(|| Failure::incomplete("CreateDomain", "domain id"))
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let Some(domain) = describe(id, cx).await? else { return Ok(Observed::Absent) };
        let status = domain.status().map(|status| status.as_str().to_owned()).unwrap_or_default();
        let reason = domain.failure_reason().map(str::to_owned);
        match status::resource_status(&status) {
            ResourceStatus::InService => {}
            ResourceStatus::Leaving => return Ok(Observed::Absent),
            ResourceStatus::UpdateFailed => status::judge_failed_change(id, "UpdateDomain", reason.as_deref(), cx)?,
            ResourceStatus::Failed => return Ok(status::broken(reason.as_deref().unwrap_or(&status))),
            // Its file system is not known until it is in service, so its outputs are not given early.
            ResourceStatus::Changing => return Ok(Observed::Settling { status, outputs: None }),
        }
        let arn = domain.domain_arn().unwrap_or_default().to_owned();
        let tags = cx.tags(&arn, &self.tags, tagging::read(&arn, cx)).await?;
        let outputs = DomainOutputs {
            id: DomainId::new(id),
            arn,
            url: domain.url().unwrap_or_default().to_owned(),
            home_efs_file_system_id: domain.home_efs_file_system_id().map(str::to_owned),
        };
        Ok(Observed::Ready { live: live(&domain, tags), outputs })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        if diff.has("tags")
            && let Some(domain) = describe(id, cx).await?
        {
            let arn = domain.domain_arn().unwrap_or_default();
            tagging::converge(arn, &self.tags, &live.tags, diff, cx).await?;
        }
        if !diff.has_any(&[
            "subnets",
            "app_network_access",
            "user_defaults",
            "space_defaults",
            "domain_security_groups",
        ]) {
            return Ok(());
        }
        let call = cx.client(Client::new).update_domain().domain_id(id);
        let mut call = call
            .default_user_settings(self.user_defaults.for_users())
            .default_space_settings(self.space_defaults.for_spaces());
        if diff.has("domain_security_groups") {
            let groups = self.own_groups().unwrap_or_default();
            call = call.domain_settings_for_update(
                DomainSettingsForUpdate::builder().set_security_group_ids(Some(groups)).build(),
            );
        }
        if diff.has("subnets") {
            call = call.set_subnet_ids(Some(self.subnet_ids()));
        }
        // AWS refuses this while apps run even if it stays as it is.
        if diff.has("app_network_access") {
            call = call.app_network_access_type(self.app_network_access.as_type());
            if self.app_network_access == NetworkAccess::VpcOnly {
                // AWS wants to be told where, though it knows.
                call = call.vpc_id(self.vpc_id.as_str()).set_subnet_ids(Some(self.subnet_ids()));
            }
        }
        call.send()
            .await
            .during("UpdateDomain")
            .retry_on(errors::PROPAGATING, errors::PROPAGATION)
            .retry_on(errors::BUSY, Duration::from_secs(300))
            .help("apps that are running can forbid a change of the network: stop them first")?;
        status::changed(id, cx);
        Ok(())
    }

    async fn data_at_risk(&self, id: &str, cx: &Context) -> Result<Option<String>> {
        let Some(domain) = describe(id, cx).await? else { return Ok(None) };
        let volumes = contents::volumes(&contents::spaces(id, None, cx).await?);
        let people = contents::foreign_profiles(id, cx).await?;
        let held: Vec<String> =
            [home_efs::data_at_risk(&domain, cx).await?, volumes, people].into_iter().flatten().collect();
        Ok((!held.is_empty()).then(|| held.join(" and ")))
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let Some(domain) = describe(id, cx).await? else {
            return leftovers::remove(id, self.vpc_id.as_str(), cx).await;
        };
        let status = domain.status().map(|status| status.as_str()).unwrap_or_default();
        if status == "Deleting" {
            return Ok(Deletion::Going("Deleting".into()));
        }
        let apps = contents::close_apps(id, AppOwner::Domain, cx).await?;
        if apps > 0 {
            return Ok(Deletion::Going(format!("its apps to close ({apps})")));
        }
        let spaces = contents::close_spaces(id, contents::spaces(id, None, cx).await?, cx).await?;
        if spaces > 0 {
            return Ok(Deletion::Going(format!("its spaces to go ({spaces})")));
        }
        let profiles = contents::close_profiles(id, cx).await?;
        if !profiles.is_empty() {
            let names: Vec<&str> = profiles.iter().map(String::as_str).collect();
            return Ok(Deletion::Going(format!("its user profiles to go ({})", contents::listed(&names))));
        }
        let disposable = cx.may_delete_data() || home_efs::data_at_risk(&domain, cx).await?.is_none();
        let home = if disposable { RetentionType::Delete } else { RetentionType::Retain };
        cx.client(Client::new)
            .delete_domain()
            .domain_id(id)
            .retention_policy(RetentionPolicy::builder().home_efs_file_system(home).build())
            .send()
            .await
            .during("DeleteDomain")
            .retry_on(errors::BUSY, errors::TIDYING)
            .none_on(errors::ABSENT)?;
        Ok(Deletion::Going(match (status, domain.failure_reason()) {
            ("Delete_Failed", Some(reason)) => format!("deletion, which failed before: {reason}"),
            _ => "Deleting".to_owned(),
        }))
    }

    /// Its apps write to a log group that all domains of an account share.
    /// <https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html>
    fn after_deletion(&self) -> Option<String> {
        Some("the logs of its apps stay in /aws/sagemaker/studio, which the whole account shares".to_owned())
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let changes = ["sagemaker:UpdateDomain", "sagemaker:DeleteDomain"];
        let mut permissions =
            iam::tagged("domain", "sagemaker:DescribeDomain", "sagemaker:CreateDomain", &changes, place);
        permissions.extend(iam::move_out(place));
        permissions.extend(leftovers::permissions(place));
        permissions.extend([
            // Neither knows resources.
            Permission::read(["sagemaker:ListDomains"]).on_anything(),
            Permission::change(["sagemaker:ListUserProfiles"]).on_anything(),
            Permission::change(["sagemaker:DeleteUserProfile"]).on([iam::all("user-profile", place)]),
            home_efs::permission(place),
            iam::pass_role(&self.user_defaults.execution_role, place),
            iam::pass_role(&self.space_defaults.execution_role, place),
            service_linked_role(place),
        ]);
        if let Some(key) = &self.kms_key {
            // SageMaker makes the file system and encrypts it in the caller's name.
            // <https://docs.aws.amazon.com/efs/latest/ug/EFSKMS.html>
            let seals = ["kms:CreateGrant", "kms:DescribeKey", "kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext"];
            let services = ["elasticfilesystem", "sagemaker"];
            permissions.push(Permission::use_key(Need::Change, seals, &services, key, place));
        }
        permissions
    }

    fn usage(&self) -> Usage {
        let depends_on = "hours that apps run; what users choose instead of the default has a price of its own";
        Usage::default()
            .by_use(
                format!("Studio apps on {APP_INSTANCE_TYPE}"),
                depends_on,
                UsageType::InstanceHour(APP_INSTANCE_TYPE.to_owned()),
            )
            .by_use("home directories", "what users keep", UsageType::StudioFilesGbMonth)
    }
}

impl Domain {
    fn subnet_ids(&self) -> Vec<String> {
        self.subnets.iter().map(ToString::to_string).collect()
    }

    fn own_groups(&self) -> Option<Vec<String>> {
        let groups: Vec<String> = self.domain_security_groups.iter().map(ToString::to_string).collect();
        (!groups.is_empty()).then_some(groups)
    }
}

/// The first domain of an account makes SageMaker's own role.
fn service_linked_role(place: &Place) -> Permission {
    let service = "sagemaker.amazonaws.com";
    let role = place.iam_arn(&format!("role/aws-service-role/{service}/AWSServiceRoleForAmazonSageMakerNotebooks"));
    let only = PermissionCondition::Is("iam:AWSServiceName", vec![service.to_owned()]);
    Permission::change(["iam:CreateServiceLinkedRole"]).on([role]).when(only)
}

impl AuthMode {
    fn as_str(self) -> &'static str {
        match self {
            Self::Iam => "IAM",
            Self::Sso => "SSO",
        }
    }
}

impl NetworkAccess {
    fn as_type(self) -> AppNetworkAccessType {
        match self {
            Self::VpcOnly => AppNetworkAccessType::VpcOnly,
            Self::PublicInternetOnly => AppNetworkAccessType::PublicInternetOnly,
        }
    }
}

async fn describe(id: &str, cx: &Context) -> Result<Option<DescribeDomainOutput>> {
    let call = cx.client(Client::new).describe_domain().domain_id(id);
    call.send().await.during("DescribeDomain").none_on(errors::ABSENT)
}

fn live(domain: &DescribeDomainOutput, tags: Tags) -> Domain {
    let groups = domain.domain_settings().map(|settings| settings.security_group_ids()).unwrap_or_default();
    Domain {
        name: domain.domain_name().unwrap_or_default().to_owned(),
        auth_mode: match domain.auth_mode() {
            Some(aws_sdk_sagemaker::types::AuthMode::Sso) => AuthMode::Sso,
            _ => AuthMode::Iam,
        },
        vpc_id: VpcId::new(domain.vpc_id().unwrap_or_default()),
        subnets: domain.subnet_ids().iter().map(SubnetId::new).collect(),
        app_network_access: match domain.app_network_access_type() {
            Some(AppNetworkAccessType::VpcOnly) => NetworkAccess::VpcOnly,
            _ => NetworkAccess::PublicInternetOnly,
        },
        user_defaults: StudioDefaults::of_users(domain.default_user_settings()),
        space_defaults: StudioDefaults::of_spaces(domain.default_space_settings()),
        domain_security_groups: groups.iter().map(SecurityGroupId::new).collect(),
        kms_key: domain.kms_key_id().map(KeyArn::new),
        tags,
    }
}
