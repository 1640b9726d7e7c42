//! The names of all resources that mlopsctl makes.

use crate::check::Place;
use crate::form::{NamePattern, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The names of everything that mlopsctl makes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Names {
    /// The form of every name, for example `acme-{environment}-{project}-{name}`. It ends in `-{name}`, because policies
    /// name the platform's resources by how their names begin. `{region}` and other text may stand before. Left out, it
    /// is `{project}-{environment}-{name}`. Another pattern gives every resource another name, and so replaces it.
    #[schemars(with = "Option<Text<NamePattern>>")]
    pub pattern: Option<String>,
}

/// The end of every pattern.
const NAME: &str = "-{name}";
/// The default pattern.
pub(crate) const DEFAULT: &str = "{project}-{environment}-{name}";
const PLACEHOLDERS: [&str; 3] = ["{project}", "{environment}", "{region}"];

impl Names {
    /// The prefix of every name, without the hyphen after it.
    pub(crate) fn prefix(&self, project: &str, environment: &str, region: &str) -> String {
        render(self.pattern.as_deref().unwrap_or(DEFAULT), project, environment, region)
    }

    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn check(&self, at: Place<'_>, prefix: &str) {
        let Some(pattern) = &self.pattern else { return };
        let at = at.get("pattern");
        let unknown = pattern.split('{').skip(1).map(|rest| rest.split('}').next().unwrap_or_default());
        let known = |name: &&str| PLACEHOLDERS.contains(&format!("{{{name}}}").as_str()) || *name == "name";
        if let Some(name) = unknown.into_iter().find(|name| !known(name)) {
            at.report(format!("`{{{name}}}` is no placeholder"), "use {project}, {environment}, {region} and {name}");
        } else if !pattern.ends_with(NAME) || pattern.matches("{name}").count() != 1 {
            at.report(
                format!("the pattern `{pattern}` does not end in `-{{name}}`, or names it twice"),
                "policies name the platform's resources by how their names begin: put everything else before `-{name}`",
            );
        } else if !crate::form::is_slug(prefix) {
            at.report(
                format!("names would begin with `{prefix}`, which buckets and functions cannot"),
                "use lower-case letters, digits and single hyphens, beginning with a letter",
            );
        }
    }
}

/// A pattern without its end, and with the values of its placeholders.
pub(crate) fn render(pattern: &str, project: &str, environment: &str, region: &str) -> String {
    let begin = pattern.strip_suffix(NAME).unwrap_or(pattern);
    let filled = begin.replace("{project}", project).replace("{environment}", environment);
    filled.replace("{region}", region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pattern_says_what_names_begin_with() {
        let prefix = |pattern: &str| {
            let names = Names { pattern: Some(pattern.to_owned()) };
            names.prefix("churn", "prod", "eu-west-1")
        };
        assert_eq!(prefix("acme-{environment}-{project}-{name}"), "acme-prod-churn");
        assert_eq!(prefix("acme-prd-{name}"), "acme-prd");
        assert_eq!(Names::default().prefix("churn", "prod", "eu-west-1"), "churn-prod");
    }
}
