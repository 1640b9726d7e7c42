//! Compares the estimated costs of a stack before and after a change.

use crate::{Estimate, Prices, Resource, Usd, estimate};
use serde::Serialize;
use std::collections::BTreeMap;

/// The cost of a stack before and after a change.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Of the recorded resources.
    pub before: Estimate,
    /// Of the declared resources.
    pub after: Estimate,
}

/// The two sums, as the plan's JSON has them: `{"currency":"USD","monthly_before":48.23,"monthly_after":252.84}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// `USD`.
    pub currency: &'static str,
    /// Of the recorded resources.
    pub monthly_before: Usd,
    /// Of the declared resources.
    pub monthly_after: Usd,
}

/// A resource whose monthly cost changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CostChange {
    /// Its address.
    pub address: String,
    /// Nothing for what is new.
    pub before: Usd,
    /// Nothing for what goes.
    pub after: Usd,
}

/// Estimates a stack before and after a change, in one region and with one price list.
pub fn compare(before: &[Resource<'_>], after: &[Resource<'_>], region: &str, prices: &Prices) -> Comparison {
    Comparison { before: estimate(before, region, prices), after: estimate(after, region, prices) }
}

impl Comparison {
    /// The two sums.
    pub fn summary(&self) -> Summary {
        let Self { before, after } = self;
        Summary { currency: "USD", monthly_before: before.monthly, monthly_after: after.monthly }
    }

    /// The resources whose monthly costs differ, sorted by address.
    pub fn changes(&self) -> Vec<CostChange> {
        let mut costs = BTreeMap::<&str, (Usd, Usd)>::new();
        for resource in self.before.areas.iter().flat_map(|area| &area.resources) {
            costs.entry(&resource.address).or_default().0 = resource.monthly;
        }
        for resource in self.after.areas.iter().flat_map(|area| &area.resources) {
            costs.entry(&resource.address).or_default().1 = resource.monthly;
        }
        let differ = costs.into_iter().filter(|(_, (before, after))| before != after);
        differ.map(|(address, (before, after))| CostChange { address: address.to_owned(), before, after }).collect()
    }
}
