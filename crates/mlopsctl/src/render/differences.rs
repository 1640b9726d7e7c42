//! The differences of two values. Lists, policies and definitions show only added and missing elements, one a line.

use super::value::{self, LONGEST, shown};
use crate::printer::{Printer, Style};
use resource::{has_unknown, policy_spelling};
use serde_json::{Map, Value};

/// Items of a list that are longer than this are compared field by field with the item that is most like them.
const LONG_ITEM: usize = 160;

/// The difference between two values.
#[derive(Debug, PartialEq)]
pub(crate) enum Differences {
    /// Both values, on the line of their field.
    Inline(String),
    /// One line for each thing that differs.
    Lines(Vec<Line>),
}

/// One thing that differs.
#[derive(Debug, PartialEq)]
pub(crate) struct Line {
    sign: Sign,
    text: String,
}

/// The kind of a difference.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sign {
    Added,
    Missing,
    Changed,
}

impl Line {
    /// The line as a person reads it.
    pub(crate) fn paint(&self, printer: Printer) -> String {
        let (sign, style) = match self.sign {
            Sign::Added => ("+", Style::Green),
            Sign::Missing => ("-", Style::Red),
            Sign::Changed => ("~", Style::Yellow),
        };
        format!("{} {}", printer.paint(style, sign), self.text)
    }
}

/// The differences between `before` and `after`, for a field of this name.
pub(crate) fn between(field: &str, before: &Value, after: &Value) -> Differences {
    let inline = || Differences::Inline(value::change(before, after));
    if before == after || is_unknown(after) {
        return inline();
    }
    let (before, after) = (structure(field, before), structure(field, after));
    match (&before, &after) {
        (Value::Array(_), Value::Array(_)) | (Value::Object(_), Value::Object(_)) => {}
        (Value::Null, full @ (Value::Array(_) | Value::Object(_)))
        | (full @ (Value::Array(_) | Value::Object(_)), Value::Null)
            if shown(full).chars().count() > LONGEST => {}
        (Value::String(one), Value::String(other)) if one.contains('\n') || other.contains('\n') => {
            return Differences::Lines(texts(one, other));
        }
        _ => return inline(),
    }
    let mut lines = Vec::new();
    compare("", &before, &after, &mut lines);
    match lines.is_empty() {
        true => inline(),
        false => Differences::Lines(lines),
    }
}

/// Whether the whole value is unknown.
fn is_unknown(value: &Value) -> bool {
    match value {
        Value::Array(items) => !items.is_empty() && items.iter().all(is_unknown),
        Value::String(_) => has_unknown(value),
        _ => false,
    }
}

/// A value in the form that is compared: JSON that is given as text is read, and policies are spelled alike.
fn structure(field: &str, value: &Value) -> Value {
    let parsed = match value {
        Value::String(text) if text.trim_start().starts_with(['{', '[']) => serde_json::from_str(text).ok(),
        _ => None,
    };
    let value = parsed.unwrap_or_else(|| value.clone());
    if field.rsplit('.').next() == Some("Statement") {
        let policy = Value::Object(Map::from_iter([("Statement".to_owned(), value)]));
        return policy_spelling(&policy)["Statement"].take();
    }
    match value.get("Statement") {
        Some(_) => policy_spelling(&value),
        None => value,
    }
}

fn compare(path: &str, before: &Value, after: &Value, lines: &mut Vec<Line>) {
    match (before, after) {
        _ if is_same(before, after) => {}
        (Value::Object(before), Value::Object(after)) => fields(path, before, after, lines),
        (Value::Array(before), Value::Array(after)) => items(path, before, after, lines),
        (Value::Null, Value::Object(after)) => fields(path, &Map::new(), after, lines),
        (Value::Object(before), Value::Null) => fields(path, before, &Map::new(), lines),
        (Value::Null, Value::Array(after)) => items(path, &[], after, lines),
        (Value::Array(before), Value::Null) => items(path, before, &[], lines),
        (Value::Null, after) => lines.push(line(Sign::Added, path, &shown(after))),
        (before, Value::Null) => lines.push(line(Sign::Missing, path, &shown(before))),
        _ => lines.push(line(Sign::Changed, path, &value::change(before, after))),
    }
}

