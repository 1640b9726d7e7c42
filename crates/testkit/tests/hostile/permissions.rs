//! IAM: that what `mlopsctl permissions` prints suffices for the whole life of an environment, and that nothing in it
//! is for nothing.

mod lives;
mod meddling;
mod reasons;

use crate::{failure, up};
use config::environment::DriftRepair;
use lives::{Life, SPREAD, life, meddle, reads};
pub(crate) use lives::{declared, edited, set_a_job};
pub(crate) use meddling::with_settings;
use reasons::{NO_RESOURCE_LEVEL, SHOWN_BY_NO_EMULATOR};
use serde_json::Value;
use std::{collections::BTreeSet, sync::OnceLock};
use testkit::{Aws, Platform};
use vocabulary::Place;

const ACCOUNT: &str = local::ACCOUNT;
const ENVIRONMENTS: [&str; 3] = ["dev", "staging", "prod"];

fn lives() -> &'static [Life] {
    static LIVES: OnceLock<Vec<Life>> = OnceLock::new();
    LIVES.get_or_init(|| ENVIRONMENTS.map(life).into())
}

fn statements(policies: &[Value]) -> impl Iterator<Item = &Value> {
    policies.iter().flat_map(|policy| policy["Statement"].as_array().unwrap())
}

fn granted(lives: &[Life]) -> BTreeSet<String> {
    let statements = lives.iter().flat_map(|life| statements(&life.policies));
    statements.flat_map(|statement| texts(&statement["Action"])).collect()
}

fn used(lives: &[Life]) -> BTreeSet<String> {
    lives.iter().flat_map(|life| life.used.iter().cloned()).collect()
}

/// The granted actions that are neither used nor explained.
fn unused<const N: usize>(lives: &[Life], beyond: [&str; N]) -> Vec<String> {
    let explained: Vec<&str> = SHOWN_BY_NO_EMULATOR.iter().map(|(action, _)| *action).chain(beyond).collect();
    let used = used(lives);
    granted(lives)
        .into_iter()
        .filter(|action| !used.contains(action) && !explained.contains(&action.as_str()))
        .collect()
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().map(|value| value.as_str().unwrap().to_owned()).collect(),
        value => vec![value.as_str().unwrap().to_owned()],
    }
}

#[test]
fn the_whole_life_of_every_environment_runs_under_its_policy_and_nothing_is_denied() {
    for (life, environment) in lives().iter().zip(ENVIRONMENTS) {
        assert_eq!(life.denied, Vec::<String>::new(), "{environment}");
    }
}

#[test]
fn every_request_about_a_bucket_says_which_account_must_own_it() {
    for (life, environment) in lives().iter().zip(ENVIRONMENTS) {
        assert_eq!(life.without_owner, Vec::<String>::new(), "{environment}");
    }
}

#[test]
fn plans_and_drift_run_under_the_read_only_policy_and_use_all_of_it() {
    let reads = ENVIRONMENTS.map(reads);
    for (read, environment) in reads.iter().zip(ENVIRONMENTS) {
        assert_eq!(read.denied, Vec::<String>::new(), "{environment}");
    }
    let beyond = ["ec2:DescribeAvailabilityZones", "ec2:DescribeVpcEndpointServices"];
    let unused = unused(&reads, beyond);
    assert!(unused.is_empty(), "for nothing: {unused:#?}");
}

/// The declared policies of the drift job's role.
fn rights_of_the_job(platform: &Platform) -> Vec<Value> {
    let place = Place::new(ACCOUNT, platform.region());
    let declared = platform.stack().declarations(&blueprint::registry(), &place).unwrap();
    let policies = declared.into_iter().filter(|one| one.kind == "iam:policy");
    policies.map(|one| one.spec["document"].clone()).collect()
}

#[test]
fn drift_job_finds_and_repairs_under_the_policies_of_its_role_and_nothing_is_denied() {
    for environment in ENVIRONMENTS {
        let platform = Platform::with(environment, |file| set_a_job(file, DriftRepair::Safely));
        let mut aws = Aws::brisk(platform.region(), 7);
        up(&platform, &mut aws);
        meddle(&platform, environment, &mut aws, true);
        aws.wait(SPREAD);
        aws.allow_only(&rights_of_the_job(&platform));
        let drift = aws.run(async |sdk| platform.drift(&sdk).await);
        assert!(!drift.drifted.is_empty() && drift.failed.is_empty(), "{environment}: {:#?}", drift.failed);
        up(&platform, &mut aws);
        aws.wait(SPREAD);
        let drift = aws.run(async |sdk| platform.drift(&sdk).await);
        assert!(drift.drifted.is_empty(), "{environment}: {:#?}", drift.drifted);
        assert_eq!(aws.denied(), Vec::<String>::new(), "{environment}");
    }
}

#[test]
fn drift_job_that_repairs_nothing_finds_all_under_read_only_policies() {
    let platform = Platform::with("prod", |file| set_a_job(file, DriftRepair::Nothing));
    let mut aws = Aws::brisk(platform.region(), 8);
    up(&platform, &mut aws);
    meddle(&platform, "prod", &mut aws, true);
    aws.wait(SPREAD);
    aws.allow_only(&rights_of_the_job(&platform));
    let drift = aws.run(async |sdk| platform.drift(&sdk).await);
    assert!(!drift.drifted.is_empty() && drift.failed.is_empty(), "{:#?}", drift.failed);
    let planned = aws.run(async |sdk| platform.plan(&sdk).await);
    assert!(!planned.plan.is_empty() && planned.refusals.is_empty(), "{:#?}", planned.refusals);
    assert_eq!(aws.denied(), Vec::<String>::new());
}

