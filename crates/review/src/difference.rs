//! The differences of two values. Policies are compared by statement, rules, lists and sets by element, documents by
//! path. Unchanged parts are counted.

use crate::{
    counterpart::{counterpart, label},
    equality::is_same,
    rule::is_rule,
    statement::is_statement,
    unchanged::{Unchanged, unchanged},
};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use vocabulary::policy_spelling;

/// The length up to which a list or document is shown whole, before and after the change.
const SHORT: usize = 60;

/// All differences of two values.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Differences {
    /// One for each part that differs.
    pub parts: Vec<Difference>,
    /// The parts that do not.
    pub unchanged: Unchanged,
}

/// One part that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The way in which it differs.
    #[serde(rename = "change")]
    pub kind: Kind,
    /// The place within the field: dotted, items of lists by their name in brackets; empty for the field itself.
    pub path: String,
    /// The part as it is; null where it is added.
    pub before: Value,
    /// The part as it will be; null where it is removed.
    pub after: Value,
    /// True if the plan undoes drift here.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub drifted: bool,
}

impl Difference {
    /// True if the part is or contains a value without a bound that a reviewer must see, such as `0.0.0.0/0`.
    pub fn is_wide(&self) -> bool {
        is_wide_value(&self.before) || is_wide_value(&self.after)
    }
}

fn is_wide_value(value: &Value) -> bool {
    match value {
        Value::String(text) => text == "*" || text.ends_with(":*") || text == "0.0.0.0/0" || text == "::/0",
        Value::Array(items) => items.iter().any(is_wide_value),
        Value::Object(fields) => fields.values().any(is_wide_value),
        _ => false,
    }
}

/// The way in which a part differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It is new.
    Added,
    /// It goes.
    Removed,
    /// It has another value.
    Changed,
    /// A list has the same items in another order.
    Reordered,
}

/// The differences of two values of a field of this name. `None` if a reader sees more from both whole values.
pub fn between(field: &str, before: &Value, after: &Value) -> Option<Differences> {
    if before == after {
        return None;
    }
    let (mut before, mut after) = (structure(field, before), structure(field, after));
    let mut keys = BTreeMap::new();
    each_condition(&mut after, &mut |operators| {
        keys.extend(operators.keys().map(|key| (key.to_ascii_lowercase(), key.clone())));
    });
    each_condition(&mut before, &mut |operators| {
        let spelled = |key: String| keys.get(&key.to_ascii_lowercase()).cloned().unwrap_or(key);
        *operators = std::mem::take(operators).into_iter().map(|(key, value)| (spelled(key), value)).collect();
    });
    match (&before, &after) {
        (Value::Null, _) => after = without_version(after),
        (_, Value::Null) => before = without_version(before),
        _ => {}
    }
    let is_full = |value: &Value| value.is_array() || value.is_object();
    match (&before, &after) {
        (Value::Array(one), Value::Array(other)) if are_short(one, other) => return None,
        (Value::Array(_), Value::Array(_)) | (Value::Object(_), Value::Object(_)) => {}
        (Value::Null, full) | (full, Value::Null) if is_full(full) && is_worth_parts(full) => {}
        (Value::String(one), Value::String(other)) if one.contains('\n') || other.contains('\n') => {
            return Some(lines(one, other));
        }
        _ => return None,
    }
    let mut parts = Vec::new();
    compare("", &before, &after, &mut parts);
    (!parts.is_empty()).then(|| Differences { parts, unchanged: unchanged(&before, &after) })
}

/// True if a reader takes in two lists at a glance: each has at most one plain item.
fn are_short(one: &[Value], other: &[Value]) -> bool {
    let is_plain = |items: &[Value]| match items {
        [] => true,
        [item] => !item.is_object() && !item.is_array() && item.to_string().len() <= SHORT,
        _ => false,
    };
    is_plain(one) && is_plain(other)
}

