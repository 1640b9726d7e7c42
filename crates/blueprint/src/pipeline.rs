//! The training pipeline: the state machine with the stack's real names, its role, and what starts it.

use crate::{
    Error,
    build_context::BuildContext,
    catalog::Jobs,
    definition::render,
    encryption::Keys,
    functions::Functions,
    grants::Granted,
    machine::{self, Start, Values},
    names::{self, endpoint_name},
    network::{Network, ids},
    policy::{Policy, pass_role},
    registry::uri,
    roles::Roles,
    settings_json::without_nulls,
};
use aws_eventbridge::Source;
use aws_sfn::StateMachine;
use aws_sns::Topic;
use config::environment::pipeline::{Image, Pipeline, has_own_disks};
use resource::{Handle, Reference, Stack, sha256_hex};
use serde_json::{Value, json as literal};

/// The resources of other areas that the pipeline refers to.
pub(crate) struct Wiring<'a> {
    pub(crate) keys: &'a Keys,
    pub(crate) network: &'a Network,
    pub(crate) roles: &'a Roles,
    pub(crate) functions: &'a Functions,
    pub(crate) jobs: &'a Jobs,
    pub(crate) topic: Handle<Topic>,
}

pub(crate) fn build(stack: &mut Stack, context: &BuildContext, wiring: &Wiring<'_>) -> Result<(), Error> {
    let Some(settings) = context.environment.pipeline.clone() else { return Ok(()) };
    let machine = state_machine(stack, context, &settings, wiring)?;
    stack.output("state_machine_arn", machine, |machine| machine.arn);
    start(stack, context, &settings, machine);
    Ok(())
}

fn state_machine(
    stack: &mut Stack,
    context: &BuildContext,
    settings: &Pipeline,
    wiring: &Wiring<'_>,
) -> Result<Handle<StateMachine>, Error> {
    let template = context.files.json(&settings.definition)?;
    let fixed = fixed_values(context, settings, code_version(stack, context, settings, &template)?)?;
    let logs = machine::log_group(stack, context, wiring.keys, "logs", &names::pipeline(context));
    let role = machine_role(stack, context, settings, wiring);
    let training = wiring.roles.training.clone();
    let job = wiring.jobs.get(&settings.etl_job).copied();
    let functions = (
        wiring.functions.get(&settings.validation_function).copied(),
        wiring.functions.get(&settings.evaluation_function).copied(),
    );
    let vpc = (wiring.network.private.clone(), wiring.network.sagemaker.clone());
    let needs = (role.ready(), logs.ready(), job, functions, wiring.topic, training, vpc, wiring.keys.data.clone());
    // One key for the volumes of both jobs.
    let types = [&settings.training.instance_type, &settings.transform.instance_type];
    let may_be_encrypted = !types.into_iter().any(|machine| has_own_disks(machine));
    let machine = names::pipeline(context);
    Ok(stack.add(
        "pipeline",
        "training",
        needs,
        move |(role, logs, job, (validation, evaluation), topic, training, vpc, key)| {
            let (subnets, groups) = vpc;
            let subnets: Vec<_> = subnets.into_iter().map(|subnet| subnet.id).collect();
            let mut values = fixed.clone();
            let text = |value: Option<String>| value.map_or(Value::Null, Value::from);
            values.insert("glue_job_name", text(job.map(|job| job.name)));
            values.insert("validation_function_arn", text(validation.map(|function| function.arn.into())));
            values.insert("evaluation_function_arn", text(evaluation.map(|function| function.arn.into())));
            values.insert("alerts_topic_arn", literal!(topic.arn));
            values.insert("training_role_arn", text(training.map(|role| role.arn.into())));
            values.insert("kms_key_arn", literal!(key.as_ref().map(|key| &key.arn)));
            values
                .insert("volume_kms_key_arn", literal!(key.as_ref().filter(|_| may_be_encrypted).map(|key| &key.arn)));
            values.insert("vpc_config", literal!({"Subnets": subnets, "SecurityGroupIds": ids(groups)}));
            machine::declare(&machine, role.arn, render(&template, &values), logs.arn)
        },
    ))
}

