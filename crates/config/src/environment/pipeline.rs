//! The training pipeline.

mod checks;
mod data_schema;
mod deploy;
mod fit;
mod hyperparameters;
mod images;
mod machines;

pub use data_schema::without_notes;
pub use deploy::{Autoscaling, Deploy, OLD_ONES_STAY};
pub use fit::is_metric_of;
pub use hyperparameters::{hyperparameter_mistake, hyperparameter_warning};
pub use images::Image;
pub use machines::{Work, has_own_disks, machine_types};

use super::grants::{BucketGrants, BucketGrantsSchema, Permission};
use crate::form::{
    ColumnName, ImageReference, Map, Metric, MlInstance, Prefix, ProjectPath, Scalar, Schedule, Shares, Slug, Text,
    scalars,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Raw data to a registered model, as a state machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Pipeline {
    /// The definition, in Amazon States Language with placeholders.
    #[schemars(with = "Text<ProjectPath>", example = &"pipeline/training.asl.json")]
    pub definition: String,
    /// The schema of the raw data, which also names the column to predict.
    #[schemars(with = "Text<ProjectPath>", example = &"schema.json")]
    pub schema: String,
    /// The Glue job that prepares the data.
    #[schemars(with = "Text<Slug>", example = &"etl")]
    pub etl_job: String,
    /// The function that decides whether the data is fit to train on.
    #[schemars(with = "Text<Slug>", example = &"data-validation")]
    pub validation_function: String,
    /// The function that decides whether the model is good enough.
    #[schemars(with = "Text<Slug>", example = &"model-evaluation")]
    pub evaluation_function: String,
    /// The schedule on which it runs: `rate(…)` or `cron(…)` in UTC. Left out, only uploads and people start it.
    #[schemars(with = "Option<Text<Schedule>>")]
    pub schedule: Option<String>,
    /// Run whenever something is uploaded under the raw prefix of the data bucket.
    pub on_upload: bool,
    /// Minutes without a further upload after which an upload is read: many files start one execution.
    #[schemars(range(min = 1, max = 60))]
    pub upload_quiet_minutes: u8,
    /// The prefix of raw data in the data bucket, for example `raw/`.
    #[schemars(with = "Text<Prefix>")]
    pub raw_prefix: String,
    /// The raw data that an execution reads: all of it, or the files that no earlier execution read.
    pub load_mode: LoadMode,
    /// Days for which the data set that one execution made, and the rows that it quarantined, are kept. Raw data, statistics
    /// and the data set of incremental executions stay.
    #[schemars(range(min = 1, max = 36_500))]
    pub keep_datasets_days: u16,
    /// Shares of training, validation and test data.
    #[schemars(with = "Text<Shares>")]
    pub split: String,
    /// The image that trains, and that predicts unless `inference_image` is set. `<repository>:<tag>` is of a repository
    /// in `[registry]`, or of `images`, which every environment has. `aws/<repository>:<tag>` is an image of AWS, in its
    /// registry for the region. The whole URI of an image in ECR names any other. Left out, it is SageMaker's XGBoost.
    #[schemars(with = "Option<Text<ImageReference>>")]
    pub image: Option<String>,
    /// The image that predicts, in batch transforms and behind endpoints, named like `image`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Text<ImageReference>>", example = &"churn-serving:1.4")]
    pub inference_image: Option<String>,
    /// The training job.
    pub training: Training,
    /// Batch predictions on the test data.
    pub transform: Transform,
    /// The types of machines that the model may be deployed on.
    #[schemars(with = "Vec<Text<MlInstance>>", length(min = 1), extend("uniqueItems" = true))]
    pub inference_instance_types: Vec<String>,
    /// Types of machines that AWS has added since this version of mlopsctl, which `validate` would refuse.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Text<MlInstance>>", example = &["ml.m9i.large"], extend("uniqueItems" = true))]
    pub newer_instance_types: Vec<String>,
    /// The limits of a data set, which the validation function checks before training.
    pub validation: Limits,
    /// The bounds of metrics that a model must keep to be registered: `auc = { min = 0.75 }`.
    #[schemars(with = "Map<Metric, Threshold>")]
    pub thresholds: BTreeMap<String, Threshold>,
    /// The probability from which a row counts as positive, for metrics such as recall. Left out, it is 0.5.
    #[schemars(range(min = 0, max = 1))]
    pub decision_threshold: Option<f64>,
    /// Instead of `decision_threshold`: the metric that is greatest on the validation data at the threshold to use.
    pub maximise: Option<ChoiceMetric>,
    /// The comparison with the champion on the same test data. The champion is the model in service, otherwise the newest
    /// that is approved. Left out, they are not compared.
    pub comparison: Option<Comparison>,
    /// Buckets of this environment that the state machine may use: `{ landing = "read" }`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BucketGrantsSchema")]
    pub buckets: BucketGrants,
    /// Further rights of its role, for steps that you add to the definition.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<Permission>,
    /// The deployment that the approval of a model starts. Left out, an approved model is deployed by other means.
    pub deploy: Option<Deploy>,
}

/// The raw data that an execution reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LoadMode {
    /// All raw data, into a data set of its own.
    #[default]
    Snapshot,
    /// The files that no execution has read before, into one growing data set.
    Incremental,
}

