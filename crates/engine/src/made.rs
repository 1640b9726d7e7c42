//! What interrupted runs have made, and of what.

use crate::refresh::{Seen, outputs_of};
use resource::Address;
use serde_json::Value;
use state::State;
use std::{borrow::Cow, collections::BTreeMap};
use vocabulary::{fill_in, has_unknown};

/// The declarations of intents, with the ids that their runs came to know and had no time to record. A placeholder
/// names where its value is from, and what stands there is still what the run used: whoever replaces that records
/// these declarations first.
#[derive(Debug, Default)]
pub(crate) struct Made(BTreeMap<Address, Value>);

impl Made {
    pub(crate) fn new(state: &State, seen: &BTreeMap<Address, Seen>) -> Self {
        let known = |path: &str| {
            let mut ends = path.match_indices('.').map(|(end, _)| end);
            ends.find_map(|end| {
                let address = Address::parse(path.get(..end)?)?;
                let entry = state.resources.get(&address)?;
                let live = seen.get(&address).and_then(|seen| outputs_of(&seen.observation));
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

    /// The state with these declarations.
    pub(crate) fn remembered<'a>(&self, state: &'a State) -> Cow<'a, State> {
        let mut state = Cow::Borrowed(state);
        for (address, spec) in &self.0 {
            if let Some(entry) = state.to_mut().resources.get_mut(address) {
                entry.spec.clone_from(spec);
            }
        }
        state
    }
}

/// A declaration as it was when something was made by it. What is not known of it even now is what it is declared to
/// be, and something else if it will be again: then what it comes from is replaced.
pub(crate) fn as_made(recorded: &Value, declared: &Value) -> Value {
    match (recorded, declared) {
        (Value::Object(recorded), declared) => {
            let field = |(key, value): (&String, &Value)| (key.clone(), as_made(value, &declared[key]));
            Value::Object(recorded.iter().map(field).collect())
        }
        (recorded, _) if !has_unknown(recorded) => recorded.clone(),
        (_, declared) if has_unknown(declared) => Value::Null,
        (_, declared) => declared.clone(),
    }
}
