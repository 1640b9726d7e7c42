//! TOML's values without TOML's three ways of writing a table.

use serde_json::{Number, Value};
use std::ops::Range;
use toml_edit::{Item, TableLike, Value as Toml};

/// A value of the file.
pub(super) enum Shape<'a> {
    Table(&'a dyn TableLike),
    List(Vec<(Shape<'a>, Range<usize>)>),
    Text(&'a str),
    Integer(i64),
    Float(f64),
    Truth(bool),
    Time,
}

impl<'a> Shape<'a> {
    pub(super) fn new(item: &'a Item) -> Option<Self> {
        match item {
            Item::None => None,
            Item::Value(value) => Some(Self::of_value(value)),
            Item::Table(table) => Some(Self::Table(table)),
            Item::ArrayOfTables(tables) => Some(Self::List(
                tables.iter().map(|table| (Self::Table(table), table.span().unwrap_or_default())).collect(),
            )),
        }
    }

    fn of_value(value: &'a Toml) -> Self {
        match value {
            Toml::String(text) => Self::Text(text.value()),
            Toml::Integer(number) => Self::Integer(*number.value()),
            Toml::Float(number) => Self::Float(*number.value()),
            Toml::Boolean(truth) => Self::Truth(*truth.value()),
            Toml::Datetime(_) => Self::Time,
            Toml::InlineTable(table) => Self::Table(table),
            Toml::Array(items) => {
                Self::List(items.iter().map(|item| (Self::of_value(item), item.span().unwrap_or_default())).collect())
            }
        }
    }

    /// The value as JSON, if it is a scalar of one of the types.
    pub(super) fn scalar(&self, types: &[&str]) -> Option<Value> {
        let allowed = |name| types.contains(&name);
        match self {
            Self::Text(text) if allowed("string") => Some((*text).into()),
            Self::Truth(truth) if allowed("boolean") => Some((*truth).into()),
            Self::Integer(number) if allowed("integer") || allowed("number") => Some((*number).into()),
            // JSON has neither infinities nor not-a-number, and no setting wants them.
            Self::Float(number) if allowed("number") => Number::from_f64(*number).map(Value::Number),
            _ => None,
        }
    }

    /// The word for such a value in messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Table(_) => "a table",
            Self::List(items) if items.iter().any(|(item, _)| matches!(item, Self::Table(_))) => "a list of tables",
            Self::List(_) => "a list",
            Self::Text(_) => "text",
            Self::Integer(_) => "an integer",
            Self::Float(number) if !number.is_finite() => "infinite or undefined",
            Self::Float(_) => "a fraction",
            Self::Truth(_) => "true or false",
            Self::Time => "a date or time",
        }
    }

    /// The right spelling of the same value, if only the spelling is wrong.
    pub(super) fn hint(&self, name: &str, types: &[&str]) -> Option<String> {
        let allowed = |name| types.contains(&name);
        let key = name.trim_matches('`');
        match self {
            Self::Text(text) if allowed("integer") && text.parse::<i64>().is_ok() => {
                Some(format!("leave out the quotes: {text}"))
            }
            Self::Text(text @ ("true" | "false")) if allowed("boolean") => {
                Some(format!("leave out the quotes: {text}"))
            }
            Self::Text(text) if allowed("array") => Some(format!("write a list: [\"{}\"]", shown(text))),
            Self::Integer(number) if allowed("string") => Some(format!("write it in quotes: \"{number}\"")),
            Self::Truth(truth) if allowed("string") => Some(format!("write it in quotes: \"{truth}\"")),
            Self::Table(_) if allowed("array") => Some(format!("write [[{key}]] for each of them")),
            Self::List(_) if allowed("object") => Some(format!("there is one: write [{key}]")),
            _ => None,
        }
    }
}

/// The words for the types of a schema in messages.
pub(super) fn kinds(types: &[&str]) -> String {
    let words = types.iter().filter(|name| **name != "integer" || !types.contains(&"number")).map(|name| match *name {
        "object" => "a table",
        "array" => "a list",
        "integer" => "an integer",
        "number" => "a number",
        "boolean" => "true or false",
        _ => "text",
    });
    words.collect::<Vec<_>>().join(" or ")
}

/// Text as a message shows it: on one line, with nothing that a terminal would act upon.
pub(super) fn shown(text: &str) -> String {
    text.escape_debug().to_string()
}
