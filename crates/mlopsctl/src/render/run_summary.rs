//! The last line of a run's JSON. The form is part of the command line's contract.

use crate::remedy;
use aws_client::Calls;
use engine::{Action, ChainLink, UnrepairedDrift};
use resource::Address;
use serde::Serialize;
use state::Entry;
use std::time::Duration;

/// The result of a run. Without a run, only the counts are there.
#[derive(Serialize)]
pub(crate) struct RunSummary<'a> {
    pub(super) event: &'static str,
    pub(super) created: usize,
    pub(super) updated: usize,
    pub(super) replaced: usize,
    pub(super) deleted: usize,
    pub(super) failed: usize,
    pub(super) skipped: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) left: Option<usize>,
    pub(super) elapsed_ms: u64,
    pub(super) api_calls: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) calls: Option<Calls>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) longest_chain: Option<Vec<LinkDocument<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) drift_left: Option<Vec<LeftDocument<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pending: Option<&'a [Address]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) not_recorded: Option<Vec<UnrecordedDocument<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) state_error: Option<String>,
}

impl RunSummary<'_> {
    /// The summary of a command that had nothing to do.
    pub(crate) fn nothing() -> Self {
        Self {
            event: "summary",
            created: 0,
            updated: 0,
            replaced: 0,
            deleted: 0,
            failed: 0,
            skipped: 0,
            left: None,
            elapsed_ms: 0,
            api_calls: 0,
            calls: None,
            longest_chain: None,
            drift_left: None,
            pending: None,
            not_recorded: None,
            state_error: None,
        }
    }
}

/// A step of the chain that decided how long the run took.
#[derive(Serialize)]
pub(super) struct LinkDocument<'a> {
    address: &'a Address,
    action: Action,
    took_ms: u64,
}

impl<'a> From<&'a ChainLink> for LinkDocument<'a> {
    fn from(link: &'a ChainLink) -> Self {
        Self { address: &link.address, action: link.action, took_ms: milliseconds(link.took) }
    }
}

/// Drift that is left to a person.
#[derive(Serialize)]
pub(super) struct LeftDocument<'a> {
    address: &'a Address,
    kind: &'a str,
    action: Action,
    reason: String,
}

impl<'a> From<&'a UnrepairedDrift> for LeftDocument<'a> {
    fn from(left: &'a UnrepairedDrift) -> Self {
        let reason = remedy::sentence(&left.reason, left.help.as_ref());
        Self { address: &left.address, kind: &left.kind, action: left.action, reason }
    }
}

/// A resource whose change the stored state lacks. Without kind and id, it was deleted.
#[derive(Serialize)]
pub(super) struct UnrecordedDocument<'a> {
    address: &'a Address,
    kind: Option<&'a str>,
    id: Option<&'a str>,
}

impl<'a> From<(&'a Address, Option<&'a Entry>)> for UnrecordedDocument<'a> {
    fn from((address, entry): (&'a Address, Option<&'a Entry>)) -> Self {
        Self { address, kind: entry.map(|entry| entry.kind.as_str()), id: entry.and_then(|entry| entry.id.as_deref()) }
    }
}

pub(super) fn milliseconds(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
