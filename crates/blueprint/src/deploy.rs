//! Deployments: the approval of a model starts a state machine that brings it into service, and back if an alarm sounds.

use crate::{
    Error,
    build_context::BuildContext,
    definition::render,
    grants::Granted,
    log_groups::log_group,
    machine::{self, Start, Values},
    names::{deployed, deployment, deployment_arn, endpoint_name, guards_arn},
    network::ids,
    pipeline::Wiring,
    policy::{Policy, pass_role},
};
use aws_cloudwatch::MetricAlarm;
use aws_eventbridge::Source;
use aws_iam::Role;
use aws_sagemaker::Endpoint;
use aws_sfn::StateMachine;
use config::environment::pipeline::{Deploy, OLD_ONES_STAY, Pipeline, has_own_disks};
use resource::{ADDRESS_TAG, Handle, Reference, Stack};
use serde_json::{Value, json as literal};

/// The address of the endpoint, by whose tag deployments are known as this platform's.
const ENDPOINT: &str = "endpoint";
/// The seconds between two reads of its endpoint by a deployment, as its definition has them.
const SECONDS_BETWEEN_POLLS: u32 = 30;

pub(crate) fn build(
    stack: &mut Stack,
    context: &BuildContext,
    wiring: &Wiring<'_>,
    guards: Vec<Handle<MetricAlarm>>,
) -> Result<(), Error> {
    let (Some((pipeline, deploy)), Some(serving)) = (deployed(context), wiring.roles.serving.clone()) else {
        return Ok(());
    };
    let endpoint = endpoint(stack, context, wiring, serving.clone());
    let machine = state_machine(stack, context, &pipeline, &deploy, wiring, (serving, endpoint), guards)?;
    stack.output("endpoint_name", endpoint, |endpoint| endpoint.name);
    stack.output("deploy_state_machine_arn", machine, |machine| machine.arn);
    let starter = machine::starter(
        stack,
        context,
        "start-deploy",
        "Starts deployments of approved models",
        &deployment_arn(context),
    );
    let group = context.named(&context.environment.studio.model_package_group);
    let approvals = approvals(&group);
    let rule = Start {
        address: "deploy-on-approval".into(),
        name: context.named("deploy-on-approval"),
        description: "When a model is approved: brings it into service".into(),
        source: Source::Pattern(approvals),
    };
    rule.add(stack, machine, starter);
    Ok(())
}

/// The events of approvals. SageMaker sends an event for every change of a package, with its approval status and the names
/// of the fields that changed. A new description or new metadata of an old package must not bring it back into service.
/// The event of a package that is registered as approved names no changed field.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html#eventbridge-model-package>
fn approvals(group: &str) -> Value {
    literal!({
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Package State Change"],
        "detail": {
            "ModelPackageGroupName": [group],
            "ModelApprovalStatus": ["Approved"],
            "$or": [
                {"UpdatedModelPackageFields": ["ModelApprovalStatus"]},
                {"UpdatedModelPackageFields": [{"exists": false}]},
            ],
        }
    })
}

/// It goes before the network and the role that it needs, and after whatever could make it again.
fn endpoint(
    stack: &mut Stack,
    context: &BuildContext,
    wiring: &Wiring<'_>,
    serving: Reference<Role>,
) -> Handle<Endpoint> {
    let (_, deploy) = deployed(context).unwrap_or_default();
    let (name, made_by) = (endpoint_name(context, &deploy), format!("{}-", context.prefix()));
    let vpc = (wiring.network.private.clone(), wiring.network.sagemaker.clone());
    // SageMaker would make it without retention, key and tags; it goes after the endpoint, which writes into it.
    let group = format!("/aws/sagemaker/Endpoints/{name}");
    let logs = log_group(stack, context, wiring.keys, "pipeline", "endpoint-logs", &group);
    // An endpoint that version 0.1 deployed serves with Studio's role.
    let needs = (vpc, wiring.roles.studio.clone(), serving, wiring.keys.data.clone(), logs);
    stack.add("pipeline", ENDPOINT, needs, move |_| Endpoint { name: name.clone(), made_by: made_by.clone() })
}

