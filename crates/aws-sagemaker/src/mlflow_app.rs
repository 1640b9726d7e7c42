//! Reconciler for serverless MLflow tracking servers.

use crate::{errors, iam, status, tagging};
use aws_client::{Attempt, Failure, Pages, Remedy, Result};
use aws_sdk_sagemaker::{
    Client,
    operation::describe_mlflow_app::DescribeMlflowAppOutput,
    types::{MlflowAppStatus as Status, ModelRegistrationMode},
};
use resource::{
    Context, Deletion, Diff, Found, IdForm, Observed, Owner, ReplaceOrder, Resource, SizeLimit, Tags, Terraform,
    usage::Usage,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use vocabulary::{KeyArn, Need, Permission, Place, RoleArn};

/// A serverless MLflow tracking server. The id is the ARN.
///
/// AWS keeps experiments, runs and metrics in the app itself and tells nobody how many there are, so an app that has ever
/// worked is deleted only when data may be deleted. Artifacts are objects in the bucket and stay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MlflowApp {
    /// The name. Several apps can have the same name.
    pub name: String,
    /// The place in S3 where artifacts are stored.
    pub artifact_store_uri: String,
    /// The role that stores them.
    pub role: RoleArn,
    /// The key of experiments, runs and metrics. If left out, AWS uses its own key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<KeyArn>,
    /// The weekly time in UTC at which AWS may update MLflow: `Sun:03:30`. If left out, AWS chooses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weekly_maintenance_window: Option<String>,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MlflowAppOutputs {
    /// The ARN, which is also the tracking URI of MLflow's clients.
    /// <https://docs.aws.amazon.com/sagemaker/latest/dg/mlflow-track-experiments.html>
    pub arn: String,
}

