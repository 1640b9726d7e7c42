//! From what was found about each resource to what is said about the stack: sums, and one line for what many share.

use crate::{
    ASSUMPTIONS, Area, ByUse, Estimate, Gap, NotPriced, Prices, Resource, ResourceCost, Run,
    sheet::{Found, Use},
};
use std::collections::BTreeMap;

#[derive(Default)]
pub(crate) struct Grouped {
    areas: BTreeMap<String, Vec<ResourceCost>>,
    uses: BTreeMap<Use, Vec<String>>,
    runs: Vec<Run>,
    gaps: BTreeMap<(Gap, String, String), Vec<String>>,
}

impl Grouped {
    pub(crate) fn add(&mut self, resource: &Resource<'_>, found: Found) {
        let address = || resource.address.to_owned();
        if !found.items.is_empty() {
            let monthly = found.items.iter().map(|item| item.monthly).sum();
            let cost = ResourceCost { address: address(), kind: resource.kind.to_owned(), monthly, items: found.items };
            self.areas.entry(resource.area().to_owned()).or_default().push(cost);
        }
        for used in found.uses {
            self.uses.entry(used).or_default().push(address());
        }
        for gap in found.gaps {
            self.gaps.entry(gap).or_default().push(address());
        }
        self.runs.extend(found.runs);
    }

    pub(crate) fn estimate(self, region: &str, prices: &Prices) -> Estimate {
        let area = |(area, resources): (String, Vec<ResourceCost>)| {
            let monthly = resources.iter().map(|resource| resource.monthly).sum();
            Area { area, monthly, resources }
        };
        let areas = self.areas.into_iter().map(area).collect::<Vec<_>>();
        Estimate {
            format: Estimate::FORMAT,
            currency: "USD",
            as_of: prices.as_of().to_owned(),
            region: region.to_owned(),
            monthly: areas.iter().map(|area| area.monthly).sum(),
            areas,
            by_use: self.uses.into_iter().filter_map(|(used, addresses)| priced(used, addresses, prices)).collect(),
            runs: self.runs,
            not_priced: self.gaps.into_iter().map(not_priced).collect(),
            assumptions: ASSUMPTIONS,
        }
    }
}

fn priced(used: Use, addresses: Vec<String>, prices: &Prices) -> Option<ByUse> {
    let Use { usage_type, region, what, depends_on } = used;
    let unit_price = prices.price(&usage_type, &region)?;
    let (unit, usage_type) = (usage_type.unit(), usage_type.key().into_owned());
    Some(ByUse { what, unit, unit_price, usage_type, region, depends_on, addresses })
}

fn not_priced(((missing_from, what, reason), addresses): ((Gap, String, String), Vec<String>)) -> NotPriced {
    NotPriced { what, reason, missing_from, addresses }
}
