//! Names and ARNs of resources that several areas need.

use crate::build_context::BuildContext;
use config::environment::pipeline::{Deploy, Pipeline};

/// The name of the pipeline's state machine.
pub(crate) fn pipeline(context: &BuildContext) -> String {
    context.named("training")
}

/// The ARN of the pipeline's state machine.
pub(crate) fn pipeline_arn(context: &BuildContext) -> String {
    context.arn("states", &format!("stateMachine:{}", pipeline(context)))
}

/// The name of the state machine that deploys approved models.
pub(crate) fn deployment(context: &BuildContext) -> String {
    context.named("deploy")
}

/// The ARN of the state machine that deploys approved models.
pub(crate) fn deployment_arn(context: &BuildContext) -> String {
    context.arn("states", &format!("stateMachine:{}", deployment(context)))
}

/// The state machines with what they are called.
pub(crate) fn machines(context: &BuildContext) -> Vec<(&'static str, &'static str, String)> {
    let training =
        context.environment.pipeline.is_some().then(|| ("pipeline", "The training pipeline", pipeline_arn(context)));
    let deploy = deployed(context).map(|_| ("deploy", "A deployment", deployment_arn(context)));
    training.into_iter().chain(deploy).collect()
}

/// The settings of pipeline and deployment, if approved models are to be deployed.
pub(crate) fn deployed(context: &BuildContext) -> Option<(Pipeline, Deploy)> {
    let pipeline = context.environment.pipeline.clone()?;
    let deploy = pipeline.deploy.clone()?;
    Some((pipeline, deploy))
}

/// The full name of the endpoint.
pub(crate) fn endpoint_name(context: &BuildContext, deploy: &Deploy) -> String {
    context.named(&deploy.endpoint)
}

/// The variant that deployments make, which the definition names.
pub(crate) const VARIANT: &str = "AllTraffic";

/// The prefix of the names of the alarms that judge a deployment.
pub(crate) const GUARDS: &str = "endpoint";

/// The ARNs of the alarms that judge a deployment, as a pattern.
pub(crate) fn guards_arn(context: &BuildContext) -> String {
    context.arn("cloudwatch", &format!("alarm:{}-*", context.named(GUARDS)))
}

/// The log group of the drift job.
pub(crate) fn drift_job_logs(context: &BuildContext) -> String {
    format!("/aws/lambda/{}", context.named(config::environment::drift::JOB))
}