fn is_worth_parts(value: &Value) -> bool {
    let holds_rules =
        value.as_array().is_some_and(|items| items.iter().any(|item| is_rule(item) || is_statement(item)));
    holds_rules || value["Statement"].is_array() || value.to_string().chars().count() > SHORT
}

/// A value in the form for comparison: JSON in a string is parsed, and policies get one spelling.
fn structure(field: &str, value: &Value) -> Value {
    let parsed = match value {
        Value::String(text) if text.trim_start().starts_with(['{', '[']) => serde_json::from_str(text).ok(),
        _ => None,
    };
    let value = parsed.unwrap_or_else(|| value.clone());
    if field.rsplit('.').next() == Some("Statement") && !value.is_null() {
        let policy = Value::Object(Map::from_iter([("Statement".to_owned(), value)]));
        return policy_spelling(&policy)["Statement"].take();
    }
    match value.get("Statement") {
        Some(_) => policy_spelling(&value),
        None => value,
    }
}

/// Visits the keys of every condition in a policy, one operator at a time. IAM reads them without regard to case, so a
/// reviewer is shown no difference of it.
fn each_condition(value: &mut Value, visit: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::Object(operators) if key == "Condition" => {
                        operators.values_mut().filter_map(Value::as_object_mut).for_each(&mut *visit);
                    }
                    other => each_condition(other, visit),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each_condition(item, visit)),
        _ => {}
    }
}

/// A policy without its version, if that is the current one and so of no interest to a reviewer.
fn without_version(mut policy: Value) -> Value {
    let is_plain = policy["Version"] == "2012-10-17" && policy.as_object().is_some_and(|fields| fields.len() == 2);
    if is_plain && policy["Statement"].is_array() { policy["Statement"].take() } else { policy }
}

fn compare(path: &str, before: &Value, after: &Value, parts: &mut Vec<Difference>) {
    match (before, after) {
        _ if is_same(before, after) => {}
        (Value::Object(before), Value::Object(after)) => fields(path, before, after, parts),
        (Value::Array(before), Value::Array(after)) => items(path, before, after, parts),
        (Value::Null, Value::Object(after)) => fields(path, &Map::new(), after, parts),
        (Value::Object(before), Value::Null) => fields(path, before, &Map::new(), parts),
        (Value::Null, Value::Array(after)) => items(path, &[], after, parts),
        (Value::Array(before), Value::Null) => items(path, before, &[], parts),
        (Value::Null, _) => parts.push(part(Kind::Added, path, before, after)),
        (_, Value::Null) => parts.push(part(Kind::Removed, path, before, after)),
        _ => parts.push(part(Kind::Changed, path, before, after)),
    }
}

fn part(kind: Kind, path: &str, before: &Value, after: &Value) -> Difference {
    Difference { kind, path: path.to_owned(), before: before.clone(), after: after.clone(), drifted: false }
}

fn fields(path: &str, before: &Map<String, Value>, after: &Map<String, Value>, parts: &mut Vec<Difference>) {
    let added = after.keys().filter(|key| !before.contains_key(*key));
    for key in before.keys().chain(added) {
        let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let null = Value::Null;
        compare(&inner, before.get(key).unwrap_or(&null), after.get(key).unwrap_or(&null), parts);
    }
}

/// Compares lists as sets, because the position of an item rarely matters.
fn items(path: &str, before: &[Value], after: &[Value], parts: &mut Vec<Difference>) {
    let mut added: Vec<&Value> = after.iter().collect();
    let mut missing = Vec::new();
    for item in before {
        match added.iter().position(|other| is_same(item, other)) {
            Some(position) => drop(added.remove(position)),
            None => missing.push(item),
        }
    }
    if added.is_empty() && missing.is_empty() {
        let whole = |items: &[Value]| Value::Array(items.to_vec());
        parts.push(part(Kind::Reordered, path, &whole(before), &whole(after)));
        return;
    }
    let mut counterparts = Vec::new();
    let is_alone = (missing.len(), added.len()) == (1, 1);
    missing.retain(|item| match counterpart(item, &added, is_alone) {
        Some(position) => {
            counterparts.push((*item, added.remove(position)));
            false
        }
        None => true,
    });
    if let ([before], [after]) = (missing.as_slice(), added.as_slice()) {
        let is_plain = |item: &Value| !item.is_object() && !item.is_array();
        if !path.is_empty() && is_plain(before) && is_plain(after) {
            parts.push(part(Kind::Changed, path, before, after));
            return;
        }
    }
    parts.extend(missing.into_iter().map(|item| part(Kind::Removed, path, item, &Value::Null)));
    parts.extend(added.into_iter().map(|item| part(Kind::Added, path, &Value::Null, item)));
    for (before, after) in counterparts {
        compare(&format!("{path}[{}]", label(before, after)), before, after, parts);
    }
}

