//! The inspection of raw files before the upload: it tells whether the pipeline could train on them, by the rules of the
//! ETL job.

use crate::{
    data_schema::{Column, Kind, Schema, normalized},
    raw_rows::quoted,
    raw_values::Reader,
    table::{Form, Table, UnfitFile, open},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Something in a file that a person should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub file: PathBuf,
    /// The row, counted from 1 after the header, if it is about one.
    pub row: Option<u64>,
    /// The column of the schema, if it is about one.
    pub column: Option<String>,
    /// The problem.
    pub what: String,
    /// The remedy.
    pub help: String,
}

/// The findings of an inspection of files.
#[derive(Clone, Debug, Default)]
pub struct Inspection {
    /// The number of rows of the inspected files.
    pub rows: u64,
    /// The rows of each of them.
    pub rows_by_file: BTreeMap<PathBuf, u64>,
    /// The rows that the ETL job would quarantine.
    pub unfit: u64,
    /// The reasons why the pipeline could not train on the files.
    pub refusals: Vec<Finding>,
    /// True if a file lacks most columns of the schema, which so is for other data.
    pub describes_other_data: bool,
    /// Rows that the pipeline would put aside, files that it ignores, and files that cannot be inspected.
    pub remarks: Vec<Finding>,
}

const FORMS: &str = "it reads .csv, .tsv, .json, .jsonl and .ndjson, each also with .gz or .bz2, and .parquet";
/// Values of a label that are told of each file.
const LABELS_TOLD: usize = 5;

/// Inspects files. At most a share of `most_unfit` of all rows may break the schema.
pub fn inspect<'a>(schema: &Schema, files: impl IntoIterator<Item = &'a Path>, most_unfit: f64) -> Inspection {
    let mut all = Inspection::default();
    let (mut broken, mut is_any_read) = (Vec::new(), false);
    for file in files {
        is_any_read |= Form::by_name(file) != Form::Ignored;
        let tell = |what: &str, help: &str| about(file, what, help);
        let is_empty = std::fs::metadata(file).is_ok_and(|metadata| metadata.len() == 0);
        match Form::by_name(file) {
            Form::Ignored => all.remarks.push(tell("the pipeline does not read such a file", FORMS)),
            _ if is_empty => all.refusals.push(tell("it is empty", "")),
            Form::Other => all.remarks.push(tell("only the pipeline itself can look into it", "")),
            Form::Csv { is_tsv } => match FileInspection::read(schema, file, is_tsv) {
                Ok(inspection) => {
                    all.rows += inspection.rows;
                    all.rows_by_file.insert(file.to_owned(), inspection.rows);
                    all.unfit += inspection.unfit;
                    all.describes_other_data |= inspection.refusals.len() * 2 > schema.columns.len();
                    all.refusals.extend(inspection.refusals);
                    broken.extend(inspection.broken.into_values());
                }
                Err(UnfitFile { what, help }) => all.refusals.push(tell(&what, &help)),
            },
        }
    }
    if !is_any_read {
        all.refusals.append(&mut all.remarks);
    }
    let share = all.unfit as f64 / all.rows.max(1) as f64;
    if share > most_unfit {
        let most = most_unfit * 100.0;
        if let Some(first) = broken.first() {
            let what = format!("{} of {} rows break the schema, and at most {most} % may", all.unfit, all.rows);
            let help =
                "correct the schema or the files; the limit is `max_quarantined_fraction` in [pipeline.validation]";
            all.refusals.push(about(&first.file, &what, help));
        }
        all.refusals.append(&mut broken);
    }
    all.remarks.append(&mut broken);
    all
}

fn about(file: &Path, what: &str, help: &str) -> Finding {
    Finding { file: file.to_owned(), row: None, column: None, what: what.to_owned(), help: help.to_owned() }
}

/// The inspection of one CSV file.
struct FileInspection<'a> {
    schema: &'a Schema,
    file: &'a Path,
    rows: u64,
    unfit: u64,
    refusals: Vec<Finding>,
    /// The first row that each column breaks.
    broken: BTreeMap<&'a str, Finding>,
}

