//! Glue: the data catalog, crawlers, jobs and the workflow that joins them.

use super::Storage;
use super::grants::{BucketGrants, BucketGrantsSchema, Permission};
use super::secrets::{self, FreeText};
use crate::check::{Place, Surroundings};
use crate::form::{
    Cron, DatabaseName, JobArgument, KeyArn, Map, Prefix, ProjectPath, Scalar, SecretReference, SecretText, Slug, Text,
    scalars,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The data catalog, and the crawlers and jobs that fill it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Catalog {
    /// The database. Left out, it is `<project>_<environment>`.
    #[schemars(with = "Option<Text<DatabaseName>>")]
    pub database: Option<String>,
    /// Crawlers, which find tables in buckets.
    pub crawlers: Vec<Crawler>,
    /// Spark jobs.
    pub jobs: Vec<Job>,
    /// Crawl, transform, crawl again, one after the other. Left out, each runs on its own.
    pub workflow: Option<Workflow>,
}

/// Finds tables under one prefix of a bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Crawler {
    /// The short name, which also begins the names of its tables.
    #[schemars(with = "Text<Slug>")]
    pub name: String,
    /// The bucket, by its short name.
    #[serde(default = "data")]
    #[schemars(with = "Text<Slug>", example = &"data")]
    pub bucket: String,
    /// The prefix below which it finds tables, for example `raw/`.
    #[schemars(with = "Text<Prefix>")]
    pub prefix: String,
    /// The schedule on which it runs: `cron(…)` in UTC. Left out, the workflow or a person starts it.
    #[serde(default)]
    #[schemars(with = "Option<Text<Cron>>")]
    pub schedule: Option<String>,
    /// The files that a second run reads.
    #[serde(default)]
    pub recrawl: Recrawl,
    /// The change to a table whose columns have changed.
    #[serde(default)]
    pub on_change: OnChange,
    /// The change to a table whose files are gone.
    #[serde(default)]
    pub on_delete: OnDelete,
}

/// The files that a second run of a crawler reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Recrawl {
    /// All files.
    #[default]
    Everything,
    /// Folders added since; needs `on_change = "log"` and `on_delete = "log"`.
    NewFoldersOnly,
}

/// The reaction of a crawler to changed columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnChange {
    /// The table follows.
    #[default]
    Update,
    /// The table stays; the log says so.
    Log,
}

/// The reaction of a crawler to deleted files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnDelete {
    /// The table stays; the log says so.
    #[default]
    Log,
    /// The table is marked as deprecated.
    Deprecate,
    /// The table goes.
    Delete,
}

/// A Spark job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// The short name.
    #[schemars(with = "Text<Slug>")]
    pub name: String,
    /// The script in the project, which is uploaded to the artifacts bucket.
    #[schemars(with = "Text<ProjectPath>")]
    pub script: String,
    /// The version of Glue, which decides those of Spark and Python.
    #[serde(default)]
    pub glue_version: GlueVersion,
    /// The size of a worker.
    #[serde(default)]
    pub worker_type: WorkerType,
    /// The number of workers, the driver included.
    #[serde(default = "two")]
    #[schemars(range(min = 2, max = 299))]
    pub workers: u16,
    /// Minutes after which a run is stopped.
    #[serde(default = "two_hours")]
    #[schemars(range(min = 1, max = 10_080))]
    pub timeout_minutes: u16,
    /// The number of times that Glue starts a failed run again. It does not apply to the job of the pipeline, which the
    /// pipeline retries.
    #[serde(default)]
    #[schemars(range(max = 10))]
    pub max_retries: u16,
    /// The number of runs that may be under way at the same time.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 1000))]
    pub max_concurrent_runs: u16,
    /// Glue's bookmarks. The pipeline's own job does without: its increments follow from what was accepted.
    #[serde(default = "yes")]
    pub bookmarks: bool,
    /// Keep Spark's event logs for the Spark UI in the artifacts bucket.
    #[serde(default)]
    pub spark_ui: bool,
    /// Further arguments of the script, each with its two hyphens.
    #[serde(default, deserialize_with = "scalars")]
    #[schemars(with = "Map<JobArgument, Scalar>")]
    pub arguments: BTreeMap<String, String>,
    /// Secrets that AWS keeps, by their references: the argument `--KEY` gets the ARN or name. Its role may read them, and its code has to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "Map<JobArgument, SecretText<SecretReference>>")]
    pub secrets: BTreeMap<String, String>,
    /// The keys of your own that encrypt those secrets. Left out, AWS's keys do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Text<KeyArn>>", extend("uniqueItems" = true))]
    pub secret_keys: Vec<String>,
    /// Buckets of this environment that the script may use: `{ landing = "read" }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BucketGrantsSchema")]
    pub buckets: BucketGrants,
    /// Further rights of its role, which all jobs share.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<Permission>,
    /// Arguments that look like secrets and are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Text<JobArgument>>", example = &["--token-column"], extend("uniqueItems" = true))]
    pub not_secret: Vec<String>,
}

/// A version of Glue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum GlueVersion {
    /// Spark 3.3, Python 3.10.
    #[serde(rename = "4.0")]
    V4,
    /// Spark 3.5, Python 3.11.
    #[default]
    #[serde(rename = "5.0")]
    V5,
}

