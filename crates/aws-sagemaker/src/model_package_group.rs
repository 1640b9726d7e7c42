//! Reconciler for model package groups of the model registry.

use crate::{errors, iam, status, tagging};
use aws_client::{Attempt, Failure, Pages, Remedy, Result};
use aws_sdk_sagemaker::{
    Client,
    operation::describe_model_package_group::DescribeModelPackageGroupOutput,
    types::{ModelPackageGroupStatus as Status, ModelPackageSummary},
};
use resource::{
    Context, Deletion, Diff, Found, IdForm, Observed, Owner, ReplaceOrder, Resource, SizeLimit, Tags, Terraform,
    usage::Usage,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use vocabulary::{Permission, Place};

/// A model's versions in the registry. The id is the name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelPackageGroup {
    /// The name.
    pub name: String,
    /// The purpose of the model; may be empty.
    pub description: String,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ModelPackageGroupOutputs {
    /// The name.
    pub name: String,
    /// The ARN.
    pub arn: String,
}

impl Resource for ModelPackageGroup {
    const KIND: &'static str = "sagemaker:model-package-group";
    const NOUN: &'static str = "model package group";
    const TERRAFORM: Option<Terraform> =
        Some(Terraform::named("aws_sagemaker_model_package_group", &[("model_package_group_name", "name")]));
    // The most that AWS takes of a model package group.
    // <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackageGroup.html>
    const SIZE_LIMITS: &'static [SizeLimit] =
        &[SizeLimit::characters("name", 63), SizeLimit::characters("description", 1024)];
    const REPLACE_ON: &'static [&'static str] = &["name", "description"];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;

    type Outputs = ModelPackageGroupOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Is(self.name.clone())
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        let Some(group) = describe(&self.name, cx).await? else { return Ok(None) };
        let tags = tagging::read(group.model_package_group_arn().unwrap_or_default(), cx).await?;
        Ok(Some(Found { id: self.name.clone(), owner: Owner::Tags(tags) }))
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        cx.client(Client::new)
            .create_model_package_group()
            .model_package_group_name(&self.name)
            .set_model_package_group_description((!self.description.is_empty()).then(|| self.description.clone()))
            .set_tags(tagging::given(&self.tags))
            .send()
            .await
            .during("CreateModelPackageGroup")
            .exists_on(errors::EXISTS)?;
        Ok(self.name.clone())
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let Some(group) = describe(id, cx).await? else { return Ok(Observed::Absent) };
        let arn = group.model_package_group_arn().unwrap_or_default().to_owned();
        let outputs = ModelPackageGroupOutputs { name: id.to_owned(), arn: arn.clone() };
        match group.model_package_group_status() {
            Some(status @ (Status::Failed | Status::DeleteFailed)) => {
                return Ok(status::broken(status.as_str()));
            }
            None | Some(Status::Completed) => {}
            Some(Status::Deleting) => return Ok(Observed::Absent),
            Some(status) => {
                return Ok(Observed::Settling { status: status.as_str().to_owned(), outputs: Some(outputs) });
            }
        }
        let live = Self {
            name: group.model_package_group_name().unwrap_or_default().to_owned(),
            description: group.model_package_group_description().unwrap_or_default().to_owned(),
            tags: cx.tags(&arn, &self.tags, tagging::read(&arn, cx)).await?,
        };
        Ok(Observed::Ready { live, outputs })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        let Some(group) = describe(id, cx).await? else { return Ok(()) };
        let arn = group.model_package_group_arn().unwrap_or_default();
        tagging::converge(arn, &self.tags, &live.tags, diff, cx).await
    }

    async fn data_at_risk(&self, id: &str, cx: &Context) -> Result<Option<String>> {
        Ok(in_words(versions(id, cx).await?.len()))
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let versions = versions(id, cx).await?;
        if let Some(what) = in_words(versions.len()).filter(|_| !cx.may_delete_data()) {
            let help = Remedy::AllowDataDeletion { address: None };
            return Err(Failure::refused(format!("the model package group holds {what}"), help));
        }
        let client = cx.client(Client::new);
        for version in versions {
            let call = client.delete_model_package().set_model_package_name(version.model_package_arn);
            call.send().await.during("DeleteModelPackage").none_on(errors::ABSENT)?;
        }
        let call = client.delete_model_package_group().model_package_group_name(id);
        call.send()
            .await
            .during("DeleteModelPackageGroup")
            .retry_on(errors::BUSY, Duration::from_secs(120))
            .none_on(errors::ABSENT)?;
        Ok(match describe(id, cx).await? {
            None => Deletion::Gone,
            Some(_) => Deletion::Going("Deleting".into()),
        })
    }

    fn predict_outputs(&self, place: &Place, _: ModelPackageGroupOutputs) -> ModelPackageGroupOutputs {
        let arn = place.arn("sagemaker", &format!("model-package-group/{}", self.name));
        ModelPackageGroupOutputs { name: self.name.clone(), arn }
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let reads = ["sagemaker:DescribeModelPackageGroup"];
        let changes = ["sagemaker:CreateModelPackageGroup", "sagemaker:DeleteModelPackageGroup"];
        let versions = place.arn("sagemaker", &format!("model-package/{}/*", self.name));
        let mut permissions = iam::named("model-package-group", &self.name, &reads, &changes, place);
        permissions.extend([
            // AWS's reference names model packages, of which the call names none.
            Permission::change(["sagemaker:ListModelPackages"]).on_anything(),
            Permission::change(["sagemaker:DeleteModelPackage"]).on([versions]),
        ]);
        permissions
    }

    fn usage(&self) -> Usage {
        Usage::free("the registry costs nothing; models are part of what their bucket stores")
    }
}

fn in_words(versions: usize) -> Option<String> {
    match versions {
        0 => None,
        1 => Some("1 model version".to_owned()),
        count => Some(format!("{count} model versions")),
    }
}

async fn describe(name: &str, cx: &Context) -> Result<Option<DescribeModelPackageGroupOutput>> {
    let call = cx.client(Client::new).describe_model_package_group().model_package_group_name(name);
    call.send().await.during("DescribeModelPackageGroup").none_on(errors::ABSENT)
}

async fn versions(group: &str, cx: &Context) -> Result<Vec<ModelPackageSummary>> {
    let call = cx.client(Client::new).list_model_packages().model_package_group_name(group);
    let pages = Pages::new("ListModelPackages", call.into_paginator().send(), |page| page.next_token().into());
    let versions = pages.items(|page| page.model_package_summary_list).all().await;
    Ok(versions.none_on(errors::ABSENT)?.unwrap_or_default())
}
