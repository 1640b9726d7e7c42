use resource::{UNKNOWN_OPEN, has_unknown};
use serde_json::Value;

/// As long as a value on one line may be.
const LONG: usize = 72;

/// A value on one line, shortened if it is long; what does not exist yet says so.
pub(super) fn short(value: &Value) -> String {
    let text = match value {
        Value::Null => return "(none)".to_owned(),
        Value::String(text) if text.contains(UNKNOWN_OPEN) => return "(known after apply)".to_owned(),
        Value::String(text) => format!("{text:?}"),
        Value::Array(_) | Value::Object(_) if has_unknown(value) => {
            return format!("{} (partly known after apply)", measure(value));
        }
        other => other.to_string(),
    };
    if text.chars().count() <= LONG {
        return text;
    }
    match value {
        Value::Array(_) | Value::Object(_) => format!("{}… ({})", cut(&text, LONG - 12), measure(value)),
        _ => format!("{}…", cut(&text, LONG - 1)),
    }
}

fn measure(value: &Value) -> String {
    let of = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    match value {
        Value::Array(items) => of(items.len(), "item"),
        Value::Object(fields) => of(fields.len(), "field"),
        _ => String::new(),
    }
}

/// The first characters of a text.
pub(super) fn cut(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

/// Whether two values are better shown line by line.
pub(super) fn is_structured(value: &Value) -> bool {
    matches!(value, Value::Array(_) | Value::Object(_)) && value.to_string().chars().count() > LONG
}

/// The lines in which two structured values differ, `-` and `+` before them, at most `most`.
pub(super) fn difference(before: &Value, after: &Value, most: usize) -> Vec<String> {
    let lines = |value: &Value| -> Vec<String> {
        let text = serde_json::to_string_pretty(value).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    };
    let (old, new) = (lines(before), lines(after));
    let same_start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - same_start;
    let same_end = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let gone = old[same_start..old.len() - same_end].iter().map(|line| format!("- {line}"));
    let come = new[same_start..new.len() - same_end].iter().map(|line| format!("+ {line}"));
    let mut shown: Vec<String> = gone.chain(come).collect();
    if shown.len() > most {
        let more = shown.len() - most;
        shown.truncate(most);
        shown.push(format!("… {more} more lines (see --json)"));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_does_not_exist_yet_says_so() {
        assert_eq!(short(&json!("⟦network.vpc.id⟧")), "(known after apply)");
        assert_eq!(short(&json!(["⟦network.vpc.id⟧", "b"])), "2 items (partly known after apply)");
        assert_eq!(short(&Value::Null), "(none)");
    }

    #[test]
    fn long_values_stay_on_one_line() {
        assert!(short(&json!("x".repeat(500))).chars().count() <= LONG);
        assert!(short(&json!(vec!["abcdefgh"; 50])).ends_with("(50 items)"));
    }

    #[test]
    fn only_the_lines_that_differ_are_shown() {
        let before = json!({"Statement": [{"Action": "a"}, {"Action": "b"}]});
        let after = json!({"Statement": [{"Action": "a"}, {"Action": "c"}]});
        assert_eq!(difference(&before, &after, 9), ["-       \"Action\": \"b\"", "+       \"Action\": \"c\""]);
    }
}
