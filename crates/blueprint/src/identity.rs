//! Roles: each for one service, each with what it needs on this stack's resources and nothing else.

use crate::{
    build_context::BuildContext,
    encryption::{Keys, decrypt_former},
    functions,
    grants::Granted,
    policy::Policy,
    roles::{Roles, role_with_key, use_key},
    sagemaker_roles,
};
use aws_ec2::Vpc;
use aws_iam::Role;
use config::environment::grants::{Access, BucketGrant, BucketGrants};
use resource::{Reference, Stack};
use serde_json::Value;

pub(crate) fn build(stack: &mut Stack, context: &BuildContext, keys: &Keys, vpc: &Reference<Vpc>) -> Roles {
    let pipeline = context.environment.pipeline.as_ref();
    let training =
        |stack: &mut Stack| stack.for_setting("pipeline", |stack| sagemaker_roles::training(stack, context, keys, vpc));
    let serving = |stack: &mut Stack| {
        stack.for_setting("pipeline.deploy", |stack| sagemaker_roles::serving(stack, context, keys, vpc))
    };
    let mlflow =
        |stack: &mut Stack| stack.for_setting("studio.mlflow", |stack| sagemaker_roles::mlflow(stack, context, keys));
    Roles {
        studio: sagemaker_roles::studio(stack, context, keys, vpc),
        training: pipeline.map(|_| training(stack)),
        serving: pipeline.and_then(|pipeline| pipeline.deploy.as_ref()).map(|_| serving(stack)),
        mlflow: context.environment.studio.mlflow.as_ref().map(|_| mlflow(stack)),
        glue: glue(stack, context, keys),
        functions: functions::roles(stack, context, keys),
    }
}

/// The role of crawlers and ETL jobs.
fn glue(stack: &mut Stack, context: &BuildContext, keys: &Keys) -> Reference<Role> {
    let database = context.environment.database_name();
    let data = Policy::new()
        .allow(["s3:ListBucket", "s3:GetBucketLocation"], [context.bucket_arn("data"), context.bucket_arn("artifacts")])
        .allow(["s3:GetObject"], [context.objects("data", ""), context.objects("artifacts", "glue/")])
        .allow(
            ["s3:PutObject", "s3:DeleteObject"],
            [context.objects("data", "processed"), context.objects("data", "quarantine")],
        )
        .allow(
            ["s3:PutObject", "s3:DeleteObject"],
            [context.objects("artifacts", "glue/temporary/"), context.objects("artifacts", "glue/spark-ui/")],
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
                .map(|resource| context.arn("glue", &resource)),
        )
        .allow(["glue:GetJob", "glue:GetJobRun"], [context.arn("glue", &format!("job/{}-*", context.prefix()))])
        // Neither bookmarks nor security configurations have a resource level.
        // https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsglue.html
        .allow(["glue:GetJobBookmark", "glue:ResetJobBookmark", "glue:GetSecurityConfiguration"], ["*"]);
    let logs = Policy::new()
        .allow(
            ["logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey", "logs:CreateLogGroup"],
            [context.arn("logs", "log-group:/aws-glue/*")],
        )
        .allow(["cloudwatch:PutMetricData"], ["*"])
        .when("StringEquals", "cloudwatch:namespace", vec!["Glue", "mlopsctl/etl"]);
    let data = decrypt_former(data, context);
    let mut fixed: Vec<(String, Value)> =
        [("catalog", catalog), ("logs", logs)].map(|(name, policy)| (name.to_owned(), policy.document())).into();
    let groups: Vec<String> = context
        .ingesting()
        .map(|group| context.arn("sagemaker", &format!("feature-group/{}", context.named(&group.name))))
        .collect();
    if !groups.is_empty() {
        let features = Policy::new().allow(["sagemaker:DescribeFeatureGroup", "sagemaker:PutRecord"], groups);
        fixed.push(("features".to_owned(), features.document()));
    }
    let jobs = &context.environment.catalog.jobs;
    let references = jobs.iter().flat_map(|job| job.secrets.values());
    let secrets = crate::secrets::policy(context, references, jobs.iter().flat_map(|job| &job.secret_keys));
    fixed.extend(secrets.map(|secrets| ("secrets".to_owned(), secrets.document())));
    let granted = granted_to_glue(context);
    role_with_key(stack, context, "glue", "Glue crawlers and ETL jobs", "glue", keys.data.clone(), move |key| {
        let mut policies = fixed.clone();
        policies.extend(granted.policies(key));
        policies.push(("data".to_owned(), use_key(data.clone(), key).document()));
        policies
    })
}

/// The file's permissions for jobs, and read access to the crawlers' targets.
fn granted_to_glue(context: &BuildContext) -> Granted {
    let catalog = &context.environment.catalog;
    let crawled = catalog.crawlers.iter().filter(|crawler| crawler.bucket != "data").map(|crawler| {
        let grant = BucketGrant::Part { access: Access::Read, prefix: crawler.prefix.clone() };
        Granted::new(context, &BucketGrants::from([(crawler.bucket.clone(), grant)]), &[])
    });
    let of_jobs = catalog.jobs.iter().map(|job| Granted::new(context, &job.buckets, &job.permissions));
    crawled.chain(of_jobs).fold(Granted::default(), Granted::and)
}