/// The training job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Training {
    /// The machine.
    #[schemars(with = "Text<MlInstance>")]
    pub instance_type: String,
    /// The number of machines. With several, each reads a share of the data.
    #[schemars(range(min = 1, max = 100))]
    pub instance_count: u16,
    /// The disk of each.
    #[schemars(range(min = 1, max = 16_384))]
    pub volume_gb: u16,
    /// Use spare capacity: much cheaper, may be interrupted and resumed.
    pub spot: bool,
    /// Minutes after which training is stopped.
    #[schemars(range(min = 1, max = 40_320))]
    pub max_runtime_minutes: u16,
    /// With `spot`: minutes for waiting and training together. Left out, it is twice the running time.
    #[schemars(range(min = 1, max = 40_320))]
    pub max_wait_minutes: Option<u16>,
    /// Containers without any network of their own.
    pub network_isolation: bool,
    /// Encrypt what instances send each other, which slows training down.
    pub encrypt_between_instances: bool,
    /// Passed to the algorithm.
    #[serde(deserialize_with = "scalars")]
    #[schemars(with = "BTreeMap<String, Scalar>")]
    pub hyperparameters: BTreeMap<String, String>,
    /// Buckets of this environment that training and batch transform may use: `{ landing = "read" }`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BucketGrantsSchema")]
    pub buckets: BucketGrants,
    /// Further rights of their role.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<Permission>,
    /// Hyperparameters that look like secrets and are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("uniqueItems" = true))]
    pub not_secret: Vec<String>,
}

/// Batch predictions on the test data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Transform {
    /// The machine.
    #[schemars(with = "Text<MlInstance>")]
    pub instance_type: String,
    /// The number of machines.
    #[schemars(range(min = 1, max = 100))]
    pub instance_count: u16,
    /// Minutes after which the step is given up.
    #[schemars(range(min = 1, max = 7200))]
    pub max_runtime_minutes: u16,
}

/// The limits of a data set, which the validation function checks. For each that is left out, the function has a
/// default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Rows in all.
    #[schemars(range(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_rows: Option<u64>,
    /// Rows in each of training, validation and test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_rows_per_split: Option<u64>,
    /// The share of rows that may be quarantined.
    #[schemars(range(min = 0, max = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_quarantined_fraction: Option<f64>,
    /// The share of a column that may be missing.
    #[schemars(range(min = 0, max = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_null_fraction: Option<f64>,
    /// The same for single columns.
    #[schemars(with = "Map<ColumnName, Fraction>")]
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub max_null_fraction_by_column: BTreeMap<String, f64>,
    /// The largest distance of a column from the data of the model in service, otherwise of the newest approved one: 0
    /// is the same distribution, 1 has nothing in common.
    #[schemars(range(min = 0, max = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_drift: Option<f64>,
    /// The same for single columns.
    #[schemars(with = "Map<ColumnName, Fraction>")]
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub max_drift_by_column: BTreeMap<String, f64>,
    /// The reaction to a data set with a greater distance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_drift: Option<OnDrift>,
    /// The share that the rarer label must have.
    #[schemars(range(min = 0, max = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_label_fraction: Option<f64>,
    /// Rows of each class in each of training, validation and test. 0 allows a split without rows of a class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_label_rows_per_split: Option<u64>,
    /// Rows that are read in full.
    #[schemars(range(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_rows: Option<u64>,
}

/// The reaction to a data set that is too far from the data of the model in service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnDrift {
    /// The execution fails, and nothing is trained.
    Refuse,
    /// A model is trained on it; the verdict names the columns.
    Warn,
}

/// A share of 1.
#[derive(JsonSchema)]
#[schemars(inline)]
struct Fraction(
    #[schemars(range(min = 0, max = 1))]
    #[expect(dead_code, reason = "a schema, not a value")]
    f64,
);

/// Bounds of a metric, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// At least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// At most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

/// A metric that depends on the decision threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChoiceMetric {
    /// The harmonic mean of precision and recall.
    F1,
    /// The correlation of label and prediction.
    Mcc,
    /// The mean of the recalls of both classes.
    BalancedAccuracy,
    /// The share of rows that are right.
    Accuracy,
}

/// Comparison with the champion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// The metric that is compared.
    #[schemars(with = "Text<Metric>")]
    pub metric: String,
    /// The largest difference by which it may be worse.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub max_regression: f64,
}

const INSTANCE: &str = "ml.m5.large";

impl Default for Pipeline {
    fn default() -> Self {
        Self {
            definition: "pipeline/training.asl.json".to_owned(),
            schema: "pipeline/sample/schema.json".to_owned(),
            etl_job: "etl".to_owned(),
            validation_function: "data-validation".to_owned(),
            evaluation_function: "model-evaluation".to_owned(),
            schedule: None,
            on_upload: false,
            upload_quiet_minutes: 2,
            raw_prefix: "raw/".to_owned(),
            load_mode: LoadMode::Snapshot,
            keep_datasets_days: 90,
            split: "0.8,0.1,0.1".to_owned(),
            image: None,
            inference_image: None,
            training: Training::default(),
            transform: Transform::default(),
            inference_instance_types: vec![INSTANCE.to_owned()],
            newer_instance_types: Vec::new(),
            validation: Limits::default(),
            thresholds: BTreeMap::new(),
            decision_threshold: None,
            maximise: None,
            comparison: None,
            buckets: BucketGrants::new(),
            permissions: Vec::new(),
            deploy: None,
        }
    }
}

impl Default for Training {
    fn default() -> Self {
        let hyperparameters = [("objective", "binary:logistic"), ("num_round", "100"), ("eval_metric", "auc")];
        Self {
            instance_type: INSTANCE.to_owned(),
            instance_count: 1,
            volume_gb: 10,
            spot: false,
            max_runtime_minutes: 60,
            max_wait_minutes: None,
            network_isolation: true,
            encrypt_between_instances: false,
            buckets: BucketGrants::new(),
            permissions: Vec::new(),
            not_secret: Vec::new(),
            hyperparameters: hyperparameters.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        }
    }
}

impl Default for Transform {
    fn default() -> Self {
        Self { instance_type: INSTANCE.to_owned(), instance_count: 1, max_runtime_minutes: 60 }
    }
}
