//! Glue: the data catalogue's databases, crawlers, jobs, workflows and their triggers.

use serde_json::{Value, json};

use super::documented::{Catalog, Tagging};
use super::documents::{Document, Documents, Refusal, now};
use super::kind::{KIND, Kind, List, default, merge};
use crate::service::Scope;

pub(crate) static CATALOG: Catalog = Catalog {
    kinds: &[DATABASE, CRAWLER, JOB, WORKFLOW, TRIGGER, SECURITY_CONFIGURATION],
    tagging: Tagging {
        add: "TagResource",
        added: "TagsToAdd",
        remove: "UntagResource",
        removed: "TagsToRemove",
        list: "GetTags",
        arn: "ResourceArn",
        tags: "Tags",
        pair: None,
    },
    actions,
    reopen: |_| false,
};

const GLUE: Kind = Kind {
    answer: &["Name"],
    updated: &["Name"],
    missing: ("EntityNotFoundException", ""),
    exists: ("AlreadyExistsException", ""),
    ..KIND
};

const DATABASE: Kind = Kind {
    name: "Database",
    create: "CreateDatabase",
    describe: "GetDatabase",
    update: Some("UpdateDatabase"),
    delete: "DeleteDatabase",
    lists: &[List { operation: "GetDatabases", member: "DatabaseList", only: None, filters: &[] }],
    key: &[("Name", &[])],
    input: Some("DatabaseInput"),
    output: Some("Database"),
    answer: &[],
    arn: Some("arn:aws:glue:{region}:{account}:database/{Name}"),
    created: Some("CreateTime"),
    modified: None,
    complete: |_, database| default(database, database_defaults()),
    apply: |database, update| replace(database, update, &["Name", "CreateTime"], database_defaults()),
    mirrored: true,
    ..GLUE
};

fn database_defaults() -> Value {
    json!({ "CreateTableDefaultPermissions": [{
        "Permissions": ["ALL"],
        "Principal": { "DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS" },
    }] })
}

const CRAWLER: Kind = Kind {
    name: "Crawler",
    create: "CreateCrawler",
    describe: "GetCrawler",
    update: Some("UpdateCrawler"),
    delete: "DeleteCrawler",
    lists: &[
        List { operation: "GetCrawlers", member: "Crawlers", only: None, filters: &[] },
        List { operation: "ListCrawlers", member: "CrawlerNames", only: Some("Name"), filters: &[] },
    ],
    key: &[("Name", &[])],
    output: Some("Crawler"),
    answer: &[],
    arn: Some("arn:aws:glue:{region}:{account}:crawler/{Name}"),
    computed: &[("State", "READY")],
    modified: Some("LastUpdated"),
    complete: |_, crawler| {
        shape_crawler(crawler);
        default(
            crawler,
            json!({
                "Classifiers": [],
                "CrawlElapsedTime": 0,
                "LakeFormationConfiguration": { "AccountId": "", "UseLakeFormationCredentials": false },
                "LineageConfiguration": { "CrawlerLineageSettings": "DISABLE" },
                "RecrawlPolicy": { "RecrawlBehavior": "CRAWL_EVERYTHING" },
                "SchemaChangePolicy": {
                    "DeleteBehavior": "DEPRECATE_IN_DATABASE",
                    "UpdateBehavior": "UPDATE_IN_DATABASE",
                },
                "Version": 1,
            }),
        );
    },
    apply: |crawler, update| {
        crawler.extend(update);
        shape_crawler(crawler);
        let version = crawler.get("Version").and_then(Value::as_u64).unwrap_or(1);
        crawler.insert("Version".to_owned(), (version + 1).into());
    },
    ..GLUE
};

