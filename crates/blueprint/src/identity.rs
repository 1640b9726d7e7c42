//! Roles: each for one service, each with what it needs on this stack's resources and nothing else.

use crate::{
    encryption::Keys,
    policy::{Policy, pass_role, trust},
    site::Site,
};
use aws_iam::Role;
use aws_kms::Key;
use resource::{Handle, KeyArn, Stack, Tags};
use serde_json::Value;

/// The roles that several areas use.
pub(crate) struct Roles {
    pub(crate) sagemaker: Handle<Role>,
    pub(crate) glue: Handle<Role>,
}

pub(crate) fn build(stack: &mut Stack, site: &Site, keys: &Keys) -> Roles {
    Roles { sagemaker: sagemaker(stack, site, keys), glue: glue(stack, site, keys) }
}

/// A role for a service, with named inline policies.
pub(crate) fn role(
    stack: &mut Stack,
    site: &Site,
    name: &str,
    description: &str,
    service: &str,
    policies: Vec<(&str, Policy)>,
) -> Handle<Role> {
    let policies: Vec<(String, Value)> =
        policies.into_iter().map(|(name, policy)| (name.to_owned(), policy.document())).collect();
    role_with_key(stack, site, name, description, service, None, move |_| policies.clone())
}

/// A role whose policies also name a key, which is known only once it exists.
pub(crate) fn role_with_key(
    stack: &mut Stack,
    site: &Site,
    name: &str,
    description: &str,
    service: &str,
    key: Option<Handle<Key>>,
    policies: impl Fn(Option<&KeyArn>) -> Vec<(String, Value)> + Send + Sync + 'static,
) -> Handle<Role> {
    let (full, description) = (site.named(name), description.to_owned());
    let trust = trust(&site.service(service), &site.place);
    let boundary = site.environment.identity.permissions_boundary.clone();
    stack.add("identity", name, key, move |key| Role {
        name: full.clone(),
        path: "/".into(),
        description: description.clone(),
        trust: trust.clone(),
        inline_policies: policies(key.as_ref().map(|key| &key.arn)).into_iter().collect(),
        managed_policies: Vec::new(),
        permissions_boundary: boundary.clone(),
        max_session_seconds: 3600,
        tags: Tags::default(),
    })
}

/// Use of a key for data, through the services that hold it.
pub(crate) fn use_key(policy: Policy, key: Option<&KeyArn>) -> Policy {
    match key {
        Some(key) => {
            policy.allow(["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:DescribeKey"], [key.as_str()])
        }
        None => policy,
    }
}

/// Interfaces in the VPC. Creating one is bound to this account and region; describing has no resource level.
pub(crate) fn network_interfaces(policy: Policy, site: &Site) -> Policy {
    let within: Vec<String> = ["network-interface", "subnet", "security-group"]
        .iter()
        .map(|kind| site.arn("ec2", &format!("{kind}/*")))
        .collect();
    policy.allow(["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"], within).allow(
        [
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeVpcs",
            "ec2:DescribeDhcpOptions",
        ],
        ["*"],
    )
}