fn state_machine(
    stack: &mut Stack,
    context: &BuildContext,
    pipeline: &Pipeline,
    deploy: &Deploy,
    wiring: &Wiring<'_>,
    (serving, endpoint): (Reference<Role>, Handle<Endpoint>),
    guards: Vec<Handle<MetricAlarm>>,
) -> Result<Handle<StateMachine>, Error> {
    let template = context.files.json(&deploy.definition)?;
    let fixed = fixed_values(context, pipeline, deploy);
    let logs = machine::log_group(stack, context, wiring.keys, "deploy-logs", &deployment(context));
    let role = machine_role(stack, context, pipeline, deploy, wiring);
    let vpc = (wiring.network.private.clone(), wiring.network.sagemaker.clone());
    let evaluation = wiring.functions.get(&pipeline.evaluation_function).copied();
    let needs = (
        role.ready(),
        logs.ready(),
        wiring.topic,
        serving,
        vpc,
        wiring.keys.data.clone(),
        (endpoint, guards, evaluation),
    );
    let machine = deployment(context);
    let may_be_encrypted = !has_own_disks(&deploy.instance_type);
    Ok(stack.add("pipeline", "deploy", needs, move |needs| {
        let (role, logs, topic, serving, vpc, key, (endpoint, guards, evaluation)) = needs;
        let (subnets, groups) = vpc;
        let subnets: Vec<_> = subnets.into_iter().map(|subnet| subnet.id).collect();
        let alarms: Vec<Value> = guards.into_iter().map(|alarm| literal!({"AlarmName": alarm.name})).collect();
        let mut values = fixed.clone();
        values.extend([
            ("endpoint_name", literal!(endpoint.name)),
            ("alerts_topic_arn", literal!(topic.arn)),
            ("evaluation_function_arn", literal!(evaluation.map(|function| function.arn))),
            ("serving_role_arn", literal!(serving.arn)),
            // As definitions of version 0.1 name it.
            ("training_role_arn", literal!(serving.arn)),
            ("kms_key_arn", literal!(key.as_ref().map(|key| &key.arn))),
            ("endpoint_volume_kms_key_arn", literal!(key.as_ref().filter(|_| may_be_encrypted).map(|key| &key.arn))),
            ("vpc_config", literal!({"Subnets": subnets, "SecurityGroupIds": ids(groups)})),
            ("auto_rollback", literal!({"Alarms": alarms})),
        ]);
        machine::declare(&machine, role.arn, render(&template, &values), logs.arn)
    }))
}

fn fixed_values(context: &BuildContext, pipeline: &Pipeline, deploy: &Deploy) -> Values {
    let mut tags = crate::build_context::identity_of(&context.environment);
    tags.0.insert(ADDRESS_TAG.to_owned(), format!("pipeline.{ENDPOINT}"));
    let watch = u32::from(deploy.watch_minutes) * 60;
    let routing = match deploy.canary_percent {
        Some(percent) => literal!({"Type": "CANARY", "WaitIntervalInSeconds": watch,
                                   "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": percent}}),
        None => literal!({"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": watch}),
    };
    let limit = u32::from(deploy.max_minutes) * 60;
    // Another deployment's turn, this one's, and the way back if the model answers wrongly.
    let polls = 3 * limit / SECONDS_BETWEEN_POLLS + 20;
    let property = |name: &str| literal!({"VariantPropertyType": name});
    let mut replaced = vec![property("DataCaptureConfig")];
    if deploy.autoscaling.is_none() {
        replaced.push(property("DesiredInstanceCount"));
    }
    let mut values = machine::values(context, pipeline, tags);
    values.extend([
        ("endpoint_instance_type", literal!(deploy.instance_type)),
        ("endpoint_instance_count", literal!(deploy.instance_count)),
        ("data_capture", literal!(deploy.data_capture_percent > 0)),
        ("data_capture_percent", literal!(deploy.data_capture_percent)),
        ("traffic_routing", routing),
        ("termination_wait_seconds", literal!(OLD_ONES_STAY * 60)),
        ("deployment_timeout_seconds", literal!(limit)),
        ("replaced_variant_properties", Value::Array(replaced)),
        ("autoscaling", literal!(deploy.autoscaling)),
        ("looks", literal!(polls)),
        ("deploy_timeout_seconds", literal!(polls * SECONDS_BETWEEN_POLLS + 3600)),
    ]);
    values
}