/// A schedule is given as an expression and shown with its state; an empty one is none.
fn shape_crawler(crawler: &mut Document) {
    let schedule = crawler.get("Schedule").and_then(Value::as_str).map(str::to_owned);
    match schedule.as_deref() {
        Some("") => {
            crawler.remove("Schedule");
        }
        Some(expression) => {
            let schedule = json!({ "ScheduleExpression": expression, "State": "SCHEDULED" });
            crawler.insert("Schedule".to_owned(), schedule);
        }
        None => {}
    }
    for target in ["S3Targets", "JdbcTargets"] {
        let targets = crawler.get_mut("Targets").and_then(|targets| targets[target].as_array_mut());
        for target in targets.into_iter().flatten().filter_map(Value::as_object_mut) {
            default(target, json!({ "Exclusions": [] }));
        }
    }
}

const JOB: Kind = Kind {
    name: "Job",
    create: "CreateJob",
    describe: "GetJob",
    update: Some("UpdateJob"),
    delete: "DeleteJob",
    lists: &[
        List { operation: "GetJobs", member: "Jobs", only: None, filters: &[] },
        List { operation: "ListJobs", member: "JobNames", only: Some("Name"), filters: &[] },
    ],
    key: &[("Name", &["JobName"])],
    update_input: Some("JobUpdate"),
    output: Some("Job"),
    arn: Some("arn:aws:glue:{region}:{account}:job/{Name}"),
    created: Some("CreatedOn"),
    modified: Some("LastModifiedOn"),
    complete: |_, job| complete_job(job),
    // "UpdateJob: this should include all the values you want": what is left out returns to its
    // default.
    apply: |job, update| {
        replace(job, update, &["Name", "CreatedOn"], json!({}));
        complete_job(job);
    },
    delete_is_idempotent: true,
    ..GLUE
};

fn complete_job(job: &mut Document) {
    let version = job.get("GlueVersion").and_then(Value::as_str).unwrap_or("0.9");
    let timeout = if version >= "5" { 480 } else { 2880 };
    default(
        job,
        json!({
            "ExecutionProperty": { "MaxConcurrentRuns": 1 },
            "GlueVersion": "0.9",
            "JobMode": "SCRIPT",
            "MaxRetries": 0,
            "Timeout": timeout,
        }),
    );
    if let Some(workers) = job.get("NumberOfWorkers").and_then(Value::as_u64) {
        let per_worker = match job.get("WorkerType").and_then(Value::as_str) {
            Some("G.025X") => 0.25,
            Some("G.2X") => 2.0,
            Some("G.4X") => 4.0,
            Some("G.8X") => 8.0,
            _ => 1.0,
        };
        let workers = u32::try_from(workers).map_or(f64::INFINITY, f64::from);
        job.insert("MaxCapacity".to_owned(), (workers * per_worker).into());
        // The deprecated whole-number form of the same.
        job.insert("AllocatedCapacity".to_owned(), json!((workers * per_worker).ceil() as u64));
    }
}

const WORKFLOW: Kind = Kind {
    name: "Workflow",
    create: "CreateWorkflow",
    describe: "GetWorkflow",
    update: Some("UpdateWorkflow"),
    delete: "DeleteWorkflow",
    lists: &[List { operation: "ListWorkflows", member: "Workflows", only: Some("Name"), filters: &[] }],
    key: &[("Name", &[])],
    output: Some("Workflow"),
    arn: Some("arn:aws:glue:{region}:{account}:workflow/{Name}"),
    created: Some("CreatedOn"),
    modified: Some("LastModifiedOn"),
    apply: |workflow, update| workflow.extend(update),
    delete_is_idempotent: true,
    ..GLUE
};

const TRIGGER: Kind = Kind {
    name: "Trigger",
    create: "CreateTrigger",
    describe: "GetTrigger",
    update: Some("UpdateTrigger"),
    delete: "DeleteTrigger",
    lists: &[
        List { operation: "GetTriggers", member: "Triggers", only: None, filters: &[] },
        List { operation: "ListTriggers", member: "TriggerNames", only: Some("Name"), filters: &[] },
    ],
    key: &[("Name", &[])],
    update_input: Some("TriggerUpdate"),
    output: Some("Trigger"),
    arn: Some("arn:aws:glue:{region}:{account}:trigger/{Name}"),
    created: Some("CreatedOn"),
    modified: None,
    complete: |_, trigger| {
        let start = trigger.remove("StartOnCreation") == Some(json!(true));
        let state = if start && !is_on_demand(trigger) { "ACTIVATED" } else { "CREATED" };
        trigger.insert("State".to_owned(), state.into());
    },
    apply: |trigger, update| trigger.extend(update),
    delete_is_idempotent: true,
    ..GLUE
};

