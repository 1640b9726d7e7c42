use crate::{Error, Store};
use resource::{Address, Edge};
use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::Value;
use std::{
    collections::{
        BTreeMap,
        btree_map::Entry::{Occupied, Vacant},
    },
    fmt,
    marker::PhantomData,
};

/// The format this version writes.
pub const FORMAT: u64 = 1;
/// The highest serial: what every reader of JSON can count. No stack is ever written so often.
const LAST_SERIAL: u64 = 1 << 53;

/// Everything mlopsctl remembers of one stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Version of this format.
    pub format: u64,
    /// Counts the writes; a higher serial of the same lineage is newer.
    pub serial: u64,
    /// Made once with the stack: two states of different lineage are never the same stack.
    pub lineage: String,
    /// Version of mlopsctl that wrote it last.
    pub tool: String,
    /// Name of the environment.
    pub environment: String,
    /// AWS account the resources are in, twelve digits.
    pub account: String,
    /// Region the resources are in.
    pub region: String,
    /// Id of the lock under which a run is changing the platform. Absent once that run has ended in order: where there
    /// is one and no lock, somebody deleted the lock by hand, and the run may be at work still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changing: Option<String>,
    /// By address.
    #[serde(deserialize_with = "each_once")]
    #[schemars(with = "BTreeMap<String, Entry>")]
    pub resources: BTreeMap<Address, Entry>,
    /// What the platform gave back when it was last brought up.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "each_once")]
    #[schemars(with = "BTreeMap<String, Value>")]
    pub outputs: BTreeMap<String, Value>,
}

/// What must be known of a state before anything else in it is looked at.
#[derive(Deserialize)]
#[serde(expecting = "a state")]
struct Header {
    #[serde(default)]
    format: Value,
}

/// What is remembered of one resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a resource")]
pub struct Entry {
    /// `service:thing`.
    pub kind: String,
    /// How far it got.
    pub phase: Phase,
    /// The idempotency token of its creation; the same again after a crash.
    pub token: String,
    /// AWS's id, or the name that identifies it. Absent while only the intent is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The declaration last applied, or to be applied. Holds no secrets.
    pub spec: Value,
    /// What others refer to; null until known.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub outputs: Value,
    /// What it needs, and how.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<Needed>,
    /// Whether it is protected from deletion and replacement.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protected: bool,
    /// Replaced predecessors that are still there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deposed: Vec<Deposed>,
}

/// A dependency as recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Needed {
    /// The address of what is needed.
    #[schemars(with = "String")]
    pub address: Address,
    /// Whether its identity suffices or it must work.
    #[schemars(with = "String", extend("enum" = ["identity", "ready"]))]
    pub edge: Edge,
}

/// A predecessor that a replacement has left behind and that is still to be deleted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deposed {
    /// Its kind; not always that of its successor.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its last declaration.
    pub spec: Value,
    /// What it needs for as long as it is there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<Needed>,
}

impl Entry {
    /// What is recorded, as the predecessor of what will take its place; nothing if it was only intended.
    pub fn depose(&self) -> Option<Deposed> {
        let Self { kind, id, spec, depends_on, .. } = self.clone();
        Some(Deposed { kind, id: id?, spec, depends_on })
    }

    /// What is to be recorded when this is gone and a predecessor is not.
    fn succeeded_by_predecessor(mut self) -> Option<Self> {
        let Deposed { kind, id, spec, depends_on } = self.deposed.pop()?;
        let (phase, outputs, protected) = (Phase::Deleting, Value::Null, false);
        Some(Self { kind, phase, id: Some(id), spec, outputs, depends_on, protected, ..self })
    }
}

