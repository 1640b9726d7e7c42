//! The checks that the settings fit the schema of the data: the task, the metrics and the named columns.

use super::{Pipeline, data_schema::DataSchema};
use crate::check::Place;
use crate::environment::{FeatureGroup, feature_groups::FeatureType};
use crate::suggest;

/// Metrics by task, as the evaluation function calculates them.
const METRICS: [(&str, &[&str]); 3] = [
    (
        "binary",
        &[
            "auc",
            "average_precision",
            "ks",
            "accuracy",
            "balanced_accuracy",
            "precision",
            "recall",
            "f1",
            "mcc",
            "false_positive_rate",
            "log_loss",
            "brier",
        ],
    ),
    (
        "multiclass",
        &[
            "accuracy",
            "balanced_accuracy",
            "precision_macro",
            "recall_macro",
            "f1_macro",
            "f1_weighted",
            "mcc",
            "auc",
            "log_loss",
        ],
    ),
    ("regression", &["mse", "rmse", "mae", "median_absolute_error", "max_error", "mape", "r2"]),
];

/// Objectives of the built-in XGBoost by task: whole names, or beginnings that end in a colon.
/// <https://xgboost.readthedocs.io/en/stable/parameter.html#learning-task-parameters>
const OBJECTIVES: [(&str, &[&str]); 3] =
    [("binary", &["binary:logistic"]), ("multiclass", &["multi:softprob"]), ("regression", &["reg:", "count:"])];

/// The types of features that a column fills.
fn fills(kind: &str) -> &'static [FeatureType] {
    match kind {
        "integer" => &[FeatureType::Integral, FeatureType::Fractional, FeatureType::String],
        "number" | "timestamp" => &[FeatureType::Fractional, FeatureType::String],
        "boolean" => &[FeatureType::Integral, FeatureType::String],
        _ => &[FeatureType::String],
    }
}

/// Reports settings that do not fit a schema without mistakes.
pub(super) fn check(
    pipeline: &Pipeline,
    schema: &DataSchema<'_>,
    at: Place<'_>,
    whole: Place<'_>,
    groups: &[FeatureGroup],
) {
    metrics(pipeline, schema, at);
    if schema.task != "binary" {
        for (key, is_set) in
            [("decision_threshold", pipeline.decision_threshold.is_some()), ("maximise", pipeline.maximise.is_some())]
        {
            if is_set {
                at.get(key).report(
                    format!("a {} task has no decision threshold", schema.task),
                    "leave it out; it is for the probability of a binary task",
                );
            }
        }
    }
    // Another image gives its hyperparameters meanings of its own.
    if pipeline.trains_by_built_in_xgboost() && at.sound(&["training"]) {
        objective(pipeline, schema, at.get("training").get("hyperparameters"));
    }
    columns(pipeline, schema, at.get("validation"));
    if whole.sound(&["feature_groups"]) {
        for (index, group) in groups.iter().enumerate().filter(|(_, group)| group.ingest) {
            ingest(pipeline, group, schema, whole.get("feature_groups").at(index));
        }
    }
}

fn of_task<'a>(table: &[(&str, &'a [&'a str])], task: &str) -> &'a [&'a str] {
    table.iter().find(|(known, _)| *known == task).map_or(&[], |(_, values)| values)
}

/// True if the evaluation function calculates a metric for a task.
pub fn is_metric_of(task: &str, metric: &str) -> bool {
    of_task(&METRICS, task).contains(&metric)
}

fn metrics(pipeline: &Pipeline, schema: &DataSchema<'_>, at: Place<'_>) {
    let known = of_task(&METRICS, schema.task);
    let refuse = |metric: &str, at: Place<'_>| {
        if !is_metric_of(schema.task, metric) {
            let near = suggest::nearest(metric, known.iter().copied());
            let help = near.map_or_else(
                || format!("its metrics are {}", known.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            at.report(format!("a {} task has no metric `{metric}`", schema.task), help);
        }
    };
    for metric in pipeline.thresholds.keys() {
        refuse(metric, at.get("thresholds").get(metric));
    }
    if let Some(comparison) = &pipeline.comparison {
        refuse(&comparison.metric, at.get("comparison").get("metric"));
    }
}

fn objective(pipeline: &Pipeline, schema: &DataSchema<'_>, at: Place<'_>) {
    let parameters = &pipeline.training.hyperparameters;
    let fitting = of_task(&OBJECTIVES, schema.task);
    let fits = |objective: &str| {
        fitting.iter().any(|known| objective == *known || known.ends_with(':') && objective.starts_with(known))
    };
    if let Some(objective) = parameters.get("objective").filter(|objective| !fits(objective)) {
        let instead = fitting.iter().map(|known| {
            known.strip_suffix(':').map_or_else(|| format!("`{known}`"), |family| format!("one of `{family}:…`"))
        });
        let instead: Vec<String> = instead.collect();
        at.get("objective").report(
            format!("the objective `{objective}` does not fit the schema's task, {}", schema.task),
            format!("use {}", instead.join(" or ")),
        );
    }
    if schema.task == "multiclass" {
        let wanted = schema.classes.to_string();
        if parameters.get("num_class") != Some(&wanted) {
            at.get("num_class").report(
                format!("the label has {wanted} classes, and `num_class` must say so"),
                format!("write `num_class = {wanted}`"),
            );
        }
    }
}

/// Limits name columns of the schema.
fn columns(pipeline: &Pipeline, schema: &DataSchema<'_>, at: Place<'_>) {
    let limits = &pipeline.validation;
    for (table, named) in [
        ("max_null_fraction_by_column", &limits.max_null_fraction_by_column),
        ("max_drift_by_column", &limits.max_drift_by_column),
    ] {
        for name in named.keys().filter(|name| !schema.names().any(|known| known == name.as_str())) {
            let near = suggest::nearest(name, schema.names());
            let help = near.map_or_else(String::new, |near| format!("did you mean `{near}`?"));
            at.get(table).get(name).report(format!("the schema has no column `{name}`"), help);
        }
    }
}

/// The ETL job fills a group from the columns of its features' names.
fn ingest(pipeline: &Pipeline, group: &FeatureGroup, schema: &DataSchema<'_>, at: Place<'_>) {
    if schema.kind(&group.record_identifier).is_none() {
        at.get("record_identifier").report(
            format!(
                "{} has no column `{}`, and `ingest` fills the group from it",
                pipeline.schema, group.record_identifier
            ),
            "name a column that identifies a row, or leave out `ingest`",
        );
    }
    for (index, feature) in group.features.iter().enumerate() {
        let Some(kind) = schema.kind(&feature.name) else { continue };
        if !fills(kind).contains(&feature.r#type) {
            let fitting: Vec<String> = fills(kind).iter().map(|fitting| format!("`{fitting:?}`")).collect();
            at.get("features").at(index).get("type").report(
                format!(
                    "the column `{}` is {kind} in {}, which fills no {:?} feature",
                    feature.name, pipeline.schema, feature.r#type
                ),
                format!("use {}", fitting.join(" or ")),
            );
        }
    }
}
