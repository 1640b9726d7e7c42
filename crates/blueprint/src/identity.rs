//! Roles: each for one service, each with what it needs on this stack's resources and nothing else.

use crate::{
    encryption::{Keys, decrypt_former},
    functions,
    grants::Granted,
    policy::{Policy, trust, within_account},
    sagemaker_roles,
    site::Site,
};
use aws_ec2::Vpc;
use aws_iam::Role;
use aws_kms::Key;
use config::environment::grants::{Access, BucketGrant, BucketGrants};
use resource::{Dependencies, KeyArn, Place, Reference, Stack, Tags, VpcId};
use serde_json::Value;
use std::collections::BTreeMap;

/// The roles that several areas use.
pub(crate) struct Roles {
    /// Of people in Studio; version 0.1 ran jobs and endpoints with it as well.
    pub(crate) studio: Reference<Role>,
    /// Of the pipeline's jobs, if there is a pipeline.
    pub(crate) training: Option<Reference<Role>>,
    /// Of the endpoint's models, if approved models are deployed.
    pub(crate) serving: Option<Reference<Role>>,
    /// Of MLflow, if there is one.
    pub(crate) mlflow: Option<Reference<Role>>,
    pub(crate) glue: Reference<Role>,
    /// Of the functions, by their short names.
    pub(crate) functions: BTreeMap<String, Reference<Role>>,
}

pub(crate) fn build(stack: &mut Stack, site: &Site, keys: &Keys, vpc: &Reference<Vpc>) -> Roles {
    let pipeline = site.environment.pipeline.as_ref();
    let training =
        |stack: &mut Stack| stack.for_setting("pipeline", |stack| sagemaker_roles::training(stack, site, keys, vpc));
    let serving = |stack: &mut Stack| {
        stack.for_setting("pipeline.deploy", |stack| sagemaker_roles::serving(stack, site, keys, vpc))
    };
    let mlflow =
        |stack: &mut Stack| stack.for_setting("studio.mlflow", |stack| sagemaker_roles::mlflow(stack, site, keys));
    Roles {
        studio: sagemaker_roles::studio(stack, site, keys, vpc),
        training: pipeline.map(|_| training(stack)),
        serving: pipeline.and_then(|pipeline| pipeline.deploy.as_ref()).map(|_| serving(stack)),
        mlflow: site.environment.studio.mlflow.as_ref().map(|_| mlflow(stack)),
        glue: glue(stack, site, keys),
        functions: functions::roles(stack, site, keys),
    }
}

impl Roles {
    /// The roles in whose name SageMaker has network interfaces.
    pub(crate) fn of_sagemaker(&self) -> Vec<Reference<Role>> {
        [Some(&self.studio), self.training.as_ref(), self.serving.as_ref()].into_iter().flatten().cloned().collect()
    }

    /// The roles in whose name Lambda has network interfaces.
    pub(crate) fn of_lambda(&self, site: &Site) -> Vec<Reference<Role>> {
        let in_vpc = site.environment.functions.iter().filter(|function| function.vpc);
        in_vpc.filter_map(|function| self.functions.get(&function.name)).cloned().collect()
    }
}

/// The policy with the file's permissions on resources outside of the environment, perhaps a bucket of another account.
pub(crate) const GIVEN: &str = "permissions";

/// A role for a service, with named inline policies.
pub(crate) fn role(
    stack: &mut Stack,
    site: &Site,
    name: &str,
    description: &str,
    service: &str,
    policies: Vec<(&str, Policy)>,
) -> Reference<Role> {
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
    key: Option<Reference<Key>>,
    policies: impl Fn(Option<&KeyArn>) -> Vec<(String, Value)> + Send + Sync + 'static,
) -> Reference<Role> {
    role_needing(stack, site, (name, description, service), key, move |key| policies(key.as_ref().map(|key| &key.arn)))
}

