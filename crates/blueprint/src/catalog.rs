//! Glue: the database, crawlers, ETL jobs with their scripts, and the workflow that joins them.

use crate::{
    Error, build_context::BuildContext, encryption::Keys, log_groups::log_group, roles::Roles, script_bundle,
    settings_json::spelled, storage::Buckets,
};
use aws_glue::{
    Action, BookmarkEncryption, CrawlState, Crawler, Database, DeleteBehavior, ExecutionClass, Firing, Job, JobLogs,
    JobState, LogEncryption, Logical, RecrawlBehavior, S3Encryption, S3Target, Schedule, SecurityConfiguration,
    Trigger, TriggerCondition, UpdateBehavior, Workflow,
};
use aws_logs::LogGroup;
use aws_s3::Object;
use config::environment::catalog;
use resource::{Asset, Handle, Ready, Stack, Tags};
use serde_json::json;
use std::collections::BTreeMap;

/// The jobs, by their short names.
pub(crate) type Jobs = BTreeMap<String, Handle<Job>>;

pub(crate) fn build(
    stack: &mut Stack,
    context: &BuildContext,
    keys: &Keys,
    roles: &Roles,
    buckets: &Buckets,
) -> Result<Jobs, Error> {
    let database = database(stack, context, buckets);
    let security = security_configuration(stack, context, keys);
    let mut crawlers = BTreeMap::new();
    for (index, crawler) in context.environment.catalog.crawlers.iter().enumerate() {
        let added = stack.for_setting(format!("catalog.crawlers.{index}.name"), |stack| {
            add_crawler(stack, context, crawler, database, roles, security)
        });
        crawlers.insert(crawler.name.clone(), added);
    }
    let mut jobs = Jobs::new();
    for (index, job) in context.environment.catalog.jobs.iter().enumerate() {
        let added = stack.for_setting(format!("catalog.jobs.{index}.name"), |stack| {
            add_job(stack, context, keys, job, roles, security, buckets)
        })?;
        jobs.insert(job.name.clone(), added);
    }
    if let Some(workflow) = &context.environment.catalog.workflow {
        stack.for_setting("catalog.workflow", |stack| add_workflow(stack, context, workflow, &crawlers, &jobs));
    }
    Ok(jobs)
}

fn database(stack: &mut Stack, context: &BuildContext, buckets: &Buckets) -> Handle<Database> {
    let (name, prefix) = (context.environment.database_name(), context.prefix());
    let location = format!("s3://{}/processed/parquet/", context.bucket("data"));
    stack.add("catalog", "database", buckets.get("data").copied(), move |_| Database {
        name: name.clone(),
        description: format!("Tables of {prefix}"),
        location: location.clone(),
        tags: Tags::default(),
    })
}

/// The security configuration that encrypts the output of jobs and crawlers with the platform's keys.
fn security_configuration(
    stack: &mut Stack,
    context: &BuildContext,
    keys: &Keys,
) -> Option<Ready<SecurityConfiguration>> {
    let (data, logs) = keys.data.clone().zip(keys.logs.clone())?;
    let name = context.prefix();
    let configuration =
        stack.add("catalog", "security-configuration", (data, logs), move |(data, logs)| SecurityConfiguration {
            name: name.clone(),
            s3: S3Encryption::SseKms(data.arn.clone()),
            logs: LogEncryption::SseKms(logs.arn),
            job_bookmarks: BookmarkEncryption::CseKms(data.arn),
        });
    Some(configuration.ready())
}

type Security = Option<Ready<SecurityConfiguration>>;

fn security_name(security: Option<aws_glue::SecurityConfigurationOutputs>) -> String {
    security.map(|security| security.name).unwrap_or_default()
}

fn add_crawler(
    stack: &mut Stack,
    context: &BuildContext,
    crawler: &catalog::Crawler,
    database: Handle<Database>,
    roles: &Roles,
    security: Security,
) -> Handle<Crawler> {
    let (name, crawler) = (context.named(&crawler.name), crawler.clone());
    let address = format!("crawler-{}", crawler.name);
    let path = format!("s3://{}/{}", context.bucket(&crawler.bucket), crawler.prefix);
    stack.add(
        "catalog",
        &address,
        (database, roles.glue.clone().ready(), security),
        move |(database, role, security)| Crawler {
            name: name.clone(),
            description: format!("Finds the tables under {path}"),
            role: role.arn,
            database: database.name,
            targets: vec![S3Target { path: path.clone(), exclusions: Vec::new() }],
            schedule: crawler.schedule.clone().map_or(Schedule::OnDemand, Schedule::Cron),
            update_behavior: match crawler.on_change {
                catalog::OnChange::Update => UpdateBehavior::UpdateInDatabase,
                catalog::OnChange::Log => UpdateBehavior::Log,
            },
            delete_behavior: match crawler.on_delete {
                catalog::OnDelete::Log => DeleteBehavior::Log,
                catalog::OnDelete::Deprecate => DeleteBehavior::DeprecateInDatabase,
                catalog::OnDelete::Delete => DeleteBehavior::DeleteFromDatabase,
            },
            recrawl: match crawler.recrawl {
                catalog::Recrawl::Everything => RecrawlBehavior::CrawlEverything,
                catalog::Recrawl::NewFoldersOnly => RecrawlBehavior::CrawlNewFoldersOnly,
            },
            table_prefix: String::new(),
            configuration: json!({"Version": 1.0}),
            security_configuration: security_name(security),
            tags: Tags::default(),
        },
    )
}

