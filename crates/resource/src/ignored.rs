//! Ignored fields, which the environment file leaves to other tools: live values stay, and differences are only
//! counted.

use crate::{Address, FieldChange, Reconciler, diff::within};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The ignored fields, by patterns of addresses.
#[derive(Clone, Debug, Default)]
pub struct IgnoreRules(Vec<IgnoreRule>);

/// One ignored field: a pattern of addresses, and a dotted path such as `inline_policies.queue`.
#[derive(Clone, Debug)]
struct IgnoreRule {
    addresses: String,
    path: String,
}

/// An ignored difference. `before` is the live value, which stays, and `after` is the declared value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IgnoredDifference {
    /// The address of the resource.
    pub address: Address,
    /// The kind of the resource.
    pub kind: String,
    /// The difference.
    #[serde(flatten)]
    pub field: FieldChange,
}

impl IgnoreRules {
    /// Ignores the field at `path` of every resource whose address matches the glob.
    pub fn add(&mut self, addresses: impl Into<String>, path: impl Into<String>) {
        self.0.push(IgnoreRule { addresses: addresses.into(), path: path.into() });
    }

    /// The rules in order, each with its pattern of addresses and its path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|rule| (rule.addresses.as_str(), rule.path.as_str()))
    }

    /// The ignored paths of an address.
    pub fn paths(&self, address: &Address) -> Vec<&str> {
        let rules = self.0.iter().filter(|rule| address.matches(&rule.addresses));
        rules.map(|rule| rule.path.as_str()).collect()
    }

    /// Copies the live values of ignored fields into a declaration, so that no update changes them. Returns the
    /// differences that this removed.
    pub fn keep_live(
        &self,
        address: &Address,
        reconciler: &dyn Reconciler,
        declared: &mut Value,
        recorded: Option<&Value>,
        live: &Value,
    ) -> Vec<IgnoredDifference> {
        let paths = self.paths(address);
        if paths.is_empty() {
            return Vec::new();
        }
        let before = reconciler.compare(declared, recorded, live).changes;
        let concerns = |path: &str| before.iter().any(|one| within(&one.path, path) || within(path, &one.path));
        for path in paths.into_iter().filter(|path| concerns(path)) {
            copy(path, live, declared);
        }
        let left = reconciler.compare(declared, recorded, live).changes;
        let gone = before.into_iter().filter(|one| !left.contains(one));
        gone.map(|field| IgnoredDifference { address: address.clone(), kind: reconciler.kind().to_owned(), field })
            .collect()
    }

    /// Copies the values that [`keep_live`](Self::keep_live) put into one declaration to another of the same resource.
    pub fn copy_kept(&self, address: &Address, from: &Value, to: &mut Value) {
        for path in self.paths(address) {
            copy(path, from, to);
        }
    }
}

/// Copies the value at a path from `from` to `to`. A list is copied only as a whole.
fn copy(path: &str, from: &Value, to: &mut Value) {
    let (Value::Object(from), Value::Object(to)) = (from, to) else { return };
    // A key may contain dots itself.
    let leads = |key: &&String| within(path, key.as_str());
    let key = from.keys().chain(to.keys()).filter(leads).max_by_key(|key| key.len()).cloned();
    let Some(key) = key else { return };
    if key.len() < path.len() {
        if let (Some(from), Some(to)) = (from.get(&key), to.get_mut(&key)) {
            copy(&path[key.len() + 1..], from, to);
        }
        return;
    }
    match from.get(&key) {
        Some(value) => {
            to.insert(key, value.clone());
        }
        None => {
            to.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::copy;
    use serde_json::json;

    #[test]
    fn field_is_copied_by_its_path_though_its_key_holds_dots_and_nothing_else_is() {
        let live = json!({"tags": {"a.b": "live", "c": "live"}, "inline_policies": {"queue": {"S": 1}}, "size": 3});
        let mut declared = json!({"tags": {"a.b": "x", "c": "x"}, "inline_policies": {"old": 1}, "size": 2});
        copy("tags.a.b", &live, &mut declared);
        copy("inline_policies.queue", &live, &mut declared);
        copy("inline_policies.old", &live, &mut declared);
        copy("size.of.nothing", &live, &mut declared);
        let expected = json!({"tags": {"a.b": "live", "c": "x"}, "inline_policies": {"queue": {"S": 1}}, "size": 2});
        assert_eq!(declared, expected);
    }
}
