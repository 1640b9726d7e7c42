//! Collects the costs and missing prices of one resource.

use crate::{Bound, Gap, Item, Prices, Resource, Run};
use usage::{Name, Quantity, Usage, UsageType};

/// The items, prices and gaps of one resource.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) items: Vec<Item>,
    pub(crate) uses: Vec<Use>,
    pub(crate) runs: Vec<Run>,
    pub(crate) gaps: Vec<(Gap, String, String)>,
}

/// Something that is paid by use, without its price.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Use {
    pub(crate) usage_type: UsageType,
    pub(crate) region: String,
    pub(crate) what: String,
    pub(crate) depends_on: String,
}

/// The record of one resource's costs. A missing price becomes a gap here, so that the code for a kind cannot forget
/// it.
pub(crate) struct Sheet<'a> {
    resource: &'a Resource<'a>,
    stack: &'a [Resource<'a>],
    region: &'a str,
    prices: &'a Prices,
    found: &'a mut Found,
}

impl<'a> Sheet<'a> {
    pub(crate) fn new(
        resource: &'a Resource<'a>,
        stack: &'a [Resource<'a>],
        region: &'a str,
        prices: &'a Prices,
        found: &'a mut Found,
    ) -> Self {
        Self { resource, stack, region, prices, found }
    }

    /// Writes down everything that a resource declares.
    pub(crate) fn price(&mut self, usage: &Usage) {
        for used in &usage.monthly {
            self.monthly(&used.what, &used.usage_type, used.quantity);
        }
        for used in &usage.by_use {
            if !used.writers_may_pay || !self.writers_pay(usage) {
                self.by_use(&used.what, &used.depends_on, used.usage_type.clone());
            }
        }
        for used in &usage.not_metered {
            self.gap(Gap::ByUse, &used.what, &used.reason);
        }
        for relation in &usage.relations {
            self.relation(usage, relation);
        }
        if let Some(run) = &usage.run {
            let lines = run.steps.iter().flat_map(|step| self.lines(step)).collect();
            self.run(&run.what, lines);
        }
    }

    /// The resource of the stack to which usage refers by this name.
    pub(crate) fn named(&self, name: &Name) -> Option<&'a Resource<'a>> {
        self.stack.iter().find(|resource| resource.is_named(name))
    }

    /// The usage of all resources of the stack.
    pub(crate) fn usages(&self) -> impl Iterator<Item = &'a Usage> + use<'a> {
        self.stack.iter().filter_map(|resource| resource.usage.as_ref().ok())
    }

    /// The resource's region: its own where it declares one, else the stack's.
    pub(crate) fn region(&self) -> &'a str {
        self.region_of(self.resource)
    }

    /// The same for another resource of the stack.
    pub(crate) fn region_of(&self, resource: &'a Resource<'a>) -> &'a str {
        resource.usage.as_ref().ok().and_then(|usage| usage.region.as_deref()).unwrap_or(self.region)
    }

    /// Writes down something that is paid every month.
    pub(crate) fn monthly(&mut self, what: impl Into<String>, usage_type: &UsageType, quantity: Quantity) {
        match self.prices.price(usage_type, self.region()) {
            Some(unit_price) => {
                let (unit, monthly) = (usage_type.unit(), unit_price.times(quantity));
                self.found.items.push(Item { what: what.into(), quantity, unit, unit_price, monthly });
            }
            None => self.gap(Gap::Monthly, what, self.lacks(usage_type, self.region())),
        }
    }

    /// Writes down something that is paid by use.
    pub(crate) fn by_use(&mut self, what: impl Into<String>, depends_on: impl Into<String>, usage_type: UsageType) {
        self.by_use_in(self.region(), what, depends_on, usage_type);
    }

    /// The same at the prices of another region.
    pub(crate) fn by_use_in(
        &mut self,
        region: &str,
        what: impl Into<String>,
        depends_on: impl Into<String>,
        usage_type: UsageType,
    ) {
        match self.prices.price(&usage_type, region) {
            Some(_) => {
                let (region, what, depends_on) = (region.to_owned(), what.into(), depends_on.into());
                self.found.uses.push(Use { usage_type, region, what, depends_on });
            }
            None => self.gap(Gap::ByUse, what, self.lacks(&usage_type, region)),
        }
    }

    /// Writes down something that costs and has no price.
    pub(crate) fn gap(&mut self, gap: Gap, what: impl Into<String>, reason: impl Into<String>) {
        self.found.gaps.push((gap, what.into(), reason.into()));
    }

    /// Writes down that nothing is known of the resource's kind.
    pub(crate) fn unknown(&mut self, reason: &str) {
        let what = format!("whatever {} costs", self.resource.kind);
        self.gap(Gap::Unknown, what, reason);
    }

    /// The most that something can cost in a run, or why it has no price.
    pub(crate) fn bound(
        &self,
        what: impl Into<String>,
        usage_type: &UsageType,
        quantity: Quantity,
    ) -> Result<Bound, String> {
        let what = what.into();
        match self.prices.price(usage_type, self.region()) {
            Some(unit_price) => {
                let (unit, at_most) = (usage_type.unit(), unit_price.times(quantity));
                Ok(Bound { what, quantity, unit, unit_price, at_most })
            }
            None => Err(format!("{what}: {}", self.lacks(usage_type, self.region()))),
        }
    }

    /// Writes down the most that a run can cost. A run of which nothing is known to cost is none.
    fn run(&mut self, what: impl Into<String>, lines: Vec<Result<Bound, String>>) {
        let (mut items, mut not_included) = (Vec::new(), Vec::new());
        for line in lines {
            match line {
                Ok(bound) => items.push(bound),
                Err(reason) => not_included.push(reason),
            }
        }
        if items.is_empty() && not_included.is_empty() {
            return;
        }
        let at_most = items.iter().map(|bound| bound.at_most).sum();
        let (address, kind) = (self.resource.address.to_owned(), self.resource.kind.to_owned());
        self.found.runs.push(Run { address, kind, what: what.into(), at_most, items, not_included });
    }

    fn lacks(&self, usage_type: &UsageType, region: &str) -> String {
        let (as_of, key) = (self.prices.as_of(), usage_type.key());
        format!("the price list of {as_of} has no {key} for {region}")
    }
}
