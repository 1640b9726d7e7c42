//! What `drift` does not report.

use crate::check::Place;
use crate::form::{AddressGlob, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Looking for changes that were not made by mlopsctl.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Drift {
    /// Patterns of addresses (`*` stands for anything) whose differences are not reported.
    #[schemars(with = "Vec<Text<AddressGlob>>", extend("uniqueItems" = true))]
    pub ignore: Vec<String>,
}

impl Drift {
    pub(super) fn check(&self, at: Place<'_>) {
        super::protection::check_globs(&self.ignore, at.get("ignore"));
    }
}
