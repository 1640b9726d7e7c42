//! A schema as the state machine holds it, and gives it to the ETL job as an argument.

use super::{Mistake, fields::NOTES};
use serde_json::Value;

/// Bytes of the longest schema that reaches the ETL job. A resumed execution holds it twice, in at most 256 KiB of
/// input, and the operating system of the job takes arguments of less than 128 KiB. Glue takes 260 KB in all.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
/// <https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html>
const LONGEST: usize = 120_000;

/// A schema without the fields for people.
pub fn without_notes(mut schema: Value) -> Value {
    strip(&mut schema);
    if let Some(format) = schema.get_mut("csv") {
        strip(format);
    }
    schema.get_mut("columns").and_then(Value::as_array_mut).into_iter().flatten().for_each(strip);
    schema
}

fn strip(fields: &mut Value) {
    if let Some(fields) = fields.as_object_mut() {
        fields.retain(|name, _| !NOTES.contains(&name.as_str()));
    }
}

/// The mistake of a schema that is too long for the ETL job.
pub(in super::super) fn too_long(schema: &Value) -> Option<Mistake> {
    let length = without_notes(schema.clone()).to_string().len();
    let message = format!(
        "the schema has {length} bytes without spaces and descriptions, and the ETL job takes {LONGEST}: leave out columns \
         that the model does not need"
    );
    (length > LONGEST).then_some(Mistake { message, at: ("columns", None) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn schema_is_sent_without_its_notes() {
        let noted = json!({
            "$schema": "x", "description": "x", "label": "y", "csv": {"separator": ";", "description": "x"},
            "columns": [{"name": "y", "type": "boolean", "description": "x"}, {"name": "description", "type": "number"}],
        });
        let sent = json!({
            "label": "y", "csv": {"separator": ";"},
            "columns": [{"name": "y", "type": "boolean"}, {"name": "description", "type": "number"}],
        });
        assert_eq!(without_notes(noted), sent);
    }

    #[test]
    fn schema_of_a_thousand_columns_is_short_enough_whatever_its_descriptions() {
        let columns = |count: usize| -> Vec<Value> {
            let column = |number: usize| {
                let (name, source) = (format!("measurement_{number:04}"), format!("measurement {number:04}"));
                json!({"name": name, "source": source, "type": "number", "description": "x".repeat(500)})
            };
            (0..count).map(column).collect()
        };
        assert_eq!(too_long(&json!({"label": "measurement_0000", "columns": columns(1000)})), None);
        let mistake = too_long(&json!({"label": "measurement_0000", "columns": columns(2000)})).unwrap();
        assert!(mistake.message.starts_with("the schema has 14"), "{}", mistake.message);
    }
}
