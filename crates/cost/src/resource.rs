//! The resource that a cost estimate prices: its address, kind and usage.

use usage::{Name, Usage};

/// A resource of a stack, declared or recorded.
#[derive(Clone, Debug)]
pub struct Resource<'a> {
    /// The address in the stack: `network.nat-1`. The part before the point is its area.
    pub address: &'a str,
    /// `ec2:nat-gateway`.
    pub kind: &'a str,
    /// Its usage, or the reason why its usage is unknown: an unknown kind, or an unreadable spec. A name that is not
    /// known yet may keep a job, a function or an endpoint from being found by its users, which an estimate then says.
    pub usage: Result<Usage, String>,
}

impl<'a> Resource<'a> {
    /// The part of the address before the point.
    pub fn area(&self) -> &'a str {
        self.address.split_once('.').map_or(self.address, |(area, _)| area)
    }

    /// True if other usage refers to it by this name.
    pub(crate) fn is_named(&self, name: &Name) -> bool {
        self.usage.as_ref().is_ok_and(|usage| usage.name.as_ref() == Some(name))
    }
}
