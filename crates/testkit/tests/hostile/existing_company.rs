//! A whole company at once: its network, its key, its roles and its path, under all rules of its landing zone.

use crate::{
    destroy,
    existing::{self, LandingZone},
    existing_keys::{self, Company},
    up_without_drift,
};
use aws_config::SdkConfig;
use blueprint::{Inputs, Placement};
use config::Environment;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};
use testkit::{Aws, Platform, Rights};
use vocabulary::Place;

const ACCOUNT: &str = local::ACCOUNT;

/// Everything of the company that the platform uses.
struct Estate {
    region: String,
    zone: LandingZone,
    company: Company,
}

impl Estate {
    fn in_account(aws: &mut Aws, region: &str) -> Self {
        let zone = existing::landing_zone(aws, region);
        let company = existing_keys::company(aws);
        Self { region: region.to_owned(), zone, company }
    }

    /// Names the estate in an environment file.
    fn name_in(&self, environment: &mut Environment) {
        self.zone.hosts(environment);
        self.company.rules(environment);
    }

    /// The owner of the roles gives them the policies that `mlopsctl permissions --role` prints.
    fn allow_roles(&self, aws: &mut Aws) {
        let root = repository();
        let mut environment = config::load(&root.join("environments/dev.toml"), &root).unwrap();
        self.name_in(&mut environment);
        let place = Place::new(ACCOUNT, self.region.as_str());
        let placement = Placement::default();
        let inputs = Inputs {
            environment: &environment,
            name: "dev",
            place: &place,
            placement: &placement,
            root: &root,
            is_state_at_root: false,
            program: None,
        };
        let roles = blueprint::existing(&inputs).unwrap().roles;
        assert_eq!(roles.len(), 2, "{roles:?}");
        aws.run(async |sdk| {
            let iam = aws_sdk_iam::Client::new(&sdk);
            for role in &roles {
                let name = role.arn.rsplit('/').next().unwrap();
                let put = iam.put_role_policy().role_name(name).policy_name("platform");
                put.policy_document(role.policy().to_string()).send().await.unwrap();
            }
        });
    }

