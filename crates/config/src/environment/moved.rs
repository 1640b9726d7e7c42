//! Addresses that were renamed.

use crate::check::Place;
use crate::form::{PlainAddress, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A resource that has another address now, and stays the same: `from = "storage.landing"`, `to = "storage.inbox"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Moved {
    /// The address that the state records.
    #[schemars(with = "Text<PlainAddress>")]
    pub from: String,
    /// The address that the file declares now.
    #[schemars(with = "Text<PlainAddress>", example = &"storage.inbox")]
    pub to: String,
}

/// Checks that each resource moves once, and that no two moves share an address. The meaning of a chain would depend on
/// which of its moves a state already made.
pub(super) fn check(moved: &[Moved], at: Place<'_>) {
    for (index, one) in moved.iter().enumerate() {
        let at = at.at(index);
        let others = || moved.iter().enumerate().filter(move |(other, _)| *other != index).map(|(_, other)| other);
        let before = || moved[..index].iter();
        if one.from == one.to {
            at.get("to").report(format!("{} moves to itself", one.from), "remove the entry");
        } else if others().any(|other| other.to == one.from) {
            at.get("from").report(
                format!("{} is the end of another move", one.from),
                format!("write one move, from the first address to {}", one.to),
            );
        } else if before().any(|other| other.from == one.from) {
            at.get("from").report(format!("{} moves twice", one.from), "keep one of the entries");
        } else if before().any(|other| other.to == one.to) {
            at.get("to").report(format!("two resources move to {}", one.to), "keep one of the entries");
        }
    }
}