fn add_job(
    stack: &mut Stack,
    context: &BuildContext,
    keys: &Keys,
    job: &catalog::Job,
    roles: &Roles,
    security: Security,
    buckets: &Buckets,
) -> Result<Handle<Job>, Error> {
    let script = script(context, &job.script)?;
    let digest = stack.ship(Asset { origin: job.script.clone(), bytes: script.into() });
    let key = format!("glue/scripts/{}.py", job.name);
    let location = format!("s3://{}/{key}", context.bucket("artifacts"));
    let artifacts = buckets.get("artifacts").map(|bucket| bucket.ready());
    let bucket = vocabulary::BucketName::new(context.bucket("artifacts"));
    let script = stack.add("catalog", &format!("script-{}", job.name), artifacts, move |_| Object {
        bucket: bucket.clone(),
        key: key.clone(),
        sha256: digest.clone(),
        content_type: "text/x-python".into(),
    });
    let logs = log_groups(stack, context, keys, job, security.is_some());
    let arguments = arguments(context, job)?;
    // The pipeline repeats its own job, and would meet the run that Glue repeats by itself.
    let is_repeated = context.environment.pipeline.as_ref().is_some_and(|pipeline| pipeline.etl_job == job.name);
    let max_retries = if is_repeated { 0 } else { i32::from(job.max_retries) };
    let (name, job) = (context.named(&job.name), job.clone());
    let needs = (roles.glue.clone().ready(), script, logs, security);
    Ok(stack.add("catalog", &format!("job-{}", job.name), needs, move |(role, _, _, security)| Job {
        name: name.clone(),
        description: format!("Runs {}", job.script),
        role: role.arn,
        script_location: location.clone(),
        python_version: "3".into(),
        glue_version: spelled(&job.glue_version),
        worker_type: spelled(&job.worker_type),
        number_of_workers: i32::from(job.workers),
        timeout_minutes: i32::from(job.timeout_minutes),
        max_retries,
        max_concurrent_runs: i32::from(job.max_concurrent_runs),
        default_arguments: arguments.clone(),
        non_overridable_arguments: BTreeMap::new(),
        connections: Vec::new(),
        execution_class: ExecutionClass::Standard,
        security_configuration: security_name(security),
        tags: Tags::default(),
    }))
}

/// A job's script, with the modules beside it.
fn script(context: &BuildContext, path: &str) -> Result<Vec<u8>, Error> {
    let modules = context.files.modules_beside(path)?;
    let script = package::with_plain_line_ends(path, context.files.read(path)?);
    if modules.is_empty() {
        return Ok(script);
    }
    let text = |bytes: Vec<u8>| {
        String::from_utf8(bytes)
            .map_err(|_| Error::File { path: context.files.path(path), why: "it is not UTF-8".to_owned() })
    };
    let modules = modules
        .into_iter()
        .map(|(name, source)| {
            let file = format!("{name}.py");
            Ok((name, text(package::with_plain_line_ends(&file, source))?))
        })
        .collect::<Result<_, Error>>()?;
    Ok(script_bundle::bundled(path, &text(script)?, &modules).into_bytes())
}

/// The log group prefix of a job. Glue completes it by its version and the security configuration.
fn own_logs(context: &BuildContext, job: &catalog::Job) -> String {
    format!("/aws-glue/{}/{}", context.prefix(), job.name)
}

/// The log groups that runs of a job write into, made before Glue would make them without retention, key and tags.
fn log_groups(
    stack: &mut Stack,
    context: &BuildContext,
    keys: &Keys,
    job: &catalog::Job,
    is_encrypted: bool,
) -> Vec<Ready<LogGroup>> {
    let (version, own) = (spelled(&job.glue_version), own_logs(context, job));
    let (security, role) = (context.prefix(), context.role_name("glue"));
    let encrypted = is_encrypted.then_some((security.as_str(), role.as_str()));
    let written = JobLogs { glue_version: &version, own: &own, encrypted }.groups();
    // The group that version 0.1 made for every job, which only some of Glue's versions write into, stays.
    let of_0_1 = (format!("logs-{}", job.name), own.clone());
    let others = written.into_iter().filter(|name| *name != own).map(|name| {
        let last = name.rsplit('/').next().filter(|last| ["error", "output"].contains(last)).unwrap_or("continuous");
        (format!("{last}-logs-{}", job.name), name)
    });
    let groups: Vec<(String, String)> = [of_0_1].into_iter().chain(others).collect();
    let declare =
        |(address, name): &(String, String)| log_group(stack, context, keys, "catalog", address, name).ready();
    groups.iter().map(declare).collect()
}

