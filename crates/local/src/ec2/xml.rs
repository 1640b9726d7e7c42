//! EC2's answers: documents whose lists are runs of `<item>`.

use serde_json::Value;
use uuid::Uuid;
use winterbaume_core::xml_escape;

pub(super) fn response(operation: &str, answer: &Value) -> String {
    let mut text = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><{operation}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>{}</requestId>"#,
        Uuid::new_v4()
    );
    write(&mut text, answer);
    text.push_str(&format!("</{operation}Response>"));
    text
}

pub(super) fn error(code: &str, message: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>{code}</Code><Message>{}</Message></Error></Errors><RequestID>{}</RequestID></Response>"#,
        xml_escape(message),
        Uuid::new_v4()
    )
}

fn write(text: &mut String, value: &Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                element(text, name, value);
            }
        }
        Value::Array(items) => {
            for item in items {
                element(text, "item", item);
            }
        }
        Value::String(value) => text.push_str(&xml_escape(value)),
        Value::Null => {}
        other => text.push_str(&other.to_string()),
    }
}

/// Names that begin with `_` are ours and not shown.
fn element(text: &mut String, name: &str, value: &Value) {
    if name.starts_with('_') || value.is_null() {
        return;
    }
    text.push_str(&format!("<{name}>"));
    write(text, value);
    text.push_str(&format!("</{name}>"));
}
