//! Existing resources outside of the stack, which an environment file names, and the prerequisites that they must meet.

use serde::{Deserialize, Serialize};

/// One thing that the platform needs of an existing resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prerequisite {
    /// The setting that names the resource, such as `network.private_subnets.0`.
    pub setting: String,
    /// A sentence that says that it is met, or the reason why it is not.
    pub met: Result<String, Shortcoming>,
}

impl Prerequisite {
    /// The prerequisite is met.
    pub fn met(setting: &str, words: impl Into<String>) -> Self {
        Self { setting: setting.to_owned(), met: Ok(words.into()) }
    }

    /// The prerequisite is not met, or unknown.
    pub fn lacking(setting: &str, shortcoming: Shortcoming) -> Self {
        Self { setting: setting.to_owned(), met: Err(shortcoming) }
    }

    /// A resource with these shortcomings; without any, it is met in these words.
    pub fn all(setting: &str, shortcomings: Vec<Shortcoming>, words: impl Into<String>) -> Vec<Self> {
        if shortcomings.is_empty() {
            return vec![Self::met(setting, words)];
        }
        shortcomings.into_iter().map(|shortcoming| Self::lacking(setting, shortcoming)).collect()
    }
}

/// An existing resource that the platform uses unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedPart {
    /// `vpc-…`, `subnet-…`, `arn:aws:iam::…:role/…`.
    pub id: String,
    /// The noun for a person.
    #[serde(rename = "kind")]
    pub noun: String,
    /// The details that identify it to a person: its ranges and zone, its name, or its purpose.
    pub details: Vec<String>,
}

/// A reason why an existing resource outside of the stack is certainly or possibly unfit for the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortcoming {
    /// The defect, or the fact that could not be read.
    pub what: String,
    /// The advice; may be empty.
    pub help: String,
    /// True if the platform certainly cannot be built or work with it. Otherwise a fact could not be read.
    pub is_certain: bool,
}

impl Shortcoming {
    /// The resource is unfit.
    pub fn certain(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { what: what.into(), help: help.into(), is_certain: true }
    }

    /// A fact could not be read, so it is unknown whether the resource is fit.
    pub fn possible(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { what: what.into(), help: help.into(), is_certain: false }
    }
}