/// A role whose policies contain unknown values, or the existing role that the file names instead. The arguments are
/// name, description and service.
pub(crate) fn role_needing<D: Dependencies>(
    stack: &mut Stack,
    site: &Site,
    (name, description, service): (&str, &str, &str),
    needs: D,
    policies: impl Fn(D::Resolved) -> Vec<(String, Value)> + Send + Sync + 'static,
) -> Reference<Role> {
    if let Some(role) = site.existing_role(name) {
        return Reference::Existing(role);
    }
    let path = site.environment.identity.path().to_owned();
    let (full, description) = (site.named(name), description.to_owned());
    let trust = trust(&site.service(service), &site.place);
    let boundary = site.environment.identity.permissions_boundary.clone();
    let account = site.place.account.clone();
    let bound = move |(name, policy): (String, Value)| match name.as_str() {
        GIVEN => (name, policy),
        _ => (name, within_account(policy, &account)),
    };
    let role = stack.add("identity", name, needs, move |needed| Role {
        name: full.clone(),
        path: path.clone(),
        description: description.clone(),
        trust: trust.clone(),
        inline_policies: policies(needed).into_iter().map(&bound).collect(),
        managed_policies: Vec::new(),
        permissions_boundary: boundary.clone(),
        max_session_seconds: 3600,
        tags: Tags::default(),
    });
    role.into()
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

/// Network interfaces that services make in the platform's VPC, in the name of a role.
#[derive(Clone)]
pub(crate) struct Interfaces {
    interfaces: String,
    within: Vec<String>,
    /// The condition operator for VPCs, and the common prefix of their ARNs.
    vpcs: (&'static str, String),
}

impl Interfaces {
    pub(crate) fn of(site: &Site) -> Self {
        let all = |kind: &str| site.arn("ec2", &format!("{kind}/*"));
        let interfaces = all("network-interface");
        if site.environment.network.vpc_id.is_none() {
            let within = ["subnet", "security-group"].map(all).into();
            return Self { interfaces, within, vpcs: ("StringEquals", site.arn("ec2", "vpc")) };
        }
        // The ARNs of a shared VPC and its subnets contain the account of their owner.
        // https://docs.aws.amazon.com/vpc/latest/userguide/vpc-share-limitations.html
        let shared = Place { account: "*".to_owned(), ..site.place.clone() };
        let within = vec![shared.arn("ec2", "subnet/*"), shared.arn("ec2", "security-group/*")];
        Self { interfaces, within, vpcs: ("ArnLike", shared.arn("ec2", "vpc")) }
    }

    /// Limits the last statement to a VPC.
    fn in_vpc(&self, policy: Policy, vpc: &VpcId) -> Policy {
        let (operator, vpcs) = &self.vpcs;
        policy.when(operator, "ec2:Vpc", format!("{vpcs}/{vpc}"))
    }

    /// Making them in this VPC, with its subnets and security groups. An interface that is to be made is in no VPC yet:
    /// EC2 gives `ec2:Vpc` for its subnet and groups, and not for itself. Describing has no resource level.
    /// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html>
    pub(crate) fn make(&self, policy: Policy, vpc: &VpcId) -> Policy {
        let policy = policy
            .allow(["ec2:CreateNetworkInterface"], [self.interfaces.clone()])
            .allow(["ec2:CreateNetworkInterface"], self.within.clone());
        let policy = self.in_vpc(policy, vpc).allow(["ec2:DeleteNetworkInterface"], [self.interfaces.clone()]);
        self.in_vpc(policy, vpc).allow(
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

    /// Lending them to the service's own account, where its machines are.
    pub(crate) fn lend(&self, policy: Policy, vpc: &VpcId) -> Policy {
        let lends = policy.allow(
            ["ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterfacePermission"],
            [self.interfaces.clone()],
        );
        self.in_vpc(lends, vpc)
    }
}

/// The network interfaces of a function. Before Lambda creates one, it simulates the role without a resource and
/// without condition keys. It refuses a role that allows less than AWS's own AWSLambdaVPCAccessExecutionRole. The
/// function's code has the same role and does not need these actions, so a second statement denies them to the code.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions>
/// <https://github.com/hashicorp/terraform-provider-aws/issues/20698>
pub(crate) fn function_interfaces(policy: Policy, function: &str) -> Policy {
    const ACTIONS: [&str; 6] = [
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
    ];
    policy.allow(ACTIONS, ["*"]).deny(ACTIONS, ["*"]).when("ArnEquals", "lambda:SourceFunctionArn", function)
}

/// What crawlers and ETL jobs do.
fn glue(stack: &mut Stack, site: &Site, keys: &Keys) -> Reference<Role> {
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
        .allow(["glue:GetJob", "glue:GetJobRun"], [site.arn("glue", &format!("job/{}-*", site.prefix()))])
        // Neither bookmarks nor security configurations have a resource level.
        // https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsglue.html
        .allow(["glue:GetJobBookmark", "glue:ResetJobBookmark", "glue:GetSecurityConfiguration"], ["*"]);
    let logs = Policy::new()
        .allow(
            ["logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey", "logs:CreateLogGroup"],
            [site.arn("logs", "log-group:/aws-glue/*")],
        )
        .allow(["cloudwatch:PutMetricData"], ["*"])
        .when("StringEquals", "cloudwatch:namespace", vec!["Glue", "mlopsctl/etl"]);
    let data = decrypt_former(data, site);
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
    let granted = granted_to_glue(site);
    role_with_key(stack, site, "glue", "Glue crawlers and ETL jobs", "glue", keys.data.clone(), move |key| {
        let mut policies = fixed.clone();
        policies.extend(granted.policies(key));
        policies.push(("data".to_owned(), use_key(data.clone(), key).document()));
        policies
    })
}

/// The file's permissions for jobs, and read access to the crawlers' targets.
fn granted_to_glue(site: &Site) -> Granted {
    let catalog = &site.environment.catalog;
    let crawled = catalog.crawlers.iter().filter(|crawler| crawler.bucket != "data").map(|crawler| {
        let grant = BucketGrant::Part { access: Access::Read, prefix: crawler.prefix.clone() };
        Granted::of(site, &BucketGrants::from([(crawler.bucket.clone(), grant)]), &[])
    });
    let of_jobs = catalog.jobs.iter().map(|job| Granted::of(site, &job.buckets, &job.permissions));
    crawled.chain(of_jobs).fold(Granted::default(), Granted::and)
}
