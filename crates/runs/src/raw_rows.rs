//! Raw rows become requests to a model, by the rules of the ETL job: `pipeline/glue/reading.py` finds the columns, and
//! `pipeline/glue/typed_values.py` reads the values. A row that the job would quarantine becomes no request.

use crate::{
    raw_values::{Reader, Value},
    signature::{Column, Signature},
};
use std::{collections::BTreeMap, io::Read};

/// The rows of a file, numbered from 1 after the header.
#[derive(Debug, Default)]
pub struct RawRows {
    /// The requests, each with its row.
    pub requests: Vec<(u64, String)>,
    /// The rows that the model cannot be asked about.
    pub unfit: Vec<UnfitRow>,
}

/// A row that the model cannot be asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnfitRow {
    /// Its number.
    pub row: u64,
    /// What is wrong with which columns.
    pub reasons: Vec<String>,
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct UnfitFile {
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub help: String,
}

impl Signature {
    /// Reads CSV with a header, at most `most` rows of it. `is_tsv` says that tabs separate the fields.
    ///
    /// # Errors
    /// When it is not CSV, or lacks a column that the model needs.
    pub fn encode(&self, file: impl Read, is_tsv: bool, most: usize) -> Result<RawRows, UnfitFile> {
        let format = &self.schema.csv;
        if !["utf-8", "utf8", "us-ascii", "ascii"].contains(&format.encoding.to_lowercase().as_str()) {
            let help = "the schema's `encoding` is for training data; convert the rows to UTF-8".to_owned();
            return Err(UnfitFile { what: format!("files in {} cannot be read here", format.encoding), help });
        }
        let separator = if is_tsv { '\t' } else { format.separator };
        let [separator, quote] = [separator, format.quote].map(|sign| u8::try_from(sign).unwrap_or(b','));
        let broken = |error: csv::Error| UnfitFile { what: error.to_string(), help: String::new() };
        let mut reader = csv::ReaderBuilder::new().delimiter(separator).quote(quote).from_reader(file);
        let names: Vec<String> = reader.headers().map_err(broken)?.iter().map(clean).collect();
        let columns = self.columns(&names)?;
        let mut rows = RawRows::default();
        for (record, row) in reader.records().zip(1..).take(most) {
            let record = record.map_err(broken)?;
            let texts = columns.iter().map(|(column, at)| (*column, record.get(*at).unwrap_or_default()));
            match self.request(texts) {
                Ok(request) => rows.requests.push((row, request)),
                Err(reasons) => rows.unfit.push(UnfitRow { row, reasons }),
            }
        }
        Ok(rows)
    }

    /// The columns that inputs come from, each with its place in the file.
    fn columns(&self, names: &[String]) -> Result<Vec<(&Column, usize)>, UnfitFile> {
        let is_needed = |column: &&Column| self.inputs.iter().any(|input| input.column == column.name);
        let place = |column: &Column| {
            let wanted = column.source.as_ref().unwrap_or(&column.name);
            let exact = names.iter().position(|name| name == wanted);
            exact.or_else(|| names.iter().position(|name| name.eq_ignore_ascii_case(wanted)))
        };
        let needed: Vec<&Column> = self.schema.columns.iter().filter(is_needed).collect();
        let missing = needed.iter().filter(|column| place(column).is_none());
        let missing: Vec<&str> = missing.map(|column| column.source.as_deref().unwrap_or(&column.name)).collect();
        if !missing.is_empty() {
            let what = format!("it has no column {}; its header has {}", quoted(&missing), quoted(names));
            let help = "the first line names the columns; leave the values empty where they are unknown".to_owned();
            return Err(UnfitFile { what, help });
        }
        Ok(needed.into_iter().filter_map(|column| Some((column, place(column)?))).collect())
    }

