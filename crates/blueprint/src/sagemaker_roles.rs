//! The roles that SageMaker works with: one for people in Studio, one for the pipeline's jobs, one for endpoints, one for
//! MLflow. Each writes under prefixes of its own, so that a notebook can change neither what the pipeline runs nor what it made.

use crate::{
    build_context::BuildContext,
    encryption::{Keys, decrypt_former},
    grants::Granted,
    interfaces::Interfaces,
    names::{deployed, guards_arn},
    policy::{Policy, pass_role},
    roles::{role_needing, role_with_key, use_key},
};
use aws_ec2::Vpc;
use aws_iam::Role;
use config::environment::pipeline::Image;
use resource::{Reference, Stack};
use serde_json::Value;
use std::collections::BTreeSet;
use vocabulary::KeyArn;

/// The folder of the models and artifacts buckets that people in Studio write to, and the prefix of the names of their
/// resources.
const STUDIO: &str = "studio";
/// The folder of MLflow's artifacts in the artifacts bucket.
pub(crate) const ARTIFACTS: &str = "mlflow/";
/// The domain of the Studio session that asks; nothing for anybody else.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-jl-admin-guide-permissions.html>
const OWN_DOMAIN: &str = "${sagemaker:DomainId}";

/// People in Studio, with their notebooks and experiments. It is also the role of the feature groups.
pub(crate) fn studio(stack: &mut Stack, context: &BuildContext, keys: &Keys, vpc: &Reference<Vpc>) -> Reference<Role> {
    let own = format!("{STUDIO}/");
    let data = Policy::new()
        .allow(
            ["s3:ListBucket", "s3:GetBucketLocation"],
            ["data", "models", "artifacts"].map(|name| context.bucket_arn(name)),
        )
        .allow(["s3:GetObject"], ["data", "models", "artifacts"].map(|name| context.objects(name, "")))
        .allow(
            ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
            [context.objects("models", &own), context.objects("artifacts", &own)],
        )
        // Endpoints that version 0.1 deployed serve with this role until the next deployment.
        .allow(
            ["s3:PutObject"],
            [context.objects("data", "feature-store/"), context.objects("artifacts", "data-capture/")],
        )
        // Feature Store checks who may read the offline store's bucket.
        .allow(
            ["s3:GetBucketAcl", "s3:PutObjectAcl"],
            [context.bucket_arn("data"), context.objects("data", "feature-store/")],
        );
    let fixed = [
        ("images", images(context)),
        ("studio", domain(context).and(experiments(context)).and(registry(context))),
        ("features", features(context)),
        ("logs", logs(context)),
    ];
    let fixed = fixed.into_iter().chain(use_mlflow(context)).chain(judge(context)).collect();
    let settings = &context.environment.studio;
    let granted = Granted::new(context, &settings.buckets, &settings.permissions);
    add(stack, context, keys, vpc, ("sagemaker", "SageMaker Studio"), Rights { data, fixed, granted })
}

/// Training and batch transform, as the pipeline starts them.
pub(crate) fn training(
    stack: &mut Stack,
    context: &BuildContext,
    keys: &Keys,
    vpc: &Reference<Vpc>,
) -> Reference<Role> {
    let data = Policy::new()
        .allow(
            ["s3:ListBucket", "s3:GetBucketLocation"],
            ["data", "models", "artifacts"].map(|name| context.bucket_arn(name)),
        )
        .allow(["s3:GetObject"], [context.objects("data", "processed/"), context.objects("models", "")])
        .allow(
            ["s3:PutObject", "s3:AbortMultipartUpload"],
            [
                context.objects("models", "training/"),
                context.objects("models", "checkpoints/"),
                context.objects("artifacts", "predictions/"),
                // As definitions of version 0.1 name it.
                context.objects("artifacts", "runs/*/predictions/"),
            ],
        )
        .allow(["s3:DeleteObject"], [context.objects("models", "checkpoints/")]);
    let fixed = vec![("run", images(context).and(logs(context)))];
    let training = context.environment.pipeline.as_ref().map(|pipeline| &pipeline.training);
    let granted = training.map(|training| Granted::new(context, &training.buckets, &training.permissions));
    let rights = Rights { data, fixed, granted: granted.unwrap_or_default() };
    add(stack, context, keys, vpc, ("training", "SageMaker jobs of the training pipeline"), rights)
}

