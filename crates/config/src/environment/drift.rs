//! What was changed by others: what is told of it, and what is put right.

use crate::check::Place;
use crate::form::{AddressGlob, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Changes that were not made by mlopsctl.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Drift {
    /// Patterns of addresses (`*` stands for anything) whose differences are not reported.
    #[schemars(with = "Vec<Text<AddressGlob>>", extend("uniqueItems" = true))]
    pub ignore: Vec<String>,
    /// How far `reconcile` goes.
    pub heal: Heal,
    /// At how many differences `reconcile` heals none of them, because so many are hardly a slip.
    #[schemars(range(min = 1, max = 65535))]
    pub too_many: u16,
}

/// How far healing goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Heal {
    /// Everything is told and nothing is healed.
    Nothing,
    /// What can be put back in place, or made anew where it is gone. Nothing is deleted.
    #[default]
    Safely,
    /// Also what only a replacement can put right, unless it is protected or holds data.
    Everything,
}

impl Default for Drift {
    fn default() -> Self {
        Self { ignore: Vec::new(), heal: Heal::default(), too_many: 20 }
    }
}

impl Drift {
    pub(super) fn check(&self, at: Place<'_>) {
        super::protection::check_globs(&self.ignore, at.get("ignore"));
    }
}
