//! The typed value of a text in raw data, by the rules of `pipeline/glue/typed_values.py`.

use crate::data_schema::{Column, Kind, Schema, Task};
use jiff::{Timestamp, civil, tz::TimeZone};

/// Texts that mean that there is no value, unless the schema says otherwise.
pub(crate) const NULL_WORDS: [&str; 10] = ["na", "n/a", "#n/a", "nan", "-nan", "nat", "<na>", "null", "none", "?"];
const TRUE_WORDS: [&str; 6] = ["true", "t", "yes", "y", "1", "1.0"];
const FALSE_WORDS: [&str; 6] = ["false", "f", "no", "n", "0", "0.0"];

/// The value of a column that a model gets.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Missing,
    Number(f64),
    Text(String),
}

/// Reads the values of one schema.
pub(crate) struct Reader<'a> {
    schema: &'a Schema,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(schema: &'a Schema) -> Self {
        Self { schema }
    }

    /// The value of a text, or why the ETL job would quarantine its row.
    pub(crate) fn read(&self, column: &Column, text: &str) -> Result<Value, String> {
        let text = text.trim();
        if self.is_missing(column, text) {
            let is_bad = self.schema.must_be_present(column);
            return if is_bad { Err("missing".to_owned()) } else { Ok(Value::Missing) };
        }
        let value = match column.kind {
            Kind::String => Some(Value::Text(text.to_owned())),
            Kind::Boolean => boolean(text).map(|is_true| Value::Number(f64::from(u8::from(is_true)))),
            Kind::Timestamp => timestamp(text, column.timestamp_format.as_deref()).map(Value::Number),
            Kind::Number => self.number(text).map(Value::Number),
            Kind::Integer => self.number(text).filter(|number| number.fract() == 0.0).map(Value::Number),
        };
        let value = value.ok_or_else(|| format!("not a valid {}", described(column)))?;
        if let Value::Number(number) = value {
            if let Some(minimum) = column.minimum.filter(|minimum| number < *minimum) {
                return Err(format!("below {minimum}"));
            }
            if let Some(maximum) = column.maximum.filter(|maximum| number > *maximum) {
                return Err(format!("above {maximum}"));
            }
        }
        if !column.values.is_empty() && !column.values.iter().any(|allowed| is_same(&value, allowed)) {
            return Err("value not allowed".to_owned());
        }
        let is_flag = column.name == self.schema.label && self.schema.task == Task::Binary && column.values.is_empty();
        if is_flag && ![Value::Number(0.0), Value::Number(1.0)].contains(&value) {
            return Err("neither 0 nor 1".to_owned());
        }
        Ok(value)
    }

    /// True if a text means that there is no value. `NA` may be an id.
    pub(crate) fn is_missing(&self, column: &Column, text: &str) -> bool {
        let text = text.trim();
        if text.is_empty() || self.schema.key.contains(&column.name) {
            return text.is_empty();
        }
        let word = text.to_lowercase();
        let is_value =
            column.values.iter().any(|value| value.as_str().is_some_and(|value| value.to_lowercase() == word));
        let own = column.null_words.as_ref().or(self.schema.null_words.as_ref());
        let is_word = match own {
            Some(words) => words.iter().any(|own| own.to_lowercase() == word),
            None => NULL_WORDS.contains(&word.as_str()),
        };
        is_word && !is_value
    }

    fn number(&self, text: &str) -> Option<f64> {
        number(text, self.schema.csv.decimal)
    }
}

/// A finite number with this sign for decimals.
pub(crate) fn number(text: &str, decimal: char) -> Option<f64> {
    let text = match decimal {
        ',' if text.contains('.') => return None,
        ',' => text.replace(',', "."),
        _ => text.to_owned(),
    };
    is_decimal(&text).then(|| text.parse().ok()).flatten().filter(|number: &f64| number.is_finite())
}

/// Rust also reads `inf` and `NaN`.
fn is_decimal(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
}

