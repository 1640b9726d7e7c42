//! The context of a call: the network of its region, and whose it is.

use super::store::Network;

/// The resources that a call may read and change.
pub(super) struct CallScope<'a> {
    pub(super) network: &'a mut Network,
    pub(super) region: &'a str,
    pub(super) account: &'a str,
}