impl<'a> FileInspection<'a> {
    fn read(schema: &'a Schema, file: &'a Path, is_tsv: bool) -> Result<Self, UnfitFile> {
        let content = open(file).map_err(|error| UnfitFile::new(error, ""))?;
        let mut table = Table::open(content, &schema.csv, is_tsv)?;
        let mut inspection = Self { schema, file, rows: 0, unfit: 0, refusals: Vec::new(), broken: BTreeMap::new() };
        let columns = inspection.header(&table.names);
        if !inspection.refusals.is_empty() {
            return Ok(inspection);
        }
        let reader = Reader::new(schema);
        while let Some(row) = table.next_row()? {
            inspection.rows += 1;
            let texts = match row.texts {
                Ok(texts) => texts,
                Err(reason) => {
                    inspection.unfit += 1;
                    inspection.breaks("", row.number, reason);
                    continue;
                }
            };
            let mut is_fit = true;
            for (column, place) in &columns {
                let text = texts.get(*place).unwrap_or_default();
                if let Some(reason) = unfit(&reader, schema, column, text) {
                    is_fit = false;
                    if column.name == schema.label && !reader.is_missing(column, text) {
                        inspection.label(row.number, text, &reason);
                    } else {
                        let value = if text.trim().is_empty() { String::new() } else { format!(": {}", shown(text)) };
                        inspection.breaks(&column.name, row.number, format!("{reason}{value}"));
                    }
                }
            }
            inspection.unfit += u64::from(!is_fit);
        }
        if inspection.rows == 0 {
            inspection.refusals.push(about(file, "it has no rows", "the first line is the header"));
        }
        Ok(inspection)
    }

    /// The columns of the schema with their places. Columns that the pipeline would miss are refused.
    fn header(&mut self, names: &[String]) -> Vec<(&'a Column, usize)> {
        if let [only] = names
            && let Some(other) = [';', '\t', '|', ','].into_iter().find(|sign| only.contains(*sign))
        {
            let help = format!("set \"csv\": {{ \"separator\": \"{}\" }} in the schema", other.escape_default());
            self.refusals.push(about(self.file, &format!("its header is a single field, `{only}`"), &help));
            return Vec::new();
        }
        let mut found = Vec::new();
        let schema = self.schema;
        for column in &schema.columns {
            match column.place(names) {
                Ok(Some(place)) => found.push((column, place)),
                Ok(None) => self.lacks(column, names),
                Err(places) => {
                    let several: Vec<&String> = places.iter().filter_map(|place| names.get(*place)).collect();
                    let what = format!("it has several columns for `{}`: {}", column.name, quoted(&several));
                    self.refuse(column, what, "leave all but one of them out");
                }
            }
        }
        found
    }

    fn lacks(&mut self, column: &Column, names: &[String]) {
        let wanted = column.source();
        let is_alike = |name: &&String| [normalized(wanted), normalized(&column.name)].contains(&normalized(name));
        let alike = names.iter().find(is_alike).map(String::as_str);
        if alike.is_none() && !self.schema.is_needed(column) {
            return;
        }
        let role = if column.name == self.schema.label { ", the label" } else { "" };
        let near = alike.or_else(|| config::nearest(wanted, names.iter().map(String::as_str)));
        match near {
            Some(near) => {
                let help = format!("if it is, give column `{}` the field \"source\": {near:?}", column.name);
                self.refuse(column, format!("it has no column `{wanted}`{role}; is `{near}` meant?"), &help);
            }
            None => {
                const HEADER: &str = "; its header has ";
                let is_told = self.refusals.iter().any(|known| known.what.contains(HEADER));
                let header = if is_told { String::new() } else { format!("{HEADER}{}", quoted(names)) };
                self.refuse(column, format!("it has no column `{wanted}`{role}{header}"), "");
            }
        }
    }

    fn refuse(&mut self, column: &Column, what: String, help: &str) {
        self.refusals.push(Finding { column: Some(column.name.clone()), ..about(self.file, &what, help) });
    }