/// Every action the definition implies, on the resources it names; the table in `pipeline/README.md`.
fn machine_role(
    stack: &mut Stack,
    context: &BuildContext,
    pipeline: &Pipeline,
    deploy: &Deploy,
    wiring: &Wiring<'_>,
) -> Reference<Role> {
    let own = |kind: &str| context.arn("sagemaker", &format!("{kind}/{}-*", context.prefix()));
    let name = endpoint_name(context, deploy);
    let endpoint = context.arn("sagemaker", &format!("endpoint/{name}"));
    let group = context.named(&context.environment.studio.model_package_group);
    let evaluation = context.arn("lambda", &format!("function:{}", context.named(&pipeline.evaluation_function)));
    let scaling = "sagemaker.application-autoscaling.amazonaws.com";
    let scaling_role = context.place.iam_arn(&format!("role/aws-service-role/{scaling}/*"));
    let steps = Policy::new()
        .allow(["sagemaker:DescribeModelPackage"], [context.arn("sagemaker", &format!("model-package/{group}/*"))])
        .allow(
            ["sagemaker:CreateModel", "sagemaker:DescribeModel", "sagemaker:DeleteModel", "sagemaker:AddTags"],
            [own("model")],
        )
        .allow(
            ["sagemaker:CreateEndpointConfig", "sagemaker:DeleteEndpointConfig", "sagemaker:AddTags"],
            [own("endpoint-config")],
        )
        // The endpoint may serve a configuration of another program.
        .allow(["sagemaker:DescribeEndpointConfig"], [context.arn("sagemaker", "endpoint-config/*")])
        .allow(["sagemaker:ListEndpoints"], ["*"])
        .allow(["sagemaker:DescribeEndpoint", "sagemaker:DeleteEndpoint", "sagemaker:AddTags"], [endpoint.clone()])
        .allow(
            ["sagemaker:CreateEndpoint", "sagemaker:UpdateEndpoint", "sagemaker:UpdateEndpointWeightsAndCapacities"],
            [endpoint, own("endpoint-config")],
        )
        .allow(
            [
                "application-autoscaling:RegisterScalableTarget",
                "application-autoscaling:DeregisterScalableTarget",
                "application-autoscaling:PutScalingPolicy",
            ],
            [context.arn("application-autoscaling", "scalable-target/*")],
        )
        .when("StringEquals", "application-autoscaling:service-namespace", "sagemaker")
        // Scaling makes alarms of its own in the caller's name.
        .allow(
            ["cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms"],
            [context.arn("cloudwatch", &format!("alarm:TargetTracking-endpoint/{name}/*"))],
        )
        .allow(
            ["cloudwatch:DescribeAlarms"],
            [context.arn("cloudwatch", &format!("alarm:TargetTracking-endpoint/{name}/*")), guards_arn(context)],
        )
        .allow(["lambda:InvokeFunction"], [format!("{evaluation}:*"), evaluation])
        .allow(["iam:CreateServiceLinkedRole"], [scaling_role])
        .when("StringEquals", "iam:AWSServiceName", scaling)
        .allow(["sns:Publish"], [context.arn("sns", &context.named("alerts"))]);
    let steps = pass_role(steps, &context.role_arn("serving"), &context.service("sagemaker"));
    machine::role_for(
        stack,
        context,
        wiring.keys,
        "deploy",
        "Deployments of approved models",
        steps,
        Granted::default(),
    )
}
