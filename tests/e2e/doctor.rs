//! A checkup: before a platform is built, while it works, and when it does not.

use crate::{project::Project, served::ServedAws};
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_ec2::types::AttributeBooleanValue;
use local::{Call, Layer, LostAnswer, Next, Response};
use serde_json::Value;
use std::sync::Arc;
use testkit::Refusal;

/// The findings of `doctor`, which must end with this code.
fn findings(project: &Project, environment: &str, code: i32) -> Vec<Value> {
    let document = project.local(&["doctor", environment, "--json"]).ends_with(code).json();
    assert_eq!(document["environment"], environment);
    document["findings"].as_array().unwrap().clone()
}

fn of(verdict: &str, findings: &[Value]) -> Vec<String> {
    let text = |finding: &Value| format!("{}: {}", finding["check"], finding["what"]).replace('"', "");
    findings.iter().filter(|finding| finding["verdict"] == verdict).map(text).collect()
}

#[track_caller]
fn has(found: &[String], begins: &str) {
    assert!(found.iter().any(|one| one.starts_with(begins)), "{begins:?} is not among {found:#?}");
}

fn ec2(sdk: &SdkConfig) -> aws_sdk_ec2::Client {
    aws_sdk_ec2::Client::new(sdk)
}

#[test]
fn nothing_is_wrong_with_any_environment_before_and_after_it_is_built() {
    for environment in ["dev", "staging", "prod"] {
        let project = Project::new();
        let before = findings(&project, environment, 0);
        assert_eq!(before.len(), of("ok", &before).len(), "{before:#?}");
        has(&of("ok", &before), "quotas: VPCs: 1 of 5");
        project.local(&["up", environment]).ends_with(0);
        let after = findings(&project, environment, 0);
        assert_eq!(after.len(), of("ok", &after).len(), "{after:#?}");
        has(&of("ok", &after), "network: every route of");
    }
}

#[test]
fn a_checkup_changes_nothing() {
    let project = Project::new();
    project.local(&["doctor", "dev"]).ends_with(0);
    project.behind_its_back(async |sdk| {
        assert_eq!(aws_s3::client(&sdk).list_buckets().send().await.unwrap().buckets(), []);
    });
}

#[test]
fn what_the_account_may_not_have_is_told_before_anything_is_built() {
    let project = Project::new();
    project.behind_its_back(async |sdk| {
        for third in 0..4 {
            ec2(&sdk).create_vpc().cidr_block(format!("10.9.{third}.0/24")).send().await.unwrap();
        }
        ec2(&sdk).create_vpc().cidr_block("10.0.128.0/20").send().await.unwrap();
    });
    project.edit("dev", "instance_type = \"ml.m5.large\"\nvolume_gb", "instance_type = \"ml.p3.2xlarge\"\nvolume_gb");
    let found = findings(&project, "dev", 1);
    has(&of("problem", &found), "quotas: VPCs: 6 needed (5 in use), and this account may have 5");
    has(&of("unknown", &found), "quotas: ml.p3.2xlarge for spot training job usage: Service Quotas does not list it");
    has(&of("warning", &found), "network: vpc-");
    let page = project.local(&["doctor", "dev"]).ends_with(1);
    let help = "request-service-quota-increase --service-code vpc --quota-code L-F678F1CE --desired-value 6";
    assert!(page.stdout.contains(help), "{}", page.stdout);
    assert!(page.stdout.trim_end().ends_with("dev: 1 problem, 1 warning, 1 could not be checked."), "{}", page.stdout);
}

#[test]
fn a_name_that_is_taken_is_told_with_what_to_do() {
    let project = Project::new();
    project.behind_its_back(async |sdk| {
        let iam = aws_sdk_iam::Client::new(&sdk);
        let trust = r#"{"Version":"2012-10-17","Statement":[]}"#;
        iam.create_role().role_name("mlops-pipeline-dev-glue").assume_role_policy_document(trust).send().await.unwrap();
    });
    let found = findings(&project, "dev", 1);
    has(&of("problem", &found), "names: identity.glue: role mlops-pipeline-dev-glue exists already");
    assert!(found.iter().any(|one| one["help"].as_str().is_some_and(|help| help.contains("adopt dev identity.glue"))));
}

#[test]
fn a_network_that_was_broken_is_told_by_what_it_keeps_from_working() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    let vpc = project.local(&["output", "dev", "vpc_id"]).ends_with(0).stdout.trim().to_owned();
    project.behind_its_back(async |sdk| {
        let off = AttributeBooleanValue::builder().value(false).build();
        ec2(&sdk).modify_vpc_attribute().vpc_id(vpc).enable_dns_hostnames(off).send().await.unwrap();
        let gateways = ec2(&sdk).describe_nat_gateways().send().await.unwrap();
        let gateway = gateways.nat_gateways()[0].nat_gateway_id().unwrap();
        ec2(&sdk).delete_nat_gateway().nat_gateway_id(gateway).send().await.unwrap();
    });
    let found = findings(&project, "dev", 1);
    let problems = of("problem", &found);
    has(&problems, "network: enableDnsHostnames is off for vpc-");
    has(&problems, "network: nat-");
    has(&of("warning", &found), "resources: network.nat-1 would be created: it no longer exists in the cloud");
    project.local(&["up", "dev"]).ends_with(0);
    findings(&project, "dev", 0);
}

#[test]
fn what_was_left_unfinished_is_told() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    let mut state = project.local(&["state", "pull", "dev"]).ends_with(0).json();
    state["resources"]["storage.data"]["phase"] = "identified".into();
    project.write("state.json", &state.to_string());
    project.local(&["state", "push", "state.json", "dev"]).ends_with(0);
    let found = findings(&project, "dev", 0);
    has(&of("warning", &found), "state: an interrupted run left 1 unfinished: storage.data (identified)");
    has(&of("warning", &found), "resources: storage.data would be updated: an interrupted run left it unfinished");
}

/// An account in which IAM decides nothing about billing.
struct ClosedBilling;

#[async_trait]
impl Layer for ClosedBilling {
    async fn answer(&self, call: Call, next: Next<'_>) -> Result<Response, LostAnswer> {
        match call.service.as_str() {
            "budgets" => {
                let words = format!("User is not authorized to perform: budgets:ViewBudget ({})", call.operation);
                Ok(Refusal::new("AccessDeniedException", words).to(&call))
            }
            _ => next.run(call).await,
        }
    }
}

#[test]
fn budget_that_cannot_be_read_is_told_with_who_can_change_that() {
    let project = Project::new();
    project.append("dev", "\n[budget]\nmonthly_usd = 100\n");
    let aws = ServedAws::behind(Arc::new(ClosedBilling));
    let document = aws.run(&project, &["doctor", "dev", "--json"]).ends_with(0).json();
    let found = document["findings"].as_array().unwrap();
    assert_eq!(of("problem", found), Vec::<String>::new());
    let unknown: Vec<&Value> = found.iter().filter(|finding| finding["verdict"] == "unknown").collect();
    let [budget] = unknown.as_slice() else { panic!("{unknown:#?}") };
    let what = budget["what"].as_str().unwrap();
    assert!(what.starts_with("operations.budget: DescribeBudget: AccessDeniedException: "), "{what}");
    let help = budget["help"].as_str().unwrap();
    assert!(help.contains("root user") && help.contains("take `budget` out of the file"), "{help}");
    let page = aws.run(&project, &["doctor", "dev"]).ends_with(0).stdout;
    assert!(page.contains("root user"), "{page}");
    assert!(page.trim_end().ends_with("dev: 1 could not be checked."), "{page}");
}
