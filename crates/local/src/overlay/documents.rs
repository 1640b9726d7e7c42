//! The document store: what resources were given, by kind and key, and their tags by ARN.

use jiff::Timestamp;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

use crate::service::Tagged;

/// A resource as its service describes it.
pub(crate) type Document = Map<String, Value>;

/// The resources of one region.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Documents {
    pub(super) by_kind: BTreeMap<String, BTreeMap<String, Document>>,
    pub(super) tags: Tagged,
}

/// An error as AWS gives it.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Documents {
    /// The resources of a kind with their keys.
    pub(crate) fn of<'a>(&'a self, kind: &str) -> impl Iterator<Item = (&'a String, &'a Document)> + use<'a> {
        self.by_kind.get(kind).into_iter().flatten()
    }

    pub(crate) fn get(&self, kind: &str, key: &str) -> Option<&Document> {
        self.by_kind.get(kind)?.get(key)
    }

    pub(crate) fn get_mut(&mut self, kind: &str, key: &str) -> Option<&mut Document> {
        self.by_kind.get_mut(kind)?.get_mut(key)
    }

    /// The first key of a kind that begins with a prefix.
    pub(crate) fn first_below(&self, kind: &str, prefix: &str) -> Option<&String> {
        let (key, _) = self.by_kind.get(kind)?.range(prefix.to_owned()..).next()?;
        key.starts_with(prefix).then_some(key)
    }

    /// Keeps a resource whose service creates and updates it by the same call, and its tags.
    pub(crate) fn put(&mut self, kind: &str, key: String, document: Document) {
        self.by_kind.entry(kind.to_owned()).or_default().insert(key, document);
    }

    pub(crate) fn remove(&mut self, kind: &str, key: &str) -> Option<Document> {
        self.by_kind.get_mut(kind)?.remove(key)
    }

    pub(crate) fn forget_tags(&mut self, arn: &str) {
        self.tags.remove(arn);
    }

    /// True if a resource of this store has the ARN.
    pub(crate) fn owns(&self, arn: &str) -> bool {
        self.tags.contains_key(arn)
    }

    pub(crate) fn tags(&self, arn: &str) -> impl Iterator<Item = (&String, &String)> {
        self.tags.get(arn).into_iter().flatten()
    }

    pub(crate) fn all_tags(&self) -> Tagged {
        self.tags.clone()
    }

    /// Adds tags, given as a list of `Key` and `Value` or as a map.
    pub(crate) fn tag(&mut self, arn: &str, tags: Option<&Value>) {
        let kept = self.tags.entry(arn.to_owned()).or_default();
        match tags {
            Some(Value::Array(list)) => kept.extend(list.iter().filter_map(|tag| {
                let member = |upper, lower| tag.get(upper).or(tag.get(lower))?.as_str();
                Some((member("Key", "key")?.to_owned(), member("Value", "value")?.to_owned()))
            })),
            Some(Value::Object(map)) => {
                kept.extend(map.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))))
            }
            _ => {}
        }
    }

    pub(crate) fn untag(&mut self, arn: &str, keys: &Value) {
        if let Some(kept) = self.tags.get_mut(arn) {
            for key in keys.as_array().into_iter().flatten().filter_map(Value::as_str) {
                kept.remove(key);
            }
        }
    }
}

/// The time as the JSON protocols write it: seconds since 1970 with a fraction.
#[expect(clippy::cast_precision_loss, reason = "microseconds since 1970 fit in 53 bits")]
pub(crate) fn now() -> Value {
    (Timestamp::now().as_microsecond() as f64 / 1e6).into()
}