/// Such a trigger fires when started and is never activated.
fn is_on_demand(trigger: &Document) -> bool {
    trigger.get("Type").and_then(Value::as_str) == Some("ON_DEMAND")
}

const SECURITY_CONFIGURATION: Kind = Kind {
    name: "SecurityConfiguration",
    create: "CreateSecurityConfiguration",
    describe: "GetSecurityConfiguration",
    delete: "DeleteSecurityConfiguration",
    lists: &[List {
        operation: "GetSecurityConfigurations",
        member: "SecurityConfigurations",
        only: None,
        filters: &[],
    }],
    key: &[("Name", &[])],
    output: Some("SecurityConfiguration"),
    created: Some("CreatedTimeStamp"),
    modified: None,
    apply: merge,
    ..GLUE
};

fn replace(document: &mut Document, update: Document, kept: &[&str], defaults: Value) {
    document.retain(|field, _| kept.contains(&field.as_str()));
    document.extend(update);
    default(document, defaults);
}

/// Reads by a list of names: operation, kind, the member that names, the member that shows.
const BATCHES: [(&str, &str, &str, &str); 3] = [
    ("BatchGetCrawlers", "Crawler", "CrawlerNames", "Crawlers"),
    ("BatchGetJobs", "Job", "JobNames", "Jobs"),
    ("BatchGetTriggers", "Trigger", "TriggerNames", "Triggers"),
];

fn named(documents: &Documents, kind: &str, names: &Value) -> Vec<Value> {
    let names = names.as_array().map(Vec::as_slice).unwrap_or_default();
    let asked = |key: &String| names.iter().any(|name| name == key);
    documents.of(kind).filter(|(key, _)| asked(key)).map(|(_, document)| Value::Object(document.clone())).collect()
}

fn actions(documents: &mut Documents, _: Scope<'_>, operation: &str, body: &Value) -> Option<Result<Value, Refusal>> {
    for (batch, kind, names, members) in BATCHES {
        if operation == batch {
            return Some(Ok(json!({ members: named(documents, kind, &body[names]) })));
        }
    }
    let name = body["Name"].as_str().or_else(|| body["CrawlerName"].as_str()).unwrap_or_default();
    let answer = match operation {
        "StartCrawler" => documents.get_mut("Crawler", name).map(|crawler| {
            // A crawl of the embedded cloud finds nothing and is over at once.
            let crawl = json!({ "Status": "SUCCEEDED", "StartTime": now() });
            crawler.insert("LastCrawl".to_owned(), crawl);
            json!({})
        }),
        "StopCrawler" => match documents.get_mut("Crawler", name) {
            Some(_) => {
                return Some(Err(Refusal {
                    code: "CrawlerNotRunningException",
                    message: format!("Crawler with name {name} isn't running"),
                }));
            }
            None => None,
        },
        "StartCrawlerSchedule" | "StopCrawlerSchedule" => {
            let state = if operation == "StartCrawlerSchedule" { "SCHEDULED" } else { "NOT_SCHEDULED" };
            documents.get_mut("Crawler", name).map(|crawler| {
                merge(crawler, Document::from_iter([("Schedule".to_owned(), json!({ "State": state }))]));
                json!({})
            })
        }
        "StartTrigger" | "StopTrigger" => documents.get_mut("Trigger", name).map(|trigger| {
            if !is_on_demand(trigger) {
                let state = if operation == "StartTrigger" { "ACTIVATED" } else { "DEACTIVATED" };
                trigger.insert("State".to_owned(), state.into());
            }
            json!({ "Name": name })
        }),
        _ => return None,
    };
    Some(
        answer.ok_or_else(|| Refusal {
            code: "EntityNotFoundException",
            message: format!("{operation}: {name} not found"),
        }),
    )
}
