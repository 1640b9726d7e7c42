//! Costs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A monthly limit on the costs of what carries this environment's `Project` and `Environment` tags.
/// AWS counts them from the day on which both are activated as cost allocation tags in the billing
/// settings of the paying account.
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
