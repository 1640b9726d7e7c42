//! Drift and costs.

use crate::form::{AddressGlob, Schedule, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Looking for changes that were not made by mlopsctl, and what to do about them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Drift {
    /// When the drift job runs: `rate(…)` or `cron(…)` in UTC. Left out, there is no job.
    #[schemars(with = "Option<Text<Schedule>>")]
    pub schedule: Option<String>,
    /// Patterns of addresses that `reconcile` heals; everything else is reported only.
    #[schemars(with = "Vec<Text<AddressGlob>>", extend("uniqueItems" = true))]
    pub heal: Vec<String>,
    /// Patterns of addresses whose differences are not even reported.
    #[schemars(with = "Vec<Text<AddressGlob>>", extend("uniqueItems" = true))]
    pub ignore: Vec<String>,
}

impl Drift {
    pub(super) fn check(&self, at: crate::check::Place<'_>) {
        super::protection::check_globs(&self.heal, at.get("heal"));
        super::protection::check_globs(&self.ignore, at.get("ignore"));
    }
}

/// A monthly limit on the costs of what carries this environment's tags.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// The limit in US dollars.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub monthly_usd: u32,
    /// At which percentages of it the alerts topic hears.
    #[serde(default = "nearly_and_reached")]
    #[schemars(with = "Vec<Percent>", length(min = 1, max = 5), extend("uniqueItems" = true))]
    pub alert_percent: Vec<u16>,
}

/// A share of the limit in percent.
#[derive(JsonSchema)]
#[schemars(inline)]
struct Percent(
    #[schemars(range(min = 1, max = 1000))]
    #[expect(dead_code, reason = "a schema, not a value")]
    u16,
);

fn nearly_and_reached() -> Vec<u16> {
    vec![80, 100]
}
