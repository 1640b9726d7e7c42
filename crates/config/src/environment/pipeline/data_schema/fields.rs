//! The fields of a schema, of its columns and of its CSV format, and what each must be.

use serde_json::Value;
use std::collections::BTreeSet;

/// A field, what it must be in words, the test of it, and the types of columns that may have it.
pub(super) struct Rule {
    pub(super) name: &'static str,
    /// Empty for a field that has a check of its own.
    pub(super) meaning: &'static str,
    pub(super) holds: fn(&Value) -> bool,
    /// Empty for all.
    pub(super) kinds: &'static [&'static str],
}

impl Rule {
    /// The types of columns that may have the field, as a phrase.
    pub(super) fn kinds_listed(&self) -> String {
        match self.kinds {
            [] => String::new(),
            [only] => (*only).to_owned(),
            [first @ .., last] => format!("{} and {last}", first.join(", ")),
        }
    }
}

const fn rule(name: &'static str, meaning: &'static str, holds: fn(&Value) -> bool) -> Rule {
    Rule { name, meaning, holds, kinds: &[] }
}

const fn of_kinds(rule: Rule, kinds: &'static [&'static str]) -> Rule {
    Rule { kinds, ..rule }
}

const fn own_check(name: &'static str) -> Rule {
    rule(name, "", |_| true)
}

/// Fields for people, which mean nothing to the pipeline.
pub(super) const NOTES: [&str; 2] = ["$schema", "description"];

pub(super) const SCHEMA: [Rule; 10] = [
    own_check("columns"),
    own_check("label"),
    own_check("task"),
    own_check("key"),
    own_check("order_by"),
    own_check("split_by"),
    own_check("split_time"),
    own_check("identical_rows"),
    own_check("csv"),
    own_check("null_words"),
];

pub(super) const COLUMN: [Rule; 10] = [
    own_check("name"),
    own_check("type"),
    rule("source", "a text", is_text),
    rule("required", "true or false", Value::is_boolean),
    of_kinds(rule("minimum", "a number", is_number), &["integer", "number"]),
    of_kinds(rule("maximum", "a number", is_number), &["integer", "number"]),
    of_kinds(rule("values", "a list of different texts or whole numbers", values), &["string", "integer", "number"]),
    rule("feature", "true or false", Value::is_boolean),
    of_kinds(rule("timestamp_format", "a text", is_text), &["timestamp"]),
    rule("null_words", "a list of texts", texts),
];

pub(super) const CSV: [Rule; 5] = [
    rule("separator", "one character", is_character),
    rule("quote", "one character", is_character),
    rule("decimal", "`.` or `,`", |value| [".", ","].map(Value::from).contains(value)),
    rule("encoding", "a text", is_text),
    rule("multiline", "true or false", Value::is_boolean),
];

pub(super) fn is_number(value: &Value) -> bool {
    value.is_number()
}

fn is_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty())
}

fn is_character(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.chars().count() == 1)
}

pub(super) fn texts(value: &Value) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(is_text))
}

/// A list of different texts or whole numbers.
pub(super) fn values(value: &Value) -> bool {
    let Some(items) = value.as_array().filter(|items| !items.is_empty()) else { return false };
    let is_plain = |item: &Value| is_text(item) || item.is_i64() || item.is_u64();
    let written = |item: &Value| item.as_str().map_or_else(|| item.to_string(), str::to_owned);
    items.iter().all(is_plain) && items.iter().map(written).collect::<BTreeSet<_>>().len() == items.len()
}
