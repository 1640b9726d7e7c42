//! Answers in XML as values: elements as members, runs of `item` (EC2) or `member` (IAM, SNS) as lists, everything else as
//! text. The embedded AWS answers without comments and CDATA, and no attribute matters, so a parser of XML would add
//! nothing but its events.

use serde_json::{Map, Value};

/// The content of the outermost element.
pub(super) fn read(text: &str) -> Value {
    let prolog = text.starts_with("<?").then(|| text.split_once("?>")).flatten();
    let mut rest = prolog.map_or(text, |(_, text)| text).trim_start();
    match element(&mut rest) {
        Some((_, value)) => value,
        None => Value::Null,
    }
}

/// One element; what is left begins behind it.
fn element<'a>(rest: &mut &'a str) -> Option<(&'a str, Value)> {
    let open = rest.strip_prefix('<')?;
    let (tag, mut inner) = open.split_once('>')?;
    let name = tag.split([' ', '/']).next()?;
    if tag.ends_with('/') {
        *rest = inner;
        return Some((name, Value::String(String::new())));
    }
    let mut members: Vec<(&str, Value)> = Vec::new();
    let mut text = "";
    loop {
        let at = inner.find('<')?;
        if members.is_empty() {
            text = &inner[..at];
        }
        inner = &inner[at..];
        if inner.starts_with("</") {
            *rest = inner.split_once('>')?.1;
            break;
        }
        members.push(element(&mut inner)?);
    }
    let value = if members.is_empty() {
        Value::String(unescape(text))
    } else if members.iter().all(|(name, _)| ["item", "member"].contains(name)) {
        members.into_iter().map(|(_, value)| value).collect()
    } else {
        Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
    };
    Some((name, value))
}

/// `item` is the name of a list's elements.
pub(super) fn write(operation: &str, item: &str, value: &Value) -> String {
    let mut text = String::from(r#"<?xml version="1.0" encoding="UTF-8"?>"#);
    text.push_str(&format!(r#"<{operation}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">"#));
    content(&mut text, item, value);
    text.push_str(&format!("</{operation}Response>"));
    text
}

fn content(text: &mut String, item: &str, value: &Value) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| inside(text, name, item, value)),
        Value::Array(items) => items.iter().for_each(|value| inside(text, item, item, value)),
        Value::String(value) => text.push_str(&escape(value)),
        Value::Null => {}
        other => text.push_str(&other.to_string()),
    }
}

fn inside(text: &mut String, name: &str, item: &str, value: &Value) {
    text.push_str(&format!("<{name}>"));
    content(text, item, value);
    text.push_str(&format!("</{name}>"));
}

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&apos;")
}

fn unescape(text: &str) -> String {
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&amp;", "&")];
    named.iter().fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_read_is_what_was_written() {
        let value = json!({
            "vpcSet": [{ "vpcId": "vpc-1", "tagSet": [{ "key": "a<b", "value": "\"&'" }] }, { "vpcId": "vpc-2" }],
            "nextToken": "",
        });
        for item in ["item", "member"] {
            assert_eq!(read(&write("DescribeVpcs", item, &value)), value);
        }
    }
}