    fn breaks(&mut self, column: &'a str, row: u64, what: String) {
        let file = self.file;
        let named = Some(column.to_owned()).filter(|column| !column.is_empty());
        self.broken.entry(column).or_insert_with(|| Finding {
            row: Some(row),
            column: named,
            ..about(file, &what, "")
        });
    }

    /// A value of the label that is no class. Each value is told once.
    fn label(&mut self, row: u64, text: &str, reason: &str) {
        let label = &self.schema.label;
        let what = format!("{reason}: {}", shown(text));
        let is_known = self.refusals.iter().any(|known| known.what == what);
        if !is_known && self.refusals.len() < LABELS_TOLD {
            let column = self.schema.columns.iter().find(|column| column.name == *label);
            let values = column.map(|column| column.values.iter().map(ToString::to_string).collect::<Vec<_>>());
            let values = values.filter(|values| !values.is_empty());
            let help = values.map(|values| format!("the classes are {}", values.join(", "))).unwrap_or_default();
            let finding = Finding { row: Some(row), column: Some(label.clone()), ..about(self.file, &what, &help) };
            self.refusals.push(finding);
        }
    }
}

/// The reason why a text breaks the schema.
fn unfit(reader: &Reader<'_>, schema: &Schema, column: &Column, text: &str) -> Option<String> {
    if text.contains('\u{fffd}') {
        return Some(format!("not in the encoding {}", schema.csv.encoding));
    }
    // Other patterns are Spark's own, which only the job can read.
    let is_of_spark = column.timestamp_format.as_ref().is_some_and(|pattern| !pattern.starts_with("epoch_"));
    if column.kind == Kind::Timestamp && is_of_spark && !reader.is_missing(column, text) {
        return None;
    }
    reader.read(column, text).err()
}