fn line(sign: Sign, path: &str, text: &str) -> Line {
    let text = if path.is_empty() { text.to_owned() } else { format!("{path}: {text}") };
    Line { sign, text }
}

fn fields(path: &str, before: &Map<String, Value>, after: &Map<String, Value>, lines: &mut Vec<Line>) {
    let added = after.keys().filter(|key| !before.contains_key(*key));
    for key in before.keys().chain(added) {
        let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let (before, after) = (before.get(key), after.get(key));
        let null = Value::Null;
        compare(&inner, before.unwrap_or(&null), after.unwrap_or(&null), lines);
    }
}

/// Lists are compared as sets: the place of an item says little about what somebody did to it.
fn items(path: &str, before: &[Value], after: &[Value], lines: &mut Vec<Line>) {
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
        let text = format!("in another order: {}", value::change(&whole(before), &whole(after)));
        lines.push(line(Sign::Changed, path, &text));
        return;
    }
    let mut counterparts = Vec::new();
    missing.retain(|item| match counterpart(item, &added) {
        Some(position) => {
            counterparts.push((*item, added.remove(position)));
            false
        }
        None => true,
    });
    lines.extend(added.into_iter().map(|item| line(Sign::Added, path, &shown(item))));
    lines.extend(missing.into_iter().map(|item| line(Sign::Missing, path, &shown(item))));
    for (before, after) in counterparts {
        compare(&format!("{path}[{}]", name(before, after)), before, after, lines);
    }
}

/// The item that a long one has become: one of the same name, or else one with which it shares most fields.
fn counterpart(item: &Value, among: &[&Value]) -> Option<usize> {
    let Value::Object(fields) = item else { return None };
    let likeness = |other: &&Value| {
        let others = other.as_object()?;
        if shown(item).len().max(shown(other).len()) <= LONG_ITEM {
            return None;
        }
        if let (Some(one), Some(another)) = (own_name(fields), own_name(others)) {
            return (one == another).then_some(usize::MAX);
        }
        let shared = fields.iter().filter(|(key, value)| others.get(*key).is_some_and(|other| is_same(value, other)));
        Some(shared.count()).filter(|shared| shared * 2 >= fields.len().max(others.len()))
    };
    let alike = among.iter().enumerate().filter_map(|(position, other)| Some((likeness(other)?, position)));
    alike.max_by_key(|(likeness, position)| (*likeness, usize::MAX - position)).map(|(_, position)| position)
}

/// The field by which people know an item of a list.
fn own_name(fields: &Map<String, Value>) -> Option<&str> {
    ["Sid", "name", "Name", "id", "Id", "key", "Key"].into_iter().find_map(|key| fields.get(key)?.as_str())
}

/// A label for a changed item of a list: its name, or the members that both versions share.
fn name(before: &Value, after: &Value) -> String {
    let (Value::Object(before), Value::Object(after)) = (before, after) else { return String::new() };
    if let Some(name) = own_name(after) {
        return name.to_owned();
    }
    let shared = before.iter().filter(|(key, value)| after.get(*key).is_some_and(|other| is_same(value, other)));
    let words: Vec<String> = shared.map(|(key, value)| format!("{key} {}", value::short(value))).collect();
    words.join(", ")
}

/// Texts of several lines: what lies between the lines that they begin and end with alike.
fn texts(before: &str, after: &str) -> Vec<Line> {
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let alike = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
    let (before, after) = (&before[alike..], &after[alike..]);
    let alike = before.iter().rev().zip(after.iter().rev()).take_while(|(one, other)| one == other).count();
    let (before, after) = (&before[..before.len() - alike], &after[..after.len() - alike]);
    let missing = before.iter().map(|text| line(Sign::Missing, "", text));
    missing.chain(after.iter().map(|text| line(Sign::Added, "", text))).collect()
}

