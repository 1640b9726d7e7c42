//! The ownership tags, by which mlopsctl and IAM identify the environment's resources.

use crate::check::Place;
use crate::form::{TagKey, TagValue, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The keys and values of the tags that say whose a resource is, where the organisation has other ones. mlopsctl gives
/// them to everything, beside `ManagedBy` and its own. Existing resources get other ones in place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OwnerTags {
    /// The key of the tag that names the project.
    #[schemars(with = "Text<TagKey>", example = &"Project")]
    pub project: String,
    /// The value of that tag. Left out, it is the project.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Text<TagValue>>", example = &"Churn")]
    pub project_value: Option<String>,
    /// The key of the tag that names the environment.
    #[schemars(with = "Text<TagKey>", example = &"Environment")]
    pub environment: String,
    /// The value of that tag, for example `Production`. Left out, it is the environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Text<TagValue>>", example = &"Production")]
    pub environment_value: Option<String>,
}

impl Default for OwnerTags {
    fn default() -> Self {
        let (project, environment) = ("Project".to_owned(), "Environment".to_owned());
        Self { project, project_value: None, environment, environment_value: None }
    }
}

impl OwnerTags {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The keys that are reserved for ownership tags.
    pub(super) fn keys(&self) -> [&str; 3] {
        [&self.project, &self.environment, "ManagedBy"]
    }

    pub(super) fn check(&self, at: Place<'_>) {
        let reserved = |key: &str| {
            let key = key.to_ascii_lowercase();
            ["managedby", "name"].contains(&key.as_str()) || key.starts_with("aws:") || key.starts_with("mlopsctl:")
        };
        for (setting, key) in [("project", &self.project), ("environment", &self.environment)] {
            if reserved(key) {
                at.get(setting).report(
                    format!("the tag `{key}` says something else: AWS, people or mlopsctl set it"),
                    "name the key that your organisation has for it",
                );
            }
        }
        if self.project.eq_ignore_ascii_case(&self.environment) {
            at.get("environment").report(
                format!("`{}` cannot name the project and the environment", self.environment),
                "IAM takes keys that differ in case only for one key: name another one",
            );
        }
        let values = [("project_value", &self.project_value), ("environment_value", &self.environment_value)];
        for (setting, _) in values.into_iter().filter(|(_, value)| value.as_deref() == Some("")) {
            at.get(setting).report("an empty tag tells nobody whose a resource is", "leave it out, or give it a value");
        }
    }
}
