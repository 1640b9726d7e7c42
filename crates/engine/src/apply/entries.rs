//! The entries that the state records before the first step starts, intents among them.

use super::inputs::Apply;
use crate::{Action, Planning, step::intent};
use resource::Address;
use serde_json::Value;
use state::{Entry, Needed, Phase};
use std::collections::BTreeMap;

/// The entries that are recorded before the first step: intents for resources to create, and new facts about all
/// others.
pub(super) fn entries(planning: &Planning, with: &Apply<'_>) -> BTreeMap<Address, Entry> {
    let mut entries = BTreeMap::new();
    for (node, known) in with.stack.nodes().iter().zip(&planning.known) {
        if known.excluded {
            continue;
        }
        let needed = |needed: &resource::Dependency| Needed {
            address: with.stack.nodes()[needed.node].address.clone(),
            edge: needed.edge,
        };
        let depends_on: Vec<Needed> = node.dependencies.iter().map(needed).collect();
        let protected = with.stack.protects(&node.address);
        let recorded = with.state.resources.get(&node.address);
        let entry = match (recorded, known.action) {
            (Some(entry), Some(Action::Replace)) if known.id.is_some() => {
                // Until its removal is recorded the old one stays, under the declaration it was made by.
                let phase = if entry.phase == Phase::Intent { Phase::Identified } else { entry.phase };
                Entry { phase, id: known.id.clone(), protected, ..entry.clone() }
            }
            (Some(entry), Some(Action::Create))
                if entry.phase == Phase::Intent && entry.id.is_none() && entry.kind == node.kind =>
            {
                // The same token again: whatever the earlier attempt made is found by it.
                Entry { spec: known.spec.clone(), depends_on, protected, ..entry.clone() }
            }
            (recorded, Some(Action::Create | Action::Replace)) => {
                let deposed = recorded.map(|entry| entry.deposed.clone()).unwrap_or_default();
                intent(node.kind, &known.spec, depends_on, protected, deposed)
            }
            (Some(entry), Some(_)) => {
                let adopting = entry.adopting || known.claimed;
                let mut entry = Entry { depends_on, protected, adopting, ..entry.clone() };
                entry.id = known.id.clone().or(entry.id);
                entry.unfinished = known.unfinished;
                if entry.phase == Phase::Intent && entry.id.is_some() {
                    entry.phase = Phase::Identified;
                }
                entry
            }
            (None, Some(_)) => {
                let entry = intent(node.kind, &known.spec, depends_on, protected, Vec::new());
                Entry { phase: Phase::Identified, id: known.id.clone(), adopting: known.claimed, ..entry }
            }
            (Some(entry), None) => Entry {
                spec: known.spec.clone(),
                outputs: known.outputs.clone().unwrap_or(Value::Null),
                depends_on,
                protected,
                ..entry.clone()
            },
            (None, None) => continue,
        };
        entries.insert(node.address.clone(), entry);
    }
    entries
}
