//! Lives of environments under their own policies.

use super::meddling;
use crate::{destroy, up};
use aws_config::SdkConfig;
use config::{
    Environment,
    environment::{
        DriftRepair,
        drift::Job,
        feature_groups::{Feature, FeatureType},
        functions::Architecture,
        studio::{App, Mlflow, Space},
    },
};
use serde_json::Value;
use state::StateBucket;
use std::{collections::BTreeSet, time::Duration};
use testkit::{Aws, Fault, Platform};

/// By then S3 and IAM show what was changed.
pub(super) const SPREAD: Duration = Duration::from_secs(300);

/// The policies of a life, and the actions that it used.
pub(super) struct Life {
    pub(super) policies: Vec<Value>,
    pub(super) used: BTreeSet<String>,
    pub(super) denied: Vec<String>,
    /// Requests about buckets that do not say whose they must be.
    pub(super) without_owner: Vec<String>,
}

/// Gives an environment the drift job.
pub(crate) fn set_a_job(file: &mut Environment, repair: DriftRepair) {
    file.drift.repair = repair;
    file.drift.job = Some(Job {
        schedule: "rate(1 hour)".into(),
        // A file of the project that is not large.
        binary: Some("README.md".into()),
        architecture: Architecture::Arm64,
        memory_mb: 1024,
        timeout_minutes: 15,
        accept_administration: true,
    });
}

/// The environment; prod with the drift job, as production has one, and with MLflow.
pub(crate) fn declared(environment: &str) -> Platform {
    Platform::with(environment, |file| complete(file, environment))
}

fn complete(file: &mut Environment, environment: &str) {
    if environment == "prod" {
        set_a_job(file, DriftRepair::Nothing);
        file.studio.mlflow = Some(Mlflow::default());
        file.studio.spaces = vec![space(5, &file.studio.user_profiles[0])];
    }
}

fn space(volume_gb: u16, owner: &str) -> Space {
    Space { name: "notebooks".into(), owner: owner.into(), app: App::default(), volume_gb }
}

/// The environment with something changed in nearly everything.
pub(crate) fn edited(environment: &str) -> Platform {
    Platform::with(environment, |file| {
        if environment == "prod" {
            set_a_job(file, DriftRepair::Safely);
            file.studio.mlflow = Some(Mlflow { maintenance_window: Some("Sun:03:30".into()) });
            file.studio.spaces = vec![space(10, &file.studio.user_profiles[0])];
        }
        if let Some(budget) = &mut file.budget {
            budget.monthly_usd += 1;
        }
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

/// Up, nothing to do, no drift, an update of nearly everything, the repair of drift, down with the data
/// and the state.
pub(super) fn life(environment: &str) -> Life {
    let (platform, edited) = (declared(environment), edited(environment));
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
    Life { policies, used: aws.allowed(), denied: aws.denied(), without_owner: aws.without_owner() }
}

/// Lets others change settings, or bring data, under no policy of ours.
pub(super) fn meddle(platform: &Platform, environment: &str, aws: &mut Aws, settings: bool) {
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

/// The zones and the endpoint services before a plan, the state's history, and a state whose file is lost.
async fn what_people_ask(platform: &Platform, sdk: &SdkConfig) {
    let ec2 = aws_sdk_ec2::Client::new(sdk);
    aws_ec2::availability_zones(&ec2).await.unwrap();
    aws_ec2::endpoint_services(&ec2, &["com.amazonaws.ap-south-1.sts".to_owned()]).await.unwrap();
    let store = platform.state_bucket(sdk).store();
    let history = store.history("state.json").await.unwrap();
    store.get_version("state.json", &history.versions[0].id).await.unwrap();
    let found = StateBucket::find_state_buckets(&aws_s3::client(sdk), "-123456789012").await.unwrap();
    assert!(!found.is_empty());
}

/// The life of a plan of everything, one of nothing and a check for drift, under the read-only policy.
pub(super) fn reads(environment: &str) -> Life {
    let platform = declared(environment);
    let mut aws = Aws::brisk(platform.region(), 2);
    let policies = platform.policies(None, true);
    // A bucket without tags may be anybody's: whether it is empty is asked, and it is not taken over.
    let bare = format!("{}-data-123456789012", platform.prefix());
    aws.run(async |sdk| meddling::with_a_bare_bucket(&sdk, &bare).await);
    aws.wait(SPREAD);
    aws.allow_only(&policies);
    let first = aws.run(async |sdk| platform.plan(&sdk).await);
    let refused: Vec<&str> = first.refusals.iter().map(|refusal| refusal.address.as_str()).collect();
    assert_eq!(refused, ["storage.data"], "{:#?}", first.refusals);
    aws.allow_everything();
    aws.run(async |sdk| meddling::without_the_bare_bucket(&sdk, &bare).await);
    aws.wait(SPREAD);
    up(&platform, &mut aws);
    aws.allow_only(&policies);
    let again = aws.run(async |sdk| platform.plan(&sdk).await);
    assert!(again.plan.is_empty() && again.refusals.is_empty(), "{:#?}", again.refusals);
    // Without the index, tags are read one by one.
    aws.strike(("tagging", "GetResources"), 0, 1, Fault::refused("AccessDeniedException", "not today"));
    let drift = aws.run(async |sdk| platform.drift(&sdk).await);
    assert!(drift.drifted.is_empty() && drift.failed.is_empty(), "{:#?}", drift.failed);
    aws.allow_everything();
    aws.run(async |sdk| meddling::roles(&sdk, platform.prefix()).await);
    aws.wait(SPREAD);
    aws.allow_only(&policies);
    let drift = aws.run(async |sdk| platform.drift(&sdk).await);
    assert!(drift.drifted.len() == 1 && drift.failed.is_empty(), "{:#?} {:#?}", drift.drifted, drift.failed);
    // Log groups that the file drops are kept while they hold events.
    let smaller = Platform::with(environment, |file| {
        complete(file, environment);
        file.network.flow_logs = false;
    });
    let smaller = smaller.keeping_data();
    let dropped = aws.run(async |sdk| smaller.plan(&sdk).await);
    assert!(dropped.refusals.is_empty(), "{:#?}", dropped.refusals);
    // Whatever the file does not ask for any more is looked at as well.
    let emptied = aws.run(async |sdk| platform.plan_of_destruction(&sdk).await);
    assert!(!emptied.plan.is_empty() && emptied.refusals.is_empty(), "{:#?}", emptied.refusals);
    aws.run(async |sdk| StateBucket::find_state_buckets(&aws_s3::client(&sdk), "-123456789012").await.unwrap());
    Life { policies, used: aws.allowed(), denied: aws.denied(), without_owner: aws.without_owner() }
}
