//! The measures of a command of mlopsctl.

use crate::process::Usage;
use std::collections::BTreeMap;

/// The number of calls of each operation, by service.
pub(crate) type Calls = BTreeMap<String, BTreeMap<String, u64>>;

/// One command, with its usage and its calls.
pub(crate) struct Measured {
    pub(crate) name: &'static str,
    pub(crate) usage: Usage,
    pub(crate) calls: Calls,
}
