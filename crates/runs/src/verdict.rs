//! The evaluation of a trained model, read from its pipeline execution.

use crate::{Execution, History};
use serde_json::Value;
use std::collections::BTreeMap;

/// The judgement of an execution about the model it trained.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// By name, on the test data.
    pub metrics: BTreeMap<String, f64>,
    /// True if the model was good enough to be registered.
    pub good_enough: bool,
    /// The reasons against it.
    pub reasons: Vec<String>,
    /// The package it was registered as.
    pub package: Option<String>,
    /// The version of the data it was trained on.
    pub data_version: Option<String>,
}

impl Verdict {
    /// The judgement in the output of an execution, or in the evaluation's own answer while there is no output; `None`
    /// before the model was evaluated.
    pub fn read(execution: &Execution, history: &History) -> Option<Self> {
        let output = &execution.output;
        let attempts = history.steps.iter().rev().flat_map(|step| step.attempts.iter().rev());
        let answers =
            attempts.filter_map(|attempt| attempt.outcome.as_ref()?.as_ref().ok()).map(|answer| &answer["Payload"]);
        let evaluation =
            std::iter::once(&output["evaluation"]).chain(answers).find(|said| said["metrics"].is_object())?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let metrics = evaluation["metrics"].as_object()?;
        Some(Self {
            metrics: metrics.iter().filter_map(|(name, value)| Some((name.clone(), value.as_f64()?))).collect(),
            good_enough: evaluation["register"] == true,
            reasons: evaluation["reasons"].as_array().into_iter().flatten().filter_map(text).collect(),
            package: text(&output["package"]["arn"]),
            data_version: text(&output["validation"]["data_version"]),
        })
    }
}
