//! Compares a declared specification with a live one.

use crate::As;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use vocabulary::{has_unknown, same_policy};

/// The differences between a declaration and the live resource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Diff {
    /// One entry for each differing field, in the order of the paths.
    pub changes: Vec<FieldChange>,
}

/// One differing field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Dotted path, for example `tags.Owner`; lists are compared whole.
    pub path: String,
    /// The live value; null if there is none.
    pub before: Value,
    /// The declared value; null if it is to be removed.
    pub after: Value,
    /// False when `after` depends on something that does not exist yet.
    pub known: bool,
    /// True if this field makes a replacement necessary.
    #[serde(default)]
    pub forces_replacement: bool,
    /// True if `before` and `after` are hidden, or parts of them, because they may be secrets.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sensitive: bool,
}

impl Diff {
    /// True if nothing differs.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// True if the field, or anything within it, differs.
    pub fn has(&self, field: &str) -> bool {
        self.changes.iter().any(|change| within(&change.path, field))
    }

    /// True if any of the fields differs.
    pub fn has_any(&self, fields: &[&str]) -> bool {
        fields.iter().any(|field| self.has(field))
    }

    /// The change of a field or of the first thing within it.
    pub fn get(&self, field: &str) -> Option<&FieldChange> {
        self.changes.iter().find(|change| within(&change.path, field))
    }

    /// The keys of the tags to remove: those that mlopsctl has set and no longer declares.
    pub fn removed_tags(&self) -> Vec<String> {
        let removed = self.changes.iter().filter(|change| change.after.is_null());
        // The path of a tag is `tags.<key>`.
        removed.filter_map(|change| change.path.strip_prefix("tags.")).map(str::to_owned).collect()
    }
}

pub(crate) fn within(path: &str, field: &str) -> bool {
    path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Compares a declaration with the live resource.
///
/// Fields that the declaration leaves out are not managed: they differ only if `recorded`, the
/// declaration last applied, had them, that is when mlopsctl itself put them there.
pub fn compare(declared: &Value, recorded: Option<&Value>, live: &Value, hints: &[(&str, As)]) -> Diff {
    let mut changes = Vec::new();
    let empty = Value::Object(Map::new());
    field("", declared, recorded.unwrap_or(&empty), live, hints, &mut changes);
    Diff { changes }
}

fn field(
    path: &str,
    declared: &Value,
    recorded: &Value,
    live: &Value,
    hints: &[(&str, As)],
    changes: &mut Vec<FieldChange>,
) {
    let compares = |hint: &As| !matches!(hint, As::Sensitive | As::Plain);
    let hint = hints.iter().find(|(name, hint)| *name == path && compares(hint)).map(|(_, hint)| *hint);
    if is_one_of_policies(path, hints) && same_policy(declared, live) {
        return;
    }
    let live = if hint == Some(As::WriteOnly) { recorded } else { live };
    let differs = match (hint, declared, live) {
        (Some(As::Policy), ..) => !same_policy(declared, live),
        (Some(As::Set), Value::Array(declared), Value::Array(live)) => sorted(declared) != sorted(live),
        (Some(As::WriteOnly), ..) => !is_same(declared, live),
        (_, Value::Object(wanted), Value::Object(present)) => {
            let owned_whole = hint == Some(As::Whole);
            let mut keys: Vec<&String> = wanted.keys().collect();
            keys.extend(present.keys().filter(|key| {
                !wanted.contains_key(*key)
                    && (owned_whole || recorded.get(key.as_str()).is_some_and(|was| !was.is_null()))
            }));
            keys.sort();
            for key in keys {
                let null = Value::Null;
                let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let get = |of: &Map<String, Value>| of.get(key).cloned().unwrap_or(Value::Null);
                field(&inner, &get(wanted), recorded.get(key).unwrap_or(&null), &get(present), hints, changes);
            }
            return;
        }
        _ => !is_same(declared, live),
    };
    if differs {
        changes.push(FieldChange {
            path: path.to_owned(),
            before: live.clone(),
            after: declared.clone(),
            known: !has_unknown(declared),
            forces_replacement: false,
            sensitive: false,
        });
    }
}

/// True if `path` is an entry of a map of policies: `("policies.*", As::Policy)`.
fn is_one_of_policies(path: &str, hints: &[(&str, As)]) -> bool {
    hints.iter().any(|(name, hint)| {
        let map = name.strip_suffix(".*").filter(|_| *hint == As::Policy);
        map.is_some_and(|map| path.strip_prefix(map).is_some_and(|rest| rest.starts_with('.')))
    })
}

/// True if two values are equal; numbers are equal in any notation.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) if one.is_f64() || other.is_f64() => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| other.get(key).is_some_and(|other| is_same(value, other)))
        }
        (Value::String(one), Value::String(other)) => one == other || names_key(one, other) || names_key(other, one),
        _ => one == other,
    }
}

