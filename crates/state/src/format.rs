//! The state document in the format that this version writes.

use crate::{Error, FORMAT, Holder, StateIdentity, Store, unique_keys::each_once};
use resource::{Address, Edge, KindRegistry};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The record of everything that mlopsctl made for one stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Version of this format.
    pub format: u64,
    /// Counts the writes; a higher serial of the same lineage is newer.
    pub serial: u64,
    /// Follows from where the stack was begun: two states of different lineage are never the same stack.
    pub lineage: String,
    /// Version of mlopsctl that wrote it last.
    pub tool: String,
    /// The project, with which the names of all resources begin.
    pub project: String,
    /// Name of the environment.
    pub environment: String,
    /// AWS account the resources are in, twelve digits.
    pub account: String,
    /// Region the resources are in.
    pub region: String,
    /// Id of the lock under which a run is changing the platform. Absent once that run has ended in order: if there
    /// is one and no lock, a person deleted the lock by hand, and the run may still be at work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changing: Option<String>,
    /// The person or run that wrote this version, and its command. Absent in states of 0.1, and in a version by which a
    /// run that took the lock over fenced the old holder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Author>,
    /// By address.
    #[serde(deserialize_with = "each_once")]
    #[schemars(with = "BTreeMap<String, Entry>")]
    pub resources: BTreeMap<Address, Entry>,
    /// The outputs of the platform as the last `up` printed them, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "each_once")]
    #[schemars(with = "BTreeMap<String, Value>")]
    pub outputs: BTreeMap<String, Value>,
}

/// The author of a version of the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Author {
    /// As the lock names its holder: user and host or role, and the run of a CI system.
    pub who: String,
    /// The command, for example `up`.
    pub command: String,
}

impl From<&Holder> for Author {
    fn from(holder: &Holder) -> Self {
        Self { who: holder.who.clone(), command: holder.operation.clone() }
    }
}

/// The record of one resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a resource")]
pub struct Entry {
    /// `service:thing`.
    pub kind: String,
    /// The phase of its life.
    pub phase: Phase,
    /// The idempotency token of its creation; the same again after a crash.
    pub token: String,
    /// AWS's id, or the name that identifies it. Absent while only the intent is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The declaration last applied, or to be applied. Of a value that may be a secret it holds a keyed hash.
    pub spec: Value,
    /// The outputs that other resources refer to; null until known.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub outputs: Value,
    /// The resources that it needs, each with the kind of dependency.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<Needed>,
    /// True if it is protected from deletion and replacement.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protected: bool,
    /// True while mlopsctl adopts it from another owner, whose tags it may have until then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adopting: bool,
    /// True if a run of this state created it and no run has seen it work since. Only then may the next run create it
    /// again if AWS fails the creation late.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unfinished: bool,
    /// Replaced resources that are not deleted yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deposed: Vec<Deposed>,
}

/// A dependency as recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Needed {
    /// The address of the needed resource.
    #[schemars(with = "String")]
    pub address: Address,
    /// `identity` if its id and outputs suffice, `ready` if it must work.
    #[schemars(with = "String", extend("enum" = ["identity", "ready"]))]
    pub edge: Edge,
}

/// A resource that has a successor and is not deleted yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deposed {
    /// Its kind; not always that of its successor.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its last declaration.
    pub spec: Value,
    /// The resources that it needs for as long as it exists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<Needed>,
}

impl Entry {
    /// Replaces the sensitive values of its specifications by seals, see [`resource::As::Sensitive`]. Seals stay
    /// as they are, and so do specs of a kind that this build does not know.
    pub fn seal_sensitive(&mut self, registry: &KindRegistry) {
        let seal = |kind: &str, spec: &mut Value, scope: &str| {
            if let Ok(reconciler) = registry.get(kind) {
                reconciler.seal(spec, scope);
            }
        };
        seal(&self.kind, &mut self.spec, &self.token);
        for old in &mut self.deposed {
            seal(&old.kind, &mut old.spec, &format!("{} {}", self.token, old.id));
        }
    }

    /// The recorded resource as a deposed one, which its successor replaces; `None` if it was only intended.
    pub fn depose(&self) -> Option<Deposed> {
        let Self { kind, id, spec, depends_on, .. } = self.clone();
        Some(Deposed { kind, id: id?, spec, depends_on })
    }

    /// The entry after this resource is gone and a deposed one is not.
    fn succeeded_by_deposed(mut self) -> Option<Self> {
        let Deposed { kind, id, spec, depends_on } = self.deposed.pop()?;
        Some(Self {
            kind,
            phase: Phase::Deleting,
            id: Some(id),
            spec,
            outputs: Value::Null,
            depends_on,
            protected: false,
            adopting: false,
            unfinished: false,
            ..self
        })
    }
}

/// A phase in the life of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It will be created: a create call may have been sent.
    Intent,
    /// It exists and its id is known, but it is not as declared yet.
    Identified,
    /// It is as declared and works.
    Ready,
    /// It is being deleted.
    Deleting,
}

impl Phase {
    /// As people read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Identified => "identified",
            Self::Ready => "ready",
            Self::Deleting => "deleting",
        }
    }

    /// True if a resource in this phase can go to `next`.
    pub fn allows(self, next: Phase) -> bool {
        use Phase::{Deleting, Identified, Intent, Ready};
        match (self, next) {
            (Intent, Ready) => false,
            (Ready | Identified, Intent) => false,
            // A replacement deletes under the same address and starts again.
            (Deleting, Intent | Deleting) => true,
            (Deleting, _) => false,
            _ => true,
        }
    }
}

