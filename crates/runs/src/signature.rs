//! How a model is called. The evaluation writes it beside its report (`pipeline/functions/model-evaluation/signature.py`).

use aws_types::SdkConfig;
use resource::{Attempt, Failure, Result};
use serde::Deserialize;

/// Packages of earlier versions say less.
const VERSION: u64 = 2;

/// How a model is called.
#[derive(Clone, Debug, Deserialize)]
pub struct Signature {
    /// What was learned.
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

/// What a model learned.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Which of two classes.
    Binary,
    /// Which of several classes.
    Multiclass,
    /// How much.
    Regression,
}

/// A field of a request.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Input {
    /// The column of the schema that it comes from.
    pub(crate) column: String,
    /// The field is 1 for this value of the column and 0 for others.
    pub(crate) value: Option<String>,
}

/// The schema of raw data, as far as it says how a row is read.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Schema {
    pub(crate) columns: Vec<Column>,
    #[serde(default)]
    pub(crate) csv: Format,
    pub(crate) null_words: Option<Vec<String>>,
}

/// A column of raw data.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Column {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    /// Its name in the files, where that is another one.
    pub(crate) source: Option<String>,
    #[serde(default)]
    pub(crate) required: bool,
    pub(crate) minimum: Option<f64>,
    pub(crate) maximum: Option<f64>,
    /// Texts or whole numbers.
    #[serde(default)]
    pub(crate) values: Vec<serde_json::Value>,
    pub(crate) timestamp_format: Option<String>,
    pub(crate) null_words: Option<Vec<String>>,
}

/// The type of a column.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Integer,
    Number,
    Boolean,
    String,
    Timestamp,
}

/// How CSV files are written.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct Format {
    pub(crate) separator: char,
    pub(crate) quote: char,
    pub(crate) decimal: char,
    pub(crate) encoding: String,
}

impl Default for Format {
    fn default() -> Self {
        Self { separator: ',', quote: '"', decimal: '.', encoding: "utf-8".to_owned() }
    }
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