/// How far a resource got.
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

    /// Whether a resource in this phase can go to `next`.
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
    pub fn new(environment: &str, account: &str, region: &str) -> Self {
        Self {
            format: FORMAT,
            serial: 0,
            lineage: uuid::Uuid::new_v4().to_string(),
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            environment: environment.to_owned(),
            account: account.to_owned(),
            region: region.to_owned(),
            changing: None,
            resources: BTreeMap::new(),
            outputs: BTreeMap::new(),
        }
    }

    /// Reads a state; `place` says where it is from, for messages.
    ///
    /// # Errors
    /// [`Error::Newer`] for a later format, [`Error::Damaged`] for anything that is not a state.
    pub fn read(bytes: &[u8], place: &str) -> Result<Self, Error> {
        let damaged = |what: String| Error::Damaged { place: place.to_owned(), what };
        let header: Header = serde_json::from_slice(bytes).map_err(|error| match error.is_data() {
            true => damaged(format!("it is not a state: {error}")),
            false => damaged(format!("it is not JSON: {error}")),
        })?;
        match header.format.as_u64() {
            None => return Err(damaged("it has no format number".to_owned())),
            Some(found) if found > FORMAT => return Err(Error::Newer { found, known: FORMAT }),
            Some(0) => return Err(damaged("there is no format 0".to_owned())),
            Some(_) => {}
        }
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let state: Self = serde_path_to_error::deserialize(&mut json).map_err(|error| damaged(located(&error)))?;
        state.is_sound().map_err(damaged)?;
        Ok(state)
    }

    /// What the types cannot say.
    fn is_sound(&self) -> Result<(), String> {
        if self.serial > LAST_SERIAL {
            return Err(format!("no stack was ever written {} times", self.serial));
        }
        for (address, entry) in &self.resources {
            if Address::parse(address.as_str()).is_none() {
                return Err(format!("`{}` is not an address", address.as_str().escape_debug()));
            }
            match &entry.id {
                // What is deleted without an id might be everything.
                Some(id) if id.is_empty() => return Err(format!("the id of {address} is empty")),
                None if entry.phase != Phase::Intent => {
                    return Err(format!("{address} is {} but has no id", entry.phase.as_str()));
                }
                _ => {}
            }
            if entry.deposed.iter().any(|old| old.id.is_empty()) {
                return Err(format!("the id of a predecessor of {address} is empty"));
            }
            if entry.depends_on.iter().any(|needed| needed.address == *address) {
                return Err(format!("{address} needs itself"));
            }
        }
        Ok(())
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

    /// Makes every version read before stale. Whoever lost the lock and does not know it yet can write nothing
    /// from here on. The serial grows by [`State::FENCE`].
    ///
    /// # Errors
    /// When the store refuses, or the state is of a newer version.
    pub async fn fence(store: &dyn Store, key: &str, fresh: Self) -> Result<(), Error> {
        loop {
            let (state, version) = match store.get(key).await? {
                None => (fresh.clone(), None),
                Some(stored) => match Self::read(&stored.bytes, &store.place(key)) {
                    Ok(state) => (state, Some(stored.version)),
                    // Nobody works on top of that.
                    Err(Error::Damaged { .. }) => return Ok(()),
                    Err(error) => return Err(error),
                },
            };
            // More than the other's next: never the very bytes it is about to write.
            let fenced = Self { serial: state.serial + Self::FENCE, changing: None, ..state };
            match store.put(key, fenced.write().into(), version.as_ref()).await {
                Err(Error::Moved) => {}
                written => return written.map(drop),
            }
        }
    }

    /// Records a resource, or with `None` that it is gone. A predecessor that is still there takes its place, on its
    /// way out.
    ///
    /// # Errors
    /// [`Error::Transition`] when the phase cannot follow the one recorded.
    pub fn record(&mut self, address: &Address, entry: Option<Entry>) -> Result<(), Error> {
        let Some(entry) = entry else {
            if let Some(predecessor) = self.resources.remove(address).and_then(Entry::succeeded_by_predecessor) {
                self.resources.insert(address.clone(), predecessor);
            }
            return Ok(());
        };
        if let Some(was) = self.resources.get(address)
            && !was.phase.allows(entry.phase)
            // A replacement that creates first starts again beside its predecessor.
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

    /// Records that a replaced predecessor is gone.
    ///
    /// # Errors
    /// None that a predecessor can meet; see [`State::record`].
    pub fn forget_deposed(&mut self, address: &Address, id: &str) -> Result<(), Error> {
        let Some(entry) = self.resources.get_mut(address) else { return Ok(()) };
        entry.deposed.retain(|old| old.id != id);
        match entry.phase == Phase::Deleting && entry.id.as_deref() == Some(id) {
            true => self.record(address, None),
            false => Ok(()),
        }
    }
}

/// What is wrong, and in which field: of one that is nested without end, the beginning.
fn located(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    const LONGEST: usize = 100;
    let path = error.path().to_string();
    match path.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…: {}", &path[..end], error.inner()),
        None => error.to_string(),
    }
}

/// Reads a map in which no key may be twice: readers of JSON take one of the two, and a resource would be
/// forgotten without a word.
fn each_once<'de, D, K, V>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
where
    D: Deserializer<'de>,
    K: Deserialize<'de> + Ord + fmt::Display,
    V: Deserialize<'de>,
{
    struct EachOnce<K, V>(PhantomData<(K, V)>);

    impl<'de, K, V> Visitor<'de> for EachOnce<K, V>
    where
        K: Deserialize<'de> + Ord + fmt::Display,
        V: Deserialize<'de>,
    {
        type Value = BTreeMap<K, V>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
            let mut map = BTreeMap::new();
            while let Some((key, value)) = entries.next_entry()? {
                match map.entry(key) {
                    Vacant(free) => free.insert(value),
                    Occupied(taken) => return Err(A::Error::custom(format!("`{}` is there twice", taken.key()))),
                };
            }
            Ok(map)
        }
    }

    deserializer.deserialize_map(EachOnce(PhantomData))
}

/// The JSON Schema of the format.
pub fn schema() -> Value {
    schemars::schema_for!(State).to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_format_is_refused_and_says_so() {
        let error = State::read(br#"{"format": 9, "whatever": true}"#, "s3://b/state.json").unwrap_err();
        assert!(matches!(error, Error::Newer { found: 9, known: FORMAT }));
    }

    #[test]
    fn damage_is_named() {
        for (bytes, part) in [
            (&b"{"[..], "not JSON"),
            (b"{}", "no format"),
            (br#"{"format": 0}"#, "format 0"),
            (br#"{"format": 1}"#, "missing field"),
            (br#"{"format": -1}"#, "no format"),
        ] {
            let error = State::read(bytes, "s3://b/state.json").unwrap_err().to_string();
            assert!(error.contains(part) && error.contains("s3://b/state.json"), "{error}");
        }
    }

    #[test]
    fn a_ready_resource_without_an_id_is_damage() {
        let mut state = State::new("dev", "123456789012", "eu-west-1");
        let entry = Entry {
            kind: "ec2:vpc".into(),
            phase: Phase::Ready,
            token: String::new(),
            id: None,
            spec: Value::Null,
            outputs: Value::Null,
            depends_on: vec![],
            protected: false,
            deposed: vec![],
        };
        state.resources.insert(Address::new("network", "vpc"), entry);
        assert!(State::read(&state.write(), "here").unwrap_err().to_string().contains("no id"));
    }

    #[test]
    fn a_predecessor_that_is_still_there_is_remembered_until_it_is_gone_as_well() {
        let mut state = State::new("dev", "123456789012", "eu-west-1");
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