/// Models behind the endpoint.
pub(crate) fn serving(stack: &mut Stack, context: &BuildContext, keys: &Keys, vpc: &Reference<Vpc>) -> Reference<Role> {
    let data = Policy::new()
        .allow(["s3:ListBucket", "s3:GetBucketLocation"], ["models", "artifacts"].map(|name| context.bucket_arn(name)))
        .allow(["s3:GetObject"], [context.objects("models", "")])
        .allow(["s3:PutObject", "s3:AbortMultipartUpload"], [context.objects("artifacts", "data-capture/")]);
    let fixed = [("run", images(context).and(logs(context)))].into_iter().chain(judge(context)).collect();
    let rights = Rights { data, fixed, granted: Granted::default() };
    add(stack, context, keys, vpc, ("serving", "The endpoint's models"), rights)
}

/// MLflow, which stores the artifacts of runs.
pub(crate) fn mlflow(stack: &mut Stack, context: &BuildContext, keys: &Keys) -> Reference<Role> {
    let artifacts =
        Policy::new().allow(["s3:ListBucket", "s3:GetBucketLocation"], [context.bucket_arn("artifacts")]).allow(
            ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
            [context.objects("artifacts", ARTIFACTS)],
        );
    role_with_key(stack, context, "mlflow", "Artifacts of MLflow", "sagemaker", keys.data.clone(), move |key| {
        vec![("data".to_owned(), with_key(artifacts.clone(), key).document())]
    })
}

