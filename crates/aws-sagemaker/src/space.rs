//! Reconciler for spaces of a SageMaker domain.

use crate::{
    contents::{self, AppOwner},
    errors, iam,
    status::{self, ResourceStatus},
    tagging,
};
use aws_client::{Attempt, Failure, Remedy, Result};
use aws_sdk_sagemaker::{
    Client,
    operation::describe_space::DescribeSpaceOutput,
    types::{
        AppType, EbsStorageSettings, OwnershipSettings, SharingType, SpaceSettings, SpaceSharingSettings,
        SpaceStorageSettings,
    },
};
use resource::{
    Context, Deletion, Diff, Found, IdForm, ImportId, Observed, Owner, ReplaceOrder, Resource, SizeLimit, Tags,
    Terraform,
    usage::{Quantity, Usage, UsageType},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use vocabulary::{DomainId, Permission, Place, UNKNOWN_OPEN};

/// A space that everybody in a domain can work in. The id is the name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Space {
    /// The domain.
    pub domain_id: DomainId,
    /// The name, unique in the domain.
    pub name: String,
    /// The user profile it belongs to.
    pub owner: String,
    /// The app that runs in it.
    pub app: SpaceApp,
    /// The size of its volume in GB, 5 to 16,384. It can only grow, while no app runs.
    pub volume_gb: i32,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The app that runs in a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SpaceApp {
    /// Notebooks.
    JupyterLab,
    /// An editor based on Visual Studio Code.
    CodeEditor,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SpaceOutputs {
    /// The name.
    pub name: String,
    /// The ARN.
    pub arn: String,
}

impl Resource for Space {
    const KIND: &'static str = "sagemaker:space";
    const NOUN: &'static str = "space";
    const TERRAFORM: Option<Terraform> = Some(Terraform {
        import: ImportId::Arn("the state does not hold its ARN"),
        ..Terraform::named("aws_sagemaker_space", &[("space_name", "name")])
    });
    // The most that AWS takes of a space.
    // <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateSpace.html>
    const SIZE_LIMITS: &'static [SizeLimit] = &[SizeLimit::characters("name", 63)];
    const REPLACE_ON: &'static [&'static str] = &["domain_id", "name", "owner", "app"];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;
    const TYPICAL: Duration = Duration::from_secs(15);
    const DEADLINE: Duration = Duration::from_secs(900);

    type Outputs = SpaceOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Is(self.name.clone())
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        // Asked while planning too, when there may be no domain yet.
        if self.domain_id.as_str().contains(UNKNOWN_OPEN) {
            return Ok(None);
        }
        let Some(space) = self.describe(&self.name, cx).await? else { return Ok(None) };
        let tags = tagging::read(space.space_arn().unwrap_or_default(), cx).await?;
        Ok(Some(Found { id: self.name.clone(), owner: Owner::Tags(tags) }))
    }

    /// Known long before it works.
    async fn live_tags(&self, id: &str, cx: &Context) -> Result<Option<Tags>> {
        let Some(found) = self.describe(id, cx).await? else { return Ok(None) };
        tagging::read(found.space_arn().unwrap_or_default(), cx).await.map(Some)
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let sent = cx
            .client(Client::new)
            .create_space()
            .domain_id(self.domain_id.as_str())
            .space_name(&self.name)
            .ownership_settings(OwnershipSettings::builder().owner_user_profile_name(&self.owner).build())
            .space_sharing_settings(SpaceSharingSettings::builder().sharing_type(SharingType::Shared).build())
            .space_settings(
                SpaceSettings::builder().app_type(self.app.as_type()).space_storage_settings(self.storage()).build(),
            )
            .set_tags(tagging::given(&self.tags))
            .send()
            .await
            .during("CreateSpace")
            .retry_on(errors::BUSY, Duration::from_secs(300))
            .exists_on(errors::EXISTS);
        let is_there = async {
            let there = self.describe(&self.name, cx).await?;
            Ok(there.is_some_and(|one| one.status().is_none_or(|status| status.as_str() != "Deleting")))
        };
        errors::tell_taken_from_busy(sent, is_there).await?;
        Ok(self.name.clone())
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let Some(space) = self.describe(id, cx).await? else { return Ok(Observed::Absent) };
        let arn = space.space_arn().unwrap_or_default().to_owned();
        let outputs = SpaceOutputs { name: id.to_owned(), arn: arn.clone() };
        let status = space.status().map(|status| status.as_str().to_owned()).unwrap_or_default();
        let reason = space.failure_reason();
        match status::resource_status(&status) {
            ResourceStatus::InService => {}
            ResourceStatus::Leaving => return Ok(Observed::Absent),
            ResourceStatus::UpdateFailed => status::judge_failed_change(&arn, "UpdateSpace", reason, cx)?,
            ResourceStatus::Failed => return Ok(status::broken(reason.unwrap_or(&status))),
            ResourceStatus::Changing => return Ok(Observed::Settling { status, outputs: Some(outputs) }),
        }
        let tags = cx.tags(&arn, &self.tags, tagging::read(&arn, cx)).await?;
        Ok(Observed::Ready { live: live(&space, tags), outputs })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        let Some(space) = self.describe(id, cx).await? else { return Ok(()) };
        let arn = space.space_arn().unwrap_or_default();
        tagging::converge(arn, &self.tags, &live.tags, diff, cx).await?;
        if diff.has("volume_gb") {
            let call = cx.client(Client::new).update_space().domain_id(self.domain_id.as_str()).space_name(id);
            call.space_settings(SpaceSettings::builder().space_storage_settings(self.storage()).build())
                .send()
                .await
                .during("UpdateSpace")
                .help("a volume grows only while no app runs in the space: stop its apps first")?;
            status::changed(arn, cx);
        }
        Ok(())
    }

    fn replacement(&self, live: &Self, _: &Diff) -> Option<String> {
        (self.volume_gb < live.volume_gb)
            .then(|| format!("AWS cannot shrink a volume, from {} GB to {} GB", live.volume_gb, self.volume_gb))
    }

    async fn data_at_risk(&self, id: &str, cx: &Context) -> Result<Option<String>> {
        let Some(space) = self.describe(id, cx).await? else { return Ok(None) };
        Ok(volume(&space).map(|size| format!("a volume of {size} GB")))
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let Some(space) = self.describe(id, cx).await? else { return Ok(Deletion::Gone) };
        if space.status().is_some_and(|status| status.as_str() == "Deleting") {
            return Ok(Deletion::Going("Deleting".into()));
        }
        if let Some(size) = volume(&space).filter(|_| !cx.may_delete_data()) {
            let help = Remedy::AllowDataDeletion { address: None };
            return Err(Failure::refused(format!("the space holds a volume of {size} GB"), help));
        }
        let domain = self.domain_id.as_str();
        let apps = contents::close_apps(domain, AppOwner::Space(id), cx).await?;
        if apps > 0 {
            return Ok(Deletion::Going(format!("its apps to close ({apps})")));
        }
        let call = cx.client(Client::new).delete_space().domain_id(domain).space_name(id);
        let sent =
            call.send().await.during("DeleteSpace").retry_on(errors::BUSY, errors::TIDYING).none_on(errors::ABSENT)?;
        Ok(sent.map_or(Deletion::Gone, |_| Deletion::Going("Deleting".into())))
    }

    fn predict_outputs(&self, _: &Place, outputs: SpaceOutputs) -> SpaceOutputs {
        SpaceOutputs { name: self.name.clone(), ..outputs }
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let (read, create) = ("sagemaker:DescribeSpace", "sagemaker:CreateSpace");
        let own = iam::tagged("space", read, create, &["sagemaker:UpdateSpace"], place);
        own.into_iter().chain(iam::move_out(place)).collect()
    }

    fn usage(&self) -> Usage {
        // The volume exists from the first app's start until the space goes, whether an app runs or not.
        let gb = self.volume_gb;
        let quantity = Quantity::count(u64::try_from(gb).unwrap_or_default());
        Usage::default().monthly(format!("volume of {gb} GB"), UsageType::StudioVolumeGbMonth, quantity)
    }
}