/// What training, transform and Studio do in the platform's name.
fn sagemaker(stack: &mut Stack, site: &Site, keys: &Keys) -> Handle<Role> {
    let own = |kind: &str| site.arn("sagemaker", &format!("{kind}/{}-*", site.prefix()));
    let data = Policy::new()
        .allow(
            ["s3:ListBucket", "s3:GetBucketLocation"],
            ["data", "models", "artifacts"].map(|name| site.bucket_arn(name)),
        )
        .allow(["s3:GetObject"], [site.objects("data", "")])
        .allow(["s3:PutObject"], [site.objects("data", "feature-store/")])
        .allow(
            ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"],
            [site.objects("models", ""), site.objects("artifacts", "")],
        )
        .allow(["s3:DeleteObject"], [site.objects("models", "checkpoints/")])
        // Feature Store checks who may read the offline store's bucket.
        .allow(
            ["s3:GetBucketAcl", "s3:PutObjectAcl"],
            [site.bucket_arn("data"), site.objects("data", "feature-store/")],
        );
    let repositories = crate::registry::names(site);
    let own_images: Vec<String> =
        repositories.iter().map(|(_, name)| site.arn("ecr", &format!("repository/{name}"))).collect();
    // The built-in images stand in registries of AWS's accounts, which differ from region to region.
    let built_in = format!("arn:{}:ecr:{}:*:repository/sagemaker-*", site.place.partition, site.place.region);
    let images = Policy::new().allow(["ecr:GetAuthorizationToken"], ["*"]).allow(
        ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"],
        own_images.into_iter().chain([built_in]),
    );
    let group = &site.environment.studio.model_package_group;
    let group = site.named(group);
    let studio = Policy::new()
        .allow(
            [
                "sagemaker:DescribeDomain",
                "sagemaker:DescribeUserProfile",
                "sagemaker:CreateApp",
                "sagemaker:DescribeApp",
                "sagemaker:DeleteApp",
                "sagemaker:CreateSpace",
                "sagemaker:UpdateSpace",
                "sagemaker:DescribeSpace",
                "sagemaker:DeleteSpace",
            ],
            ["domain/*", "user-profile/*/*", "app/*/*", "space/*/*"].map(|resource| site.arn("sagemaker", resource)),
        )
        .allow(
            ["sagemaker:ListDomains", "sagemaker:ListUserProfiles", "sagemaker:ListSpaces", "sagemaker:ListApps"],
            ["*"],
        )
        .allow(
            [
                "sagemaker:CreateTrainingJob",
                "sagemaker:DescribeTrainingJob",
                "sagemaker:StopTrainingJob",
                "sagemaker:CreateProcessingJob",
                "sagemaker:DescribeProcessingJob",
                "sagemaker:StopProcessingJob",
                "sagemaker:CreateTransformJob",
                "sagemaker:DescribeTransformJob",
                "sagemaker:StopTransformJob",
                "sagemaker:CreateModel",
                "sagemaker:DescribeModel",
                "sagemaker:DeleteModel",
                "sagemaker:CreateEndpointConfig",
                "sagemaker:DescribeEndpointConfig",
                "sagemaker:DeleteEndpointConfig",
                "sagemaker:CreateEndpoint",
                "sagemaker:DescribeEndpoint",
                "sagemaker:UpdateEndpoint",
                "sagemaker:DeleteEndpoint",
                "sagemaker:InvokeEndpoint",
                "sagemaker:AddTags",
                "sagemaker:ListTags",
            ],
            ["training-job", "processing-job", "transform-job", "model", "endpoint", "endpoint-config"].map(own),
        )
        .allow(
            [
                "sagemaker:DescribeModelPackageGroup",
                "sagemaker:CreateModelPackage",
                "sagemaker:DescribeModelPackage",
                "sagemaker:UpdateModelPackage",
                "sagemaker:ListTags",
            ],
            [
                site.arn("sagemaker", &format!("model-package-group/{group}")),
                site.arn("sagemaker", &format!("model-package/{group}/*")),
            ],
        )
        .allow(["sagemaker:ListModelPackages", "sagemaker:ListModelPackageGroups", "sagemaker:ListTrainingJobs"], ["*"])
        .allow(
            [
                "sagemaker:DescribeFeatureGroup",
                "sagemaker:PutRecord",
                "sagemaker:GetRecord",
                "sagemaker:BatchGetRecord",
                "sagemaker:DeleteRecord",
            ],
            [site.arn("sagemaker", &format!("feature-group/{}-*", site.prefix()))],
        );
    let studio = pass_role(studio, &site.role_arn("sagemaker"), &site.service("sagemaker"));
    let features = Policy::new().allow(
        [
            "glue:GetDatabase",
            "glue:CreateDatabase",
            "glue:GetTable",
            "glue:CreateTable",
            "glue:UpdateTable",
            "glue:GetPartitions",
        ],
        [
            "catalog".to_owned(),
            "database/sagemaker_featurestore".to_owned(),
            format!("table/sagemaker_featurestore/{}*", site.prefix().replace('-', "_")),
        ]
        .map(|resource| site.arn("glue", &resource)),
    );
    let logs = Policy::new()
        .allow(
            ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
            [site.arn("logs", "log-group:/aws/sagemaker/*")],
        )
        .allow(["cloudwatch:PutMetricData"], ["*"])
        .when("StringLike", "cloudwatch:namespace", vec!["/aws/sagemaker/*", "aws/sagemaker/*"]);
    let network = network_interfaces(Policy::new(), site).allow(
        ["ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterfacePermission"],
        [site.arn("ec2", "network-interface/*")],
    );
    // An update is judged by its alarms in the name of the role that serves.
    let judges = crate::deploy::settings(site).map(|(_, deploy)| {
        let alarms = format!("alarm:{}-*", crate::deploy::endpoint_name(site, &deploy));
        ("judge", Policy::new().allow(["cloudwatch:DescribeAlarms"], [site.arn("cloudwatch", &alarms)]))
    });
    let fixed: Vec<(String, Value)> =
        [("images", images), ("studio", studio), ("features", features), ("logs", logs), ("network", network)]
            .into_iter()
            .chain(judges)
            .map(|(name, policy)| (name.to_owned(), policy.document()))
            .collect();
    role_with_key(
        stack,
        site,
        "sagemaker",
        "SageMaker Studio, training and inference",
        "sagemaker",
        keys.data,
        move |key| {
            let mut data = use_key(data.clone(), key);
            if let Some(key) = key {
                // Volumes of training instances are encrypted through a grant.
                data =
                    data.allow(["kms:CreateGrant"], [key.as_str()]).when("Bool", "kms:GrantIsForAWSResource", "true");
            }
            let mut policies = fixed.clone();
            policies.push(("data".to_owned(), data.document()));
            policies
        },
    )
}

