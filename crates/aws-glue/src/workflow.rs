//! Reconciler for Glue workflows.

use crate::{errors, tagging};
use aws_client::{Attempt, Result};
use aws_sdk_glue::{Client, types::Workflow as Described};
use resource::{
    As, Context, Deletion, Diff, Found, IdForm, Observed, ReplaceOrder, Resource, SizeLimit, Tags, Terraform,
    usage::Usage,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vocabulary::{Permission, Place};

/// A workflow: what triggers start belongs to one run of it. The id is the name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workflow {
    /// The name.
    pub name: String,
    /// The purpose of the workflow; may be empty.
    pub description: String,
    /// The properties that the jobs of a run can read.
    pub default_run_properties: BTreeMap<String, String>,
    /// The number of runs that may be under way at a time, from 1.
    pub max_concurrent_runs: i32,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WorkflowOutputs {
    /// The name.
    pub name: String,
    /// The ARN.
    pub arn: String,
}

impl Resource for Workflow {
    const KIND: &'static str = "glue:workflow";
    const NOUN: &'static str = "Glue workflow";
    const TERRAFORM: Option<Terraform> = Some(Terraform::named("aws_glue_workflow", &[("name", "name")]));
    // The most that AWS takes of a Glue workflow.
    // <https://docs.aws.amazon.com/glue/latest/webapi/API_CreateWorkflow.html>
    const SIZE_LIMITS: &'static [SizeLimit] = &[SizeLimit::characters("name", 255)];
    const REPLACE_ON: &'static [&'static str] = &["name"];
    const COMPARE: &'static [(&'static str, As)] =
        &[("default_run_properties", As::Whole), ("default_run_properties", As::Sensitive)];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;

    type Outputs = WorkflowOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Is(self.name.clone())
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        match get(&self.name, cx).await? {
            Some(_) => tagging::found(&self.name, &arn(&self.name, cx.place()), cx).await,
            None => Ok(None),
        }
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        cx.client(Client::new)
            .create_workflow()
            .name(&self.name)
            .description(&self.description)
            .set_default_run_properties(Some(self.default_run_properties.clone().into_iter().collect()))
            .max_concurrent_runs(self.max_concurrent_runs)
            .set_tags(tagging::given(&self.tags))
            .send()
            .await
            .during("CreateWorkflow")
            .retry_on(errors::CONTENDED, errors::CONTENTION)?;
        Ok(self.name.clone())
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let arn = arn(id, cx.place());
        let (workflow, tags) = tokio::try_join!(get(id, cx), cx.tags(&arn, &self.tags, tagging::read(&arn, cx)))?;
        let Some(workflow) = workflow else { return Ok(Observed::Absent) };
        let live = Self {
            name: workflow.name.unwrap_or_default(),
            description: workflow.description.unwrap_or_default(),
            default_run_properties: workflow.default_run_properties.unwrap_or_default().into_iter().collect(),
            max_concurrent_runs: workflow.max_concurrent_runs.unwrap_or_default(),
            tags,
        };
        Ok(Observed::Ready { live, outputs: WorkflowOutputs { name: id.to_owned(), arn } })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        tagging::converge(&arn(id, cx.place()), &self.tags, &live.tags, diff, cx).await?;
        if diff.has_any(&["description", "default_run_properties", "max_concurrent_runs"]) {
            cx.client(Client::new)
                .update_workflow()
                .name(id)
                .description(&self.description)
                .set_default_run_properties(Some(self.default_run_properties.clone().into_iter().collect()))
                .max_concurrent_runs(self.max_concurrent_runs)
                .send()
                .await
                .during("UpdateWorkflow")
                .retry_on(errors::CONTENDED, errors::CONTENTION)?;
        }
        Ok(())
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let call = cx.client(Client::new).delete_workflow().name(id);
        call.send()
            .await
            .during("DeleteWorkflow")
            .retry_on(errors::CONTENDED, errors::CONTENTION)
            .none_on(errors::ABSENT)?;
        Ok(Deletion::Gone)
    }

    fn predict_outputs(&self, place: &Place, _: WorkflowOutputs) -> WorkflowOutputs {
        WorkflowOutputs { name: self.name.clone(), arn: arn(&self.name, place) }
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let arn = arn(&self.name, place);
        let own = [
            Permission::read(["glue:GetWorkflow"]).on([arn.as_str()]),
            Permission::change(["glue:CreateWorkflow", "glue:UpdateWorkflow", "glue:DeleteWorkflow"])
                .on([arn.as_str()]),
        ];
        own.into_iter().chain(tagging::permissions(&arn)).collect()
    }

    fn usage(&self) -> Usage {
        Usage::free("what it starts costs, on its own line")
    }
}

fn arn(name: &str, place: &Place) -> String {
    place.arn("glue", &format!("workflow/{name}"))
}

async fn get(name: &str, cx: &Context) -> Result<Option<Described>> {
    let call = cx.client(Client::new).get_workflow().name(name).include_graph(false);
    Ok(call.send().await.during("GetWorkflow").none_on(errors::ABSENT)?.and_then(|answer| answer.workflow))
}
