//! Reads states in the format of mlopsctl 0.1 and converts them to the current format.

use crate::{Entry, FORMAT, State, StateIdentity, unique_keys::each_once};
use resource::{Address, tags_of};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The format of mlopsctl 0.1. It does not say which project it is of, and its lineage was drawn at random.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Format1 {
    #[serde(rename = "format")]
    _format: u64,
    pub(crate) serial: u64,
    #[serde(rename = "lineage")]
    _lineage: String,
    tool: String,
    environment: String,
    pub(crate) account: String,
    pub(crate) region: String,
    #[serde(deserialize_with = "each_once")]
    pub(crate) resources: BTreeMap<Address, Entry>,
    #[serde(default, deserialize_with = "each_once")]
    outputs: BTreeMap<String, Value>,
}

impl Format1 {
    /// The state in the newest format. The project is what the recorded specs say; where they say nothing, it is
    /// the project of `identity`, for whom the state is read. The lineage is that of a state begun in its place, so
    /// that each backup of a state gets the same one.
    pub(crate) fn migrate(self, identity: &StateIdentity) -> State {
        let Self { serial, tool, environment, account, region, resources, outputs, .. } = self;
        let projects = recorded_projects(&resources);
        let project = match projects.first() {
            // An interrupted renaming of the project leaves specs of both names.
            Some(first) if !projects.contains(identity.project.as_str()) => (*first).to_owned(),
            _ => identity.project.clone(),
        };
        let begun = StateIdentity { project, environment, account, region, bucket: identity.bucket.clone() };
        State { serial, tool, resources, outputs, format: FORMAT, ..State::new(&begun) }
    }

    /// True if this state is surely of the project and environment: for a bucket in which several may keep theirs.
    pub(crate) fn is_of(&self, identity: &StateIdentity) -> bool {
        let projects = recorded_projects(&self.resources);
        let named = || {
            let prefix = format!("{}-{}", identity.project, identity.environment);
            self.resources.values().filter_map(|entry| entry.id.as_deref()).any(|id| id.contains(&prefix))
        };
        self.environment == identity.environment
            && (projects.contains(identity.project.as_str()) || projects.is_empty() && named())
    }
}

/// The projects whose tag the recorded specs have.
fn recorded_projects(resources: &BTreeMap<Address, Entry>) -> BTreeSet<String> {
    resources.values().filter_map(|entry| tags_of(&entry.spec)?.0.remove("Project")).collect()
}