/// The policies of a role: those on data, which may be encrypted, fixed ones by their names, and those of the file.
struct Rights {
    data: Policy,
    fixed: Vec<(&'static str, Policy)>,
    granted: Granted,
}

/// A role with these policies, use of the data key, and network interfaces in the platform's VPC.
fn add(
    stack: &mut Stack,
    context: &BuildContext,
    keys: &Keys,
    vpc: &Reference<Vpc>,
    (name, description): (&str, &str),
    Rights { data, fixed, granted }: Rights,
) -> Reference<Role> {
    let fixed: Vec<(String, Value)> =
        fixed.into_iter().map(|(name, policy)| (name.to_owned(), policy.document())).collect();
    let (interfaces, data) = (Interfaces::new(context), decrypt_former(data, context));
    role_needing(
        stack,
        context,
        (name, description, "sagemaker"),
        (keys.data.clone(), vpc.clone()),
        move |(key, vpc)| {
            let mut policies = fixed.clone();
            policies.extend(granted.policies(key.as_ref().map(|key| &key.arn)));
            policies.push(("data".to_owned(), with_key(data.clone(), key.as_ref().map(|key| &key.arn)).document()));
            policies.push((
                "network".to_owned(),
                interfaces.lend(interfaces.make(Policy::new(), &vpc.id), &vpc.id).document(),
            ));
            policies
        },
    )
}

fn with_key(policy: Policy, key: Option<&KeyArn>) -> Policy {
    let policy = use_key(policy, key);
    match key {
        // Volumes of instances are encrypted through a grant.
        Some(key) => {
            policy.allow(["kms:CreateGrant"], [key.as_str()]).when("Bool", "kms:GrantIsForAWSResource", "true")
        }
        None => policy,
    }
}

fn images(context: &BuildContext) -> Policy {
    let repositories = crate::registry::names(context);
    let own = repositories.iter().map(|(_, name)| context.arn("ecr", &format!("repository/{name}")));
    // SageMaker's own images are in registries of AWS's accounts, which differ from region to region.
    let built_in = format!("arn:{}:ecr:{}:*:repository/sagemaker-*", context.place.partition, context.place.region);
    let region = &context.place.region;
    let named =
        context.environment.pipeline.iter().flat_map(|pipeline| {
            [pipeline.training_image(region), pipeline.inference_image(region)].into_iter().flatten()
        });
    let others = named.filter(|image| match image {
        Image::Own { .. } => false,
        Image::Other { repository, .. } => !repository.starts_with("sagemaker-"),
    });
    let others: BTreeSet<String> = others.map(|image| crate::registry::arn(context, &image)).collect();
    Policy::new().allow(["ecr:GetAuthorizationToken"], ["*"]).allow(
        ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"],
        own.chain([built_in]).chain(others),
    )
}

/// Apps and spaces: seen everywhere in the account and region, changed in the domain of the session alone.
fn domain(context: &BuildContext) -> Policy {
    Policy::new()
        .allow(
            [
                "sagemaker:DescribeDomain",
                "sagemaker:DescribeUserProfile",
                "sagemaker:DescribeApp",
                "sagemaker:DescribeSpace",
            ],
            ["domain/*", "user-profile/*/*", "app/*/*", "space/*/*"].map(|resource| context.arn("sagemaker", resource)),
        )
        .allow(
            [
                "sagemaker:CreateApp",
                "sagemaker:DeleteApp",
                "sagemaker:CreateSpace",
                "sagemaker:UpdateSpace",
                "sagemaker:DeleteSpace",
                // Studio tags what it makes.
                "sagemaker:AddTags",
            ],
            ["app", "space"].map(|kind| context.arn("sagemaker", &format!("{kind}/{OWN_DOMAIN}/*"))),
        )
        .allow(
            ["sagemaker:ListDomains", "sagemaker:ListUserProfiles", "sagemaker:ListSpaces", "sagemaker:ListApps"],
            ["*"],
        )
}

/// Jobs, models and endpoints of people's own. Those of the pipeline are seen and called, not changed.
fn experiments(context: &BuildContext) -> Policy {
    const KINDS: [&str; 6] =
        ["training-job", "processing-job", "transform-job", "model", "endpoint", "endpoint-config"];
    let all = |kind: &str| context.arn("sagemaker", &format!("{kind}/{}-*", context.prefix()));
    let own = |kind: &str| context.arn("sagemaker", &format!("{kind}/{}-*", context.named(STUDIO)));
    let policy = Policy::new()
        .allow(
            [
                "sagemaker:CreateTrainingJob",
                "sagemaker:StopTrainingJob",
                "sagemaker:CreateProcessingJob",
                "sagemaker:StopProcessingJob",
                "sagemaker:CreateTransformJob",
                "sagemaker:StopTransformJob",
                "sagemaker:CreateModel",
                "sagemaker:DeleteModel",
                "sagemaker:CreateEndpointConfig",
                "sagemaker:DeleteEndpointConfig",
                "sagemaker:CreateEndpoint",
                "sagemaker:UpdateEndpoint",
                "sagemaker:DeleteEndpoint",
                "sagemaker:AddTags",
            ],
            KINDS.map(own),
        )
        .allow(
            [
                "sagemaker:DescribeTrainingJob",
                "sagemaker:DescribeProcessingJob",
                "sagemaker:DescribeTransformJob",
                "sagemaker:DescribeModel",
                "sagemaker:DescribeEndpointConfig",
                "sagemaker:DescribeEndpoint",
                "sagemaker:InvokeEndpoint",
                "sagemaker:ListTags",
            ],
            KINDS.map(all),
        )
        .allow(["sagemaker:ListTrainingJobs"], ["*"]);
    pass_role(policy, &context.role_arn("sagemaker"), &context.service("sagemaker"))
}

/// People register models; approving one is a right of its own, since that deploys it.
fn registry(context: &BuildContext) -> Policy {
    let group = context.named(&context.environment.studio.model_package_group);
    let both = [
        context.arn("sagemaker", &format!("model-package-group/{group}")),
        context.arn("sagemaker", &format!("model-package/{group}/*")),
    ];
    let policy = Policy::new()
        .allow(
            ["sagemaker:DescribeModelPackageGroup", "sagemaker:DescribeModelPackage", "sagemaker:ListTags"],
            both.clone(),
        )
        .allow(["sagemaker:ListModelPackages", "sagemaker:ListModelPackageGroups"], ["*"])
        .allow(["sagemaker:CreateModelPackage"], both.clone());
    match context.environment.studio.approve_models {
        true => policy.allow(["sagemaker:UpdateModelPackage"], both),
        // A package could be born approved.
        false => policy.when("StringEqualsIfExists", "sagemaker:ModelApprovalStatus", "PendingManualApproval"),
    }
}

fn features(context: &BuildContext) -> Policy {
    Policy::new()
        .allow(
            [
                "sagemaker:DescribeFeatureGroup",
                "sagemaker:PutRecord",
                "sagemaker:GetRecord",
                "sagemaker:BatchGetRecord",
                "sagemaker:DeleteRecord",
            ],
            [context.arn("sagemaker", &format!("feature-group/{}-*", context.prefix()))],
        )
        .allow(
            [
                "glue:GetDatabase",
                "glue:CreateDatabase",
                "glue:GetTable",
                "glue:CreateTable",
                "glue:UpdateTable",
                "glue:GetPartitions",
            ],
            // Feature Store has kept the hyphens of a group's name at first, and turns them into underscores since.
            [
                "catalog".to_owned(),
                "database/sagemaker_featurestore".to_owned(),
                format!("table/sagemaker_featurestore/{}*", context.prefix().replace('-', "_")),
                format!("table/sagemaker_featurestore/{}*", context.prefix()),
            ]
            .map(|resource| context.arn("glue", &resource)),
        )
}

fn logs(context: &BuildContext) -> Policy {
    Policy::new()
        .allow(
            ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
            [context.arn("logs", "log-group:/aws/sagemaker/*")],
        )
        .allow(["cloudwatch:PutMetricData"], ["*"])
        .when("StringLike", "cloudwatch:namespace", vec!["/aws/sagemaker/*", "aws/sagemaker/*"])
}

/// Experiments and runs of the environment's MLflow app, whose id is not known before it is there. One action stands for
/// MLflow's whole API, and the clients store artifacts themselves.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/mlflow-app-setup-prerequisites-iam.html>
fn use_mlflow(context: &BuildContext) -> Option<(&'static str, Policy)> {
    context.environment.studio.mlflow.as_ref()?;
    let calls = Policy::new().allow(
        ["sagemaker:CallMlflowAppApi", "sagemaker:CreatePresignedMlflowAppUrl", "sagemaker:DescribeMlflowApp"],
        [context.arn("sagemaker", "mlflow-app/*")],
    );
    let ours = |policy: Policy, (key, value): (&str, &str)| {
        policy.when("StringEquals", &format!("aws:ResourceTag/{key}"), value)
    };
    let calls = context.environment.owner_tags().into_iter().fold(calls, ours);
    let artifacts = calls.allow(["s3:PutObject", "s3:AbortMultipartUpload"], [context.objects("artifacts", ARTIFACTS)]);
    Some(("mlflow", artifacts.allow(["sagemaker:ListMlflowApps"], ["*"])))
}

/// An update of the endpoint is judged by its alarms in the name of the role that serves.
fn judge(context: &BuildContext) -> Option<(&'static str, Policy)> {
    deployed(context)?;
    Some(("judge", Policy::new().allow(["cloudwatch:DescribeAlarms"], [guards_arn(context)])))
}
