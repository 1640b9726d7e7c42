//! The existing resources that a platform uses unchanged, in plans.

use resource::UsedPart;
use serde::{Deserialize, Serialize};

/// The existing resources. As JSON, they are the field `uses` of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedParts(pub(crate) Vec<UsedPart>);

impl UsedParts {
    /// One line for each: `uses vpc-… (exists, 10.1.0.0/16)`.
    pub fn lines(&self) -> Vec<String> {
        let line = |part: &UsedPart| {
            let details: Vec<&str> = std::iter::once("exists").chain(part.details.iter().map(String::as_str)).collect();
            format!("uses {} ({})", part.id, details.join(", "))
        };
        self.0.iter().map(line).collect()
    }
}
