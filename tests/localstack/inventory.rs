//! The resources of a platform in the cloud, read from each service itself.

use crate::server::ACCOUNT;
use aws_config::SdkConfig;
use aws_sdk_ec2::types::{Filter, NatGateway, NatGatewayState, VpcEndpoint};
use aws_sdk_kms::types::KeyState;
use std::collections::BTreeMap;

type Found = BTreeMap<&'static str, Vec<String>>;

/// Kinds of which every environment has something.
pub(crate) const IN_EVERY_ENVIRONMENT: [&str; 25] = [
    "VPCs",
    "subnets",
    "security groups",
    "route tables",
    "internet gateways",
    "NAT gateways",
    "addresses",
    "endpoints",
    "buckets",
    "roles",
    "functions",
    "state machines",
    "log groups",
    "alarms",
    "dashboards",
    "topics",
    "rules",
    "repositories",
    "databases",
    "crawlers",
    "jobs",
    "triggers",
    "workflows",
    "domains",
    "feature groups",
];

/// Names or ids by kind; kinds of which there is nothing are left out. What has a name is recognised by its
/// prefix, the parts of a network by their project's tag.
pub(crate) async fn of(sdk: &SdkConfig, project: &str, prefix: &str) -> Found {
    let mut found = network(sdk, project).await;
    found.extend(named(sdk).await.into_iter().map(|(kind, mut names)| {
        names.retain(|name| is_ours(name, prefix));
        (kind, names)
    }));
    found.insert("keys", keys(sdk, project).await);
    found.retain(|_, names| !names.is_empty());
    found
}

/// Databases have `_` for `-`; log groups and ARNs have the name inside.
fn is_ours(name: &str, prefix: &str) -> bool {
    name.contains(prefix) || name.contains(&prefix.replace('-', "_"))
}

fn all<T>(items: &[T], name: impl Fn(&T) -> Option<&str>) -> Vec<String> {
    items.iter().filter_map(name).map(str::to_owned).collect()
}

async fn network(sdk: &SdkConfig, project: &str) -> Found {
    let ec2 = aws_sdk_ec2::Client::new(sdk);
    // EC2 lists what it deleted for a while.
    let ours = || Filter::builder().name("tag:Project").values(project).build();
    let vpcs = ec2.describe_vpcs().filters(ours()).send().await.unwrap();
    let subnets = ec2.describe_subnets().filters(ours()).send().await.unwrap();
    let groups = ec2.describe_security_groups().filters(ours()).send().await.unwrap();
    let tables = ec2.describe_route_tables().filters(ours()).send().await.unwrap();
    let gateways = ec2.describe_internet_gateways().filters(ours()).send().await.unwrap();
    let nats = ec2.describe_nat_gateways().filter(ours()).send().await.unwrap();
    let nat_is_gone = |nat: &NatGateway| nat.state() == Some(&NatGatewayState::Deleted);
    let addresses = ec2.describe_addresses().filters(ours()).send().await.unwrap();
    let endpoints = ec2.describe_vpc_endpoints().filters(ours()).send().await.unwrap();
    // In small letters, unlike the documented values.
    let endpoint_is_gone =
        |one: &VpcEndpoint| one.state().is_some_and(|state| state.as_str().eq_ignore_ascii_case("deleted"));
    let flow_logs = ec2.describe_flow_logs().filter(ours()).send().await.unwrap();
    Found::from([
        ("VPCs", all(vpcs.vpcs(), |one| one.vpc_id())),
        ("subnets", all(subnets.subnets(), |one| one.subnet_id())),
        ("security groups", all(groups.security_groups(), |one| one.group_id())),
        ("route tables", all(tables.route_tables(), |one| one.route_table_id())),
        ("internet gateways", all(gateways.internet_gateways(), |one| one.internet_gateway_id())),
        ("NAT gateways", all(nats.nat_gateways(), |one| (!nat_is_gone(one)).then(|| one.nat_gateway_id())?)),
        ("addresses", all(addresses.addresses(), |one| one.allocation_id())),
        ("endpoints", all(endpoints.vpc_endpoints(), |one| (!endpoint_is_gone(one)).then(|| one.vpc_endpoint_id())?)),
        ("flow logs", all(flow_logs.flow_logs(), |one| one.flow_log_id())),
    ])
}