/// Whether two values are equal; numbers are equal in any notation.
fn is_same(one: &Value, other: &Value) -> bool {
    resource::compare(&Value::Array(vec![one.clone()]), None, &Value::Array(vec![other.clone()]), &[]).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lines(field: &str, before: &Value, after: &Value) -> Vec<String> {
        let printer = Printer { colour: false, colourful: false, terminal: false, json: false, quiet: false };
        match between(field, before, after) {
            Differences::Inline(text) => vec![text],
            Differences::Lines(lines) => lines.iter().map(|line| line.paint(printer)).collect(),
        }
    }

    fn rule(port: u16, from: &str) -> Value {
        json!({"description": "NFS to the home directories", "from_port": port, "to_port": port, "cidr": from})
    }

    #[test]
    fn a_rule_that_somebody_added_is_shown_alone_and_whole() {
        let ours = [rule(2049, "10.0.0.0/16"), rule(443, "10.0.0.0/16")];
        let live = json!([ours[1], rule(22, "0.0.0.0/0"), ours[0]]);
        assert_eq!(lines("ingress", &json!(ours), &live), [format!("+ {}", rule(22, "0.0.0.0/0"))]);
        assert_eq!(lines("ingress", &live, &json!(ours)), [format!("- {}", rule(22, "0.0.0.0/0"))]);
    }

    #[test]
    fn an_action_that_somebody_added_to_a_policy_is_shown_with_its_statement() {
        let policy = |actions: Value| {
            let buckets: Vec<String> = (0..20).map(|n| format!("arn:aws:s3:::bucket-{n}")).collect();
            json!({"Version": "2012-10-17", "Statement": [
                {"Sid": "Data", "Effect": "Allow", "Action": actions, "Resource": buckets},
                {"Sid": "Logs", "Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"}]})
        };
        let (ours, live) = (policy(json!("s3:GetObject")), policy(json!(["iam:*", "s3:GetObject"])));
        assert_eq!(lines("policy", &ours, &live), ["+ Statement[Data].Action: \"iam:*\""]);
        assert_eq!(lines("policy", &json!(ours.to_string()), &live), ["+ Statement[Data].Action: \"iam:*\""]);
        let (ours, live) = (&ours["Statement"], &live["Statement"]);
        assert_eq!(lines("inline_policies.run.Statement", ours, live), ["+ [Data].Action: \"iam:*\""]);
    }

    #[test]
    fn an_item_that_is_known_only_later_hides_no_other() {
        let before = json!([{"source": "sg-1", "port": 1}, {"source": "0.0.0.0/0", "port": 22}]);
        let after = json!([{"source": "⟦network.x.id⟧", "port": 1}]);
        let expected = [
            "+ {\"port\":1,\"source\":\"(known after apply)\"}",
            "- {\"port\":1,\"source\":\"sg-1\"}",
            "- {\"port\":22,\"source\":\"0.0.0.0/0\"}",
        ];
        assert_eq!(lines("ingress", &before, &after), expected);
        assert_eq!(
            lines("subnets", &json!(["s-1", "s-2"]), &json!(["⟦a.b⟧"])),
            ["[\"s-1\",\"s-2\"] → (known after apply)"]
        );
    }

    #[test]
    fn orders_numbers_and_lines_of_text_say_what_changed() {
        assert_eq!(lines("x", &json!([1, 2]), &json!([2, 1])), ["~ in another order: [1,2] → [2,1]"]);
        assert_eq!(lines("x", &json!([1]), &json!([1.0, 2])), ["+ 2"]);
        assert_eq!(lines("x", &json!("a\nb\nc"), &json!("a\nB\nc")), ["- b", "+ B"]);
        assert_eq!(lines("x", &json!(7), &json!(14)), ["7 → 14"]);
        let many: Vec<String> = (0..30).map(|n| format!("item-{n}")).collect();
        assert_eq!(lines("x", &Value::Null, &json!(many)).len(), 30);
    }
}
