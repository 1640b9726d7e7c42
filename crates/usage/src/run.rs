//! The most that one run of a job or of a state machine uses.

use crate::{Name, Quantity, UsageType};

/// One run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// A few words for a bill.
    pub what: String,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// A step of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The name, which begins the words for its charges.
    pub name: String,
    /// Its own charges.
    pub charges: Vec<Charge>,
    /// The resource that it starts, whose charges for one start count as well.
    pub starts: Option<Name>,
}

impl Step {
    /// A step with charges of its own.
    pub fn charged(name: &str, charges: Vec<Charge>) -> Self {
        Self { name: name.to_owned(), charges, starts: None }
    }

    /// A step that starts another resource.
    pub fn starting(name: &str, started: Name) -> Self {
        Self { name: name.to_owned(), charges: Vec::new(), starts: Some(started) }
    }
}

/// A charge of a step: the most for one attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum Charge {
    /// At most so much of a usage type.
    AtMost {
        /// A few words for a bill.
        what: String,
        /// The usage type.
        usage_type: UsageType,
        /// The most units.
        quantity: Quantity,
    },
    /// Not known, for this reason.
    Unknown(String),
}
