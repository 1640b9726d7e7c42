//! The actions that policies allow, asked one at a time.

use super::{
    demand::{ACCOUNT, Demand},
    policy::Policies,
};
use serde_json::Value;

/// The policies of one role together.
pub struct Rights(Policies);

impl Rights {
    /// Those that these documents give.
    ///
    /// # Panics
    /// When a document holds what the platform's policies are not made of.
    pub fn new(documents: &[Value]) -> Self {
        Self(Policies::read(documents))
    }

    /// True if an action is allowed on a resource (an ARN, or `*`), for these values of condition keys. The resource is
    /// this account's unless `aws:ResourceAccount` says otherwise.
    pub fn allow(&self, action: &str, resource: &str, context: &[(&str, &str)]) -> bool {
        let account = context.iter().find(|(key, _)| *key == "aws:ResourceAccount").map_or(ACCOUNT, |(_, value)| value);
        let others = context.iter().filter(|(key, _)| *key != "aws:ResourceAccount");
        let demand = Demand::bare(action, resource).with("aws:ResourceAccount", account);
        self.0.allow(&others.fold(demand, |demand, (key, value)| demand.with(key, *value)))
    }
}
