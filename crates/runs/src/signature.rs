//! The columns and types of a model's input, and the meaning of its answers. The evaluation writes it beside its report
//! (`pipeline/functions/model-evaluation/signature.py`).

use crate::data_schema::{Schema, Task};
use aws_client::{Attempt, Failure, Result};
use aws_types::SdkConfig;
use serde::Deserialize;

/// Packages of earlier versions say less.
const VERSION: u64 = 2;

/// The columns and types of a model's input, and the meaning of its answers.
#[derive(Clone, Debug, Deserialize)]
pub struct Signature {
    /// The task of the model.
    pub task: Task,
    /// The column that is predicted.
    pub label: String,
    /// The classes by their numbers; empty where the label is a number or a boolean.
    #[serde(default)]
    pub classes: Vec<String>,
    /// From this probability on the answer is class 1, in a binary task.
    #[serde(default)]
    pub decision_threshold: f64,
    /// The fields of a request, in their order.
    pub(crate) inputs: Vec<Input>,
    /// The schema of the raw data that the model learned from.
    pub(crate) schema: Schema,
}

/// A field of a request.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Input {
    /// The column of the schema that it comes from.
    pub(crate) column: String,
    /// The field is 1 for this value of the column and 0 for others.
    pub(crate) value: Option<String>,
}

impl Signature {
    /// Reads the signature at an `s3://` URI, in a bucket of the account.
    ///
    /// # Errors
    /// When it cannot be read, or was written by an earlier version.
    pub async fn read(config: &SdkConfig, account: &str, uri: &str) -> Result<Self> {
        const OPERATION: &str = "GetObject";
        let place = uri.strip_prefix("s3://").and_then(|place| place.split_once('/'));
        let (bucket, key) = place.ok_or_else(|| Failure::refused(format!("{uri} is no place in S3"), ""))?;
        let client = aws_s3::client_for(config, account);
        let object = client.get_object().bucket(bucket).key(key).send().await.during(OPERATION)?;
        let body = object.body.collect().await.map_err(|_| Failure::incomplete(OPERATION, "whole body"))?;
        Self::parse(&body.into_bytes())
    }

    /// # Errors
    /// When it is none, or was written by an earlier version.
    pub(crate) fn parse(text: &[u8]) -> Result<Self> {
        let refuse = |why: String| Failure::refused(format!("the signature of the model cannot be used: {why}"), HELP);
        let document: serde_json::Value = serde_json::from_slice(text).map_err(|error| refuse(error.to_string()))?;
        if document["version"].as_u64().is_none_or(|version| version < VERSION) {
            return Err(refuse("an earlier version of mlopsctl wrote it".to_owned()));
        }
        serde_json::from_value(document).map_err(|error| refuse(error.to_string()))
    }
}

const HELP: &str = "train and approve a model with this version";
