//! Reconciler for Glue jobs that run Spark.

use crate::{
    batch,
    charges::{self, JobSize},
    errors, role, tagging,
};
use aws_client::{Attempt, Result};
use aws_sdk_glue::{
    Client,
    types::{self as sdk, ConnectionsList, ExecutionProperty, JobCommand, JobUpdate, WorkerType},
};
use resource::{
    As, Context, Deletion, Diff, Found, IdForm, Observed, ReplaceOrder, Resource, SizeLimit, Tags, Terraform,
    usage::Usage,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vocabulary::{Permission, Place, RoleArn};

/// Glue's name for jobs that run Spark.
const SPARK: &str = "glueetl";

/// A Spark job. The id is the name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The name.
    pub name: String,
    /// The purpose of the job; may be empty.
    pub description: String,
    /// The role it runs with.
    pub role: RoleArn,
    /// `s3://bucket/key` of its script.
    pub script_location: String,
    /// The version of Python, `3`.
    pub python_version: String,
    /// For example `5.0`: decides the versions of Spark and Python.
    pub glue_version: String,
    /// For example `G.1X`.
    pub worker_type: String,
    /// The number of workers, from 2.
    pub number_of_workers: i32,
    /// The time limit of a run.
    pub timeout_minutes: i32,
    /// The number of times that Glue retries a failed run.
    pub max_retries: i32,
    /// The number of runs that may be under way at a time.
    pub max_concurrent_runs: i32,
    /// The default arguments of a run, for example `--job-bookmark-option`.
    pub default_arguments: BTreeMap<String, String>,
    /// Arguments that a job run cannot override.
    #[serde(default)]
    pub non_overridable_arguments: BTreeMap<String, String>,
    /// Names of the connections it uses, in order.
    pub connections: Vec<String>,
    /// The class of capacity: runs of one may wait for spare capacity.
    pub execution_class: ExecutionClass,
    /// The name of a security configuration; empty for none.
    pub security_configuration: String,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The capacity that a job runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ExecutionClass {
    /// Its own, at once.
    Standard,
    /// Spare, cheaper and at times later.
    Flex,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobOutputs {
    /// The name.
    pub name: String,
    /// The ARN.
    pub arn: String,
}

impl Resource for Job {
    const KIND: &'static str = "glue:job";
    const NOUN: &'static str = "Glue job";
    const TERRAFORM: Option<Terraform> = Some(Terraform::named("aws_glue_job", &[("name", "name")]));
    // The most that AWS takes of a Glue job.
    // <https://docs.aws.amazon.com/glue/latest/webapi/API_CreateJob.html>
    const SIZE_LIMITS: &'static [SizeLimit] =
        &[SizeLimit::characters("name", 255), SizeLimit::characters("description", 2048)];
    const REPLACE_ON: &'static [&'static str] = &["name"];
    const COMPARE: &'static [(&'static str, As)] = &[
        ("default_arguments", As::Whole),
        ("default_arguments", As::Sensitive),
        // Glue's own, which hold no secrets; `pipeline logs` reads the log group.
        ("default_arguments.--TempDir", As::Plain),
        ("default_arguments.--continuous-log-logGroup", As::Plain),
        ("default_arguments.--custom-logGroup-prefix", As::Plain),
        ("default_arguments.--enable-continuous-cloudwatch-log", As::Plain),
        ("default_arguments.--enable-metrics", As::Plain),
        ("default_arguments.--enable-spark-ui", As::Plain),
        ("default_arguments.--job-bookmark-option", As::Plain),
        ("default_arguments.--job-language", As::Plain),
        ("default_arguments.--spark-event-logs-path", As::Plain),
        ("non_overridable_arguments", As::Whole),
        ("non_overridable_arguments", As::Sensitive),
    ];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;

    type Outputs = JobOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Is(self.name.clone())
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        match batch::load::<sdk::Job>(&self.name, cx).await? {
            Some(_) => tagging::found(&self.name, &arn(&self.name, cx.place()), cx).await,
            None => Ok(None),
        }
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let update = self.definition();
        cx.client(Client::new)
            .create_job()
            .name(&self.name)
            .set_description(update.description)
            .set_role(update.role)
            .set_command(update.command)
            .set_glue_version(update.glue_version)
            .set_worker_type(update.worker_type)
            .set_number_of_workers(update.number_of_workers)
            .set_timeout(update.timeout)
            .max_retries(update.max_retries)
            .set_execution_property(update.execution_property)
            .set_default_arguments(update.default_arguments)
            .set_non_overridable_arguments(update.non_overridable_arguments)
            .set_connections(update.connections)
            .set_execution_class(update.execution_class)
            .set_security_configuration(update.security_configuration)
            .set_tags(tagging::given(&self.tags))
            .send()
            .await
            .during("CreateJob")
            .retry_on(errors::PROPAGATING, errors::PROPAGATION)
            .retry_on(errors::CONTENDED, errors::CONTENTION)?;
        Ok(self.name.clone())
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let arn = arn(id, cx.place());
        let (job, tags) =
            tokio::try_join!(batch::load::<sdk::Job>(id, cx), cx.tags(&arn, &self.tags, tagging::read(&arn, cx)))?;
        let Some(job) = job else { return Ok(Observed::Absent) };
        Ok(Observed::Ready { live: live(job, tags, cx.place()), outputs: JobOutputs { name: id.to_owned(), arn } })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        tagging::converge(&arn(id, cx.place()), &self.tags, &live.tags, diff, cx).await?;
        if diff.changes.iter().all(|change| change.path.starts_with("tags")) {
            return Ok(());
        }
        // An update replaces the definition whole: what it leaves out returns to its default.
        let call = cx.client(Client::new).update_job().job_name(id).job_update(self.definition());
        call.send()
            .await
            .during("UpdateJob")
            .retry_on(errors::PROPAGATING, errors::PROPAGATION)
            .retry_on(errors::CONTENDED, errors::CONTENTION)?;
        Ok(())
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let call = cx.client(Client::new).delete_job().job_name(id);
        call.send().await.during("DeleteJob").none_on(errors::ABSENT)?;
        Ok(Deletion::Gone)
    }

    fn predict_outputs(&self, place: &Place, _: JobOutputs) -> JobOutputs {
        JobOutputs { name: self.name.clone(), arn: arn(&self.name, place) }
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let arn = arn(&self.name, place);
        let own = [
            Permission::read(["glue:BatchGetJobs"]).on([arn.as_str()]),
            Permission::change(["glue:CreateJob", "glue:UpdateJob", "glue:DeleteJob"]).on([arn.as_str()]),
            Permission::pass_role(&self.role, "glue", place),
        ];
        own.into_iter().chain(tagging::permissions(&arn)).collect()
    }

    fn usage(&self) -> Usage {
        charges::usage(&JobSize {
            name: &self.name,
            worker_type: &self.worker_type,
            workers: self.number_of_workers,
            timeout_minutes: self.timeout_minutes,
            is_flex: self.execution_class == ExecutionClass::Flex,
            publishes_metrics: self.default_arguments.contains_key("--metrics_namespace"),
        })
    }
}

