//! Formats values of specs, and the difference between two values.

use crate::printer::escape::word;
use resource::{OTHER_SENSITIVE, SENSITIVE};
use serde_json::Value;
use vocabulary::{UNKNOWN_CLOSE, UNKNOWN_OPEN};

/// The longest value shown on a line with its field, where lines are folded.
pub(super) const LONGEST: usize = 60;

/// The longest part of a text that is shown where it differs from another.
const LONGEST_DIFFERENCE: usize = 400;

/// True if a value is cut off where lines are folded.
pub(super) fn is_long(value: &Value) -> bool {
    whole(value).chars().count() > LONGEST
}

/// The beginning of a value in readable form.
pub(crate) fn short(value: &Value) -> String {
    cut(&whole(value))
}

/// A value in readable form. An unknown value is shown as its placeholder.
pub(super) fn whole(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        Value::String(text) if [SENSITIVE, OTHER_SENSITIVE].contains(&text.as_str()) || is_placeholder(text) => {
            word(text).into_owned()
        }
        Value::String(text) => format!("\"{}\"", word(text)),
        other => other.to_string(),
    }
}

/// True if a text is one placeholder and nothing else.
fn is_placeholder(text: &str) -> bool {
    let inner = text.strip_prefix(UNKNOWN_OPEN).and_then(|rest| rest.strip_suffix(UNKNOWN_CLOSE));
    inner.is_some_and(|inner| !inner.contains(UNKNOWN_OPEN))
}

/// A value before and after a change, on one line.
pub(crate) fn change(before: &Value, after: &Value) -> String {
    let (before, after) = pair(before, after, false);
    format!("{before} → {after}")
}

/// A value before and after a change. A part of it may be hidden. Of two long values, only the place of the difference
/// is shown, unless `is_full`.
pub(super) fn pair(before: &Value, after: &Value, is_full: bool) -> (String, String) {
    // The difference is hidden.
    if before == after {
        return (SENSITIVE.to_owned(), SENSITIVE.to_owned());
    }
    if is_full {
        return (whole(before), whole(after));
    }
    if !is_long(before) || !is_long(after) {
        return (short(before), short(after));
    }
    let (before, after): (Vec<char>, Vec<char>) = (whole(before).chars().collect(), whole(after).chars().collect());
    let begin = before.iter().zip(&after).take_while(|(before, after)| before == after).count();
    let shorter = before.len().min(after.len());
    let end = before.iter().rev().zip(after.iter().rev()).take(shorter - begin).take_while(|(b, a)| b == a).count();
    (part(&before, begin, end), part(&after, begin, end))
}

/// The middle of a text, with some characters from its beginning and end for orientation.
fn part(text: &[char], begin: usize, end: usize) -> String {
    let from = begin.saturating_sub(LONGEST / 3);
    let until = text.len() - end.saturating_sub(LONGEST / 3);
    let (dots_before, dots_after) = (if from > 0 { "…" } else { "" }, if until < text.len() { "…" } else { "" });
    let differs: String = text[from..until].iter().collect();
    format!("{dots_before}{}{dots_after}", cut_to(&differs, LONGEST_DIFFERENCE))
}

fn cut(text: &str) -> String {
    cut_to(text, LONGEST)
}

fn cut_to(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let start: String = text.chars().take(longest - 1).collect();
    format!("{start}…")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_short_and_placeholders_stand_without_quotes() {
        assert_eq!(short(&json!("⟦network.vpc.id⟧")), "⟦network.vpc.id⟧");
        assert_eq!(short(&json!("arn:⟦network.vpc.id⟧")), "\"arn:⟦network.vpc.id⟧\"");
        assert_eq!(short(&json!(["a", 1])), "[\"a\",1]");
        assert!(short(&json!("x".repeat(500))).ends_with('…'));
    }

    #[test]
    fn long_values_show_the_place_where_they_differ_unless_all_is_shown() {
        let text = |middle: &str| json!(format!("{}{middle}{}", "x".repeat(200), "y".repeat(200)));
        let (before, after) = pair(&text("GetObject"), &text("PutObject"), false);
        assert!(before.starts_with('…') && before.contains("GetO") && before.chars().count() < 70, "{before}");
        assert!(after.contains("PutO"), "{after}");
        assert_eq!(pair(&text("a"), &text("b"), true).0.len(), 403);
        assert_eq!(pair(&json!(7), &json!(14), false), ("7".to_owned(), "14".to_owned()));
    }
}
