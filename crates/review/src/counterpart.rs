//! Matches the items of two lists, and names a changed item.

use crate::{
    equality::is_same,
    names::{Names, literal},
    rule::is_rule,
    statement::{is_statement, statement_in_words},
};
use serde_json::{Map, Value};

/// The length above which two items of lists are compared field by field with their best match.
const LONG_ITEM: usize = 160;

/// The longest value in the name of an item.
const LONGEST_IN_NAME: usize = 60;

/// The counterpart of an item after a change. A statement matches by its Sid, and any item by its name. An item without
/// a name matches by the most equal fields, if it is long or `is_alone`: the only one that changed, on both sides.
pub(crate) fn counterpart(item: &Value, among: &[&Value], is_alone: bool) -> Option<usize> {
    let Value::Object(fields) = item else { return None };
    if is_rule(item) {
        return None;
    }
    let likeness = |other: &&Value| {
        let others = other.as_object()?;
        if let (Some(one), Some(another)) = (item["Sid"].as_str(), other["Sid"].as_str()) {
            return (one == another).then_some(usize::MAX);
        }
        if let (Some(one), Some(another)) = (own_name(item), own_name(other)) {
            return (one == another).then_some(usize::MAX);
        }
        if !is_alone && item.to_string().len().max(other.to_string().len()) <= LONG_ITEM {
            return None;
        }
        let shared = fields.iter().filter(|(key, value)| others.get(*key).is_some_and(|other| is_same(value, other)));
        Some(shared.count()).filter(|shared| shared * 2 >= fields.len().max(others.len()))
    };
    let alike = among.iter().enumerate().filter_map(|(position, other)| Some((likeness(other)?, position)));
    alike.max_by_key(|(likeness, position)| (*likeness, usize::MAX - position)).map(|(_, position)| position)
}

/// The name that an item of a list contains, if any.
fn own_name(item: &Value) -> Option<&str> {
    const NAMES: [&str; 9] = ["Sid", "name", "Name", "id", "Id", "key", "Key", "VariantName", "Variable"];
    let named = NAMES.into_iter().find_map(|key| item[key].as_str());
    named.or_else(|| item["properties"]["title"].as_str())
}

/// The name of a changed item of a list. It is the item's own name, or for a statement the elements that both versions
/// share. Other items are named by the plain fields that both versions share.
pub(crate) fn label(before: &Value, after: &Value) -> String {
    if let Some(name) = own_name(after) {
        return literal(name);
    }
    let (Value::Object(before_fields), Value::Object(after_fields)) = (before, after) else { return String::new() };
    let is_shared = |key: &String, value: &Value| after_fields.get(key).is_some_and(|other| is_same(value, other));
    let shared = || before_fields.iter().filter(|(key, value)| is_shared(key, value));
    if is_statement(before) && shared().any(|(key, _)| key == "Action") {
        let kept = shared().filter(|(key, _)| ["Effect", "Action"].contains(&key.as_str()));
        let kept = kept.map(|(key, value)| (key.clone(), value.clone())).collect::<Map<String, Value>>();
        return statement_in_words(&Value::Object(kept), &Names::default());
    }
    let words = shared().map(|(key, value)| format!("{key} {}", cut(&value.to_string())));
    words.collect::<Vec<_>>().join(", ")
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST_IN_NAME) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