/// A value for a person: in quotes, and not too long.
fn shown(text: &str) -> String {
    const LONGEST: usize = 40;
    let start: String = text.trim().chars().take(LONGEST).collect();
    let rest = if text.trim().chars().count() > LONGEST { "…" } else { "" };
    format!("`{start}{rest}`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    const SCHEMA: &str = r#"{ "label": "kind", "task": "multiclass", "columns": [
        { "name": "id", "type": "string", "feature": false },
        { "name": "mean_radius", "type": "number" },
        { "name": "size", "type": "integer", "required": true },
        { "name": "seen", "type": "timestamp", "timestamp_format": "dd/MM/yyyy" },
        { "name": "kind", "type": "string", "values": ["a", "b", "c"] } ] }"#;

    /// The findings in files with these names and contents.
    fn inspected(files: &[(&str, &str)]) -> Inspection {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = files.iter().map(|(name, _)| folder.path().join(name)).collect();
        for (path, (_, content)) in paths.iter().zip(files) {
            std::fs::write(path, content).unwrap();
        }
        inspect(&Schema::parse(SCHEMA.as_bytes()).unwrap(), paths.iter().map(PathBuf::as_path), 0.05)
    }

    /// The findings as a line each, without their folder.
    fn lines(findings: &[Finding]) -> Vec<String> {
        let line = |finding: &Finding| {
            let name = finding.file.file_name().unwrap().to_string_lossy().into_owned();
            let row = finding.row.map(|row| format!(" row {row}")).unwrap_or_default();
            let column = finding.column.as_ref().map(|column| format!(" {column}")).unwrap_or_default();
            format!("{name}{row}{column}: {}", finding.what)
        };
        findings.iter().map(line).collect()
    }

    #[test]
    fn files_that_fit_have_no_findings() {
        let good = inspected(&[("a.csv", "kind,Mean_Radius,SIZE,seen,other\na,1.5,2,31/12/2024,x\nb,,3.0,,\n")]);
        assert_eq!((good.rows, good.unfit, lines(&good.refusals), lines(&good.remarks)), (2, 0, vec![], vec![]));
    }

    #[test]
    fn columns_that_are_not_there_are_named_with_the_nearest() {
        let found = inspected(&[("a.csv", "mean radius,sise,seen,class\n1,2,,a\n"), ("b.csv", "id;kind\n1;a\n")]);
        let expected = [
            "a.csv mean_radius: it has no column `mean_radius`; is `mean radius` meant?",
            "a.csv size: it has no column `size`; is `sise` meant?",
            "a.csv kind: it has no column `kind`, the label; its header has `mean radius`, `sise`, `seen`, `class`",
            "b.csv: its header is a single field, `id;kind`",
        ];
        assert_eq!(lines(&found.refusals), expected);
        assert_eq!(found.refusals[0].help, "if it is, give column `mean_radius` the field \"source\": \"mean radius\"");
        assert_eq!(found.refusals[3].help, "set \"csv\": { \"separator\": \";\" } in the schema");
        let twice = inspected(&[("a.csv", "kind,size,size,mean_radius,seen\n")]);
        assert_eq!(lines(&twice.refusals), ["a.csv size: it has several columns for `size`: `size`, `size`"]);
    }

    #[test]
    fn labels_that_are_no_class_are_refused_once_for_each_value() {
        let found = inspected(&[("a.csv", "kind,size,mean_radius,seen\na,1,1,\nz,1,1,\nz,1,1,\n,1,1,\nA,1,1,\n")]);
        assert_eq!(
            lines(&found.refusals)[..2],
            ["a.csv row 2 kind: value not allowed: `z`", "a.csv row 5 kind: value not allowed: `A`"]
        );
        assert_eq!(found.refusals[0].help, "the classes are \"a\", \"b\", \"c\"");
        assert_eq!(found.unfit, 4);
    }

    #[test]
    fn few_broken_rows_are_told_and_many_are_refused() {
        let good = "a,1,1,\n".repeat(40);
        let few = inspected(&[("a.csv", &format!("kind,size,mean_radius,seen\n{good},x,1,\nb,1\n"))]);
        assert_eq!((few.unfit, lines(&few.refusals)), (2, vec![]));
        let expected = [
            "a.csv row 42: it has 2 fields, and the header has 4",
            "a.csv row 41 kind: missing",
            "a.csv row 41 size: not a valid integer: `x`",
        ];
        assert_eq!(lines(&few.remarks), expected);
        let many = inspected(&[("a.csv", "kind,size,mean_radius,seen\na,1,1,\na,1.5,1,\n")]);
        let expected = [
            "a.csv: 1 of 2 rows break the schema, and at most 5 % may",
            "a.csv row 2 size: not a valid integer: `1.5`",
        ];
        assert_eq!(lines(&many.refusals), expected);
    }

    #[test]
    fn empty_files_are_refused_and_files_that_are_not_read_are_told() {
        let header = "kind,size,mean_radius,seen\n";
        let found = inspected(&[("a.csv", ""), ("b.csv", header), ("notes.md", "x"), ("c.jsonl", "{}")]);
        assert_eq!(lines(&found.refusals), ["a.csv: it is empty", "b.csv: it has no rows"]);
        let expected =
            ["notes.md: the pipeline does not read such a file", "c.jsonl: only the pipeline itself can look into it"];
        assert_eq!(lines(&found.remarks), expected);
    }

    #[test]
    fn compressed_files_are_inspected_and_broken_ones_refused() {
        let folder = tempfile::tempdir().unwrap();
        let [good, bad] = ["good.tsv.gz", "bad.csv.gz"].map(|name| folder.path().join(name));
        let mut packed =
            flate2::write::GzEncoder::new(std::fs::File::create(&good).unwrap(), flate2::Compression::fast());
        packed.write_all(b"kind\tsize\tmean_radius\tseen\na\t1\t1\t\n").unwrap();
        packed.finish().unwrap();
        std::fs::write(&bad, "kind,size\n").unwrap();
        let found = inspect(&Schema::parse(SCHEMA.as_bytes()).unwrap(), [good.as_path(), &bad], 0.05);
        assert_eq!(found.rows, 1);
        assert_eq!(lines(&found.refusals), ["bad.csv.gz: invalid gzip header"]);
    }
}