    fn kept(&self, aws: &Aws) -> BTreeMap<String, String> {
        self.zone.kept(aws).into_iter().chain(self.company.kept(aws)).collect()
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The rights that the live policies of a role give.
async fn rights(sdk: &SdkConfig, role: &str) -> Rights {
    let iam = aws_sdk_iam::Client::new(sdk);
    let mut documents = Vec::new();
    for name in iam.list_role_policies().role_name(role).send().await.unwrap().policy_names {
        let read = iam.get_role_policy().role_name(role).policy_name(name).send().await.unwrap();
        let text = percent_encoding::percent_decode_str(&read.policy_document).decode_utf8_lossy().into_owned();
        documents.push(serde_json::from_str::<Value>(&text).unwrap());
    }
    assert!(!documents.is_empty(), "{role} has no policies");
    Rights::new(&documents)
}

#[test]
fn platform_on_a_companys_network_key_and_roles_works_under_its_rules_and_leaves_them_as_they_were() {
    let region = Platform::named("dev").region().to_owned();
    let mut aws = Aws::lawful(&region, 95);
    let estate = Estate::in_account(&mut aws, &region);
    estate.allow_roles(&mut aws);
    aws.wait(Duration::from_secs(300));
    let before = estate.kept(&aws);
    let platform = Platform::with("dev", |dev| estate.name_in(dev));
    let rules = [existing::control(), existing_keys::control()].concat();
    aws.forbid(&rules);
    aws.allow_only(&platform.policies(None, false));

    up_without_drift(&platform, &mut aws);
    assert_eq!(estate.kept(&aws), before, "after up");

    let read_only = platform.policies(None, true);
    aws.allow_only(&read_only);
    let planned = aws.run(async |sdk| platform.plan(&sdk).await);
    assert!(planned.plan.is_empty() && planned.refusals.is_empty(), "{:?}", planned.refusals);
    aws.allow_everything();
    aws.run(async |sdk| roles_reach_what_the_pipeline_needs(&estate, &sdk).await);
    aws.allow_only(&platform.policies(None, false));

    destroy(&platform, &mut aws);
    assert_eq!(estate.kept(&aws), before, "after destroy");
    // The company's roles keep the policies that its people gave them.
    let mut left = existing::left_of(&platform, &aws);
    left.retain(|one| !one.contains("/roles/company-"));
    assert_eq!(left, Vec::<String>::new());
    assert_eq!(aws.denied(), Vec::<String>::new());
}

/// Follows an execution of the pipeline: its state machine, the ETL job, the functions, the training.
async fn roles_reach_what_the_pipeline_needs(estate: &Estate, sdk: &SdkConfig) {
    let region = &estate.region;
    let arn = |service: &str, resource: &str| format!("arn:aws:{service}:{region}:{ACCOUNT}:{resource}");
    let object = |bucket: &str, key: &str| format!("arn:aws:s3:::mlops-pipeline-dev-{bucket}-{ACCOUNT}/{key}");
    let (key, through_s3) = (estate.company.key.as_str(), format!("s3.{region}.amazonaws.com"));
    let via = [("kms:ViaService", through_s3.as_str())];
    let other_key = arn("kms", "key/11111111-2222-3333-4444-555555555555");
    let vpc = arn("ec2", &format!("vpc/{}", estate.zone.vpc));
    let within = [("ec2:Vpc", vpc.as_str())];
    let elsewhere = arn("ec2", "vpc/vpc-0000000000000000f");
    let elsewhere = [("ec2:Vpc", elsewhere.as_str())];
    let subnet = arn("ec2", &format!("subnet/{}", estate.zone.subnets[0]));
    let passed = [("iam:PassedToService", "sagemaker.amazonaws.com")];
    let training_role = format!("arn:aws:iam::{ACCOUNT}:role/ml/mlops-pipeline-dev-training");
    type Context<'a> = &'a [(&'a str, &'a str)];
    let reached: [(&str, &str, String, Context<'_>, bool); 20] = [
        ("company-states", "glue:StartJobRun", arn("glue", "job/mlops-pipeline-dev-etl"), &[], true),
        (
            "company-states",
            "lambda:InvokeFunction",
            arn("lambda", "function:mlops-pipeline-dev-data-validation"),
            &[],
            true,
        ),
        (
            "company-states",
            "lambda:InvokeFunction",
            arn("lambda", "function:mlops-pipeline-dev-model-evaluation"),
            &[],
            true,
        ),
        ("company-states", "iam:PassRole", training_role, &passed, true),
        ("company-states", "iam:PassRole", estate.company.roles[0].clone(), &passed, false),
        (
            "company-states",
            "sagemaker:CreateTrainingJob",
            arn("sagemaker", "training-job/mlops-pipeline-dev-1"),
            &[],
            true,
        ),
        ("company-states", "sns:Publish", arn("sns", "mlops-pipeline-dev-alerts"), &[], true),
        ("company-glue", "s3:GetObject", object("artifacts", "glue/scripts/etl.py"), &[], true),
        ("company-glue", "s3:GetObject", object("data", "raw/a.csv"), &[], true),
        ("company-glue", "s3:PutObject", object("data", "processed/a.parquet"), &[], true),
        ("company-glue", "s3:PutObject", object("artifacts", "glue/scripts/etl.py"), &[], false),
        ("company-glue", "kms:GenerateDataKey", key.to_owned(), &via, true),
        ("company-glue", "kms:Decrypt", other_key, &via, false),
        (
            "mlops-pipeline-dev-data-validation-function",
            "s3:GetObject",
            object("data", "processed/a.parquet"),
            &[],
            true,
        ),
        ("mlops-pipeline-dev-data-validation-function", "kms:Decrypt", key.to_owned(), &via, true),
        ("mlops-pipeline-dev-training", "s3:GetObject", object("data", "processed/a.parquet"), &[], true),
        ("mlops-pipeline-dev-training", "s3:PutObject", object("models", "training/1/model.tar.gz"), &[], true),
        ("mlops-pipeline-dev-training", "kms:GenerateDataKey", key.to_owned(), &via, true),
        ("mlops-pipeline-dev-training", "ec2:CreateNetworkInterface", subnet.clone(), &within, true),
        ("mlops-pipeline-dev-training", "ec2:CreateNetworkInterface", subnet, &elsewhere, false),
    ];
    for (role, action, resource, context, expected) in reached {
        let allowed = rights(sdk, role).await.allow(action, &resource, context);
        assert_eq!(allowed, expected, "{role}: {action} on {resource} {context:?}");
    }
}