impl Job {
    fn definition(&self) -> JobUpdate {
        let text = |text: &String| (!text.is_empty()).then(|| text.clone());
        let command = JobCommand::builder()
            .name(SPARK)
            .script_location(&self.script_location)
            .python_version(&self.python_version)
            .build();
        let connections = ConnectionsList::builder().set_connections(Some(self.connections.clone())).build();
        JobUpdate::builder()
            .set_description(text(&self.description))
            .role(self.role.as_str())
            .command(command)
            .glue_version(&self.glue_version)
            .worker_type(WorkerType::from(self.worker_type.as_str()))
            .number_of_workers(self.number_of_workers)
            .timeout(self.timeout_minutes)
            .max_retries(self.max_retries)
            .execution_property(ExecutionProperty::builder().max_concurrent_runs(self.max_concurrent_runs).build())
            .set_default_arguments(Some(self.default_arguments.clone().into_iter().collect()))
            .set_non_overridable_arguments(Some(self.non_overridable_arguments.clone().into_iter().collect()))
            .set_connections((!self.connections.is_empty()).then_some(connections))
            .execution_class(match self.execution_class {
                ExecutionClass::Standard => sdk::ExecutionClass::Standard,
                ExecutionClass::Flex => sdk::ExecutionClass::Flex,
            })
            .set_security_configuration(text(&self.security_configuration))
            .build()
    }
}

fn arn(name: &str, place: &Place) -> String {
    place.arn("glue", &format!("job/{name}"))
}

fn live(job: sdk::Job, tags: Tags, place: &Place) -> Job {
    let command = job.command();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Job {
        name: text(job.name()),
        description: text(job.description()),
        role: role::read(job.role(), place),
        script_location: text(command.and_then(|command| command.script_location())),
        python_version: text(command.and_then(|command| command.python_version())),
        glue_version: text(job.glue_version()),
        worker_type: text(job.worker_type().map(|worker| worker.as_str())),
        number_of_workers: job.number_of_workers().unwrap_or_default(),
        timeout_minutes: job.timeout().unwrap_or_default(),
        max_retries: job.max_retries(),
        max_concurrent_runs: job.execution_property().map_or(1, |property| property.max_concurrent_runs()),
        connections: job.connections().map(|list| list.connections().to_vec()).unwrap_or_default(),
        execution_class: match job.execution_class() {
            Some(sdk::ExecutionClass::Flex) => ExecutionClass::Flex,
            _ => ExecutionClass::Standard,
        },
        security_configuration: text(job.security_configuration()),
        default_arguments: job.default_arguments.unwrap_or_default().into_iter().collect(),
        non_overridable_arguments: job.non_overridable_arguments.unwrap_or_default().into_iter().collect(),
        tags,
    }
}