impl State {
    /// A new stack without resources.
    pub fn new(identity: &StateIdentity) -> Self {
        Self {
            format: FORMAT,
            serial: 0,
            lineage: identity.lineage(),
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            project: identity.project.clone(),
            environment: identity.environment.clone(),
            account: identity.account.clone(),
            region: identity.region.clone(),
            changing: None,
            author: None,
            resources: BTreeMap::new(),
            outputs: BTreeMap::new(),
        }
    }

    /// Makes this the successor of the version that it was read from, without a known author.
    pub fn advance(&mut self) {
        self.advance_by(None);
    }

    /// Makes this the successor of the version that it was read from, with this author.
    pub fn advance_by(&mut self, author: Option<Author>) {
        self.serial += 1;
        self.author = author;
        self.tool = env!("CARGO_PKG_VERSION").to_owned();
    }

    /// Replaces the sensitive values of all specifications by seals. States of before version 0.2 hold them in plain.
    pub fn seal_sensitive(&mut self, registry: &KindRegistry) {
        for entry in self.resources.values_mut() {
            entry.seal_sensitive(registry);
        }
    }

    /// The bytes to store, readable in a diff.
    pub fn write(&self) -> Vec<u8> {
        // Maps with string keys and JSON values always serialise.
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// By how much a fence raises the serial.
    pub const FENCE: u64 = 2;

    /// Makes every version read before stale. A run that lost the lock and does not know it yet can write nothing
    /// from here on. The serial grows by [`State::FENCE`].
    ///
    /// # Errors
    /// When the store refuses, or the state is of a newer version or of another identity.
    pub async fn fence(store: &dyn Store, key: &str, identity: &StateIdentity) -> Result<(), Error> {
        loop {
            let (mut state, version) = match store.get(key).await? {
                None => (Self::new(identity), None),
                Some(stored) => match Self::read(&stored.bytes, &store.place(key), identity) {
                    Ok(state) => (state, Some(stored.version)),
                    // No run works on a damaged state.
                    Err(Error::Damaged { .. }) => return Ok(()),
                    Err(error) => return Err(error),
                },
            };
            // More than the other's next: never the very bytes it is about to write.
            for _ in 0..Self::FENCE {
                state.advance();
            }
            state.changing = None;
            match store.put(key, state.write().into(), version.as_ref()).await {
                Err(Error::Moved) => {}
                written => return written.map(drop),
            }
        }
    }

    /// Records a resource, or with `None` that it is gone. A deposed resource that still exists takes its place, and is
    /// deleted next.
    ///
    /// # Errors
    /// [`Error::Transition`] when the phase cannot follow the one recorded.
    pub fn record(&mut self, address: &Address, entry: Option<Entry>) -> Result<(), Error> {
        let Some(entry) = entry else {
            if let Some(deposed) = self.resources.remove(address).and_then(Entry::succeeded_by_deposed) {
                self.resources.insert(address.clone(), deposed);
            }
            return Ok(());
        };
        if let Some(was) = self.resources.get(address)
            && !was.phase.allows(entry.phase)
            // A replacement that creates first starts again beside the deposed resource.
            && entry.deposed.len() <= was.deposed.len()
        {
            return Err(Error::Transition {
                address: address.to_string(),
                from: was.phase.as_str().to_owned(),
                to: entry.phase.as_str().to_owned(),
            });
        }
        self.resources.insert(address.clone(), entry);
        Ok(())
    }

    /// Records that a deposed resource is gone.
    ///
    /// # Errors
    /// None that a deposed resource can meet; see [`State::record`].
    pub fn forget_deposed(&mut self, address: &Address, id: &str) -> Result<(), Error> {
        let Some(entry) = self.resources.get_mut(address) else { return Ok(()) };
        entry.deposed.retain(|old| old.id != id);
        match entry.phase == Phase::Deleting && entry.id.as_deref() == Some(id) {
            true => self.record(address, None),
            false => Ok(()),
        }
    }
}

/// The JSON Schema of the format.
pub fn schema() -> Value {
    schemars::schema_for!(State).to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deposed_resource_is_recorded_until_it_is_deleted() {
        let mut state = State::new(&crate::identity::tests::identity());
        let old = |id: &str| Deposed { kind: "ec2:vpc".into(), id: id.into(), spec: Value::Null, depends_on: vec![] };
        let entry = Entry {
            kind: "ec2:vpc".into(),
            phase: Phase::Deleting,
            token: String::new(),
            id: Some("vpc-3".into()),
            spec: Value::Null,
            outputs: Value::Null,
            depends_on: vec![],
            protected: false,
            adopting: false,
            unfinished: false,
            deposed: vec![old("vpc-1"), old("vpc-2")],
        };
        let address = Address::new("network", "vpc");
        state.resources.insert(address.clone(), entry);
        state.record(&address, None).unwrap();
        let left = &state.resources[&address];
        assert_eq!((left.phase, left.id.as_deref(), left.deposed.len()), (Phase::Deleting, Some("vpc-2"), 1));
        state.forget_deposed(&address, "vpc-1").unwrap();
        state.forget_deposed(&address, "vpc-2").unwrap();
        assert!(state.resources.is_empty());
    }

    #[test]
    fn what_is_ready_never_goes_back_to_a_mere_intent() {
        assert!(!Phase::Ready.allows(Phase::Intent));
        assert!(!Phase::Intent.allows(Phase::Ready));
        assert!(Phase::Deleting.allows(Phase::Intent));
    }
}