impl Space {
    fn storage(&self) -> SpaceStorageSettings {
        let volume = EbsStorageSettings::builder().ebs_volume_size_in_gb(self.volume_gb).build();
        SpaceStorageSettings::builder().ebs_storage_settings(volume).build()
    }

    async fn describe(&self, name: &str, cx: &Context) -> Result<Option<DescribeSpaceOutput>> {
        let call = cx.client(Client::new).describe_space().domain_id(self.domain_id.as_str()).space_name(name);
        call.send().await.during("DescribeSpace").none_on(errors::ABSENT)
    }
}

impl SpaceApp {
    fn as_type(self) -> AppType {
        match self {
            Self::JupyterLab => AppType::JupyterLab,
            Self::CodeEditor => AppType::CodeEditor,
        }
    }
}

fn volume(space: &DescribeSpaceOutput) -> Option<i32> {
    space.space_settings()?.space_storage_settings()?.ebs_storage_settings()?.ebs_volume_size_in_gb()
}

fn live(space: &DescribeSpaceOutput, tags: Tags) -> Space {
    let owner = space.ownership_settings().and_then(|settings| settings.owner_user_profile_name());
    Space {
        domain_id: DomainId::new(space.domain_id().unwrap_or_default()),
        name: space.space_name().unwrap_or_default().to_owned(),
        owner: owner.unwrap_or_default().to_owned(),
        app: match space.space_settings().and_then(|settings| settings.app_type()) {
            Some(AppType::CodeEditor) => SpaceApp::CodeEditor,
            _ => SpaceApp::JupyterLab,
        },
        volume_gb: volume(space).unwrap_or_default(),
        tags,
    }
}
