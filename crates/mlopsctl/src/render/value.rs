use crate::printer::escape::word;
use resource::{SENSITIVE, has_unknown};
use serde_json::Value;

/// The longest value shown on a line with its field.
pub(super) const LONGEST: usize = 60;

/// The longest part of a text that is shown where it differs from another.
const LONGEST_DIFFERENCE: usize = 400;

/// The placeholder of an unknown value.
const KNOWN_LATER: &str = "(known after apply)";

/// A value as a person reads it in a plan.
pub(crate) fn short(value: &Value) -> String {
    if has_unknown(value) {
        return KNOWN_LATER.to_owned();
    }
    cut(&text(value))
}

/// A value with all its parts. What is not known yet is said in words.
pub(super) fn shown(value: &Value) -> String {
    text(&in_words(value))
}

fn in_words(value: &Value) -> Value {
    match value {
        Value::String(_) if has_unknown(value) => KNOWN_LATER.into(),
        Value::Array(items) => items.iter().map(in_words).collect(),
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), in_words(value))).collect(),
        _ => value.clone(),
    }
}

/// A value before and after a change, of which some may be hidden. Of two long ones the place is shown where they differ.
pub(crate) fn change(before: &Value, after: &Value) -> String {
    let (before, after) = pair(before, after);
    format!("{before} → {after}")
}

/// The two values of [`change`].
pub(super) fn pair(before: &Value, after: &Value) -> (String, String) {
    // What differs is hidden.
    if before == after && !has_unknown(before) {
        return (SENSITIVE.to_owned(), SENSITIVE.to_owned());
    }
    let are_long = [before, after].iter().all(|value| !has_unknown(value) && text(value).chars().count() > LONGEST);
    if !are_long {
        return (short(before), short(after));
    }
    let (before, after): (Vec<char>, Vec<char>) = (text(before).chars().collect(), text(after).chars().collect());
    let begin = before.iter().zip(&after).take_while(|(before, after)| before == after).count();
    let shorter = before.len().min(after.len());
    let end = before.iter().rev().zip(after.iter().rev()).take(shorter - begin).take_while(|(b, a)| b == a).count();
    (part(&before, begin, end), part(&after, begin, end))
}

/// The middle of a text, with a little of its beginning and end as context.
fn part(text: &[char], begin: usize, end: usize) -> String {
    let from = begin.saturating_sub(LONGEST / 3);
    let until = text.len() - end.saturating_sub(LONGEST / 3);
    let (dots_before, dots_after) = (if from > 0 { "…" } else { "" }, if until < text.len() { "…" } else { "" });
    let differs: String = text[from..until].iter().collect();
    format!("{dots_before}{}{dots_after}", cut_to(&differs, LONGEST_DIFFERENCE))
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        Value::String(text) if text == SENSITIVE || text == KNOWN_LATER => text.clone(),
        Value::String(text) => format!("\"{}\"", word(text)),
        other => other.to_string(),
    }
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
    fn values_are_short_and_placeholders_are_words() {
        assert_eq!(short(&json!("⟦network.vpc.id⟧")), "(known after apply)");
        assert_eq!(short(&json!(["a", 1])), "[\"a\",1]");
        assert!(short(&json!("x".repeat(500))).ends_with('…'));
    }

    #[test]
    fn of_long_values_the_place_is_shown_where_they_differ() {
        let policy = |action: &str| json!({"A": "x".repeat(200), "Action": action, "B": "y".repeat(200)});
        let shown = change(&policy("s3:GetObject"), &policy("s3:PutObject"));
        assert!(shown.contains("\"Action\":\"s3:GetObject\"") && shown.contains("→ …"), "{shown}");
        assert!(shown.contains("\"Action\":\"s3:PutObject\"") && shown.chars().count() < 130, "{shown}");
        assert_eq!(change(&json!(7), &json!(14)), "7 → 14");
        assert_eq!(change(&json!("a".repeat(90)), &json!("⟦x.y⟧")).split(" → ").nth(1), Some("(known after apply)"));
    }
}
