//! Roles: settings of all roles that mlopsctl makes, and existing roles.

use super::arn::Arn;
use super::functions::Function;
use crate::check::{Place, Surroundings};
use crate::form::{IamPath, Map, PolicyArn, RoleArn, Slug, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Settings of all roles.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    /// The ARN of a policy that bounds every role, where the account demands one.
    #[schemars(with = "Option<Text<PolicyArn>>")]
    pub permissions_boundary: Option<String>,
    /// The IAM path of the roles and managed policies that mlopsctl makes, `/` if left out. IAM moves no role: another
    /// path replaces each of them.
    #[schemars(with = "Option<Text<IamPath>>")]
    pub path: Option<String>,
    /// Roles that exist already, by purpose. mlopsctl reads and uses them, makes none for the same purpose, and never
    /// changes or deletes them.
    #[serde(skip_serializing_if = "Roles::is_empty")]
    pub roles: Roles,
}

/// Roles that exist already, by purpose. What is left out, mlopsctl makes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Roles {
    /// SageMaker: Studio, jobs of the pipeline, endpoints and MLflow, as far as `studio`, `training`, `serving` and
    /// `mlflow` do not say otherwise.
    #[schemars(with = "Option<Text<RoleArn>>", example = &"arn:aws:iam::123456789012:role/platform/ml-sagemaker")]
    pub sagemaker: Option<String>,
    /// People in Studio, and the feature groups.
    #[schemars(with = "Option<Text<RoleArn>>")]
    pub studio: Option<String>,
    /// Training and batch transform of the pipeline.
    #[schemars(with = "Option<Text<RoleArn>>", example = &"arn:aws:iam::123456789012:role/platform/ml-training")]
    pub training: Option<String>,
    /// Models behind the endpoint.
    #[schemars(with = "Option<Text<RoleArn>>", example = &"arn:aws:iam::123456789012:role/platform/ml-serving")]
    pub serving: Option<String>,
    /// Artifacts of MLflow.
    #[schemars(with = "Option<Text<RoleArn>>", example = &"arn:aws:iam::123456789012:role/platform/ml-mlflow")]
    pub mlflow: Option<String>,
    /// Glue crawlers and jobs.
    #[schemars(with = "Option<Text<RoleArn>>", example = &"arn:aws:iam::123456789012:role/platform/ml-glue")]
    pub glue: Option<String>,
    /// The state machine of the training pipeline.
    #[schemars(with = "Option<Text<RoleArn>>", example = &"arn:aws:iam::123456789012:role/platform/ml-pipeline")]
    pub pipeline: Option<String>,
    /// The state machine that deploys approved models.
    #[schemars(with = "Option<Text<RoleArn>>", example = &"arn:aws:iam::123456789012:role/platform/ml-deploy")]
    pub deploy: Option<String>,
    /// EventBridge rules that start the pipeline and deployments.
    #[schemars(with = "Option<Text<RoleArn>>", example = &"arn:aws:iam::123456789012:role/platform/ml-events")]
    pub events: Option<String>,
    /// Functions, as far as `functions` does not say otherwise.
    #[schemars(with = "Option<Text<RoleArn>>", example = &"arn:aws:iam::123456789012:role/platform/ml-lambda")]
    pub lambda: Option<String>,
    /// Single functions, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "Map<Slug, Text<RoleArn>>")]
    pub functions: BTreeMap<String, String>,
    /// Replication to the second region.
    #[schemars(with = "Option<Text<RoleArn>>", example = &"arn:aws:iam::123456789012:role/platform/ml-replication")]
    pub replication: Option<String>,
    /// The flow logs of the VPC.
    #[schemars(with = "Option<Text<RoleArn>>", example = &"arn:aws:iam::123456789012:role/platform/ml-flow-logs")]
    pub flow_logs: Option<String>,
    /// The drift job.
    #[schemars(with = "Option<Text<RoleArn>>", example = &"arn:aws:iam::123456789012:role/platform/ml-drift-job")]
    pub drift_job: Option<String>,
}

impl Identity {
    /// The IAM path of the roles and policies that mlopsctl makes.
    pub fn path(&self) -> &str {
        self.path.as_deref().unwrap_or("/")
    }

    /// Checks the settings of roles. The provisioning identity may change every policy in its path whose name begins
    /// with the prefix, the permissions boundary too.
    pub(super) fn check(&self, at: Place<'_>, around: &Surroundings<'_>, functions: &[Function]) {
        self.roles.check(at.get("roles"), functions);
        let Some(boundary) = &self.permissions_boundary else { return };
        if let Some(arn) = Arn::parse(boundary) {
            arn.check_partition(at.get("permissions_boundary"), around);
            arn.check_account("the policy", at.get("permissions_boundary"), around);
        }
        let name = boundary.split_once(":policy").map_or("", |(_, name)| name);
        let own = format!("{}{}-", self.path(), around.prefix);
        if name.starts_with(&own) {
            at.get("permissions_boundary").report(
                format!(
                    "`{}` bounds nobody: those it should bound may change every policy that begins with `{}`",
                    name.trim_start_matches('/'),
                    own.trim_start_matches('/')
                ),
                "give the boundary another name, such as `platform-boundary`",
            );
        }
    }
}

impl Roles {
    /// The existing role for a purpose, with its setting. The purpose is the short name of the role that mlopsctl would
    /// make.
    pub fn of(&self, role: &str) -> Option<(String, &str)> {
        let functions = role.strip_suffix("-function");
        if let Some((name, arn)) = functions.and_then(|name| self.functions.get_key_value(name)) {
            return Some((format!("functions.{name}"), arn));
        }
        let candidates: &[(&str, &Option<String>)] = match role {
            "sagemaker" => &[("studio", &self.studio), ("sagemaker", &self.sagemaker)],
            "training" => &[("training", &self.training), ("sagemaker", &self.sagemaker)],
            "serving" => &[("serving", &self.serving), ("sagemaker", &self.sagemaker)],
            "mlflow" => &[("mlflow", &self.mlflow), ("sagemaker", &self.sagemaker)],
            "glue" => &[("glue", &self.glue)],
            "pipeline" => &[("pipeline", &self.pipeline)],
            "deploy" => &[("deploy", &self.deploy)],
            "start-pipeline" | "start-deploy" => &[("events", &self.events)],
            "replication" => &[("replication", &self.replication)],
            "flow-logs" => &[("flow_logs", &self.flow_logs)],
            super::drift::JOB => &[("drift_job", &self.drift_job)],
            _ if functions.is_some() => &[("lambda", &self.lambda)],
            _ => &[],
        };
        candidates.iter().find_map(|(key, arn)| arn.as_deref().map(|arn| ((*key).to_owned(), arn)))
    }

    /// The ARNs of all existing roles.
    pub fn arns(&self) -> impl Iterator<Item = &str> {
        let single = [
            &self.sagemaker,
            &self.studio,
            &self.training,
            &self.serving,
            &self.mlflow,
            &self.glue,
            &self.pipeline,
            &self.deploy,
            &self.events,
            &self.lambda,
            &self.replication,
            &self.flow_logs,
            &self.drift_job,
        ];
        single.into_iter().flatten().chain(self.functions.values()).map(String::as_str)
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn check(&self, at: Place<'_>, functions: &[Function]) {
        for name in self.functions.keys().filter(|name| !functions.iter().any(|one| one.name == **name)) {
            at.get("functions")
                .get(name)
                .report(format!("there is no function `{name}`"), "name one of [[functions]], or leave the role out");
        }
    }
}
