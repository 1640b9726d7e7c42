//! Services whose things have names: the ARN follows from the request.
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>

use super::given_tags::given;
use crate::{
    iam::demand::{ACCOUNT, Demand, arn, pass},
    wire::Asked,
};
use serde_json::Value;

/// Calls for which AWS asks about no resource.
const ANYWHERE: &[(&str, &str)] = &[
    ("events", "ListRules"),
    ("glue", "CreateCrawler"),
    ("glue", "CreateSecurityConfiguration"),
    ("glue", "DeleteSecurityConfiguration"),
    ("glue", "GetSecurityConfiguration"),
    ("logs", "DeleteResourcePolicy"),
    ("logs", "DescribeLogGroups"),
    ("logs", "DescribeResourcePolicies"),
    ("logs", "PutResourcePolicy"),
    // Only for composite alarms; which they are AWS knows afterwards.
    ("monitoring", "DescribeAlarms"),
    ("monitoring", "PutCompositeAlarm"),
    ("sns", "GetSubscriptionAttributes"),
    ("sns", "SetSubscriptionAttributes"),
    ("sns", "Unsubscribe"),
    ("sts", "GetCallerIdentity"),
    ("tagging", "GetResources"),
];

/// Calls that make something with tags, for which AWS asks about the tagging as well.
const TAGGING: &[(&str, &str)] = &[
    ("budgets", "CreateBudget"),
    ("ecr", "CreateRepository"),
    ("events", "PutRule"),
    ("glue", "CreateCrawler"),
    ("glue", "CreateDatabase"),
    ("glue", "CreateJob"),
    ("glue", "CreateTrigger"),
    ("glue", "CreateWorkflow"),
    ("logs", "CreateLogGroup"),
    ("monitoring", "PutCompositeAlarm"),
    ("monitoring", "PutMetricAlarm"),
    ("sns", "CreateTopic"),
    ("states", "CreateStateMachine"),
];

pub(super) fn demands(asked: &Asked) -> Option<Vec<Demand>> {
    let called = (asked.service.as_str(), asked.operation.as_str());
    let (service, action) = (prefix(called.0), action(called.0, called.1));
    let resources = resources(asked);
    let mut demands: Vec<Demand> = match ANYWHERE.contains(&called) {
        true => vec![Demand::anywhere(format!("{service}:{action}"))],
        false if resources.is_empty() => return None,
        false => resources.iter().map(|arn| Demand::new(format!("{service}:{action}"), arn)).collect(),
    };
    let given = given(asked);
    if TAGGING.contains(&called) && !given.is_empty() {
        demands.extend(resources.iter().map(|arn| Demand::new(format!("{service}:TagResource"), arn)));
    }
    if called == ("logs", "CreateLogGroup") && !asked.text("kmsKeyId").is_empty() {
        demands.extend(resources.iter().map(|arn| Demand::new("logs:AssociateKmsKey", arn)));
    }
    let mut demands: Vec<Demand> = demands.into_iter().map(|demand| demand.tagged("RequestTag", &given)).collect();
    demands.extend(roles(asked));
    Some(demands)
}

/// The prefix of the service's actions, which is not always its signing name.
fn prefix(service: &str) -> &str {
    match service {
        "monitoring" => "cloudwatch",
        "tagging" => "tag",
        other => other,
    }
}

fn action<'a>(service: &str, operation: &'a str) -> &'a str {
    match (service, operation) {
        ("budgets", "TagResource" | "UntagResource" | "ListTagsForResource") => operation,
        ("budgets", reading) if reading.starts_with("Describe") => "ViewBudget",
        ("budgets", _) => "ModifyBudget",
        _ => operation,
    }
}

/// The ARNs of all that a request names.
fn resources(asked: &Asked) -> Vec<String> {
    let region = &asked.call.region;
    let service = prefix(&asked.service);
    let of = |resource: String| arn(service, region, &resource);
    let names = |member: &str| -> Vec<String> {
        match member.split('/').fold(&asked.given, |value, part| &value[part]) {
            Value::String(name) => vec![name.clone()],
            Value::Array(names) => names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
            _ => Vec::new(),
        }
    };
    let each = |members: &[&str], of: &dyn Fn(String) -> Vec<String>| -> Vec<String> {
        members.iter().flat_map(|member| names(member)).flat_map(of).collect()
    };
    let mut found =
        each(&["ResourceARN", "ResourceArn", "resourceArn", "TopicArn", "stateMachineArn", "executionArn"], &|arn| {
            vec![arn]
        });
    found.extend(match service {
        "budgets" => each(&["BudgetName", "Budget/BudgetName", "NewBudget/BudgetName"], &|name| {
            vec![format!("arn:aws:budgets::{ACCOUNT}:budget/{name}")]
        }),
        "cloudwatch" => {
            let alarms = each(&["AlarmName", "AlarmNames"], &|name| vec![of(format!("alarm:{name}"))]);
            let dashboards = each(&["DashboardName", "DashboardNames"], &|name| {
                vec![format!("arn:aws:cloudwatch::{ACCOUNT}:dashboard/{name}")]
            });
            [alarms, dashboards].concat()
        }
        "ecr" => each(&["repositoryName", "repositoryNames"], &|name| vec![of(format!("repository/{name}"))]),
        "events" => each(&["Name", "Rule"], &|name| vec![of(format!("rule/{name}"))]),
        "glue" => glue(&asked.operation, &each, &of),
        // A group is created by its name; what is done to it later concerns what is in it.
        "logs" => each(&["logGroupName"], &|name| {
            let end = if asked.operation == "CreateLogGroup" { "" } else { ":*" };
            vec![of(format!("log-group:{name}{end}"))]
        }),
        "sns" => each(&["Name"], &|name| vec![of(name)]),
        "states" => each(&["name"], &|name| vec![of(format!("stateMachine:{name}"))]),
        _ => Vec::new(),
    });
    found
}

type Each<'a> = &'a dyn Fn(&[&str], &dyn Fn(String) -> Vec<String>) -> Vec<String>;

/// Glue tells by the operation what a name is of. A database is asked about with the catalogue it is in, and its
/// deletion with all that it could hold.
fn glue(operation: &str, each: Each<'_>, of: &dyn Fn(String) -> String) -> Vec<String> {
    if operation.ends_with("Database") {
        return each(&["Name", "DatabaseInput/Name"], &|name| {
            let within = ["table", "userDefinedFunction"].map(|kind| of(format!("{kind}/{name}/any")));
            let own = [of("catalog".to_owned()), of(format!("database/{name}"))];
            let deletes = operation == "DeleteDatabase";
            own.into_iter().chain(within.into_iter().filter(|_| deletes)).collect()
        });
    }
    let kind =
        ["job", "crawler", "trigger", "workflow"].into_iter().find(|kind| operation.to_lowercase().contains(kind));
    let Some(kind) = kind else { return Vec::new() };
    each(&["Name", "JobName", "JobNames", "CrawlerNames", "TriggerNames"], &|name| vec![of(format!("{kind}/{name}"))])
}

/// The roles that a request hands over.
fn roles(asked: &Asked) -> Vec<Demand> {
    let targets = asked.given["Targets"].as_array().into_iter().flatten();
    let targets = targets.filter_map(|target| target["RoleArn"].as_str()).filter_map(|role| pass(role, "events"));
    let own = match asked.service.as_str() {
        "glue" => pass(asked.text("Role"), "glue").or_else(|| pass(asked.text("JobUpdate/Role"), "glue")),
        "states" => pass(asked.text("roleArn"), "states"),
        _ => None,
    };
    own.into_iter().chain(targets).collect()
}
