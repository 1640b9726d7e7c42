//! Tags of resources.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The tag that holds a resource's address. With the other ownership tags it tells that the stack owns a resource.
pub const ADDRESS_TAG: &str = "mlopsctl:address";

/// The tag that says which state records a resource: two states can be of one environment, if one of them was moved.
pub const LINEAGE_TAG: &str = "mlopsctl:lineage";

/// The tags of a resource.
///
/// A specification's `tags` are completed by the stack with the environment's and the owner's. In a
/// comparison, keys that mlopsctl never set are left alone: cost-allocation and `aws:` tags are other
/// people's business.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tags(pub BTreeMap<String, String>);

impl Tags {
    /// The value under `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Keys and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The tags of `self` that `live` lacks or has with another value.
    pub fn missing_from(&self, live: &Tags) -> Tags {
        self.iter().filter(|(key, value)| live.get(key) != Some(value)).collect()
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Tags {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(tags: I) -> Self {
        Self(tags.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}