impl Resource for MlflowApp {
    const KIND: &'static str = "sagemaker:mlflow-app";
    const NOUN: &'static str = "MLflow app";
    const TERRAFORM: Option<Terraform> = Some(Terraform::assigned("aws_sagemaker_mlflow_app", &[("name", "name")]));
    // The most that AWS takes of an MLflow app.
    // <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateMlflowApp.html>
    const SIZE_LIMITS: &'static [SizeLimit] =
        &[SizeLimit::characters("name", 256), SizeLimit::characters("artifact_store_uri", 1024)];
    const REPLACE_ON: &'static [&'static str] = &["role", "kms_key"];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::CreateFirst;
    const TYPICAL: Duration = Duration::from_secs(120);
    const DEADLINE: Duration = Duration::from_secs(1800);

    type Outputs = MlflowAppOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::StartsWith("arn:")
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        let pages = cx.client(Client::new).list_mlflow_apps().into_paginator().send();
        let mut apps =
            Pages::new("ListMlflowApps", pages, |page| page.next_token().into()).items(|page| page.summaries);
        let mut ours = Vec::new();
        while let Some(app) = apps.next().await? {
            let named = app.name() == Some(&self.name) && !is_leaving(app.status());
            let Some(id) = app.arn.filter(|id| named && !cx.deletes(id)) else { continue };
            let tags = tagging::read(&id, cx).await?;
            if cx.owns(&tags) {
                ours.push(Found { id, owner: Owner::Tags(tags) });
            }
        }
        Found::only(ours, Self::NOUN, cx)
    }

    /// Known long before it works.
    async fn live_tags(&self, id: &str, cx: &Context) -> Result<Option<Tags>> {
        match describe(id, cx).await? {
            Some(_) => tagging::read(id, cx).await.map(Some),
            None => Ok(None),
        }
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let created = cx
            .client_once(Client::new)
            .create_mlflow_app()
            .name(&self.name)
            .artifact_store_uri(&self.artifact_store_uri)
            .role_arn(self.role.as_str())
            .set_kms_key_id(self.kms_key.clone().map(String::from))
            .model_registration_mode(ModelRegistrationMode::AutoModelRegistrationDisabled)
            .set_weekly_maintenance_window_start(self.weekly_maintenance_window.clone())
            .set_tags(tagging::given(&self.tags))
            .send()
            .await
            .during("CreateMlflowApp")
            .retry_on(errors::PROPAGATING, errors::PROPAGATION)?;
        created.arn.ok_or_else(|| Failure::incomplete("CreateMlflowApp", "ARN"))
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let Some(app) = describe(id, cx).await? else { return Ok(Observed::Absent) };
        let outputs = MlflowAppOutputs { arn: id.to_owned() };
        match app.status() {
            Some(Status::Created | Status::Updated) => {}
            Some(Status::UpdateFailed) => status::judge_failed_change(id, "UpdateMlflowApp", None, cx)?,
            Some(status @ (Status::CreateFailed | Status::DeleteFailed)) => return Ok(status::broken(status.as_str())),
            status if is_leaving(status) => return Ok(Observed::Absent),
            status => {
                let status = status.map_or("Creating", Status::as_str).to_owned();
                return Ok(Observed::Settling { status, outputs: Some(outputs) });
            }
        }
        let live = Self {
            name: app.name().unwrap_or_default().to_owned(),
            artifact_store_uri: app.artifact_store_uri().unwrap_or_default().to_owned(),
            role: RoleArn::new(app.role_arn().unwrap_or_default()),
            kms_key: app.kms_key_id().map(KeyArn::new),
            weekly_maintenance_window: app.weekly_maintenance_window_start().map(str::to_owned),
            tags: cx.tags(id, &self.tags, tagging::read(id, cx)).await?,
        };
        Ok(Observed::Ready { live, outputs })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        tagging::converge(id, &self.tags, &live.tags, diff, cx).await?;
        if !diff.has_any(&["name", "artifact_store_uri", "weekly_maintenance_window"]) {
            return Ok(());
        }
        cx.client(Client::new)
            .update_mlflow_app()
            .arn(id)
            .name(&self.name)
            .artifact_store_uri(&self.artifact_store_uri)
            // AWS turns automatic registration on unless told otherwise.
            // <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateMlflowApp.html>
            .model_registration_mode(ModelRegistrationMode::AutoModelRegistrationDisabled)
            .set_weekly_maintenance_window_start(self.weekly_maintenance_window.clone())
            .send()
            .await
            .during("UpdateMlflowApp")
            .retry_on(errors::BUSY, Duration::from_secs(300))?;
        status::changed(id, cx);
        Ok(())
    }

    async fn data_at_risk(&self, id: &str, cx: &Context) -> Result<Option<String>> {
        Ok(describe(id, cx).await?.as_ref().and_then(experiments))
    }

    fn after_deletion(&self) -> Option<String> {
        Some(format!("the artifacts of its runs stay under {}", self.artifact_store_uri))
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let Some(app) = describe(id, cx).await? else { return Ok(Deletion::Gone) };
        match app.status() {
            Some(Status::Deleted) => return Ok(Deletion::Gone),
            Some(Status::Deleting) => return Ok(Deletion::Going("Deleting".into())),
            _ => {}
        }
        if let Some(what) = experiments(&app).filter(|_| !cx.may_delete_data()) {
            let stays = "the artifacts of runs stay in their bucket";
            let help = Remedy::Several(vec![Remedy::AllowDataDeletion { address: None }, stays.into()]);
            return Err(Failure::refused(format!("the MLflow app holds {what}"), help));
        }
        let sent = cx
            .client(Client::new)
            .delete_mlflow_app()
            .arn(id)
            .send()
            .await
            .during("DeleteMlflowApp")
            .retry_on(errors::BUSY, errors::TIDYING)
            .none_on(errors::ABSENT)?;
        Ok(sent.map_or(Deletion::Gone, |_| Deletion::Going("Deleting".into())))
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let changes = ["sagemaker:UpdateMlflowApp", "sagemaker:DeleteMlflowApp"];
        let mut permissions =
            iam::tagged("mlflow-app", "sagemaker:DescribeMlflowApp", "sagemaker:CreateMlflowApp", &changes, place);
        permissions.extend([
            // It knows no resources.
            Permission::read(["sagemaker:ListMlflowApps"]).on_anything(),
            iam::pass_role(&self.role, place),
        ]);
        if let Some(key) = &self.kms_key {
            let seals = ["kms:CreateGrant", "kms:DescribeKey", "kms:Decrypt", "kms:GenerateDataKey"];
            permissions.push(Permission::use_key(Need::Change, seals, &["sagemaker"], key, place));
        }
        permissions
    }

    fn usage(&self) -> Usage {
        Usage::free("the app costs nothing; artifacts are part of what their bucket stores")
    }
}

/// The data that would be lost with the app. One that never came to work has none.
fn experiments(app: &DescribeMlflowAppOutput) -> Option<String> {
    let worked = !matches!(app.status(), Some(Status::Creating | Status::CreateFailed));
    worked.then(|| "the experiments, runs and metrics that were logged to it".to_owned())
}

/// True if AWS is deleting the app, or still shows a deleted one.
fn is_leaving(status: Option<&Status>) -> bool {
    matches!(status, Some(Status::Deleting | Status::Deleted))
}

async fn describe(arn: &str, cx: &Context) -> Result<Option<DescribeMlflowAppOutput>> {
    let call = cx.client(Client::new).describe_mlflow_app().arn(arn);
    call.send().await.during("DescribeMlflowApp").none_on(errors::ABSENT)
}
