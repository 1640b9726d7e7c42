//! Reconciler for SageMaker endpoints: deployments create and update them, the reconciler deletes them.

use crate::{errors, tagging};
use aws_client::{Attempt, ErrorPattern, Result};
use aws_sdk_sagemaker::{Client, operation::describe_endpoint::DescribeEndpointOutput, types::EndpointStatus};
use resource::{
    Context, Deletion, Diff, Found, IdForm, ImportId, Observed, ReplaceOrder, Resource, SizeLimit, Tags, Terraform,
    usage::{Name, Relation, Usage},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use vocabulary::{Permission, PermissionCondition, Place};

/// The place of an endpoint. The deployment of a model creates and changes it. A declared endpoint is removed with
/// everything else, before the network and the role that it needs. The id is the name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Endpoint {
    /// The name.
    pub name: String,
    /// The prefix of the names of its models and configurations; those with other names are foreign.
    pub made_by: String,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndpointOutputs {
    /// The name.
    pub name: String,
}

/// SageMaker deletes no endpoint that it is changing.
/// <https://github.com/aws/amazon-sagemaker-operator-for-k8s/blob/828e611051d7481a11469fda74f368c05465989a/controllers/sdkutil/clientwrapper/sagemaker_client.go>
const CHANGING: &[ErrorPattern] = &[("ValidationException", "in-progress"), ("ValidationException", "in progress")];
/// An update under way is waited for.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html>
const SETTLES_WITHIN: Duration = Duration::from_secs(3600);

impl Resource for Endpoint {
    const KIND: &'static str = "sagemaker:endpoint";
    const NOUN: &'static str = "endpoint for deployments";
    const TERRAFORM: Option<Terraform> = Some(Terraform {
        import: ImportId::Never("the pipeline deploys it, so no tool keeps it"),
        ..Terraform::named("aws_sagemaker_endpoint", &[("name", "name")])
    });
    // The most that AWS takes of an endpoint for deployments.
    // <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html>
    const SIZE_LIMITS: &'static [SizeLimit] = &[SizeLimit::characters("name", 63)];
    const REPLACE_ON: &'static [&'static str] = &["name"];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;
    const DEADLINE: Duration = SETTLES_WITHIN;

    type Outputs = EndpointOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Is(self.name.clone())
    }

    /// An endpoint that exists belongs to the deployments.
    async fn find(&self, _: &Context) -> Result<Option<Found>> {
        Ok(None)
    }

    /// Nothing is served before a model is approved.
    async fn create(&self, _: &Context) -> Result<String> {
        Ok(self.name.clone())
    }

    /// Its declaration has no tags: a deployment gives them.
    async fn live_tags(&self, id: &str, cx: &Context) -> Result<Option<Tags>> {
        match describe(id, cx).await? {
            Some(endpoint) if endpoint.endpoint_status() != Some(&EndpointStatus::Deleting) => {
                tagging::read(endpoint.endpoint_arn().unwrap_or_default(), cx).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    async fn observe(&self, id: &str, _: &Context) -> Result<Observed<Self>> {
        let outputs = EndpointOutputs { name: id.to_owned() };
        Ok(Observed::Ready { live: Self { name: id.to_owned(), ..self.clone() }, outputs })
    }

    async fn update(&self, _: &str, _: &Self, _: &Diff, _: &Context) -> Result<()> {
        Ok(())
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let Some(endpoint) = describe(id, cx).await? else { return Ok(Deletion::Gone) };
        if endpoint.endpoint_status() == Some(&EndpointStatus::Deleting) {
            return Ok(Deletion::Going("Deleting".into()));
        }
        // Scaling targets of its variants are deregistered with it, for a caller who may
        // `application-autoscaling:DeregisterScalableTarget`; another one is refused here.
        let call = cx.client(Client::new).delete_endpoint().endpoint_name(id);
        call.send().await.during("DeleteEndpoint").retry_on(CHANGING, SETTLES_WITHIN).none_on(errors::ABSENT)?;
        if let Some(configuration) = endpoint.endpoint_config_name() {
            self.clear(configuration, cx).await?;
        }
        Ok(match describe(id, cx).await? {
            None => Deletion::Gone,
            Some(_) => Deletion::Going("Deleting".into()),
        })
    }

    fn predict_outputs(&self, _: &Place, _: EndpointOutputs) -> EndpointOutputs {
        EndpointOutputs { name: self.name.clone() }
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let endpoint = place.arn("sagemaker", &format!("endpoint/{}", self.name));
        let made = |kind: &str| place.arn("sagemaker", &format!("{kind}/{}*", self.made_by));
        let scaling = place.arn("application-autoscaling", "scalable-target/*");
        let of_sagemaker =
            PermissionCondition::Is("application-autoscaling:service-namespace", vec!["sagemaker".to_owned()]);
        vec![
            Permission::read(["sagemaker:DescribeEndpoint", "sagemaker:ListTags"]).on([endpoint.clone()]),
            Permission::change(["sagemaker:DeleteEndpoint"]).on([endpoint]),
            Permission::change(["sagemaker:DescribeEndpointConfig", "sagemaker:DeleteEndpointConfig"])
                .on([made("endpoint-config")]),
            Permission::change(["sagemaker:DeleteModel"]).on([made("model")]),
            Permission::change(["application-autoscaling:DeregisterScalableTarget"]).on([scaling]).when(of_sagemaker),
        ]
    }

    fn usage(&self) -> Usage {
        Usage::named(Name::Endpoint(self.name.clone())).related([Relation::IsDeployed])
    }
}

impl Endpoint {
    /// Removes the last configuration with its models. They cost nothing; a crash before this leaves no more.
    async fn clear(&self, configuration: &str, cx: &Context) -> Result<()> {
        if !configuration.starts_with(&self.made_by) {
            return Ok(());
        }
        let client = cx.client(Client::new);
        let call = client.describe_endpoint_config().endpoint_config_name(configuration);
        let Some(described) = call.send().await.during("DescribeEndpointConfig").none_on(errors::ABSENT)? else {
            return Ok(());
        };
        let call = client.delete_endpoint_config().endpoint_config_name(configuration);
        call.send().await.during("DeleteEndpointConfig").none_on(errors::ABSENT)?;
        let models = described.production_variants().iter().filter_map(|variant| variant.model_name());
        for model in models.filter(|model| model.starts_with(&self.made_by)) {
            let call = client.delete_model().model_name(model);
            call.send().await.during("DeleteModel").none_on(errors::ABSENT)?;
        }
        Ok(())
    }
}

async fn describe(name: &str, cx: &Context) -> Result<Option<DescribeEndpointOutput>> {
    let call = cx.client(Client::new).describe_endpoint().endpoint_name(name);
    call.send().await.during("DescribeEndpoint").none_on(errors::ABSENT)
}
