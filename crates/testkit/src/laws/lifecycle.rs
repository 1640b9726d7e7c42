//! The life of a kind of thing: its states, the operations that change them, and the answers meanwhile.

use serde_json::Value;
use std::ops::RangeInclusive;

/// A code and a message; `{key}` stands for what it is about.
pub(super) type Words = (&'static str, &'static str);

/// The life of a kind of resource.
pub(super) struct Lifecycle {
    pub(super) service: &'static str,
    pub(super) create: &'static str,
    /// Operations whose answers show things of this kind.
    pub(super) shown_by: &'static [&'static str],
    /// The operation that tells whether one is there, and how its request names the parts of the key.
    pub(super) describe: (&'static str, &'static [&'static str]),
    /// The identity of one: members of requests that may name it, and the member that shows it.
    pub(super) key: &'static [(&'static [&'static str], &'static str)],
    /// The member that shows the state.
    pub(super) state: &'static str,
    /// The state while it is being made, and for how long.
    pub(super) making: Option<(&'static str, RangeInclusive<u64>)>,
    /// The state of one that failed to be made, and the members that say why.
    pub(super) failed: (&'static str, &'static [(&'static str, &'static str)]),
    /// Operations that change it, where the change shows, and for how long.
    pub(super) changing: Option<(&'static str, &'static [&'static str], &'static str, RangeInclusive<u64>)>,
    pub(super) delete: &'static str,
    /// The state while it is being deleted, and for how long.
    pub(super) ending: (&'static str, RangeInclusive<u64>),
    /// The answer to the deletion.
    pub(super) accepted: fn(&str) -> Value,
    /// Only those that show this.
    pub(super) only: Option<(&'static str, &'static str)>,
    /// Lists that must be empty before it can be deleted: operation, member, how the request names it.
    pub(super) occupied_by: &'static [(&'static str, &'static str, &'static [&'static str])],
    /// The answer to a deletion or a change while something is in the way.
    pub(super) busy: Option<Words>,
    /// The answer to a creation while one of that name is going. The name is the last part of the
    /// key, given by this member.
    pub(super) still_going: Option<(&'static str, Words)>,
    /// Operations that need it to be there and working, and what they answer if it is not.
    pub(super) needed_by: &'static [(&'static str, Words)],
}
