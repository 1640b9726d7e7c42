//! Stacks of resources with usage that a test chooses.

use cost::{Estimate, Prices, Resource, Usd};
use usage::Usage;

/// The region that the platform's own environments are in.
pub(crate) const MUMBAI: &str = "ap-south-1";

/// A stack of declared resources.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stack(pub(crate) Vec<Declared>);

#[derive(Clone, Debug)]
pub(crate) struct Declared {
    pub(crate) address: String,
    pub(crate) usage: Option<Usage>,
}

impl Stack {
    pub(crate) fn resources(&self) -> Vec<Resource<'_>> {
        let resource = |one| {
            let Declared { address, usage }: &Declared = one;
            Resource { address, kind: "some:thing", usage: usage.clone().ok_or_else(|| "unknown kind".to_owned()) }
        };
        self.0.iter().map(resource).collect()
    }

    pub(crate) fn estimate(&self, region: &str) -> Estimate {
        cost::estimate(&self.resources(), region, &Prices::builtin().unwrap())
    }
}

pub(crate) fn usd(amount: &str) -> Usd {
    amount.parse().unwrap()
}
