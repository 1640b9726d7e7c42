//! The schema of raw data, as far as it says how rows are read. `pipeline/README.md` describes all of its fields.

use serde::{Deserialize, Serialize};

/// The schema of raw data.
#[derive(Clone, Debug, Deserialize)]
pub struct Schema {
    /// The column to predict.
    #[serde(default)]
    pub(crate) label: String,
    /// The task.
    #[serde(default)]
    pub(crate) task: Task,
    #[serde(default)]
    pub(crate) key: Vec<String>,
    #[serde(default)]
    pub(crate) split_by: Vec<String>,
    pub(crate) split_time: Option<String>,
    pub(crate) columns: Vec<Column>,
    #[serde(default)]
    pub(crate) csv: Format,
    pub(crate) null_words: Option<Vec<String>>,
}

/// The task of a model.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// One of two classes.
    #[default]
    Binary,
    /// One of several classes.
    Multiclass,
    /// A quantity.
    Regression,
}

/// A column of raw data.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// Its name in the files, where that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) minimum: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) maximum: Option<f64>,
    /// Texts or whole numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) values: Vec<serde_json::Value>,
    /// True if the model may use it.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub(crate) feature: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timestamp_format: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) null_words: Option<Vec<String>>,
}

/// The type of a column.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Integer,
    Number,
    Boolean,
    String,
    Timestamp,
}

/// The format of CSV files.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
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

fn yes() -> bool {
    true
}

fn is_yes(value: &bool) -> bool {
    *value
}

impl Task {
    /// As schemas spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Multiclass => "multiclass",
            Self::Regression => "regression",
        }
    }
}

impl Schema {
    /// Reads a schema that `mlopsctl validate` accepts.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(text)
    }

    /// True if a row without a value of the column is quarantined.
    pub(crate) fn must_be_present(&self, column: &Column) -> bool {
        let named = [&self.key, &self.split_by].into_iter().flatten().chain(&self.split_time);
        column.required || column.name == self.label || named.into_iter().any(|name| *name == column.name)
    }

    /// True if the pipeline needs the column in the files: rows need a value, or the model takes it.
    pub(crate) fn is_needed(&self, column: &Column) -> bool {
        self.must_be_present(column) || column.feature
    }
}

impl Column {
    /// Its name in the files.
    pub(crate) fn source(&self) -> &str {
        self.source.as_deref().unwrap_or(&self.name)
    }

    /// Its place in a header; the case of names does not matter.
    ///
    /// # Errors
    /// The places, when several have its name.
    pub(crate) fn place(&self, names: &[String]) -> Result<Option<usize>, Vec<usize>> {
        let of = |is_it: &dyn Fn(&str) -> bool| -> Vec<usize> {
            names.iter().enumerate().filter(|(_, name)| is_it(name)).map(|(at, _)| at).collect()
        };
        let exact = of(&|name| name == self.source());
        let found = if exact.is_empty() { of(&|name| name.eq_ignore_ascii_case(self.source())) } else { exact };
        match found.as_slice() {
            [] => Ok(None),
            [only] => Ok(Some(*only)),
            _ => Err(found),
        }
    }
}

/// The common form of names that differ only in case, spaces and signs.
pub(crate) fn normalized(name: &str) -> String {
    let name = name.to_lowercase();
    let parts = name.split(|sign: char| !sign.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("_")
}
