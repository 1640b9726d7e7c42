//! The identities that changed drifted resources, from CloudTrail's event history.

pub use aws_cloudtrail::RecordedChange;

use crate::Workspace;
use aws_client::Failure;
use aws_cloudtrail::changes_by_others;
use engine::Drifted;
use resource::Address;
use state::{Entry, State};
use std::collections::BTreeMap;

/// The changes of drifted resources, as the event history records them.
#[derive(Debug, Default)]
pub struct EventHistory {
    /// The newest changes that mlopsctl did not make, by resource.
    pub changes: BTreeMap<Address, Vec<RecordedChange>>,
    /// The failure that ended the reading early, if there was one.
    pub failure: Option<Failure>,
}

/// Reads who changed drifted resources. After a failure, no further resource is looked up: a caller who may not read the
/// history may read nothing of it.
pub async fn who_changed(workspace: &Workspace, state: &State, drifted: &[Drifted]) -> EventHistory {
    let mut history = EventHistory::default();
    for one in drifted {
        let Some(entry) = state.resources.get(&one.address) else { continue };
        match changes_of(entry, workspace).await {
            Ok(changes) => history.changes.insert(one.address.clone(), changes),
            Err(failure) => {
                history.failure = Some(failure);
                break;
            }
        };
    }
    history
}

async fn changes_of(entry: &Entry, workspace: &Workspace) -> aws_client::Result<Vec<RecordedChange>> {
    let (cloud, mut changes) = (&workspace.cloud, Vec::new());
    for name in names(entry) {
        changes = changes_by_others(&entry.kind, &name, cloud.place(), cloud.config()).await?;
        if !changes.is_empty() {
            break;
        }
    }
    Ok(changes)
}

/// The names by which events may name a resource. Some services write its id, others its ARN.
fn names(entry: &Entry) -> Vec<String> {
    let id = entry.id.clone().unwrap_or_default();
    let last_part = id.rsplit(['/', ':']).next().unwrap_or_default().to_owned();
    let arn = entry.outputs["arn"].as_str().unwrap_or_default().to_owned();
    let mut names = Vec::new();
    for name in [id, arn, last_part] {
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
