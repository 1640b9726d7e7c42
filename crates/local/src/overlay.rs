//! Corrections of the emulated services, for everything that they forget or wrongly permit.

mod buckets;
mod budgets;
mod cloudwatch;
mod completed;
mod documented;
mod documents;
mod endpoints;
mod events;
mod executions;
mod glue;
mod homes;
mod identity;
mod kind;
mod lake;
mod lambda;
mod log_events;
mod logs;
mod operations;
mod policies;
mod query;
mod quotas;
mod records;
mod repositories;
mod roles;
mod sagemaker;
mod simulation;
mod state_machine;
mod states;
mod versions;
mod wire;

pub(crate) use wire::Wire;

use std::path::PathBuf;
use winterbaume_cloudwatch::CloudWatchService;
use winterbaume_cloudwatchlogs::CloudWatchLogsService;
use winterbaume_ec2::Ec2Service;
use winterbaume_ecr::EcrService;
use winterbaume_eventbridge::EventBridgeService;
use winterbaume_glue::GlueService;
use winterbaume_iam::IamService;
use winterbaume_kms::KmsService;
use winterbaume_lambda::LambdaService;
use winterbaume_sagemaker::SageMakerService;
use winterbaume_sfn::SfnService;
use winterbaume_sns::SnsService;
use winterbaume_sts::StsService;

use winterbaume_core::StatefulService;

use self::completed::{Completed, Follow};
use self::documented::{Catalog, Documented};
use crate::ec2::Ec2;
use crate::objects::Objects;
use crate::service::{Emulated, Service, Storage};

/// The services of the cloud by signing name.
pub(crate) fn services(objects: Option<PathBuf>) -> Vec<(&'static str, Box<dyn Service>)> {
    let storage = Storage::new(Objects::new(objects));
    vec![
        ("budgets", Box::new(budgets::Budgets::default())),
        ("ec2", Box::new(Ec2::new(emulated(Ec2Service::new())))),
        ("ecr", Box::new(repositories::Repositories { inner: completed(emulated(EcrService::new()), completed::ecr) })),
        ("elasticfilesystem", Box::new(homes::Homes)),
        ("events", documented(&events::CATALOG, EventBridgeService::new())),
        ("glue", documented(&glue::CATALOG, GlueService::new())),
        ("iam", iam()),
        ("kms", completed(emulated(KmsService::new()), completed::kms)),
        ("lakeformation", Box::new(lake::Lake)),
        ("lambda", Box::new(lambda::Functions::new(emulated(LambdaService::new())))),
        ("logs", documented(&logs::CATALOG, CloudWatchLogsService::new())),
        ("monitoring", Box::new(query::Queried { inner: documented(&cloudwatch::CATALOG, CloudWatchService::new()) })),
        ("s3", Box::new(buckets::Buckets::new(Box::new(storage)))),
        ("sagemaker", documented(&sagemaker::CATALOG, SageMakerService::new())),
        ("servicequotas", Box::new(quotas::Quotas)),
        ("sns", completed(emulated(SnsService::new()), completed::sns)),
        ("states", documented(&states::CATALOG, SfnService::new())),
        ("sts", Box::new(identity::Identity { inner: emulated(StsService::new()) })),
    ]
}

fn iam() -> Box<dyn Service> {
    let policies = policies::Policies { inner: completed(emulated(IamService::new()), completed::iam) };
    Box::new(roles::Roles { inner: Box::new(policies) })
}

fn emulated<S: StatefulService>(service: S) -> Box<dyn Service> {
    Box::new(Emulated(service))
}

fn documented<S: StatefulService>(catalog: &'static Catalog, service: S) -> Box<dyn Service> {
    Box::new(Documented::new(catalog, emulated(service)))
}

fn completed(inner: Box<dyn Service>, follow: Follow) -> Box<dyn Service> {
    Box::new(Completed { inner, follow })
}