/// A digest of everything that a model is made by: the definition, what the platform ships to jobs and functions, the
/// schema, the images and the settings. Models of one version differ by their data alone, or by an execution's input.
fn code_version(stack: &Stack, context: &BuildContext, settings: &Pipeline, template: &Value) -> Result<String, Error> {
    let mut shipped: Vec<(&str, String)> =
        stack.assets().iter().map(|asset| (asset.origin.as_str(), sha256_hex(&asset.bytes))).collect();
    shipped.sort_unstable();
    // When training starts and what becomes of the model change no model.
    let made_by = Pipeline { deploy: None, schedule: None, ..settings.clone() };
    let parts = literal!({
        "definition": template,
        "schema": context.files.data_schema(&settings.schema)?,
        "shipped": shipped,
        "images": images(context, settings)?,
        "settings": without_nulls(&made_by),
    });
    Ok(sha256_hex(parts.to_string().as_bytes())[..16].to_owned())
}

fn fixed_values(context: &BuildContext, settings: &Pipeline, code_version: String) -> Result<Values, Error> {
    let training = &settings.training;
    let transform = &settings.transform;
    let [training_image, inference_image] = images(context, settings)?;
    let max_runtime = u32::from(training.max_runtime_minutes) * 60;
    let wait = training.wait_minutes() * 60;
    let etl_minutes = context
        .environment
        .catalog
        .jobs
        .iter()
        .find(|job| job.name == settings.etl_job)
        .map_or(60, |job| job.timeout_minutes);
    let (etl, train) = (u32::from(etl_minutes) * 60 + 600, wait.max(max_runtime) + 900);
    let predict = u32::from(transform.max_runtime_minutes) * 60 + 900;
    let several = training.instance_count > 1;
    let groups: Vec<String> = context.ingesting().map(|group| context.named(&group.name)).collect();
    let mut values = machine::values(context, settings, crate::build_context::identity_of(&context.environment));
    values.extend([
        ("code_version", literal!(code_version)),
        ("data_bucket", literal!(context.bucket("data"))),
        ("model_bucket", literal!(context.bucket("models"))),
        ("training_image_uri", literal!(training_image)),
        ("inference_image_uri", literal!(inference_image)),
        ("model_package_group", literal!(context.named(&context.environment.studio.model_package_group))),
        ("encrypt_inter_container_traffic", literal!(training.encrypt_between_instances)),
        ("instance_type", literal!(training.instance_type)),
        ("instance_count", literal!(training.instance_count)),
        ("volume_gb", literal!(training.volume_gb)),
        ("s3_data_distribution", literal!(if several { "ShardedByS3Key" } else { "FullyReplicated" })),
        ("use_spot", literal!(training.spot)),
        ("max_runtime_seconds", literal!(max_runtime)),
        ("max_wait_seconds", if training.spot { literal!(wait) } else { Value::Null }),
        ("transform_instance_type", literal!(transform.instance_type)),
        ("transform_instance_count", literal!(transform.instance_count)),
        ("inference_instance_types", literal!(settings.inference_instance_types)),
        ("etl_timeout_seconds", literal!(etl)),
        ("training_timeout_seconds", literal!(train)),
        ("transform_timeout_seconds", literal!(predict)),
        // Above the sum of all steps with their retries. Predictions are made on the test data by the model and the
        // champion, and on the validation data.
        ("pipeline_timeout_seconds", literal!((etl * 2 + train + predict * 3) * 3 + 3600)),
        ("upload_quiet_seconds", literal!(u32::from(settings.upload_quiet_minutes) * 60)),
        ("raw_prefix", literal!(settings.raw_prefix)),
        ("load_mode", literal!(settings.load_mode)),
        ("feature_groups", literal!(groups.join(","))),
        ("schema", context.files.data_schema(&settings.schema)?),
        ("split", literal!(settings.split)),
        ("hyperparameters", literal!(training.hyperparameters)),
        ("validation_limits", without_nulls(&settings.validation)),
        ("thresholds", without_nulls(&settings.thresholds)),
        ("decision_threshold", decision_threshold(settings)),
        ("comparison", literal!(settings.comparison)),
        // The model behind it is the champion.
        ("endpoint_name", literal!(settings.deploy.as_ref().map(|deploy| endpoint_name(context, deploy)))),
    ]);
    Ok(values)
}

/// A probability, or the metric that is greatest at it.
fn decision_threshold(settings: &Pipeline) -> Value {
    match settings.maximise {
        Some(metric) => literal!({"maximise": metric}),
        None => literal!(settings.decision_threshold.unwrap_or(0.5)),
    }
}

/// The URIs of the images that train and predict.
fn images(context: &BuildContext, settings: &Pipeline) -> Result<[String; 2], Error> {
    let region = &context.place.region;
    let uri =
        |image: Option<Image>| image.map(|image| uri(context, &image)).ok_or_else(|| Error::Image(region.clone()));
    Ok([uri(settings.training_image(region))?, uri(settings.inference_image(region))?])
}

