//! The text of a file without what may be a secret: a problem is shown with the lines around it, in logs that many read.

use crate::secret_forms::{is_credential, names_a_secret};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;
use toml_edit::{Document, Item, TableLike, Value};

/// Tables of free text.
const FREE_TEXT: [&str; 4] = ["environment", "arguments", "hyperparameters", "secrets"];

/// The text with asterisks for whatever may be a secret, as long as before.
pub(crate) fn redacted(source: &str) -> String {
    let mut hidden = Vec::new();
    match Document::parse(source) {
        Ok(document) => of_file(document.as_table(), &mut hidden),
        Err(_) => of_lines(source, &mut hidden),
    }
    let mut bytes = source.as_bytes().to_vec();
    for byte in hidden.into_iter().flatten() {
        if let Some(byte) = bytes.get_mut(byte).filter(|byte| **byte != b'\n') {
            *byte = b'*';
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Hides values in a file. At the top of a file, `environment` holds its name; elsewhere the same key may hold free
/// text.
fn of_file(table: &dyn TableLike, hidden: &mut Vec<Range<usize>>) {
    for (key, item) in table.iter() {
        of_item(key, item, FREE_TEXT.contains(&key) && item.is_table_like(), hidden);
    }
}

fn of_table(table: &dyn TableLike, free: bool, hidden: &mut Vec<Range<usize>>) {
    for (key, item) in table.iter() {
        of_item(key, item, free || FREE_TEXT.contains(&key), hidden);
    }
}

fn of_item(key: &str, item: &Item, free: bool, hidden: &mut Vec<Range<usize>>) {
    match item {
        Item::None => {}
        Item::Table(table) => of_table(table, free, hidden),
        Item::ArrayOfTables(tables) => tables.iter().for_each(|table| of_table(table, free, hidden)),
        Item::Value(value) => of_value(key, value, free, hidden),
    }
}

fn of_value(key: &str, value: &Value, free: bool, hidden: &mut Vec<Range<usize>>) {
    match value {
        Value::InlineTable(table) => of_table(table, free, hidden),
        Value::Array(items) => items.iter().for_each(|item| of_value(key, item, free, hidden)),
        _ if free || names_a_secret(key) || value.as_str().is_some_and(is_credential) => hidden.extend(value.span()),
        _ => {}
    }
}

/// A text that is not TOML has only lines: this hides everything after such a key, up to the next section.
fn of_lines(source: &str, hidden: &mut Vec<Range<usize>>) {
    static KEYS: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"(?m)^[ \t]*\[+([^\]\n]*)\]+|["']?([A-Za-z0-9_.-]+)["']?[ \t]*="#).ok());
    let Some(keys) = KEYS.as_ref() else { return };
    let has = |path: &str| path.split('.').any(|part| FREE_TEXT.contains(&part.trim()));
    let end_of_section = |from: usize| source[from..].find("\n[").map_or(source.len(), |length| from + length);
    let end_of_line = |from: usize| source[from..].find('\n').map_or(source.len(), |length| from + length);
    for found in keys.captures_iter(source) {
        let Some(end) = found.get(0).map(|all| all.end()) else { continue };
        match (found.get(1), found.get(2)) {
            (Some(section), _) if has(section.as_str()) => hidden.push(end..end_of_section(end)),
            // The name of the environment stands at the top of every file.
            (_, Some(key))
                if key.as_str() == "environment"
                    && end < end_of_section(0)
                    && !source[end..end_of_line(end)].contains('{') => {}
            (_, Some(key)) if has(key.as_str()) => hidden.push(end..end_of_section(end)),
            (_, Some(key)) if names_a_secret(key.as_str()) => hidden.push(end..end_of_section(end)),
            _ => {}
        }
    }
    for line in source.lines().filter(|line| is_credential(line)) {
        let start = line.as_ptr() as usize - source.as_ptr() as usize;
        hidden.push(start..start + line.len());
    }
}

#[cfg(test)]
mod tests {
    use super::redacted;

    #[test]
    fn free_text_and_secrets_are_hidden_and_nothing_else_is() {
        let source = "environment = \"dev\"\n[[functions]]\nname = \"f\"\nenvironment = { A = \"hunter2\", B = 7 }\n\
                      api_token = \"hünter2\"\nx = \"AKIAIOSFODNN7EXAMPLE\"\n";
        let shown = redacted(source);
        assert_eq!(shown.len(), source.len());
        for part in ["hunter2", "hünter2", "AKIA", "B = 7"] {
            assert!(!shown.contains(part), "{shown}");
        }
        assert!(shown.contains("environment = \"dev\"") && shown.contains("name = \"f\""), "{shown}");
    }

    #[test]
    fn text_that_stands_where_variables_should_is_hidden() {
        let shown = redacted("environment = \"dev\"\n[[functions]]\nname = \"f\"\nenvironment = \"hunter2\"\n");
        assert!(!shown.contains("hunter2") && shown.contains("\"dev\""), "{shown}");
    }

    #[test]
    fn secrets_are_hidden_where_the_file_is_not_toml() {
        let broken = "environment = \"dev\"\nname = oops\n[functions.environment]\nA = \"hunter2\"\nB = hunter2\n[x]\n\
                      y = \"said\"\nclient_secret = \"hunter2\"\n[[functions]]\nenvironment = hunter2\n";
        let shown = redacted(broken);
        assert!(!shown.contains("hunter2") && shown.contains("said") && shown.contains("\"dev\""), "{shown}");
    }
}
