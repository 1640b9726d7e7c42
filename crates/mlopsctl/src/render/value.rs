use crate::printer::escape::word;
use resource::{SENSITIVE, has_unknown};
use serde_json::Value;

/// The longest value shown on a line with its field.
const LONGEST: usize = 60;

/// A value as a person reads it in a plan.
pub(crate) fn short(value: &Value) -> String {
    if has_unknown(value) {
        return "(known after apply)".to_owned();
    }
    cut(&text(value))
}

/// A value before and after a change, of which some may be hidden. Of two long ones the place is shown where they begin to differ.
pub(crate) fn change(before: &Value, after: &Value) -> String {
    // What differs is hidden.
    if before == after && !has_unknown(before) {
        return format!("{SENSITIVE} → {SENSITIVE}");
    }
    let unchanged = text(before).chars().zip(text(after).chars()).take_while(|(before, after)| before == after).count();
    let are_long = [before, after].iter().all(|value| !has_unknown(value) && text(value).chars().count() > LONGEST);
    // A little of what is the same tells where it is.
    let skipped = unchanged.saturating_sub(LONGEST / 3);
    if !are_long || skipped == 0 {
        return format!("{} → {}", short(before), short(after));
    }
    let from_there = |value: &Value| cut(&text(value).chars().skip(skipped).collect::<String>());
    format!("…{} → …{}", from_there(before), from_there(after))
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        Value::String(text) if text == SENSITIVE => text.clone(),
        Value::String(text) => format!("\"{}\"", word(text)),
        other => other.to_string(),
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let start: String = text.chars().take(LONGEST - 1).collect();
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
