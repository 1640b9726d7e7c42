//! Bringing approved models into service.

use super::Pipeline;
use crate::check::{Place, Surroundings};
use crate::form::{MlInstance, ProjectPath, Slug, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The deployment that the approval of a model starts. SageMaker serves the new model at an endpoint, beside the
/// previous model until the alarms have stayed quiet for `watch_minutes`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Deploy {
    /// The definition, in Amazon States Language with placeholders.
    #[schemars(with = "Text<ProjectPath>", example = &"pipeline/deploy.asl.json")]
    pub definition: String,
    /// The endpoint; it is named `<project>-<environment>-<endpoint>`.
    #[schemars(with = "Text<Slug>", example = &"endpoint")]
    pub endpoint: String,
    /// The machine, one of `inference_instance_types`.
    #[schemars(with = "Text<MlInstance>")]
    pub instance_type: String,
    /// The number of machines of a new endpoint, and of every deployment without `autoscaling`.
    #[schemars(range(min = 1, max = 100))]
    pub instance_count: u16,
    /// The share of requests, in percent, that are kept with their answers in the artifacts bucket.
    #[schemars(range(min = 0, max = 100))]
    pub data_capture_percent: u8,
    /// The share of the machines, in percent, that serves the new model first. Left out, all of them switch at once.
    #[schemars(range(min = 1, max = 50))]
    pub canary_percent: Option<u8>,
    /// Minutes for which the alarms are watched before the old machines go.
    #[schemars(range(min = 5, max = 60))]
    pub watch_minutes: u16,
    /// Minutes after which an update is given up.
    #[schemars(range(min = 25, max = 480))]
    pub max_minutes: u16,
    /// The share of failing answers in two of three minutes from which there is an alarm, and the model before comes back.
    #[schemars(range(min = 0.0001, max = 1))]
    pub max_error_rate: f64,
    /// The share of calls that are refused as the caller's fault, in two of three minutes, from which there is an alarm, and
    /// the model before comes back. A model that takes other features than callers send refuses all of them.
    #[schemars(range(min = 0.0001, max = 1))]
    pub max_client_error_rate: f64,
    /// The latency of the model above which there is an alarm, and the model before comes back.
    #[schemars(range(min = 1, max = 60_000))]
    pub latency_ms: u16,
    /// Machines by demand. Left out, their number stays.
    pub autoscaling: Option<Autoscaling>,
}

/// Machines by demand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Autoscaling {
    /// At least so many.
    #[schemars(range(min = 1, max = 100))]
    pub min: u16,
    /// At most so many.
    #[schemars(range(min = 1, max = 100))]
    pub max: u16,
    /// So many calls a minute each machine should have.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub invocations_per_instance: u32,
    /// Seconds between two reductions.
    #[serde(default = "slowly")]
    #[schemars(range(min = 0, max = 3600))]
    pub scale_in_seconds: u16,
    /// Seconds between two additions.
    #[serde(default = "quickly")]
    #[schemars(range(min = 0, max = 3600))]
    pub scale_out_seconds: u16,
}

fn slowly() -> u16 {
    300
}

fn quickly() -> u16 {
    60
}

impl Default for Deploy {
    fn default() -> Self {
        Self {
            definition: "pipeline/deploy.asl.json".to_owned(),
            endpoint: "endpoint".to_owned(),
            instance_type: super::INSTANCE.to_owned(),
            instance_count: 1,
            data_capture_percent: 0,
            canary_percent: None,
            watch_minutes: 10,
            max_minutes: 60,
            max_error_rate: 0.01,
            max_client_error_rate: 0.1,
            latency_ms: 1000,
            autoscaling: None,
        }
    }
}

/// SageMaker's limit.
const LONGEST_ENDPOINT: usize = 63;

impl Deploy {
    pub(super) fn check(&self, at: Place<'_>, around: &Surroundings<'_>, pipeline: &Pipeline, whole: Place<'_>) {
        at.get("definition").holds(around.root, &self.definition, states_language::mistakes);
        let full = around.prefix.len() + 1 + self.endpoint.len();
        if full > LONGEST_ENDPOINT {
            at.get("endpoint").report(
                format!(
                    "`{}-{}` has {full} characters; an endpoint has at most {LONGEST_ENDPOINT}",
                    around.prefix, self.endpoint
                ),
                format!("shorten it by {}", full - LONGEST_ENDPOINT),
            );
        }
        if whole.sound(&["inference_instance_types"]) {
            let known = pipeline.inference_instance_types.iter().map(String::as_str);
            at.get("instance_type").refers_to("inference instance type", &self.instance_type, known);
        }
        let fewest =
            self.autoscaling.as_ref().map_or(self.instance_count, |scaling| scaling.min.min(self.instance_count));
        if self.canary_percent.is_some() && fewest < 2 {
            at.get("canary_percent")
                .report("a single machine cannot be shared", "have 2 machines at least, or leave it out");
        }
        let needed = self.watch_minutes * 2 + OLD_ONES_STAY + STARTS_WITHIN;
        if self.max_minutes < needed {
            at.get("max_minutes").report(
                format!("{} minutes do not suffice to start machines and to watch them twice", self.max_minutes),
                format!("with `watch_minutes = {}`, make it {needed} or more", self.watch_minutes),
            );
        }
        if let Some(scaling) = &self.autoscaling {
            let between = (scaling.min..=scaling.max).contains(&self.instance_count);
            if scaling.min > scaling.max {
                at.get("autoscaling").get("max").report(format!("it is below `min`, which is {}", scaling.min), "");
            } else if !between && at.sound(&["instance_count", "autoscaling"]) {
                at.get("instance_count").report(
                    format!("`autoscaling` allows {} to {} machines", scaling.min, scaling.max),
                    "begin with one of these numbers",
                );
            }
        }
    }
}

/// Minutes for which the old machines stay once the new ones have all the traffic.
pub const OLD_ONES_STAY: u16 = 5;
/// Minutes that new machines may take to start.
const STARTS_WITHIN: u16 = 10;