/// The size of a Glue worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum WorkerType {
    /// 4 vCPU, 16 GB.
    #[default]
    #[serde(rename = "G.1X")]
    G1x,
    /// 8 vCPU, 32 GB.
    #[serde(rename = "G.2X")]
    G2x,
    /// 16 vCPU, 64 GB.
    #[serde(rename = "G.4X")]
    G4x,
    /// 32 vCPU, 128 GB.
    #[serde(rename = "G.8X")]
    G8x,
}

/// A crawler, a job and a crawler, each started by the success of the one before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Workflow {
    /// The schedule on which it starts: `cron(…)` in UTC. Left out, a person starts it.
    #[schemars(with = "Option<Text<Cron>>")]
    pub schedule: Option<String>,
    /// The crawler of the raw data.
    #[schemars(with = "Text<Slug>", example = &"raw")]
    pub first: String,
    /// The job that transforms it.
    #[schemars(with = "Text<Slug>", example = &"etl")]
    pub job: String,
    /// The crawler of the files that the job wrote.
    #[schemars(with = "Text<Slug>", example = &"processed")]
    pub last: String,
}

fn one() -> u16 {
    1
}

fn two() -> u16 {
    2
}

fn two_hours() -> u16 {
    120
}

fn yes() -> bool {
    true
}

fn data() -> String {
    "data".to_owned()
}

/// Arguments that Glue sets itself, and those that other settings decide.
/// <https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html>
const RESERVED: [(&str, &str); 9] = [
    ("--debug", "Glue sets it itself"),
    ("--mode", "Glue sets it itself"),
    ("--JOB_NAME", "Glue sets it itself"),
    ("--endpoint", "Glue sets it itself"),
    ("--job-bookmark-option", "use `bookmarks`"),
    ("--enable-spark-ui", "use `spark_ui`"),
    ("--spark-event-logs-path", "use `spark_ui`"),
    ("--enable-metrics", "it is always on"),
    ("--enable-continuous-cloudwatch-log", "it is always on"),
];

impl Default for Catalog {
    fn default() -> Self {
        let crawler = |name: &str, prefix: &str| Crawler {
            name: name.to_owned(),
            bucket: data(),
            prefix: prefix.to_owned(),
            schedule: None,
            recrawl: Recrawl::default(),
            on_change: OnChange::default(),
            on_delete: OnDelete::default(),
        };
        Self {
            database: None,
            crawlers: vec![crawler("raw", "raw/"), crawler("processed", "processed/parquet/")],
            jobs: Vec::new(),
            workflow: None,
        }
    }
}

impl Default for Workflow {
    fn default() -> Self {
        Self { schedule: None, first: "raw".to_owned(), job: "etl".to_owned(), last: "processed".to_owned() }
    }
}

impl Catalog {
    pub(super) fn check(&self, at: Place<'_>, around: &Surroundings<'_>, storage: Option<&Storage>) {
        let crawlers = at.get("crawlers");
        crawlers.unique("crawlers", self.crawlers.iter().map(|crawler| crawler.name.as_str()));
        for (index, crawler) in self.crawlers.iter().enumerate() {
            crawler.check(crawlers.at(index));
            if let Some(storage) = storage {
                let names = storage.buckets.iter().map(|bucket| bucket.name.as_str());
                crawlers.at(index).get("bucket").refers_to("bucket", &crawler.bucket, names);
            }
        }
        let jobs = at.get("jobs");
        jobs.unique("jobs", self.jobs.iter().map(|job| job.name.as_str()));
        for (index, job) in self.jobs.iter().enumerate() {
            job.check(jobs.at(index), around);
        }
        if let Some(workflow) = &self.workflow
            && at.sound(&["crawlers", "jobs"])
        {
            let at = at.get("workflow");
            let names = || self.crawlers.iter().map(|crawler| crawler.name.as_str());
            at.get("first").refers_to("crawler", &workflow.first, names());
            at.get("job").refers_to("job", &workflow.job, self.jobs.iter().map(|job| job.name.as_str()));
            at.get("last").refers_to("crawler", &workflow.last, names());
        }
    }
}

impl Crawler {
    fn check(&self, at: Place<'_>) {
        let logs_only = self.on_change == OnChange::Log && self.on_delete == OnDelete::Log;
        if self.recrawl == Recrawl::NewFoldersOnly && !logs_only {
            at.get("recrawl").report(
                "a crawler of new folders only cannot change tables",
                "set `on_change = \"log\"` and `on_delete = \"log\"`",
            );
        }
    }
}

impl Job {
    fn check(&self, at: Place<'_>, around: &Surroundings<'_>) {
        at.get("script").exists(around.root, &self.script);
        let free = FreeText {
            key: "arguments",
            values: &self.arguments,
            not_secret: &self.not_secret,
            instead: secrets::REFERENCE,
        };
        free.check(at);
        secrets::check_keys(&self.secret_keys, at, around);
        secrets::check_references(&self.secrets, &self.arguments, at, around);
        let arguments = self.arguments.keys().map(|key| ("arguments", key));
        for (table, key) in arguments.chain(self.secrets.keys().map(|key| ("secrets", key))) {
            if let Some((_, instead)) = RESERVED.iter().find(|(reserved, _)| reserved == key) {
                at.get(table).get(key).report(format!("the argument `{key}` cannot be given"), *instead);
            }
        }
    }
}
