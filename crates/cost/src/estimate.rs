//! The cost estimate of a stack: monthly amounts, unit prices and the costs of an execution.

use crate::Usd;
use serde::Serialize;
use usage::Quantity;

/// The assumptions behind the numbers and the gaps in them, one sentence each.
pub const ASSUMPTIONS: &[&str] = &[
    "A month has 730 hours, as AWS counts.",
    "Prices are list prices of the price list's date, without taxes, discounts, savings plans and support.",
    "Free tiers are not subtracted: they are one for each account, which other environments and other people share. \
     The first 10 alarms, 3 dashboards and 10 metrics of an account cost nothing, for example.",
    "Of prices that fall with the amount, the first tier counts.",
    "What is paid by use is no part of the monthly sums: how much is used is not known.",
    "An endpoint counts from the first approved model on; before, it is not there. With autoscaling, its least number \
     of instances counts.",
    "The most for a run is for one attempt at each step that takes all the time it may, at on-demand prices; what \
     fails and is tried again costs again.",
    "AWS's pricing calculator and your bill take precedence.",
];

/// The estimated cost of a stack.
///
/// # Form
/// Serializes as
/// `{"format":1,"currency":"USD","as_of","region","monthly","areas":[{"area","monthly","resources":[{"address","kind",
/// "monthly","items":[{"what","quantity","unit","unit_price","monthly"}]}]}],"by_use":[{"what","unit","unit_price",
/// "meter","region","depends_on","addresses":[]}],"runs":[{"address","kind","what","at_most","items":[{"what",
/// "quantity","unit","unit_price","at_most"}],"not_included":[]}],"not_priced":[{"what","reason","missing_from",
/// "addresses":[]}],"assumptions":[]}`. Amounts are numbers in dollars with all their digits.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// [`Estimate::FORMAT`].
    pub format: u64,
    /// `USD`.
    pub currency: &'static str,
    /// The date of the price list.
    pub as_of: String,
    /// The stack's region. Resources elsewhere have the prices of their own.
    pub region: String,
    /// The sum of all areas.
    pub monthly: Usd,
    /// The areas with something that is paid every month, sorted.
    pub areas: Vec<Area>,
    /// The prices of everything that is paid by use, no part of any sum.
    pub by_use: Vec<ByUse>,
    /// The most that one run can cost, no part of any sum.
    pub runs: Vec<Run>,
    /// The usage that has no price and is in no sum.
    pub not_priced: Vec<NotPriced>,
    /// [`ASSUMPTIONS`].
    pub assumptions: &'static [&'static str],
}

impl Estimate {
    /// The format of the serialized form.
    pub const FORMAT: u64 = 1;

    /// True if the monthly sums lack something that is paid every month.
    pub fn is_incomplete(&self) -> bool {
        self.not_priced.iter().any(|gap| gap.missing_from != Gap::ByUse)
    }
}

/// The monthly cost of an area's resources.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Area {
    /// `network`.
    pub area: String,
    /// The sum of its resources.
    pub monthly: Usd,
    /// Those that cost something every month, sorted by address.
    pub resources: Vec<ResourceCost>,
}

/// The monthly cost of a resource.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ResourceCost {
    /// `network.nat-1`.
    pub address: String,
    /// `ec2:nat-gateway`.
    pub kind: String,
    /// The sum of its items.
    pub monthly: Usd,
    /// The items of the cost.
    pub items: Vec<Item>,
}

/// One line of a resource's monthly cost: `monthly` is `quantity` times `unit_price`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Item {
    /// The subject of the price.
    pub what: String,
    /// The units a month.
    pub quantity: Quantity,
    /// `hour`, `month`, …
    pub unit: &'static str,
    /// For one unit.
    pub unit_price: Usd,
    /// For all.
    pub monthly: Usd,
}

/// The price of something that is paid by use.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ByUse {
    /// The subject of the price.
    pub what: String,
    /// `GB`, `1,000 requests`, …
    pub unit: &'static str,
    /// For one unit.
    pub unit_price: Usd,
    /// The key of the price in the price list.
    #[serde(rename = "meter")]
    pub usage_type: String,
    /// The region whose price it is.
    pub region: String,
    /// The driver of the usage, such as the number of requests.
    pub depends_on: String,
    /// The resources that it is paid for, sorted.
    pub addresses: Vec<String>,
}

/// The most that one run of a job or of a state machine can cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// `pipeline.training`.
    pub address: String,
    /// `states:state-machine`.
    pub kind: String,
    /// The kind of run.
    pub what: String,
    /// The sum of its items.
    pub at_most: Usd,
    /// The items of the sum.
    pub items: Vec<Bound>,
    /// The costs that are not in the sum, each with the reason.
    pub not_included: Vec<String>,
}

/// One line of the most that a run can cost: `at_most` is `quantity` times `unit_price`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bound {
    /// The subject of the price.
    pub what: String,
    /// The most units.
    pub quantity: Quantity,
    /// `hour`, `DPU-hour`, …
    pub unit: &'static str,
    /// For one unit.
    pub unit_price: Usd,
    /// For all.
    pub at_most: Usd,
}

/// Something without a price.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NotPriced {
    /// The subject of the missing price, as far as it is known.
    pub what: String,
    /// The reason why it has no price.
    pub reason: String,
    /// The part of the estimate that lacks it.
    pub missing_from: Gap,
    /// The resources that it is paid for, sorted.
    pub addresses: Vec<String>,
}

/// The part of an estimate that lacks a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// The monthly sums.
    Monthly,
    /// The prices of what is paid by use.
    ByUse,
    /// An unknown part: the kind is unknown, or the spec cannot be read.
    Unknown,
}