fn arguments(context: &BuildContext, job: &catalog::Job) -> Result<BTreeMap<String, String>, Error> {
    let data = context.bucket("data");
    let artifacts = context.bucket("artifacts");
    let bookmarks = if job.bookmarks { "job-bookmark-enable" } else { "job-bookmark-disable" };
    let mut arguments: BTreeMap<String, String> = [
        ("--job-language", "python".to_owned()),
        ("--job-bookmark-option", bookmarks.to_owned()),
        ("--enable-metrics", "true".to_owned()),
        ("--TempDir", format!("s3://{artifacts}/glue/temporary/")),
        ("--raw", format!("s3://{data}/raw/")),
        ("--processed", format!("s3://{data}/processed/")),
        ("--quarantine", format!("s3://{data}/quarantine/")),
        // The pipeline gives each run its own; these are for runs that the workflow starts.
        ("--dataset", "workflow".to_owned()),
        ("--batch", "latest".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    let (version, own) = (spelled(&job.glue_version), own_logs(context, job));
    arguments.extend(JobLogs { glue_version: &version, own: &own, encrypted: None }.arguments());
    if job.spark_ui {
        arguments.insert("--enable-spark-ui".into(), "true".into());
        arguments.insert("--spark-event-logs-path".into(), format!("s3://{artifacts}/glue/spark-ui/{}/", job.name));
    }
    if let Some(pipeline) = context.environment.pipeline.as_ref().filter(|pipeline| pipeline.etl_job == job.name) {
        arguments.insert("--schema".into(), context.files.data_schema(&pipeline.schema)?.to_string());
        // Workers of a job need not know where they run.
        arguments.insert("--service_region".into(), context.place.region.clone());
        arguments.insert("--metrics_namespace".into(), "mlopsctl/etl".into());
    }
    arguments.extend(job.arguments.clone());
    arguments.extend(job.secrets.clone());
    Ok(arguments)
}

/// Crawl raw data, then transform it, then crawl the result: each step starts when the one before succeeded.
fn add_workflow(
    stack: &mut Stack,
    context: &BuildContext,
    settings: &catalog::Workflow,
    crawlers: &BTreeMap<String, Handle<Crawler>>,
    jobs: &Jobs,
) {
    let (Some(first), Some(job), Some(last)) =
        (crawlers.get(&settings.first), jobs.get(&settings.job), crawlers.get(&settings.last))
    else {
        return;
    };
    let name = context.named("etl");
    let workflow = stack.add("catalog", "workflow", (), move |()| Workflow {
        name: name.clone(),
        description: "Crawl raw data, transform it, crawl the result".into(),
        default_run_properties: BTreeMap::new(),
        max_concurrent_runs: 1,
        tags: Tags::default(),
    });
    let (start, schedule) = (context.named("start"), settings.schedule.clone());
    stack.add("catalog", "trigger-start", (workflow, first.ready()), move |(workflow, first)| Trigger {
        name: start.clone(),
        description: "Starts the workflow".into(),
        workflow: workflow.name,
        firing: match schedule.clone() {
            Some(expression) => Firing::Scheduled { expression, activated: true },
            None => Firing::OnDemand,
        },
        actions: vec![Action::Crawler { name: first.name }],
        tags: Tags::default(),
    });
    let after = |condition| Firing::Conditional { logical: Logical::And, conditions: vec![condition], activated: true };
    let transform = context.named("transform");
    stack.add("catalog", "trigger-transform", (workflow, first.ready(), job.ready()), move |(workflow, first, job)| {
        Trigger {
            name: transform.clone(),
            description: "Transforms what was crawled".into(),
            workflow: workflow.name,
            firing: after(TriggerCondition::Crawler { name: first.name, state: CrawlState::Succeeded }),
            actions: vec![Action::Job { name: job.name, arguments: BTreeMap::new() }],
            tags: Tags::default(),
        }
    });
    let publish = context.named("publish");
    stack.add("catalog", "trigger-publish", (workflow, job.ready(), last.ready()), move |(workflow, job, last)| {
        Trigger {
            name: publish.clone(),
            description: "Crawls what was transformed".into(),
            workflow: workflow.name,
            firing: after(TriggerCondition::Job { name: job.name, state: JobState::Succeeded }),
            actions: vec![Action::Crawler { name: last.name }],
            tags: Tags::default(),
        }
    });
}
