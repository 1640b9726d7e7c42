use resource::has_unknown;
use serde_json::Value;

/// The longest value shown on a line with its field.
const LONGEST: usize = 60;

/// A value as a person reads it in a plan.
pub(crate) fn short(value: &Value) -> String {
    if has_unknown(value) {
        return "(known after apply)".to_owned();
    }
    let text = match value {
        Value::Null => "(none)".to_owned(),
        Value::String(text) => format!("\"{text}\""),
        other => other.to_string(),
    };
    if text.chars().count() <= LONGEST {
        return text;
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
}