pub(crate) fn boolean(text: &str) -> Option<bool> {
    let word = text.to_lowercase();
    let is_one_of = |words: [&str; 6]| words.contains(&word.as_str());
    is_one_of(TRUE_WORDS).then_some(true).or_else(|| is_one_of(FALSE_WORDS).then_some(false))
}

/// Seconds since 1970. Texts without a zone are in UTC.
pub(crate) fn timestamp(text: &str, format: Option<&str>) -> Option<f64> {
    match format {
        Some("epoch_seconds") if is_decimal(text) => text.parse().ok(),
        Some("epoch_milliseconds") if is_decimal(text) => {
            text.parse::<f64>().ok().map(|milliseconds| milliseconds / 1e3)
        }
        _ => iso_moment(text).map(|moment| moment.as_duration().as_secs_f64()),
    }
}

fn iso_moment(text: &str) -> Option<Timestamp> {
    let zoned = text.strip_suffix("UTC").map(|moment| format!("{}Z", moment.trim_end()));
    let text = zoned.as_deref().unwrap_or(text);
    let of_civil = |moment: civil::DateTime| moment.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    text.parse::<Timestamp>().ok().or_else(|| of_civil(text.parse::<civil::DateTime>().ok()?))
}

fn is_same(value: &Value, allowed: &serde_json::Value) -> bool {
    match value {
        Value::Text(text) => match allowed.as_str() {
            Some(allowed) => allowed == text,
            None => text.parse::<serde_json::Value>().is_ok_and(|text| text == *allowed),
        },
        Value::Number(number) => {
            let allowed = allowed.as_f64().or_else(|| allowed.as_str()?.parse().ok());
            allowed.is_some_and(|allowed| (allowed - number).abs() < f64::EPSILON)
        }
        Value::Missing => false,
    }
}

fn described(column: &Column) -> &'static str {
    match (column.kind, column.timestamp_format.as_deref()) {
        (Kind::Integer, _) => "integer",
        (Kind::Number, _) => "number",
        (Kind::Boolean, _) => "boolean",
        (Kind::String, _) => "string",
        // Patterns are Spark's own.
        (Kind::Timestamp, Some(pattern)) if !pattern.starts_with("epoch_") => {
            "timestamp in ISO 8601, which is read here whatever the schema's `timestamp_format` is"
        }
        (Kind::Timestamp, _) => "timestamp",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_seconds_since_1970_in_utc() {
        for text in ["1970-01-02", "1970-01-02T00:00", "1970-01-02 00:00:00 UTC", "1970-01-02T01:00:00+01:00"] {
            assert_eq!(timestamp(text, None), Some(86400.0), "{text}");
        }
        assert_eq!(timestamp("1500", Some("epoch_milliseconds")), Some(1.5));
        assert_eq!(timestamp("1500.5", Some("epoch_seconds")), Some(1500.5));
        assert_eq!(timestamp("tomorrow", None), None);
    }

    #[test]
    fn a_null_word_that_is_a_value_of_its_column_is_a_value() {
        let column = r#"{ "name": "c", "type": "string", "values": ["None", "some"] }"#;
        let schema: Schema = serde_json::from_str(&format!(r#"{{ "columns": [{column}] }}"#)).unwrap();
        let read = |text: &str| Reader::new(&schema).read(&schema.columns[0], text);
        assert_eq!(read("None"), Ok(Value::Text("None".to_owned())));
        assert_eq!(read(" NA "), Ok(Value::Missing));
    }

    #[test]
    fn decimals_have_the_schemas_sign() {
        let text = r#"{ "columns": [{ "name": "c", "type": "number" }], "csv": { "separator": ";", "decimal": "," } }"#;
        let schema: Schema = serde_json::from_str(text).unwrap();
        let read = |text: &str| Reader::new(&schema).read(&schema.columns[0], text);
        assert_eq!(read("1,5"), Ok(Value::Number(1.5)));
        assert!(read("1.5").is_err() && read("1,000,5").is_err());
    }
}
