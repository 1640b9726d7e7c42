//! Limits that AWS sets on the size of a setting: known before anything is sent.

use serde_json::Value;
use std::fmt;
use vocabulary::{UNKNOWN_CLOSE, UNKNOWN_OPEN};

/// The most that AWS takes of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeLimit {
    /// Dotted path of the field.
    pub field: &'static str,
    /// The measure that the limit applies to.
    pub measure: Measure,
    /// The most that AWS takes.
    pub most: usize,
}

/// The measure that a limit applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// The characters of a text.
    Characters,
    /// The bytes of a JSON document without white space.
    Document,
    /// The bytes of all documents of a map together, each without white space.
    Documents,
    /// The bytes of all keys and values of a map together.
    Entries,
    /// The items of a list, or the keys of a map.
    Items,
    /// The number of occurrences of this text.
    Occurrences(&'static str),
}

/// A field that is larger than AWS takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SizeExcess {
    /// The limit.
    pub limit: SizeLimit,
    /// The size that the field has.
    pub size: usize,
}

impl SizeLimit {
    /// At most so many characters of text.
    pub const fn characters(field: &'static str, most: usize) -> Self {
        Self { field, measure: Measure::Characters, most }
    }

    /// At most so many bytes of JSON without white space.
    pub const fn document(field: &'static str, most: usize) -> Self {
        Self { field, measure: Measure::Document, most }
    }

    /// At most so many bytes of all documents of a map together.
    pub const fn documents(field: &'static str, most: usize) -> Self {
        Self { field, measure: Measure::Documents, most }
    }

    /// At most so many bytes of keys and values of a map.
    pub const fn entries(field: &'static str, most: usize) -> Self {
        Self { field, measure: Measure::Entries, most }
    }

    /// At most so many items.
    pub const fn items(field: &'static str, most: usize) -> Self {
        Self { field, measure: Measure::Items, most }
    }

    /// Limits the number of occurrences of a text in a field.
    pub const fn occurrences(field: &'static str, text: &'static str, most: usize) -> Self {
        Self { field, measure: Measure::Occurrences(text), most }
    }

    /// The excess of a specification. What is not known yet counts as the shortest it can be.
    pub(crate) fn excess(self, spec: &Value) -> Option<SizeExcess> {
        let value = self.field.split('.').try_fold(spec, |value, step| value.get(step))?;
        let size = self.measure.of(value);
        (size > self.most).then_some(SizeExcess { limit: self, size })
    }
}

/// The shortest ARN that stands for a placeholder, and the shortest other id.
const SHORTEST_ARN: usize = 40;
const SHORTEST_ID: usize = 8;

impl Measure {
    fn of(self, value: &Value) -> usize {
        let document = |value: &Value| match value {
            Value::String(text) => length(text),
            other => length(&other.to_string()),
        };
        match (self, value) {
            (_, Value::Null) => 0,
            (Self::Characters, Value::String(text)) => length(text),
            (Self::Documents, Value::Object(fields)) => fields.values().map(document).sum(),
            (Self::Entries, Value::Object(fields)) => {
                fields.iter().map(|(key, value)| key.len() + document(value)).sum()
            }
            (Self::Items, Value::Array(items)) => items.len(),
            (Self::Items, Value::Object(fields)) => fields.len(),
            (Self::Occurrences(part), Value::String(text)) => text.matches(part).count(),
            (Self::Characters | Self::Document, other) => document(other),
            _ => 0,
        }
    }
}

fn length(text: &str) -> usize {
    let mut pieces = text.split(UNKNOWN_OPEN);
    let known = pieces.next().map_or(0, |text| text.chars().count());
    pieces.fold(known, |length, piece| {
        let (placeholder, rest) = piece.split_once(UNKNOWN_CLOSE).unwrap_or(("", piece));
        let shortest = if placeholder.ends_with("arn") { SHORTEST_ARN } else { SHORTEST_ID };
        length + shortest + rest.chars().count()
    })
}

impl fmt::Display for SizeExcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limit: SizeLimit { field, measure, most }, size } = self;
        let unit = match *measure {
            Measure::Occurrences(text) => {
                return write!(f, "`{field}` has `{text}` {size} times, and AWS takes it at most {most} times");
            }
            Measure::Characters => "characters",
            Measure::Document | Measure::Documents | Measure::Entries => "bytes",
            Measure::Items => "items",
        };
        write!(f, "`{field}` has {size} {unit}, and AWS takes at most {most}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_measure_counts_what_aws_counts() {
        let spec = json!({"name": "äbc", "policy": {"a": [1, 2]}, "rule": "ALARM(a) OR ALARM(b)",
            "inline": {"x": {"a": 1}, "y": "{}"}, "tags": {"k": "vv"}});
        for (limit, size) in [
            (SizeLimit::characters("name", 2), 3),
            (SizeLimit::document("policy", 1), 11),
            (SizeLimit::documents("inline", 1), 9),
            (SizeLimit::entries("tags", 1), 3),
            (SizeLimit::items("policy.a", 1), 2),
            (SizeLimit::occurrences("rule", "ALARM(", 1), 2),
        ] {
            assert_eq!(limit.excess(&spec), Some(SizeExcess { limit, size }));
            assert_eq!(SizeLimit { most: size, ..limit }.excess(&spec), None);
        }
        assert_eq!(SizeLimit::characters("nothing", 0).excess(&spec), None);
    }

    #[test]
    fn what_is_not_known_yet_counts_as_the_shortest_it_can_be() {
        let spec = json!({"id": "a⟦network.a-subnet-with-a-long-name.id⟧b", "arn": "⟦x.y.arn⟧"});
        assert_eq!(SizeLimit::characters("id", 10).excess(&spec), None);
        assert_eq!(SizeLimit::characters("arn", 39).excess(&spec).map(|excess| excess.size), Some(40));
    }
}
