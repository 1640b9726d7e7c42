//! Raw rows become requests to a model, by the rules of the ETL job: `pipeline/glue/reading.py` finds the columns, and
//! `pipeline/glue/typed_values.py` reads the values. A row that the job would quarantine becomes no request.

use crate::{
    data_schema::Column,
    raw_values::{Reader, Value},
    signature::Signature,
    table::{Table, UnfitFile},
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
    /// The columns and their faults.
    pub reasons: Vec<String>,
}

impl Signature {
    /// Reads CSV with a header, at most `most` rows of it. `is_tsv` says that tabs separate the fields.
    ///
    /// # Errors
    /// When it is not CSV, or lacks a column that the model needs.
    pub fn encode(&self, file: impl Read, is_tsv: bool, most: usize) -> Result<RawRows, UnfitFile> {
        let mut table = Table::open(file, &self.schema.csv, is_tsv)?;
        let columns = self.columns(&table.names)?;
        let mut rows = RawRows::default();
        while rows.requests.len() + rows.unfit.len() < most {
            let Some(row) = table.next_row()? else { break };
            let request = row.texts.map_err(|reason| vec![reason]).and_then(|texts| {
                self.request(columns.iter().map(|(column, at)| (*column, texts.get(*at).unwrap_or_default())))
            });
            match request {
                Ok(request) => rows.requests.push((row.number, request)),
                Err(reasons) => rows.unfit.push(UnfitRow { row: row.number, reasons }),
            }
        }
        Ok(rows)
    }

    /// The columns that inputs come from, each with its place in the file.
    fn columns(&self, names: &[String]) -> Result<Vec<(&Column, usize)>, UnfitFile> {
        let is_needed = |column: &&Column| self.inputs.iter().any(|input| input.column == column.name);
        let needed: Vec<&Column> = self.schema.columns.iter().filter(is_needed).collect();
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for column in needed {
            match column.place(names) {
                Ok(Some(place)) => found.push((column, place)),
                Ok(None) => missing.push(column.source()),
                Err(_) => {
                    let what = format!("it has several columns `{}`", column.source());
                    return Err(UnfitFile::new(what, "leave one of them out"));
                }
            }
        }
        if !missing.is_empty() {
            let what = format!("it has no column {}; its header has {}", quoted(&missing), quoted(names));
            let help = "the first line names the columns; leave the values empty where they are unknown";
            return Err(UnfitFile::new(what, help));
        }
        Ok(found)
    }

    /// The line of a request, or what is wrong with the row.
    fn request<'a>(&self, texts: impl Iterator<Item = (&'a Column, &'a str)>) -> Result<String, Vec<String>> {
        let reader = Reader::new(&self.schema);
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

pub(crate) fn quoted(names: &[impl AsRef<str>]) -> String {
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
