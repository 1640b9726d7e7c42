//! Every kind of resource that a platform can have, and how it costs: one module for each area.

mod catalog;
mod encryption;
mod endpoint;
mod functions;
mod monitoring;
mod network;
mod run;
mod storage;
mod studio;

use crate::sheet::Sheet;

/// How a kind of resource costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// Every month, by use, or both: [`crate::estimate`] says it.
    Priced,
    /// Not at all, with the reason.
    Free(&'static str),
}

/// How a kind is priced.
#[derive(Clone, Copy)]
pub(crate) enum Rule {
    Priced(fn(&mut Sheet<'_>)),
    Free(&'static str),
}

use Rule::{Free, Priced};

const NETWORK: &str = "a VPC and its parts cost nothing; gateways, addresses and endpoints do, on their own lines";
const CATALOG: &str = "the catalog holds a million objects for nothing; crawlers and jobs cost, on their own lines";
const IDENTITY: &str = "access management costs nothing";

const KINDS: &[(&str, Rule)] = &[
    ("budgets:budget", Free("budgets without actions cost nothing")),
    ("cloudwatch:composite-alarm", Priced(monitoring::composite_alarm)),
    ("cloudwatch:dashboard", Priced(monitoring::dashboard)),
    ("cloudwatch:metric-alarm", Priced(monitoring::metric_alarm)),
    ("ec2:default-security-group", Free(NETWORK)),
    ("ec2:elastic-ip", Priced(network::elastic_ip)),
    ("ec2:flow-log", Priced(network::flow_log)),
    ("ec2:internet-gateway", Free(NETWORK)),
    ("ec2:nat-gateway", Priced(network::nat_gateway)),
    ("ec2:route-table", Free(NETWORK)),
    ("ec2:security-group", Free(NETWORK)),
    ("ec2:subnet", Free(NETWORK)),
    ("ec2:vpc", Free(NETWORK)),
    ("ec2:vpc-endpoint", Priced(network::vpc_endpoint)),
    ("ecr:repository", Priced(storage::repository)),
    ("events:rule", Free("rules on AWS's own events and on schedules cost nothing; what they start does")),
    ("glue:crawler", Priced(catalog::crawler)),
    ("glue:database", Free(CATALOG)),
    ("glue:job", Priced(catalog::job)),
    ("glue:security-configuration", Free("the key it names costs, on its own line")),
    ("glue:trigger", Free("what it starts costs, on its own line")),
    ("glue:workflow", Free("what it starts costs, on its own line")),
    ("iam:policy", Free(IDENTITY)),
    ("iam:role", Free(IDENTITY)),
    ("kms:key", Priced(encryption::key)),
    ("lambda:function", Priced(functions::function)),
    ("lambda:permission", Free(IDENTITY)),
    ("logs:log-group", Priced(monitoring::log_group)),
    ("logs:resource-policy", Free(IDENTITY)),
    ("s3:bucket", Priced(storage::bucket)),
    ("s3:object", Free("it is part of what its bucket stores")),
    ("sagemaker:domain", Priced(studio::domain)),
    ("sagemaker:endpoint", Priced(endpoint::endpoint)),
    ("sagemaker:feature-group", Priced(studio::feature_group)),
    ("sagemaker:mlflow-app", Free("the app costs nothing; artifacts are part of what their bucket stores")),
    ("sagemaker:model-package-group", Free("the registry costs nothing; models are part of what their bucket stores")),
    ("sagemaker:space", Priced(studio::space)),
    ("sagemaker:user-profile", Free("the apps that its user starts cost, on the domain's line")),
    ("sns:subscription", Priced(monitoring::subscription)),
    ("sns:topic", Priced(monitoring::topic)),
    ("states:state-machine", Priced(run::state_machine)),
];

/// The rule for a kind; `None` for a kind that is not known.
pub(crate) fn rule(kind: &str) -> Option<Rule> {
    KINDS.iter().find(|(known, _)| *known == kind).map(|(_, rule)| *rule)
}

/// Every kind that is known, sorted, and how it costs. An estimate lists any other kind as not priced.
pub fn treatments() -> impl Iterator<Item = (&'static str, Treatment)> {
    KINDS.iter().map(|(kind, rule)| match rule {
        Priced(_) => (*kind, Treatment::Priced),
        Free(why) => (*kind, Treatment::Free(why)),
    })
}
