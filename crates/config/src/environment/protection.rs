//! Protection of resources and data against `destroy`.

use crate::check::Place;
use crate::form::{AddressGlob, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The resources that no command deletes or replaces unless `--unprotect` names them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Protection {
    /// Patterns of addresses (`*` stands for anything) that are neither deleted nor replaced unless
    /// `--unprotect` names them.
    #[schemars(with = "Vec<Text<AddressGlob>>", extend("uniqueItems" = true))]
    pub protect: Vec<String>,
}

/// The areas of the platform, with which addresses begin.
const AREAS: [&str; 11] = [
    "catalog",
    "encryption",
    "functions",
    "identity",
    "monitoring",
    "network",
    "operations",
    "pipeline",
    "registry",
    "storage",
    "studio",
];

impl Protection {
    pub(super) fn check(&self, at: Place<'_>) {
        check_globs(&self.protect, at.get("protect"));
    }
}

/// A pattern that matches nothing protects nothing, and nobody would notice.
pub(super) fn check_globs(globs: &[String], at: Place<'_>) {
    for (index, glob) in globs.iter().enumerate() {
        let area = glob.split('.').next().unwrap_or_default();
        if !area.contains('*') {
            at.at(index).refers_to_area(area);
        }
    }
}

impl Place<'_> {
    pub(super) fn refers_to_area(&self, area: &str) {
        if AREAS.contains(&area) {
            return;
        }
        let help = match crate::suggest::nearest(area, AREAS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the areas are {}", AREAS.join(", ")),
        };
        self.report(format!("`{area}` is no area of the platform"), help);
    }
}
