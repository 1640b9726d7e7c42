//! Resolves the placeholders in intents of interrupted runs.

use crate::refresh::{ReadResult, outputs_of};
use resource::Address;
use serde_json::Value;
use state::State;
use std::{borrow::Cow, collections::BTreeMap};
use vocabulary::{fill_in, has_unknown};

/// The specs of recorded intents with their placeholders resolved: an interrupted run knew these ids, and had no time to
/// record them. A placeholder names the address and output of its value. That resource is still the one that the run
/// used, because `apply` records the resolved intents before it replaces any.
#[derive(Debug, Default)]
pub(crate) struct ResolvedIntents(BTreeMap<Address, Value>);

impl ResolvedIntents {
    pub(crate) fn new(state: &State, observed: &BTreeMap<Address, ReadResult>) -> Self {
        let known = |path: &str| {
            let mut ends = path.match_indices('.').map(|(end, _)| end);
            ends.find_map(|end| {
                let address = Address::parse(path.get(..end)?)?;
                let entry = state.resources.get(&address)?;
                let live = observed.get(&address).and_then(|observed| outputs_of(&observed.observation));
                let outputs = live.unwrap_or_else(|| entry.outputs.clone());
                outputs.pointer(&path.get(end..)?.replace('.', "/")).cloned()
            })
        };
        let unknown = state.resources.iter().filter(|(_, entry)| has_unknown(&entry.spec));
        Self(unknown.map(|(address, entry)| (address.clone(), fill_in(&entry.spec, &known))).collect())
    }

    pub(crate) fn addresses(&self) -> impl Iterator<Item = &Address> {
        self.0.keys()
    }

    /// The state with the resolved specs.
    pub(crate) fn applied_to<'a>(&self, state: &'a State) -> Cow<'a, State> {
        let mut state = Cow::Borrowed(state);
        for (address, spec) in &self.0 {
            if let Some(entry) = state.to_mut().resources.get_mut(address) {
                entry.spec.clone_from(spec);
            }
        }
        state
    }
}

/// The spec with which an interrupted run created a resource. A value that is still unknown counts as the declared one.
/// If the declared value is unknown as well, the resource that it comes from is replaced, so the value will differ:
/// then it is null.
pub(crate) fn spec_as_created(recorded: &Value, declared: &Value) -> Value {
    match (recorded, declared) {
        (Value::Object(recorded), declared) => {
            let field = |(key, value): (&String, &Value)| (key.clone(), spec_as_created(value, &declared[key]));
            Value::Object(recorded.iter().map(field).collect())
        }
        (recorded, _) if !has_unknown(recorded) => recorded.clone(),
        (_, declared) if has_unknown(declared) => Value::Null,
        (_, declared) => declared.clone(),
    }
}
