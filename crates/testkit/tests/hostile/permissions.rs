//! IAM: that what `mlopsctl permissions` prints suffices for the whole life of an environment, and that nothing in it
//! is for nothing.

mod meddling;
mod reasons;

use crate::{destroy, failure, up};
use aws_config::SdkConfig;
use config::environment::feature_groups::{Feature, FeatureType};
use reasons::{NO_RESOURCE_LEVEL, SHOWN_BY_NO_EMULATOR};
use serde_json::Value;
use state::StateBucket;
use std::{collections::BTreeSet, sync::OnceLock, time::Duration};
use testkit::{Aws, Platform};

const ENVIRONMENTS: [&str; 3] = ["dev", "staging", "prod"];

/// By then S3 and IAM show what was changed.
const SPREAD: Duration = Duration::from_secs(300);

/// What came of a life.
struct Life {
    policies: Vec<Value>,
    used: BTreeSet<String>,
    denied: Vec<String>,
}

/// The environment with something changed in nearly everything.
fn edited(environment: &str) -> Platform {
    Platform::with(environment, |file| {
        file.tags.insert("Owner".into(), "Somebody else".into());
        file.tags.remove("Compliance");
        file.monitoring.log_retention_days = 14;
        for bucket in &mut file.storage.buckets {
            bucket.expire_noncurrent_days = 61;
        }
        for function in &mut file.functions {
            function.memory_mb = 2048;
        }
        file.registry.keep_tagged = 21;
        file.registry.immutable_tags ^= true;
        file.registry.scan_on_push ^= true;
        file.studio.idle_shutdown_minutes = Some(90);
        for crawler in &mut file.catalog.crawlers {
            crawler.schedule = Some("cron(0 3 * * ? *)".into());
        }
        for job in &mut file.catalog.jobs {
            job.workers += 1;
        }
        for group in &mut file.feature_groups {
            group.features.push(Feature { name: "region".into(), r#type: FeatureType::String });
        }
        if let Some(pipeline) = &mut file.pipeline {
            pipeline.training.volume_gb += 1;
        }
    })
}

/// Up, nothing to do, no drift, an update of nearly everything, the healing of what others change, down with the data
/// and the state.
fn life(environment: &str) -> Life {
    let (platform, edited) = (Platform::of(environment), edited(environment));
    let mut aws = Aws::brisk(platform.region(), 1);
    aws.run(async |sdk| meddling::with_a_name_that_is_taken(&sdk, platform.prefix()).await);
    let mut policies = platform.policies(None, false);
    aws.allow_only(&policies);
    up(&platform, &mut aws);
    let again = aws.run(async |sdk| platform.plan(&sdk).await);
    assert!(again.plan.is_empty() && again.refusals.is_empty(), "{:#?} {:#?}", again.plan.changes, again.refusals);
    let drift = aws.run(async |sdk| platform.drift(&sdk).await);
    assert!(drift.drifted.is_empty() && drift.failed.is_empty(), "{:#?} {:#?}", drift.drifted, drift.failed);
    let (state, _) = aws.run(async |sdk| platform.state(&sdk).await).unwrap();
    policies.extend(edited.policies(Some(&state), false));
    aws.allow_only(&edited.policies(Some(&state), false));
    up(&edited, &mut aws);
    meddle(&edited, environment, &mut aws, true);
    up(&edited, &mut aws);
    meddle(&edited, environment, &mut aws, false);
    let keeping = self::edited(environment).keeping_data();
    aws.run(async |sdk| keeping.try_destroy(&sdk).await).unwrap_err();
    destroy(&edited, &mut aws);
    aws.run(async |sdk| what_people_ask(&edited, &sdk).await);
    aws.run(async |sdk| edited.remove_state(&sdk).await);
    Life { policies, used: aws.allowed(), denied: aws.denied() }
}

/// Lets others change settings, or bring data, under no policy of ours.
fn meddle(platform: &Platform, environment: &str, aws: &mut Aws, settings: bool) {
    let (state, _) = aws.run(async |sdk| platform.state(&sdk).await).unwrap();
    aws.allow_everything();
    let endpoint = state.resources.iter().find(|(address, _)| address.as_str() == "pipeline.endpoint");
    aws.run(async |sdk| match settings {
        true => meddling::with_settings(&sdk, platform.prefix(), platform.region()).await,
        false => {
            meddling::with_data(&sdk, platform.prefix()).await;
            if let Some((address, entry)) = endpoint {
                let tags = [
                    ("Project", "mlops-pipeline"),
                    ("Environment", environment),
                    ("ManagedBy", "mlopsctl"),
                    ("mlopsctl:address", address.as_str()),
                ];
                let name = entry.id.as_deref().unwrap();
                meddling::with_an_endpoint(&sdk, platform.prefix(), name, &tags).await;
            }
        }
    });
    aws.allow_only(&platform.policies(Some(&state), false));
}

/// The zones before a plan, the state's history, and a state whose file is lost.
async fn what_people_ask(platform: &Platform, sdk: &SdkConfig) {
    aws_ec2::availability_zones(&aws_sdk_ec2::Client::new(sdk)).await.unwrap();
    let store = platform.state_bucket(sdk).store();
    let history = store.history("state.json").await.unwrap();
    store.get_version("state.json", &history[0].0).await.unwrap();
    let found = StateBucket::left_behind(&aws_s3::client(sdk), "-123456789012").await.unwrap();
    assert!(!found.is_empty());
}

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

/// What is granted and neither used nor explained.
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

/// What a plan of everything, one of nothing and a look for drift use under the policy for looking.
fn looks(environment: &str) -> Life {
    let platform = Platform::of(environment);
    let mut aws = Aws::brisk(platform.region(), 2);
    let policies = platform.policies(None, true);
    // What a crash left of a bucket where S3 takes no tags with its creation: whether it is empty tells whose it is.
    let bare = format!("{}-data-123456789012", platform.prefix());
    aws.run(async |sdk| meddling::with_a_bare_bucket(&sdk, &bare).await);
    aws.wait(SPREAD);
    aws.allow_only(&policies);
    let first = aws.run(async |sdk| platform.plan(&sdk).await);
    assert!(first.refusals.is_empty(), "{:#?}", first.refusals);
    aws.allow_everything();
    up(&platform, &mut aws);
    aws.allow_only(&policies);
    let again = aws.run(async |sdk| platform.plan(&sdk).await);
    assert!(again.plan.is_empty() && again.refusals.is_empty(), "{:#?}", again.refusals);
    let drift = aws.run(async |sdk| platform.drift(&sdk).await);
    assert!(drift.drifted.is_empty() && drift.failed.is_empty(), "{:#?}", drift.failed);
    aws.allow_everything();
    aws.run(async |sdk| meddling::roles(&sdk, platform.prefix()).await);
    aws.wait(SPREAD);
    aws.allow_only(&policies);
    let drift = aws.run(async |sdk| platform.drift(&sdk).await);
    assert!(drift.drifted.len() == 1 && drift.failed.is_empty(), "{:#?} {:#?}", drift.drifted, drift.failed);
    // Whatever the file does not ask for any more is looked at as well.
    let emptied = aws.run(async |sdk| platform.plan_of_destruction(&sdk).await);
    assert!(!emptied.plan.is_empty() && emptied.refusals.is_empty(), "{:#?}", emptied.refusals);
    Life { policies, used: aws.allowed(), denied: aws.denied() }
}

#[test]
fn plans_and_looks_for_drift_run_under_the_policy_for_looking_and_use_all_of_it() {
    let looks = ENVIRONMENTS.map(looks);
    for (look, environment) in looks.iter().zip(ENVIRONMENTS) {
        assert_eq!(look.denied, Vec::<String>::new(), "{environment}");
    }
    let beyond = ["ec2:DescribeAvailabilityZones"];
    let unused = unused(&looks, beyond);
    assert!(unused.is_empty(), "for nothing: {unused:#?}");
}

#[test]
fn the_policy_for_looking_changes_nothing() {
    for environment in ENVIRONMENTS {
        let policies = Platform::of(environment).policies(None, true);
        for action in statements(&policies).flat_map(|statement| texts(&statement["Action"])) {
            let name = action.split(':').nth(1).unwrap();
            let reads = ["BatchGet", "Describe", "Get", "List", "View"].iter().any(|read| name.starts_with(read));
            assert!(reads || action == "kms:Decrypt", "{action}");
        }
    }
}

#[test]
fn what_the_file_no_longer_asks_for_can_be_deleted_by_whoever_may_read_the_state() {
    let platform = Platform::of("prod");
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
    let platform = Platform::of("dev").only("catalog.*");
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
    let platform = Platform::of("dev");
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
    let free = Platform::of("dev").only("identity.glue");
    let applied = aws.run(async |sdk| free.up(&sdk).await);
    assert!(failure(&applied).contains("iam:CreateRole"), "{}", failure(&applied));
    up(&bounded, &mut aws);
}
