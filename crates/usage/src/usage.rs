//! The usage of one resource.

use crate::{Charge, Name, Quantity, Relation, Run, UsageType};

/// The usage that AWS charges for, of one resource.
///
/// # Example
/// ```
/// use usage::{UsageType, Quantity, Usage};
///
/// let gateway = Usage::default()
///     .monthly("NAT gateway", UsageType::NatGatewayHour, Quantity::months_of(1))
///     .by_use("data through NAT", "the traffic of private subnets", UsageType::NatGatewayGb);
/// assert!(!gateway.is_free());
/// assert!(Usage::free("access management costs nothing").is_free());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Usage {
    /// The reason why it costs nothing.
    pub free: Option<&'static str>,
    /// The name by which the usage of other resources refers to it.
    pub name: Option<Name>,
    /// The region whose prices count, if it is not the stack's.
    pub region: Option<String>,
    /// The usage of every month.
    pub monthly: Vec<Monthly>,
    /// The usage that only its users know.
    pub by_use: Vec<ByUse>,
    /// Usage without a usage type.
    pub not_metered: Vec<NotMetered>,
    /// The most that one start of it by another resource uses.
    pub start: Vec<Charge>,
    /// The most that one run of it uses.
    pub run: Option<Run>,
    /// Usage that depends on other resources of the stack.
    pub relations: Vec<Relation>,
}

/// Usage of every month.
#[derive(Clone, Debug, PartialEq)]
pub struct Monthly {
    /// A few words for a bill.
    pub what: String,
    /// The usage type.
    pub usage_type: UsageType,
    /// The amount a month, in the usage type's units.
    pub quantity: Quantity,
}

/// Usage that only the users of a resource know.
#[derive(Clone, Debug, PartialEq)]
pub struct ByUse {
    /// A few words for a bill.
    pub what: String,
    /// The facts that decide how much is used.
    pub depends_on: String,
    /// The usage type.
    pub usage_type: UsageType,
    /// True if a resource with [`Relation::PaysForLogs`] pays for it, if there is one.
    pub writers_may_pay: bool,
}

/// Usage for which this version has no usage type.
#[derive(Clone, Debug, PartialEq)]
pub struct NotMetered {
    /// A few words for a bill.
    pub what: String,
    /// The reason.
    pub reason: String,
}

impl Usage {
    /// No usage that AWS charges for, for this reason.
    #[must_use]
    pub fn free(reason: &'static str) -> Self {
        Self { free: Some(reason), ..Self::default() }
    }

    /// The usage of a resource to which other usage refers by this name.
    #[must_use]
    pub fn named(name: Name) -> Self {
        Self { name: Some(name), ..Self::default() }
    }

    /// True if the resource declares that it is free.
    pub fn is_free(&self) -> bool {
        self.free.is_some()
    }

    /// Adds usage of every month.
    #[must_use]
    pub fn monthly(mut self, what: impl Into<String>, usage_type: UsageType, quantity: Quantity) -> Self {
        self.monthly.push(Monthly { what: what.into(), usage_type, quantity });
        self
    }

    /// Adds usage that only its users know, and the facts that decide how much it is.
    #[must_use]
    pub fn by_use(mut self, what: impl Into<String>, depends_on: impl Into<String>, usage_type: UsageType) -> Self {
        self.by_use.push(ByUse {
            what: what.into(),
            depends_on: depends_on.into(),
            usage_type,
            writers_may_pay: false,
        });
        self
    }

    /// Adds usage for which the resource pays that causes it, if it has [`Relation::PaysForLogs`].
    #[must_use]
    pub fn unless_paid_by_writer(mut self, what: &str, depends_on: &str, usage_type: UsageType) -> Self {
        self.by_use.push(ByUse { what: what.into(), depends_on: depends_on.into(), usage_type, writers_may_pay: true });
        self
    }

    /// Adds the most that one start by another resource uses.
    #[must_use]
    pub fn started(mut self, charges: Vec<Charge>) -> Self {
        self.start = charges;
        self
    }

    /// Adds the most that one run uses.
    #[must_use]
    pub fn run(mut self, what: &str, steps: Vec<crate::Step>) -> Self {
        self.run = Some(Run { what: what.to_owned(), steps });
        self
    }

    /// Adds usage that depends on other resources.
    #[must_use]
    pub fn related(mut self, relations: impl IntoIterator<Item = Relation>) -> Self {
        self.relations.extend(relations);
        self
    }
}
