//! Finds drift: differences of live resources from their applied specs.

use crate::Refusal;
use crate::recorded::{current_state, unreadable};
use crate::refresh::{ContextFactory, ReadResult, ResourceRead, read_all};
use aws_client::{Operation, Remedy};
use resource::{
    Address, Cloud, Diff, FieldChange, IgnoreRules, IgnoredDifference, KindRegistry, Observation, Reconciler, Tags,
};
use state::{Deposed, Entry, Phase, State};
use std::sync::Arc;

/// The differences between the cloud and the state.
#[derive(Debug, Default)]
pub struct Drift {
    /// The number of compared resources.
    pub checked: usize,
    /// Those that differ.
    pub drifted: Vec<Drifted>,
    /// Differences in ignored fields.
    pub ignored: Vec<IgnoredDifference>,
    /// The resources that cannot be compared, each with the reason.
    pub not_compared: Vec<NotCompared>,
    /// The resources that could not be read.
    pub failed: Vec<Refusal>,
}

impl Drift {
    /// True if all recorded resources were compared and none has drifted.
    pub fn is_none(&self) -> bool {
        self.drifted.is_empty() && self.failed.is_empty() && self.skipped().next().is_none()
    }

    /// The resources that were read but not compared.
    pub fn skipped(&self) -> impl Iterator<Item = &NotCompared> {
        self.not_compared.iter().filter(|one| one.whole)
    }
}

/// A resource that differs.
#[derive(Clone, Debug)]
pub struct Drifted {
    /// The resource.
    pub address: Address,
    /// Its kind.
    pub kind: String,
    /// The drift.
    pub change: DriftChange,
    /// True if an unfinished run was changing the resource, so that the difference may come from that run.
    pub unfinished: bool,
    /// The reason why only a replacement could undo it, if so.
    pub replacement: Option<String>,
}

/// The change of a resource behind mlopsctl's back.
#[derive(Clone, Debug)]
pub enum DriftChange {
    /// These fields changed: `before` is the applied value, `after` the live one.
    Modified(Vec<FieldChange>),
    /// The resource was deleted, or stopped working.
    Missing(String),
}

/// A resource of which something cannot be compared.
#[derive(Clone, Debug)]
pub struct NotCompared {
    /// The resource.
    pub address: Address,
    /// The part that was not compared, and the reason.
    pub reason: String,
    /// The advice.
    pub help: Option<Remedy>,
    /// True if the comparison covers the whole resource.
    pub whole: bool,
}

/// Compares the cloud with the state. Differences in `ignored` fields are counted apart. It only reads.
pub async fn drift(
    state: &State,
    registry: &KindRegistry,
    cloud: &Arc<Cloud>,
    identity: &Tags,
    ignored: &IgnoreRules,
) -> Drift {
    let contexts = ContextFactory {
        cloud: cloud.clone(),
        identity: identity.clone(),
        lineage: state.lineage.as_str().into(),
        delete_data: Arc::default(),
        repairs: false,
    };
    let mut drift = Drift { failed: unreadable(state, registry, cloud.place()), ..Drift::default() };
    let state = &*current_state(state, registry, cloud.place());
    let is_readable = |address: &Address| !drift.failed.iter().any(|refusal| refusal.address == *address);
    let (comparable, unfinished): (Vec<_>, Vec<_>) = state
        .resources
        .iter()
        .filter(|(address, _)| is_readable(address))
        .partition(|(_, entry)| entry.id.is_some() && entry.phase != Phase::Deleting && !entry.adopting);
    drift.not_compared.extend(unfinished.into_iter().map(|(address, entry)| interrupted(address, entry)));
    drift.not_compared.extend(comparable.iter().flat_map(|(address, entry)| left_behind(address, entry)));
    let reads =
        comparable.into_iter().map(|(address, entry)| ResourceRead::for_recorded(address, entry, &contexts)).collect();
    let mut results = read_all(reads, registry).await;
    results.sort_by(|a, b| a.0.cmp(&b.0));
    for (address, result) in results {
        let entry = &state.resources[&address];
        match result.and_then(|observed| Ok((observed, registry.get(&entry.kind)?))) {
            Ok((observed, reconciler)) => drift.judge(&address, entry, &observed, (reconciler, ignored)),
            Err(failure) => drift.failed.push(Refusal { address, kind: entry.kind.clone(), failure, lifted_by: None }),
        }
    }
    drift.not_compared.sort_by(|one, other| one.address.cmp(&other.address));
    drift
}