#[test]
fn read_only_policy_changes_nothing() {
    for environment in ENVIRONMENTS {
        let policies = Platform::named(environment).policies(None, true);
        for action in statements(&policies).flat_map(|statement| texts(&statement["Action"])) {
            let name = action.split(':').nth(1).unwrap();
            let reads = ["BatchGet", "Describe", "Get", "List", "View"].iter().any(|read| name.starts_with(read));
            assert!(reads || action == "kms:Decrypt", "{action}");
        }
    }
}

#[test]
fn what_the_file_no_longer_asks_for_can_be_deleted_by_whoever_may_read_the_state() {
    let platform = Platform::named("prod");
    let less = Platform::with("prod", |prod| {
        prod.budget = None;
        prod.monitoring.composite_alarm = false;
        prod.network.flow_logs = false;
    });
    let mut aws = Aws::brisk(platform.region(), 5);
    up(&platform, &mut aws);
    let (state, _) = aws.run(async |sdk| platform.state(&sdk).await).unwrap();
    aws.allow_only(&less.policies(None, false));
    let applied = aws.run(async |sdk| less.try_up(&sdk).await);
    assert!(applied.is_err() || applied.is_ok_and(|applied| !applied.failed.is_empty()), "{:#?}", aws.denied());
    assert!(aws.denied().iter().any(|denied| denied.starts_with("budgets:")), "{:#?}", aws.denied());
    aws.allow_only(&less.policies(Some(&state), false));
    up(&less, &mut aws);
}

#[test]
fn without_one_of_its_actions_a_call_is_denied() {
    let platform = Platform::named("dev").only("catalog.*");
    for (missing, operation) in [
        ("iam:PassRole", "CreateCrawler"),
        ("glue:CreateDatabase", "CreateDatabase"),
        ("iam:PutRolePolicy", "PutRolePolicy"),
    ] {
        let mut policies = platform.policies(None, false);
        for statement in policies.iter_mut().flat_map(|policy| policy["Statement"].as_array_mut().unwrap()) {
            let others: Vec<String> =
                texts(&statement["Action"]).into_iter().filter(|action| action != missing).collect();
            statement["Action"] = others.into();
        }
        let mut aws = Aws::brisk(platform.region(), 3);
        aws.allow_only(&policies);
        let applied = aws.run(async |sdk| platform.up(&sdk).await);
        assert!(applied.failed.iter().any(|failed| failed.failure.operation == operation), "{:#?}", applied.failed);
        assert!(aws.denied().iter().all(|denied| denied.starts_with(missing)), "{:#?}", aws.denied());
    }
}

#[test]
fn what_is_not_ours_may_not_be_touched() {
    let platform = Platform::named("dev");
    let mut aws = Aws::lenient(platform.region());
    let vpc = aws.run(async |sdk| {
        let made = aws_sdk_ec2::Client::new(&sdk).create_vpc().cidr_block("10.9.0.0/16").send().await.unwrap();
        made.vpc.unwrap().vpc_id.unwrap()
    });
    aws.allow_only(&platform.policies(None, false));
    aws.run(async |sdk| {
        let ec2 = aws_sdk_ec2::Client::new(&sdk);
        ec2.delete_vpc().vpc_id(&vpc).send().await.unwrap_err();
        ec2.create_vpc().cidr_block("10.8.0.0/16").send().await.unwrap_err();
        let iam = aws_sdk_iam::Client::new(&sdk);
        iam.delete_role().role_name("mlops-pipeline-prod-glue").send().await.unwrap_err();
        let logs = aws_sdk_cloudwatchlogs::Client::new(&sdk);
        logs.delete_log_group().log_group_name("/aws/lambda/somebodys").send().await.unwrap_err();
    });
    let denied = aws.denied();
    assert_eq!(denied.len(), 4, "{denied:#?}");
}

#[test]
fn every_action_is_used_or_stands_in_a_table_with_the_reason_why_no_emulator_shows_it() {
    let unused = unused(lives(), []);
    assert!(unused.is_empty(), "for nothing: {unused:#?}");
    let (granted, used) = (granted(lives()), used(lives()));
    let explained = SHOWN_BY_NO_EMULATOR.iter().map(|(action, _)| (*action).to_owned());
    let shown: Vec<String> = explained.filter(|action| used.contains(action) || !granted.contains(action)).collect();
    assert!(shown.is_empty(), "in the table for nothing: {shown:#?}");
}

#[test]
fn nothing_is_granted_on_everything_but_actions_that_know_no_resources() {
    for life in lives() {
        for statement in statements(&life.policies) {
            let actions = texts(&statement["Action"]);
            assert!(actions.iter().all(|action| !action.contains('*')), "{actions:?}");
            let everywhere = texts(&statement["Resource"]).iter().any(|resource| resource == "*");
            let known = |action: &&String| !NO_RESOURCE_LEVEL.contains(&action.as_str());
            let wide: Vec<&String> = actions.iter().filter(|_| everywhere).filter(known).collect();
            assert!(wide.is_empty(), "{wide:?}");
        }
    }
}

#[test]
fn a_boundary_of_roles_binds_whoever_makes_them() {
    let boundary = "arn:aws:iam::123456789012:policy/limit";
    let bounded = Platform::with("dev", |dev| dev.identity.permissions_boundary = Some(boundary.into()));
    let bounded = bounded.only("identity.glue");
    let mut aws = Aws::brisk(bounded.region(), 4);
    aws.allow_only(&bounded.policies(None, false));
    let free = Platform::named("dev").only("identity.glue");
    let applied = aws.run(async |sdk| free.up(&sdk).await);
    assert!(failure(&applied).contains("iam:CreateRole"), "{}", failure(&applied));
    up(&bounded, &mut aws);
}
