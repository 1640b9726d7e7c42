//! States that other versions wrote: every spec and all outputs in the form of this version.

use crate::Refusal;
use aws_client::{Failure, FailureKind, Operation, Remedy, Result};
use resource::{Address, KindRegistry, Reconciler};
use state::{Deposed, Entry, Phase, State};
use std::borrow::Cow;
use vocabulary::Place;

/// The state as this version would have recorded it. A resource that only another version can read stays as it is;
/// a plan refuses it.
pub fn current_state<'a>(state: &'a State, registry: &KindRegistry, place: &Place) -> Cow<'a, State> {
    let mut current = Cow::Borrowed(state);
    for (address, entry) in &state.resources {
        match current_entry(address, entry, registry, place) {
            Ok(read) if read != *entry => drop(current.to_mut().resources.insert(address.clone(), read)),
            _ => {}
        }
    }
    current
}

/// The resources whose spec another version recorded and this one cannot read.
pub(crate) fn unreadable(state: &State, registry: &KindRegistry, place: &Place) -> Vec<Refusal> {
    let refused = |(address, entry): (&Address, &Entry)| {
        let failure = current_entry(address, entry, registry, place).err()?;
        let this = env!("CARGO_PKG_VERSION");
        let message = format!(
            "{}; mlopsctl {} was the last to write the state, and this is mlopsctl {this}",
            failure.message, state.tool
        );
        let help = Remedy::Several(vec![
            "use the version that wrote it".into(),
            Remedy::perform(
                Operation::ListStates,
                Some(&state.environment),
                "lists earlier states to go back to, if nobody used another version",
            ),
        ]);
        let failure = Failure { help: Some(help), ..Failure::new(FailureKind::Final, message) };
        Some(Refusal { address: address.clone(), kind: entry.kind.clone(), failure, lifted_by: None })
    };
    state.resources.iter().filter_map(refused).collect()
}

fn current_entry(address: &Address, entry: &Entry, registry: &KindRegistry, place: &Place) -> Result<Entry> {
    let reconciler = registry.get(&entry.kind)?;
    let mut current = Entry { spec: reconciler.recorded_spec(&entry.spec)?, ..entry.clone() };
    if !entry.outputs.is_null() {
        current.outputs = reconciler.recorded_outputs(&entry.outputs, &current.spec, address.as_str(), place)?;
    }
    for old in &mut current.deposed {
        old.spec = registry.get(&old.kind)?.recorded_spec(&old.spec)?;
    }
    Ok(taken_back(current, reconciler))
}

/// The same entry, with the deposed resource in the place of a successor that AWS cannot have created beside it: a
/// replacement that failed half-way leaves the deposed resource in use.
fn taken_back(mut entry: Entry, reconciler: &dyn Reconciler) -> Entry {
    let conflicts = |old: &Deposed| old.kind == entry.kind && reconciler.conflicts_with(&entry.spec, &old.spec);
    let intended = entry.phase == Phase::Intent && entry.id.is_none();
    let Some(position) = entry.deposed.iter().rposition(conflicts).filter(|_| intended) else { return entry };
    let Deposed { id, spec, depends_on, .. } = entry.deposed.remove(position);
    Entry { phase: Phase::Identified, id: Some(id), spec, depends_on, ..entry }
}