impl Drift {
    fn judge(
        &mut self,
        address: &Address,
        entry: &Entry,
        observed: &ReadResult,
        (reconciler, ignored): (&dyn Reconciler, &IgnoreRules),
    ) {
        let mut replacement = None;
        let change = match &observed.observation {
            _ if observed.foreign_owner().is_some() => observed.foreign_owner().map(|owner| {
                DriftChange::Missing(format!("another one has taken its place, which belongs to {owner}"))
            }),
            Observation::Absent => Some(DriftChange::Missing("it no longer exists".to_owned())),
            Observation::Broken { reason, .. } => Some(DriftChange::Missing(reason.clone())),
            Observation::Ready { live, .. } => {
                let mut applied = entry.spec.clone();
                self.ignored.extend(ignored.keep_live(address, reconciler, &mut applied, Some(&entry.spec), live));
                let diff = reconciler.compare(&applied, Some(&entry.spec), live);
                replacement = reconciler.replacement(&applied, live, &diff);
                self.modified(address, diff)
            }
            Observation::Settling { status, .. } => {
                return self.leave_out(address, format!("it is {status}"), true);
            }
        };
        self.checked += 1;
        for field in reconciler.write_only() {
            self.leave_out(address, format!("AWS does not give {field} back"), false);
        }
        let unfinished = entry.phase != Phase::Ready;
        let kind = entry.kind.clone();
        let drifted = |change| Drifted { address: address.clone(), kind, change, unfinished, replacement };
        self.drifted.extend(change.map(drifted));
    }

    /// The fields that differ. What was to be filled in when an interrupted creation ended is not known.
    fn modified(&mut self, address: &Address, diff: Diff) -> Option<DriftChange> {
        let (known, unknown): (Vec<FieldChange>, Vec<FieldChange>) =
            diff.changes.into_iter().partition(|one| one.known);
        for field in unknown {
            self.leave_out(address, format!("{} was not known yet when a run was interrupted", field.path), false);
        }
        let turned = |change: FieldChange| FieldChange { before: change.after, after: change.before, ..change };
        (!known.is_empty()).then(|| DriftChange::Modified(known.into_iter().map(turned).collect()))
    }

    fn leave_out(&mut self, address: &Address, reason: String, whole: bool) {
        self.not_compared.push(NotCompared { address: address.clone(), reason, help: None, whole });
    }
}

/// The progress of an interrupted creation or deletion is unknown.
fn interrupted(address: &Address, entry: &Entry) -> NotCompared {
    let what = match entry.phase {
        _ if entry.adopting => "adoption",
        Phase::Deleting => "deletion",
        Phase::Intent | Phase::Identified | Phase::Ready => "creation",
    };
    let help = Some(Remedy::perform(Operation::Up, None, "goes on from there"));
    NotCompared { address: address.clone(), reason: format!("its {what} was interrupted"), help, whole: true }
}

/// The deposed resources at an address.
fn left_behind(address: &Address, entry: &Entry) -> Vec<NotCompared> {
    let one = |old: &Deposed| NotCompared {
        address: address.clone(),
        reason: format!("a replacement left {} behind", old.id),
        help: Some(Remedy::perform(Operation::Up, None, "deletes it")),
        whole: true,
    };
    entry.deposed.iter().map(one).collect()
}
