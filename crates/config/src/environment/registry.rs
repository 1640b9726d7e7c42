//! Container images.

use crate::check::Place;
use crate::form::{Slug, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The repository that every environment has, as the file names it.
pub const OWN: &str = "images";

/// ECR repositories. All have the same rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Registry {
    /// Repositories beside the one named `<project>-<environment>`; each is named `<project>-<environment>-<name>`.
    #[schemars(with = "Vec<Text<Slug>>", example = &["images"], extend("uniqueItems" = true))]
    pub repositories: Vec<String>,
    /// The number of tagged images that are kept in each repository.
    #[schemars(range(min = 1, max = 10_000))]
    pub keep_tagged: u16,
    /// Days after which images without a tag go.
    #[schemars(range(min = 1, max = 3650))]
    pub expire_untagged_days: u16,
    /// Refuse to move a tag to another image.
    pub immutable_tags: bool,
    /// Look for known vulnerabilities when an image is pushed.
    pub scan_on_push: bool,
}

impl Default for Registry {
    fn default() -> Self {
        Self {
            repositories: Vec::new(),
            keep_tagged: 30,
            expire_untagged_days: 14,
            immutable_tags: true,
            scan_on_push: true,
        }
    }
}

impl Registry {
    pub(super) fn check(&self, at: Place<'_>) {
        for (index, name) in self.repositories.iter().enumerate().filter(|(_, name)| name.len() > 200) {
            let start: String = name.chars().take(20).collect();
            at.get("repositories").at(index).report(format!("`{start}…` is too long for a repository"), "");
        }
    }
}