/// What crawlers and ETL jobs do.
fn glue(stack: &mut Stack, site: &Site, keys: &Keys) -> Handle<Role> {
    let database = site.environment.database_name();
    let data = Policy::new()
        .allow(["s3:ListBucket", "s3:GetBucketLocation"], [site.bucket_arn("data"), site.bucket_arn("artifacts")])
        .allow(["s3:GetObject"], [site.objects("data", ""), site.objects("artifacts", "glue/")])
        .allow(
            ["s3:PutObject", "s3:DeleteObject"],
            [site.objects("data", "processed"), site.objects("data", "quarantine")],
        )
        .allow(
            ["s3:PutObject", "s3:DeleteObject"],
            [site.objects("artifacts", "glue/temporary/"), site.objects("artifacts", "glue/spark-ui/")],
        );
    let catalog = Policy::new()
        .allow(
            [
                "glue:GetDatabase",
                "glue:GetTable",
                "glue:GetTables",
                "glue:CreateTable",
                "glue:UpdateTable",
                "glue:DeleteTable",
                "glue:GetPartition",
                "glue:GetPartitions",
                "glue:BatchGetPartition",
                "glue:BatchCreatePartition",
                "glue:CreatePartition",
                "glue:UpdatePartition",
                "glue:BatchDeletePartition",
                "glue:BatchUpdatePartition",
            ],
            ["catalog".to_owned(), format!("database/{database}"), format!("table/{database}/*")]
                .map(|resource| site.arn("glue", &resource)),
        )
        .allow(
            ["glue:GetJobBookmark", "glue:ResetJobBookmark", "glue:GetJob", "glue:GetJobRun"],
            [site.arn("glue", &format!("job/{}-*", site.prefix()))],
        )
        .allow(["glue:GetSecurityConfiguration"], ["*"]);
    let logs = Policy::new()
        .allow(
            ["logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey", "logs:CreateLogGroup"],
            [site.arn("logs", "log-group:/aws-glue/*")],
        )
        .allow(["cloudwatch:PutMetricData"], ["*"])
        .when("StringEquals", "cloudwatch:namespace", vec!["Glue", "mlopsctl/etl"]);
    let mut fixed: Vec<(String, Value)> =
        [("catalog", catalog), ("logs", logs)].map(|(name, policy)| (name.to_owned(), policy.document())).into();
    let groups: Vec<String> = site
        .ingesting()
        .map(|group| site.arn("sagemaker", &format!("feature-group/{}", site.named(&group.name))))
        .collect();
    if !groups.is_empty() {
        let features = Policy::new().allow(["sagemaker:DescribeFeatureGroup", "sagemaker:PutRecord"], groups);
        fixed.push(("features".to_owned(), features.document()));
    }
    let jobs = &site.environment.catalog.jobs;
    let references = jobs.iter().flat_map(|job| job.secrets.values());
    let secrets = crate::secrets::policy(site, references, jobs.iter().flat_map(|job| &job.secret_keys));
    fixed.extend(secrets.map(|secrets| ("secrets".to_owned(), secrets.document())));
    role_with_key(stack, site, "glue", "Glue crawlers and ETL jobs", "glue", keys.data, move |key| {
        let mut policies = fixed.clone();
        policies.push(("data".to_owned(), use_key(data.clone(), key).document()));
        policies
    })
}