/// Compares texts of several lines without the lines at their beginning and end that are equal.
fn lines(before: &str, after: &str) -> Differences {
    let (one, other): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let begin = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
    let (one, other) = (&one[begin..], &other[begin..]);
    let end = one.iter().rev().zip(other.iter().rev()).take_while(|(one, other)| one == other).count();
    let (one, other) = (&one[..one.len() - end], &other[..other.len() - end]);
    let removed = one.iter().map(|text| part(Kind::Removed, "", &Value::from(*text), &Value::Null));
    let added = other.iter().map(|text| part(Kind::Added, "", &Value::Null, &Value::from(*text)));
    Differences { parts: removed.chain(added).collect(), unchanged: Unchanged { count: begin + end, of: "line" } }
}

/// Marks the differences that revert drift. `drift` contains the differences since the value was applied.
pub(crate) fn mark_drift(differences: &mut Differences, drift: Option<&Differences>) {
    let Some(drift) = drift else { return };
    for part in &mut differences.parts {
        let undoes = |one: &Difference| one.path == part.path && one.after == part.before;
        part.drifted = drift.parts.iter().any(undoes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(field: &str, before: &Value, after: &Value) -> Vec<String> {
        let Some(differences) = between(field, before, after) else { return vec![format!("{before} → {after}")] };
        let mut told: Vec<String> = differences
            .parts
            .iter()
            .map(|one| match one.kind {
                Kind::Added => format!("+ {}: {}", one.path, one.after),
                Kind::Removed => format!("- {}: {}", one.path, one.before),
                Kind::Changed => format!("~ {}: {} → {}", one.path, one.before, one.after),
                Kind::Reordered => format!("~ {}: reordered", one.path),
            })
            .collect();
        let Unchanged { count, of } = differences.unchanged;
        told.push(format!("{count} {of}"));
        told
    }

    fn rule(port: u16, from: &str) -> Value {
        json!({"description": "", "protocol": "tcp", "from_port": port, "to_port": port,
               "peer": {"type": "cidr", "cidr": from}})
    }

    #[test]
    fn case_of_condition_keys_is_no_difference() {
        let statement = |key: &str, actions: Value| {
            json!({"Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*",
                                  "Condition": {"StringEquals": {key: "glue.amazonaws.com"}}}]})
        };
        let before = statement("iam:passedtoservice", json!(["iam:PassRole"]));
        let after = statement("iam:PassedToService", json!(["iam:PassRole", "iam:GetRole"]));
        let differences = between("policy", &before, &after).unwrap();
        assert!(differences.parts.iter().all(|part| !part.path.contains("assedto")), "{differences:?}");
    }

    #[test]
    fn rules_are_compared_one_by_one() {
        let ours = [rule(2049, "10.0.0.0/16"), rule(443, "10.0.0.0/16")];
        let live = json!([ours[1], rule(22, "0.0.0.0/0"), ours[0]]);
        assert_eq!(told("ingress", &live, &json!(ours)), [format!("- : {}", rule(22, "0.0.0.0/0")), "2 rule".into()]);
        assert_eq!(told("ingress", &Value::Null, &json!([ours[0]])), [format!("+ : {}", ours[0]), "0 rule".into()]);
    }

    #[test]
    fn policies_are_compared_statement_by_statement_and_matched_by_sid() {
        let policy = |actions: Value| {
            json!({"Version": "2012-10-17", "Statement": [
            {"Sid": "Data", "Effect": "Allow", "Action": actions, "Resource": "arn:aws:s3:::b"},
            {"Sid": "Logs", "Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"}]})
        };
        let (ours, live) = (policy(json!("s3:GetObject")), policy(json!(["iam:*", "s3:GetObject"])));
        let expected = ["- Statement[Data].Action: \"iam:*\"", "1 statement"];
        assert_eq!(told("policy", &live, &ours), expected);
        assert_eq!(told("policy", &live, &json!(ours.to_string())), expected);
        let nested = ["- [Data].Action: \"iam:*\"", "1 statement"];
        assert_eq!(told("inline_policies.run.Statement", &live["Statement"], &ours["Statement"]), nested);
        let whole = told("policy", &Value::Null, &policy(json!("s3:*")));
        assert!(whole.len() == 3 && whole.iter().all(|one| !one.contains("2012")), "{whole:?}");
        let open = json!([{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}]);
        let all = told("policy.Statement", &open, &Value::Null);
        assert!(all[0].starts_with("- : ") && all[0].contains("\"*\""), "{all:?}");
    }

    #[test]
    fn statements_without_sid_are_named_by_what_they_allow() {
        let statement = |vpc: &str| {
            json!([{
            "Effect": "Allow", "Action": ["ec2:CreateNetworkInterface"],
            "Resource": ["arn:aws:ec2:eu-west-1:123456789012:subnet/*", "arn:aws:ec2:eu-west-1:123456789012:security-group/*"],
            "Condition": {"StringEquals": {"ec2:Vpc": vpc}}}])
        };
        let expected = [
            "~ [allow ec2:CreateNetworkInterface].Condition.StringEquals.ec2:Vpc: \"vpc-1\" → \"⟦network.vpc.arn⟧\"",
            "0 statement",
        ];
        assert_eq!(told("p.Statement", &statement("vpc-1"), &statement("⟦network.vpc.arn⟧")), expected);
    }

    #[test]
    fn lists_documents_and_texts_name_what_changed_and_count_the_rest() {
        assert_eq!(told("x", &json!(["a", "b"]), &json!(["a", "⟦n.c⟧"])), ["- : \"b\"", "+ : \"⟦n.c⟧\"", "1 item"]);
        assert_eq!(told("x", &json!(["a"]), &json!(["⟦n.c⟧"])), ["[\"a\"] → [\"⟦n.c⟧\"]"]);
        assert_eq!(told("x", &json!([1, 2]), &json!([2, 1])), ["~ : reordered", "2 item"]);
        assert_eq!(told("x", &json!("a\nb\nc"), &json!("a\nB\nc")), ["- : \"b\"", "+ : \"B\"", "2 line"]);
        assert_eq!(told("x", &json!(7), &json!(14)), ["7 → 14"]);
        let document = |seconds: u32| {
            json!({"States": {"Train": {"Type": "Task", "TimeoutSeconds": seconds}, "End": {"Type": "Succeed"}}})
                .to_string()
        };
        let expected = ["~ States.Train.TimeoutSeconds: 60 → 90", "2 value"];
        assert_eq!(told("definition", &json!(document(60)), &json!(document(90))), expected);
    }

    #[test]
    fn differences_that_undo_drift_are_marked() {
        let (applied, live, declared) = (json!(["a", "b"]), json!(["a", "b", "evil"]), json!(["a", "b", "c"]));
        let mut differences = between("x", &live, &declared).unwrap();
        mark_drift(&mut differences, between("x", &applied, &live).as_ref());
        let marks: Vec<(Kind, bool)> = differences.parts.iter().map(|one| (one.kind, one.drifted)).collect();
        assert_eq!(marks, [(Kind::Removed, true), (Kind::Added, false)]);
    }
}