/// Every action the definition implies, on the resources it names; the table in `pipeline/README.md`. With each job that
/// it waits for, Step Functions lists its tags.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html>
fn machine_role(
    stack: &mut Stack,
    context: &BuildContext,
    settings: &Pipeline,
    wiring: &Wiring<'_>,
) -> Reference<aws_iam::Role> {
    let own = |kind: &str| context.arn("sagemaker", &format!("{kind}/{}-*", context.prefix()));
    let group = context.named(&context.environment.studio.model_package_group);
    let functions: Vec<String> = [&settings.validation_function, &settings.evaluation_function]
        .into_iter()
        .map(|name| context.arn("lambda", &format!("function:{}", context.named(name))))
        .flat_map(|arn| [format!("{arn}:*"), arn])
        .collect();
    let steps = Policy::new()
        .allow(
            ["glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"],
            [context.arn("glue", &format!("job/{}", context.named(&settings.etl_job)))],
        )
        .allow(["lambda:InvokeFunction"], functions)
        .allow(
            [
                "sagemaker:CreateTrainingJob",
                "sagemaker:DescribeTrainingJob",
                "sagemaker:StopTrainingJob",
                "sagemaker:AddTags",
                "sagemaker:ListTags",
            ],
            [own("training-job")],
        )
        .allow(["sagemaker:CreateModel", "sagemaker:DeleteModel", "sagemaker:AddTags"], [own("model")])
        // The champion's model is made of its package.
        .allow(["sagemaker:DescribeModelPackage"], [context.arn("sagemaker", &format!("model-package/{group}/*"))])
        .allow(["s3:GetObject", "s3:DeleteObject"], [context.objects("models", "training/")])
        // Models of the registry are copied to where no job writes.
        .allow(["s3:PutObject"], [context.objects("models", "registered/")])
        .allow(["states:ListExecutions"], [names::pipeline_arn(context)])
        .allow(
            [
                "sagemaker:CreateTransformJob",
                "sagemaker:DescribeTransformJob",
                "sagemaker:StopTransformJob",
                "sagemaker:AddTags",
                "sagemaker:ListTags",
            ],
            [own("transform-job")],
        )
        .allow(
            ["sagemaker:CreateModelPackage"],
            [
                context.arn("sagemaker", &format!("model-package-group/{group}")),
                context.arn("sagemaker", &format!("model-package/{group}/*")),
            ],
        )
        // A person approves.
        .when("StringEqualsIfExists", "sagemaker:ModelApprovalStatus", "PendingManualApproval")
        .allow(["sns:Publish"], [context.arn("sns", &context.named("alerts"))])
        .allow(
            ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
            [
                "StepFunctionsGetEventsForSageMakerTrainingJobsRule",
                "StepFunctionsGetEventsForSageMakerTransformJobsRule",
            ]
            .map(|rule| context.arn("events", &format!("rule/{rule}"))),
        );
    let steps = pass_role(steps, &context.role_arn("training"), &context.service("sagemaker"));
    let granted = Granted::new(context, &settings.buckets, &settings.permissions);
    machine::role_for(stack, context, wiring.keys, "pipeline", "The training pipeline", steps, granted)
}

/// A schedule or an upload starts the pipeline, by setting; otherwise a person does.
fn start(stack: &mut Stack, context: &BuildContext, settings: &Pipeline, machine: Handle<StateMachine>) {
    if settings.schedule.is_none() && !settings.on_upload {
        return;
    }
    let starter = machine::starter(
        stack,
        context,
        "start-pipeline",
        "Starts the training pipeline",
        &names::pipeline_arn(context),
    );
    let uploads = literal!({
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": [context.bucket("data")]},
            // Consoles make folders by empty objects.
            "object": {"key": [{"prefix": settings.raw_prefix}], "size": [{"numeric": [">", 0]}]}
        }
    });
    let schedule = settings.schedule.clone().map(|schedule| ("schedule", "On schedule", Source::Schedule(schedule)));
    let upload = settings.on_upload.then_some(("upload", "When raw data arrives", Source::Pattern(uploads)));
    for (short, why, source) in schedule.into_iter().chain(upload) {
        let name = context.named(&format!("train-on-{short}"));
        let description = format!("{why}: starts the training pipeline");
        let rule = Start { address: format!("start-on-{short}"), name, description, source };
        rule.add(stack, machine, starter.clone());
    }
}
