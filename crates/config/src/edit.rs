//! Changes of single settings in the text of an environment file. Comments and order stay as they are.

use serde_json::Value;
use toml_edit::{DocumentMut, Item, TableLike};

/// The text with a new value of a setting, such as `functions.0.memory_mb`. Null removes the setting. `None` if the
/// file has no such section, or if the value is no string, number or boolean.
pub fn set_setting(source: &str, setting: &str, value: &Value) -> Option<String> {
    let mut document: DocumentMut = source.parse().ok()?;
    let steps: Vec<&str> = setting.split('.').collect();
    let (key, sections) = steps.split_last()?;
    let table = section(document.as_table_mut(), sections)?;
    let value: Option<toml_edit::Value> = match value {
        Value::Null => None,
        Value::String(text) => Some(text.as_str().into()),
        Value::Bool(truth) => Some((*truth).into()),
        Value::Number(number) => Some(match number.as_i64() {
            Some(whole) => whole.into(),
            None => number.as_f64()?.into(),
        }),
        Value::Array(_) | Value::Object(_) => return None,
    };
    match (value, table.get_mut(key)) {
        (None, _) => drop(table.remove(key)),
        (Some(mut value), Some(Item::Value(there))) => {
            *value.decor_mut() = there.decor().clone();
            *there = value;
        }
        (Some(value), _) => drop(table.insert(key, Item::Value(value))),
    }
    Some(document.to_string())
}

fn section<'a>(table: &'a mut dyn TableLike, steps: &[&str]) -> Option<&'a mut dyn TableLike> {
    let Some((first, rest)) = steps.split_first() else { return Some(table) };
    let item = table.get_mut(first)?;
    match (rest.first().and_then(|step| step.parse::<usize>().ok()), item) {
        (Some(index), Item::ArrayOfTables(tables)) => section(tables.get_mut(index)?, &rest[1..]),
        (Some(index), Item::Value(toml_edit::Value::Array(items))) => {
            section(items.get_mut(index)?.as_inline_table_mut()?, &rest[1..])
        }
        (Some(_), _) => None,
        (None, item) => section(item.as_table_like_mut()?, rest),
    }
}

#[cfg(test)]
mod tests {
    use super::set_setting;
    use serde_json::json;

    #[test]
    fn setting_gets_another_value_and_everything_else_stays() {
        let source = "# top\n[monitoring]\nlog_retention_days = 7 # short\n\n[[functions]]\nname = \"a\"\n\n[[functions]]\n\
                      name = \"b\"\n# fast\nmemory_mb = 512\n";
        let changed = set_setting(source, "functions.1.memory_mb", &json!(1024)).expect("a setting");
        assert_eq!(changed, source.replace("512", "1024"));
        let changed = set_setting(source, "monitoring.log_retention_days", &json!(30)).expect("a setting");
        assert_eq!(changed, source.replace("= 7 #", "= 30 #"));
        let changed = set_setting(source, "functions.0.description", &json!("x")).expect("a setting");
        assert_eq!(changed, source.replace("name = \"a\"\n", "name = \"a\"\ndescription = \"x\"\n"));
        assert_eq!(set_setting(source, "functions.2.memory_mb", &json!(1)), None);
        assert_eq!(set_setting(source, "functions.1.layers", &json!([1])), None);
    }
}