/// True if `name` is the id of the KMS key with this ARN, or the name of the alias with this ARN. Some services return
/// the ARN from the request, and some only the id in it.
/// <https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id>
fn names_key(arn: &str, name: &str) -> bool {
    let mut parts = arn.splitn(6, ':');
    let is_kms = parts.next() == Some("arn") && parts.nth(1) == Some("kms");
    let resource = if is_kms { parts.nth(2) } else { None };
    resource.is_some_and(|resource| resource == name || resource.strip_prefix("key/") == Some(name))
}

fn sorted(items: &[Value]) -> Vec<String> {
    let mut texts: Vec<String> = items.iter().map(Value::to_string).collect();
    texts.sort();
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paths(diff: &Diff) -> Vec<&str> {
        diff.changes.iter().map(|change| change.path.as_str()).collect()
    }

    #[test]
    fn what_is_not_asked_for_is_left_alone() {
        let diff = compare(&json!({"a": 1}), None, &json!({"a": 1, "b": 2}), &[]);
        assert!(diff.is_empty());
    }

    #[test]
    fn a_tag_of_ours_that_is_no_longer_declared_is_removed_and_a_strangers_stays() {
        let declared = json!({"tags": {"Owner": "A"}});
        let recorded = json!({"tags": {"Owner": "A", "Old": "x"}});
        let live = json!({"tags": {"Owner": "B", "Old": "x", "aws:cost": "1"}});
        let diff = compare(&declared, Some(&recorded), &live, &[]);
        assert_eq!(paths(&diff), ["tags.Old", "tags.Owner"]);
        assert_eq!(diff.removed_tags(), ["Old"]);
    }

    #[test]
    fn sets_policies_whole_maps_and_write_only_fields_compare_as_they_should() {
        let hints = [("set", As::Set), ("policy", As::Policy), ("env", As::Whole), ("digest", As::WriteOnly)];
        let declared =
            json!({"set": [1, 2], "policy": {"Statement": {"Action": "a"}}, "env": {"A": "1"}, "digest": "new"});
        let live = json!({"set": [2, 1], "policy": {"Statement": [{"Action": ["a"]}]}, "env": {"A": "1", "B": "2"}});
        let diff = compare(&declared, Some(&json!({"digest": "old"})), &live, &hints);
        assert_eq!(paths(&diff), ["digest", "env.B"]);
    }

    #[test]
    fn policies_of_a_map_compare_by_meaning_and_differ_where_they_differ() {
        let hints = [("all", As::Whole), ("all.*", As::Policy)];
        let policy = |sid: &str, action: &str| json!({"Statement": [{"Sid": sid, "Action": action}]});
        let declared = json!({"all": {"a": policy("1", "s3:GetObject"), "b": policy("1", "s3:GetObject")}});
        let live = json!({"all": {"a": policy("2", "S3:getObject"), "b": policy("1", "s3:*")}});
        assert_eq!(paths(&compare(&declared, None, &live, &hints)), ["all.b.Statement"]);
    }

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        let declared = json!({"version": 1.0, "rules": [{"weight": 2}], "large": 9_007_199_254_740_993_u64});
        let live = json!({"version": 1, "rules": [{"weight": 2.0}], "large": 9_007_199_254_740_993_u64});
        assert!(compare(&declared, None, &live, &[]).is_empty());
        let next = json!({"large": 9_007_199_254_740_992_u64});
        assert_eq!(paths(&compare(&json!({"large": 9_007_199_254_740_993_u64}), None, &next, &[])), ["large"]);
        assert_eq!(paths(&compare(&json!({"n": [1]}), None, &json!({"n": [1.5]}), &[])), ["n"]);
    }

    #[test]
    fn kms_key_is_the_same_by_its_arn_and_by_its_id() {
        let key = "arn:aws:kms:eu-west-1:123456789012:key/1234-abcd";
        let same = |one: &str, other: &str| compare(&json!({"k": one}), None, &json!({"k": other}), &[]).is_empty();
        assert!(same(key, "1234-abcd") && same("1234-abcd", key) && same(key, "key/1234-abcd"));
        assert!(same("arn:aws:kms:eu-west-1:123456789012:alias/data", "alias/data"));
        assert!(!same(key, "5678-abcd") && !same(key, "arn:aws:kms:eu-west-1:210987654321:key/1234-abcd"));
        assert!(!same("arn:aws:iam::123456789012:key/1234-abcd", "1234-abcd"));
    }

    #[test]
    fn a_placeholder_is_a_change_whose_value_is_not_known() {
        let diff = compare(&json!({"vpc": "⟦network.vpc.id⟧"}), None, &json!({"vpc": "vpc-1"}), &[]);
        assert!(!diff.changes[0].known);
    }
}
