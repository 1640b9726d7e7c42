//! The cost of a platform: monthly costs, the unit prices of everything that is paid by use, and the most that a run of
//! the pipeline can cost. Pure: the usage that resources declare ([`usage::Usage`]) and a price list in, numbers out.
//!
//! # Guarantees
//! - Every amount carries the quantity and the unit price it was made from, and the price list says where each price
//!   comes from and of what date it is ([`Prices::source`]).
//! - Nothing is silently zero: a kind, a region or an instance type without a price is in [`Estimate::not_priced`].
//! - Amounts are exact decimals. They are rounded when they are shown, never when they are added.
//!
//! # Caveats
//! - Prices are list prices of the price list's date, without taxes, discounts, savings plans and free tiers.
//!   [`ASSUMPTIONS`] says everything that the numbers leave out. AWS's pricing calculator and your bill take precedence.
//! - Prices change and companies have their own: [`Prices::read`] takes a list in place of the built-in one.

mod comparison;
mod estimate;
mod grouping;
mod money;
mod prices;
mod relations;
mod resource;
mod sheet;

pub use comparison::{Comparison, CostChange, Summary, compare};
pub use estimate::{ASSUMPTIONS, Area, Bound, ByUse, Estimate, Gap, Item, NotPriced, ResourceCost, Run};
pub use money::{NotAnAmount, Usd};
pub use prices::{BUILTIN, Error, Prices};
pub use resource::Resource;
pub use usage::{Quantity, UsageType};

use grouping::Grouped;
use sheet::{Found, Sheet};

/// Estimates the cost of a stack in a region.
///
/// The order of the resources is of no importance: areas and resources come out sorted.
pub fn estimate(stack: &[Resource<'_>], region: &str, prices: &Prices) -> Estimate {
    let mut sorted = stack.to_vec();
    sorted.sort_by_key(|resource| resource.address);
    let mut grouped = Grouped::default();
    for resource in &sorted {
        let mut found = Found::default();
        let mut sheet = Sheet::new(resource, &sorted, region, prices, &mut found);
        match &resource.usage {
            Ok(usage) => sheet.price(usage),
            Err(reason) => sheet.unknown(reason),
        }
        grouped.add(resource, found);
    }
    grouped.estimate(region, prices)
}
