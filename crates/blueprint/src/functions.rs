//! Lambda functions: each with a role and a log group of its own.

use crate::{
    Error,
    build_context::BuildContext,
    encryption::{Keys, decrypt_former},
    grants::Granted,
    interfaces::function_interfaces,
    log_groups,
    names::endpoint_name,
    network::{Network, ids, ready},
    policy::Policy,
    roles::{Roles, role_with_key, use_key},
    settings_json::{spelled, without_nulls},
};
use aws_lambda::{Architecture, Function, VpcConfig};
use config::environment::{functions, pipeline::Pipeline};
use resource::{Asset, Handle, Reference, Stack, Tags};
use serde_json::Value;
use std::collections::BTreeMap;
use vocabulary::KeyArn;

/// The functions, by their short names.
pub(crate) type Functions = BTreeMap<String, Handle<Function>>;

pub(crate) fn build(
    stack: &mut Stack,
    context: &BuildContext,
    keys: &Keys,
    network: &Network,
    roles: &Roles,
) -> Result<Functions, Error> {
    let mut built = Functions::new();
    for (index, function) in context.environment.functions.iter().enumerate() {
        let Some(role) = roles.functions.get(&function.name) else { continue };
        let added = stack.for_setting(format!("functions.{index}.name"), |stack| {
            add(stack, context, keys, network, function, role)
        })?;
        built.insert(function.name.clone(), added);
    }
    Ok(built)
}

/// The role of each function, by the function's short name.
pub(crate) fn roles(
    stack: &mut Stack,
    context: &BuildContext,
    keys: &Keys,
) -> BTreeMap<String, Reference<aws_iam::Role>> {
    let functions = context.environment.functions.iter().enumerate();
    let roles = functions.map(|(index, function)| {
        let role = stack.for_setting(format!("functions.{index}.name"), |stack| role(stack, context, keys, function));
        (function.name.clone(), role)
    });
    roles.collect()
}

fn add(
    stack: &mut Stack,
    context: &BuildContext,
    keys: &Keys,
    network: &Network,
    function: &functions::Function,
    role: &Reference<aws_iam::Role>,
) -> Result<Handle<Function>, Error> {
    let name = context.named(&function.name);
    let zip = context.files.zip(&function.folder())?;
    let digest = stack.ship(Asset { origin: function.folder(), bytes: zip.into() });
    let group_name = log_group(&name);
    let logs =
        log_groups::log_group(stack, context, keys, "functions", &format!("logs-{}", function.name), &group_name);
    let mut environment = function.environment.clone();
    environment.extend(function.secrets.clone());
    if let Some(limits) = validation_limits(context, function) {
        environment.insert("LIMITS".into(), limits.to_string());
    }
    let place = function.vpc.then(|| (network.private.clone(), ready(&network.lambda)));
    let function = function.clone();
    let needs = (role.clone().ready(), logs.ready(), place, keys.data.clone());
    Ok(stack.add("functions", &function.name.clone(), needs, move |(role, logs, place, key)| Function {
        name: name.clone(),
        description: function.description.clone(),
        role: role.arn,
        runtime: spelled(&function.runtime),
        handler: function.handler.clone(),
        code_sha256: digest.clone(),
        architecture: architecture(function.architecture),
        memory_mb: i32::from(function.memory_mb),
        timeout_seconds: i32::from(function.timeout_seconds),
        environment: environment.clone(),
        vpc: place.map(|(subnets, groups)| VpcConfig {
            subnets: subnets.into_iter().map(|subnet| subnet.id).collect(),
            security_groups: ids(groups),
        }),
        tracing: function.tracing,
        dead_letter: None,
        reserved_concurrency: function.reserved_concurrency.map(i32::from),
        asynchronous: None,
        layers: Vec::new(),
        log_group: logs.name,
        key: key.map(|key| key.arn),
        tags: Tags::default(),
    }))
}

/// The log group of a function.
fn log_group(function: &str) -> String {
    format!("/aws/lambda/{function}")
}

/// A processor, as Lambda names it.
pub(crate) fn architecture(architecture: functions::Architecture) -> Architecture {
    match architecture {
        functions::Architecture::X86 => Architecture::X86,
        functions::Architecture::Arm64 => Architecture::Arm64,
    }
}

/// The validation function gets the environment's limits as its defaults.
fn validation_limits(context: &BuildContext, function: &functions::Function) -> Option<Value> {
    let pipeline = context.environment.pipeline.as_ref()?;
    let is_validation = pipeline.validation_function == function.name;
    is_validation.then(|| without_nulls(&pipeline.validation))
}

