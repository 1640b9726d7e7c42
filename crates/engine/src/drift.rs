use crate::Refusal;
use crate::recorded::{current_state, unreadable};
use crate::refresh::{Look, Workshop, look};
use resource::{Address, Cloud, FieldChange, Observation, Registry, Tags};
use state::{Phase, State};
use std::sync::Arc;

/// Where the cloud differs from what the state remembers.
#[derive(Debug, Default)]
pub struct Drift {
    /// How many resources were looked at.
    pub checked: usize,
    /// Those that differ.
    pub drifted: Vec<Drifted>,
    /// What cannot be compared, and why.
    pub not_compared: Vec<NotCompared>,
    /// What could not be looked at.
    pub failed: Vec<Refusal>,
}

/// A resource that differs.
#[derive(Clone, Debug)]
pub struct Drifted {
    /// Which.
    pub address: Address,
    /// Its kind.
    pub kind: String,
    /// What was found.
    pub change: DriftChange,
}

/// What became of a resource behind mlopsctl's back.
#[derive(Clone, Debug)]
pub enum DriftChange {
    /// Somebody changed these fields: `before` is what was applied, `after` what is there.
    Modified(Vec<FieldChange>),
    /// Somebody deleted it, or it stopped working.
    Missing(String),
}

/// A resource of which not everything can be compared.
#[derive(Clone, Debug)]
pub struct NotCompared {
    /// Which.
    pub address: Address,
    /// What, and why.
    pub reason: String,
}

/// Compares the cloud with the state. Reads only.
pub async fn drift(state: &State, registry: &Registry, cloud: &Arc<Cloud>, identity: &Tags) -> Drift {
    let workshop = Workshop {
        cloud: cloud.clone(),
        identity: identity.clone(),
        lineage: state.lineage.as_str().into(),
        delete_data: false,
        repairs: false,
    };
    let mut drift = Drift { failed: unreadable(state, registry, cloud.place()), ..Drift::default() };
    let state = &*current_state(state, registry, cloud.place());
    let is_readable = |address: &Address| !drift.failed.iter().any(|refusal| refusal.address == *address);
    let made = state.resources.iter().filter(|(address, entry)| entry.id.is_some() && is_readable(address));
    let looks = made.map(|(address, entry)| Look::at(address, entry, &workshop)).collect();
    let mut looked = look(looks, registry).await;
    looked.sort_by(|a, b| a.0.cmp(&b.0));
    for (address, result) in looked {
        let entry = &state.resources[&address];
        let seen = match result {
            Ok(seen) => seen,
            Err(failure) => {
                drift.failed.push(Refusal { address, kind: entry.kind.clone(), failure });
                continue;
            }
        };
        drift.checked += 1;
        let change = match (&seen.observation, registry.get(&entry.kind)) {
            _ if seen.foreign_owner().is_some() => seen.foreign_owner().map(|owner| {
                DriftChange::Missing(format!("another one has taken its place, which belongs to {owner}"))
            }),
            (Observation::Absent, _) => Some(DriftChange::Missing("it no longer exists".to_owned())),
            (Observation::Broken { reason }, _) => Some(DriftChange::Missing(reason.clone())),
            (Observation::Ready { live, .. }, Ok(reconciler)) if entry.phase == Phase::Ready => {
                let diff = reconciler.compare(&entry.spec, Some(&entry.spec), live);
                let turned = diff.changes.into_iter().map(|change| FieldChange {
                    before: change.after,
                    after: change.before,
                    ..change
                });
                let fields: Vec<FieldChange> = turned.collect();
                (!fields.is_empty()).then_some(DriftChange::Modified(fields))
            }
            _ => None,
        };
        if let Observation::Settling { status, .. } = &seen.observation {
            drift.not_compared.push(NotCompared { address: address.clone(), reason: format!("it is {status}") });
        }
        if let Ok(reconciler) = registry.get(&entry.kind) {
            for field in reconciler.write_only() {
                let reason = format!("AWS does not give {field} back");
                drift.not_compared.push(NotCompared { address: address.clone(), reason });
            }
        }
        drift.drifted.extend(change.map(|change| Drifted { address, kind: entry.kind.clone(), change }));
    }
    drift
}
