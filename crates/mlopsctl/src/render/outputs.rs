//! The outputs of a platform for a person.

use serde_json::Value;
use std::collections::BTreeMap;

/// `name = value` for each output. The names are as wide as the longest one, unless that leaves a value no room.
pub(crate) fn text(outputs: &BTreeMap<String, Value>, width: Option<usize>) -> String {
    let names = outputs.keys().map(|name| name.chars().count()).max().unwrap_or_default();
    let lines = |names| outputs.iter().map(move |(name, value)| format!("{name:names$} = {}", plain(value)));
    let is_wide = width.is_some_and(|width| lines(names).any(|line| line.chars().count() > width));
    lines(if is_wide { 0 } else { names }).collect::<Vec<_>>().join("\n")
}

/// A value as text: without quotes if it is text.
pub(crate) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_aligned_where_there_is_room_for_the_values() {
        let outputs =
            [("bucket", "data-0"), ("id", "vpc-1")].map(|(name, value)| (name.to_owned(), json!(value))).into();
        let aligned = "bucket = data-0\nid     = vpc-1";
        assert_eq!((text(&outputs, None).as_str(), text(&outputs, Some(15)).as_str()), (aligned, aligned));
        assert_eq!(text(&outputs, Some(14)), "bucket = data-0\nid = vpc-1");
    }
}