    /// The line of a request, or what is wrong with the row.
    fn request<'a>(&self, texts: impl Iterator<Item = (&'a Column, &'a str)>) -> Result<String, Vec<String>> {
        let reader = Reader::of(&self.schema);
        let (mut values, mut reasons) = (BTreeMap::new(), Vec::new());
        for (column, text) in texts {
            match reader.read(column, text) {
                Ok(value) => _ = values.insert(column.name.as_str(), value),
                Err(reason) => reasons.push(format!("{}: {reason}", column.name)),
            }
        }
        if !reasons.is_empty() {
            return Err(reasons);
        }
        let fields = self.inputs.iter().map(|input| match (values.get(input.column.as_str()), &input.value) {
            (Some(Value::Text(text)), Some(wanted)) => u8::from(text == wanted).to_string(),
            (_, Some(_)) => "0".to_owned(),
            (Some(Value::Number(number)), None) => number.to_string(),
            _ => String::new(),
        });
        Ok(fields.collect::<Vec<_>>().join(","))
    }
}

/// A name of a header. Programs on Windows begin a file with a mark.
fn clean(name: &str) -> String {
    name.trim_start_matches('\u{feff}').trim().to_owned()
}

fn quoted(names: &[impl AsRef<str>]) -> String {
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};

    fn signature() -> Signature {
        let input = |name: &str, column: &str, value: Json| json!({ "name": name, "column": column, "value": value });
        let document = json!({
            "version": 2, "task": "binary", "label": "churned", "decision_threshold": 0.5,
            "inputs": [
                input("tenure", "tenure", Json::Null),
                input("plan=basic", "plan", json!("basic")),
                input("plan=pro", "plan", json!("pro")),
                input("since", "since", Json::Null),
                input("autopay", "autopay", Json::Null),
                input("charge", "charge", Json::Null),
            ],
            "schema": { "columns": [
                { "name": "id", "type": "string" },
                { "name": "tenure", "type": "integer", "required": true, "minimum": 0 },
                { "name": "plan", "type": "string", "values": ["basic", "pro"] },
                { "name": "since", "type": "timestamp" },
                { "name": "autopay", "type": "boolean" },
                { "name": "charge", "type": "number", "source": "Monthly charge" },
            ]},
        });
        Signature::parse(document.to_string().as_bytes()).unwrap()
    }

    fn encoded(text: &str) -> RawRows {
        signature().encode(text.as_bytes(), false, usize::MAX).unwrap()
    }

    #[test]
    fn rows_become_fields_in_the_models_order_whatever_the_order_of_the_columns() {
        let rows = encoded(
            "Monthly charge,AUTOPAY,plan,Tenure,since,other\n\
             \"9.5\",yes,pro,12,1970-01-02,x\n\
             ,F,,3.0,1970-01-01T00:01:00Z,\n",
        );
        assert_eq!(rows.requests, [(1, "12,0,1,86400,1,9.5".to_owned()), (2, "3,0,0,60,0,".to_owned())]);
        assert_eq!(rows.unfit, []);
    }

    #[test]
    fn rows_that_training_would_quarantine_are_told_with_their_columns() {
        let rows = encoded("tenure,plan,since,autopay,Monthly charge\n-1,gold,,,\n,pro,soon,maybe,inf\n1,pro,,,2\n");
        let unfit: Vec<_> = rows.unfit.iter().map(|unfit| (unfit.row, unfit.reasons.join("; "))).collect();
        let expected = [
            (1, "tenure: below 0; plan: value not allowed".to_owned()),
            (
                2,
                "tenure: missing; since: not a valid timestamp; autopay: not a valid boolean; charge: not a valid number"
                    .to_owned(),
            ),
        ];
        assert_eq!(unfit, expected);
        assert_eq!(rows.requests, [(3, "1,0,1,,,2".to_owned())]);
    }

    #[test]
    fn a_file_without_a_column_is_refused_by_its_name() {
        let refused = signature().encode(&b"tenure,plan,since,autopay\n1,pro,,\n"[..], false, 9).unwrap_err();
        assert!(refused.what.starts_with("it has no column `Monthly charge`; its header has `tenure`"), "{refused}");
    }

    #[test]
    fn at_most_so_many_rows_are_read() {
        let text = "tenure\tplan\tsince\tautopay\tMonthly charge\n1\tpro\t\t\t\n2\tpro\t\t\t\n";
        let rows = signature().encode(text.as_bytes(), true, 1).unwrap();
        assert_eq!(rows.requests, [(1, "1,0,1,,,".to_owned())]);
    }
}
