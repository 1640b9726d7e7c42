//! Names and ARNs of resources that several areas need.

use crate::site::Site;
use config::environment::pipeline::{Deploy, Pipeline};

/// The name of the pipeline's state machine.
pub(crate) fn pipeline(site: &Site) -> String {
    site.named("training")
}

/// The ARN of the pipeline's state machine.
pub(crate) fn pipeline_arn(site: &Site) -> String {
    site.arn("states", &format!("stateMachine:{}", pipeline(site)))
}

/// The name of the state machine that deploys approved models.
pub(crate) fn deployment(site: &Site) -> String {
    site.named("deploy")
}

/// The ARN of the state machine that deploys approved models.
pub(crate) fn deployment_arn(site: &Site) -> String {
    site.arn("states", &format!("stateMachine:{}", deployment(site)))
}

/// The state machines with what they are called.
pub(crate) fn machines(site: &Site) -> Vec<(&'static str, &'static str, String)> {
    let training =
        site.environment.pipeline.is_some().then(|| ("pipeline", "The training pipeline", pipeline_arn(site)));
    let deploy = deployed(site).map(|_| ("deploy", "A deployment", deployment_arn(site)));
    training.into_iter().chain(deploy).collect()
}

/// The settings of pipeline and deployment, if approved models are to be deployed.
pub(crate) fn deployed(site: &Site) -> Option<(Pipeline, Deploy)> {
    let pipeline = site.environment.pipeline.clone()?;
    let deploy = pipeline.deploy.clone()?;
    Some((pipeline, deploy))
}

/// The full name of the endpoint.
pub(crate) fn endpoint_name(site: &Site, deploy: &Deploy) -> String {
    site.named(&deploy.endpoint)
}

/// The variant that deployments make, which the definition names.
pub(crate) const VARIANT: &str = "AllTraffic";

/// The prefix of the names of the alarms that judge a deployment.
pub(crate) const GUARDS: &str = "endpoint";

/// The ARNs of the alarms that judge a deployment, as a pattern.
pub(crate) fn guards_arn(site: &Site) -> String {
    site.arn("cloudwatch", &format!("alarm:{}-*", site.named(GUARDS)))
}

/// The log group of the drift job.
pub(crate) fn drift_job_logs(site: &Site) -> String {
    format!("/aws/lambda/{}", site.named(config::environment::drift::JOB))
}