/// The log group is made by the platform, so a function may write to it and not create it: a late
/// invocation would create a deleted group again.
fn role(
    stack: &mut Stack,
    context: &BuildContext,
    keys: &Keys,
    function: &functions::Function,
) -> Reference<aws_iam::Role> {
    let group = log_group(&context.named(&function.name));
    let logs = context.arn("logs", &format!("log-group:{group}:*"));
    let mut runs = Policy::new().allow(["logs:CreateLogStream", "logs:PutLogEvents"], [logs]);
    if function.tracing {
        runs = runs.allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"]);
    }
    let data = data_policy(context, function).map(|policy| decrypt_former(policy, context));
    let secrets = crate::secrets::policy(context, function.secrets.values(), function.secret_keys.iter());
    let granted = Granted::new(context, &function.buckets, &function.permissions);
    let description = format!("The function {}", context.named(&function.name));
    let short = format!("{}-function", function.name);
    let arn = context.arn("lambda", &format!("function:{}", context.named(&function.name)));
    runs = function_interfaces(runs, &arn, function.vpc);
    role_with_key(stack, context, &short, &description, "lambda", keys.data.clone(), move |key| {
        let mut policies = vec![("run".to_owned(), runs.clone().document())];
        if let Some(data) = &data {
            let data = use_key(data.clone(), key);
            policies.push(("data".to_owned(), data.document()));
        }
        policies.extend(key.map(|key| ("environment".to_owned(), own_environment(key, &arn).document())));
        policies.extend(granted.policies(key));
        policies.extend(secrets.clone().map(|secrets| ("secrets".to_owned(), secrets.document())));
        policies
    })
}

/// Lambda decrypts a function's environment variables with its role, and sends the function's ARN in the encryption
/// context.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html>
fn own_environment(key: &KeyArn, function: &str) -> Policy {
    let decrypts = Policy::new().allow(["kms:Decrypt"], [key.as_str()]);
    decrypts.when("StringEquals", "kms:EncryptionContext:aws:lambda:FunctionArn", function)
}

/// The rights of the evaluation function: it reads predictions and the model, writes evaluations, and finds the champion,
/// with which new data and a new model are compared.
fn evaluation_policy(context: &BuildContext, pipeline: &Pipeline) -> Policy {
    let group = context.named(&context.environment.studio.model_package_group);
    let policy = Policy::new()
        .allow(["s3:ListBucket"], [context.bucket_arn("artifacts")])
        .when("StringLike", "s3:prefix", vec!["predictions/*", "runs/*"])
        .allow(
            ["s3:GetObject"],
            [
                context.objects("artifacts", "predictions/"),
                // The folder of predictions in definitions of version 0.1.
                context.objects("artifacts", "runs/"),
                context.objects("data", "processed/csv/"),
                context.objects("data", "processed/datasets/"),
                context.objects("data", "processed/statistics/"),
                // For the importances of its features.
                context.objects("models", "training/"),
            ],
        )
        .allow(["s3:PutObject"], [context.objects("artifacts", "runs/")]);
    let policy = pipeline.deploy.iter().fold(policy, |policy, deploy| {
        let endpoint = context.arn("sagemaker", &format!("endpoint/{}", endpoint_name(context, deploy)));
        policy
            .allow(["sagemaker:DescribeEndpoint", "sagemaker:InvokeEndpoint"], [endpoint])
            // The endpoint may serve a foreign configuration.
            .allow(["sagemaker:DescribeEndpointConfig"], [context.arn("sagemaker", "endpoint-config/*")])
            .allow(["sagemaker:DescribeModel"], [context.arn("sagemaker", &format!("model/{}-*", context.prefix()))])
    });
    policy
        .allow(["sagemaker:ListModelPackages"], ["*"])
        .allow(["sagemaker:DescribeModelPackage"], [context.arn("sagemaker", &format!("model-package/{group}/*"))])
}

/// The policy for the data of the pipeline's own functions; other functions get the `grants` of the file.
fn data_policy(context: &BuildContext, function: &functions::Function) -> Option<Policy> {
    let pipeline = context.environment.pipeline.as_ref()?;
    if pipeline.validation_function == function.name {
        let listing = Policy::new().allow(["s3:ListBucket"], [context.bucket_arn("data")]).when(
            "StringLike",
            "s3:prefix",
            "processed/*",
        );
        let data = listing.allow(["s3:GetObject"], [context.objects("data", "processed/")]).allow(
            ["s3:PutObject"],
            [context.objects("data", "processed/datasets/"), context.objects("data", "processed/profiles/")],
        );
        return Some(data);
    }
    if pipeline.evaluation_function == function.name {
        return Some(evaluation_policy(context, pipeline));
    }
    None
}