async fn named(sdk: &SdkConfig) -> Found {
    let mut found = learning(sdk).await;
    let buckets = aws_s3::client(sdk).list_buckets().send().await.unwrap();
    let roles = aws_sdk_iam::Client::new(sdk).list_roles().send().await.unwrap();
    let call = aws_sdk_iam::Client::new(sdk).list_policies().scope(aws_sdk_iam::types::PolicyScopeType::Local);
    let policies = call.send().await.unwrap();
    let functions = aws_sdk_lambda::Client::new(sdk).list_functions().send().await.unwrap();
    let machines = aws_sdk_sfn::Client::new(sdk).list_state_machines().send().await.unwrap();
    let groups = aws_sdk_cloudwatchlogs::Client::new(sdk).describe_log_groups().send().await.unwrap();
    let cloudwatch = aws_sdk_cloudwatch::Client::new(sdk);
    let alarms = cloudwatch.describe_alarms().send().await.unwrap();
    let dashboards = cloudwatch.list_dashboards().send().await.unwrap();
    let topics = aws_sdk_sns::Client::new(sdk).list_topics().send().await.unwrap();
    let rules = aws_sdk_eventbridge::Client::new(sdk).list_rules().send().await.unwrap();
    let call = aws_sdk_budgets::Client::new(sdk).describe_budgets().account_id(ACCOUNT);
    let budgets = call.send().await.unwrap();
    let repositories = aws_sdk_ecr::Client::new(sdk).describe_repositories().send().await.unwrap();
    found.extend([
        ("buckets", all(buckets.buckets(), |one| one.name())),
        ("roles", all(roles.roles(), |one| Some(one.role_name()))),
        ("managed policies", all(policies.policies(), |one| one.policy_name())),
        ("functions", all(functions.functions(), |one| one.function_name())),
        ("state machines", all(machines.state_machines(), |one| Some(one.name()))),
        ("log groups", all(groups.log_groups(), |one| one.log_group_name())),
        ("alarms", all(alarms.metric_alarms(), |one| one.alarm_name())),
        ("composite alarms", all(alarms.composite_alarms(), |one| one.alarm_name())),
        ("dashboards", all(dashboards.dashboard_entries(), |one| one.dashboard_name())),
        ("topics", all(topics.topics(), |one| one.topic_arn())),
        ("rules", all(rules.rules(), |one| one.name())),
        ("budgets", all(budgets.budgets(), |one| Some(&one.budget_name))),
        ("repositories", all(repositories.repositories(), |one| one.repository_name())),
    ]);
    found
}

async fn learning(sdk: &SdkConfig) -> Found {
    let glue = aws_sdk_glue::Client::new(sdk);
    let databases = glue.get_databases().send().await.unwrap();
    let crawlers = glue.get_crawlers().send().await.unwrap();
    let jobs = glue.get_jobs().send().await.unwrap();
    let triggers = glue.list_triggers().send().await.unwrap();
    let workflows = glue.list_workflows().send().await.unwrap();
    let securities = glue.get_security_configurations().send().await.unwrap();
    let sagemaker = aws_sdk_sagemaker::Client::new(sdk);
    let domains = sagemaker.list_domains().send().await.unwrap();
    let groups = sagemaker.list_model_package_groups().send().await.unwrap();
    let features = sagemaker.list_feature_groups().send().await.unwrap();
    Found::from([
        ("databases", all(databases.database_list(), |one| Some(one.name()))),
        ("crawlers", all(crawlers.crawlers(), |one| one.name())),
        ("jobs", all(jobs.jobs(), |one| one.name())),
        ("triggers", all(triggers.trigger_names(), |one| Some(one))),
        ("workflows", all(workflows.workflows(), |one| Some(one))),
        ("security configurations", all(securities.security_configurations(), |one| one.name())),
        ("domains", all(domains.domains(), |one| one.domain_name())),
        ("model package groups", all(groups.model_package_group_summary_list(), |one| one.model_package_group_name())),
        ("feature groups", all(features.feature_group_summaries(), |one| one.feature_group_name())),
    ])
}

/// Keys that are not on their way out: none is deleted at once.
async fn keys(sdk: &SdkConfig, project: &str) -> Vec<String> {
    let kms = aws_sdk_kms::Client::new(sdk);
    let mut ours = Vec::new();
    for key in kms.list_keys().send().await.unwrap().keys() {
        let id = key.key_id().unwrap();
        let described = kms.describe_key().key_id(id).send().await.unwrap();
        let going = described.key_metadata().unwrap().key_state() == Some(&KeyState::PendingDeletion);
        let tags = kms.list_resource_tags().key_id(id).send().await.unwrap();
        if !going && tags.tags().iter().any(|tag| tag.tag_key() == "Project" && tag.tag_value() == project) {
            ours.push(id.to_owned());
        }
    }
    ours
}
