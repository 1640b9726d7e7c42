//! The resource that a cost estimate prices: its address, kind and spec.

use serde_json::Value;

/// A resource of a stack, as it is declared or remembered.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'a> {
    /// Where it is in the stack: `network.nat-1`. What is before the point is its area.
    pub address: &'a str,
    /// `ec2:nat-gateway`.
    pub kind: &'a str,
    /// Its specification. Values that are not known yet may be in it; a name that is not known yet may keep a job, a
    /// function or an endpoint from being found by who uses it, which an estimate then says.
    pub spec: &'a Value,
}

impl<'a> Resource<'a> {
    /// The part of the address before the point.
    pub fn area(&self) -> &'a str {
        self.address.split_once('.').map_or(self.address, |(area, _)| area)
    }

    /// Its name, where its specification has one.
    pub(crate) fn name(&self) -> Option<&'a str> {
        self.spec.get("name")?.as_str()
    }
}
