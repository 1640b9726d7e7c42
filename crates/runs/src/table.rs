//! CSV with a header, by a schema's format: decoded, and one text for each column.

use crate::data_schema::Format;
use encoding_rs::Encoding;
use encoding_rs_io::DecodeReaderBytesBuilder;
use flate2::read::MultiGzDecoder;
use std::{fs::File, io::Read, path::Path};

/// The reason why a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct UnfitFile {
    /// The problem.
    pub what: String,
    /// The remedy.
    pub help: String,
}

impl UnfitFile {
    pub(crate) fn new(what: impl ToString, help: impl Into<String>) -> Self {
        Self { what: what.to_string(), help: help.into() }
    }
}

/// The use of a file to the ETL job, by its name: `pipeline/glue/raw_files.py`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// It reads CSV, and so does this crate.
    Csv { is_tsv: bool },
    /// It reads a form that this crate cannot read.
    Other,
    /// It ignores the file.
    Ignored,
}

impl Form {
    pub(crate) fn by_name(file: &Path) -> Self {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with(['.', '_']) {
            return Self::Ignored;
        }
        let plain = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".bz2")).unwrap_or(&name);
        let extension = plain.rsplit_once('.').map(|(_, extension)| extension.to_lowercase()).unwrap_or_default();
        match extension.as_str() {
            "csv" | "tsv" if name.ends_with(".bz2") => Self::Other,
            "csv" => Self::Csv { is_tsv: false },
            "tsv" => Self::Csv { is_tsv: true },
            "json" | "jsonl" | "ndjson" => Self::Other,
            "parquet" if plain == name => Self::Other,
            _ => Self::Ignored,
        }
    }
}

/// The bytes of a file, decompressed if its name ends in `.gz`.
pub(crate) fn open(file: &Path) -> std::io::Result<Box<dyn Read>> {
    let content = File::open(file)?;
    Ok(match file.extension().is_some_and(|extension| extension == "gz") {
        true => Box::new(MultiGzDecoder::new(content)),
        false => Box::new(content),
    })
}

/// A header and its rows, one after the other.
pub(crate) struct Table<R> {
    /// The names of the header.
    pub(crate) names: Vec<String>,
    reader: csv::Reader<QuoteCounter<encoding_rs_io::DecodeReaderBytes<R, Vec<u8>>>>,
    record: csv::StringRecord,
    separator: char,
    row: u64,
    /// The line on which the last record began.
    first_line: u64,
    /// True if it had more than one line.
    is_long: bool,
}

/// A field with more lines that look like rows has swallowed rows: a quote was opened by mistake.
const MOST_ROWS_IN_FIELD: u64 = 20;

/// Passes a text on, and knows whether it has had an even number of quotes.
struct QuoteCounter<R> {
    input: R,
    quote: u8,
    is_odd: bool,
}

impl<R: Read> Read for QuoteCounter<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.input.read(buffer)?;
        let quotes = buffer.iter().take(count).filter(|byte| **byte == self.quote).count();
        self.is_odd ^= !quotes.is_multiple_of(2);
        Ok(count)
    }
}

/// A row of a table, numbered from 1 after the header.
pub(crate) struct Row<'a> {
    pub(crate) number: u64,
    /// A text for each name of the header; or why it has other fields than the header.
    pub(crate) texts: Result<&'a csv::StringRecord, String>,
}

impl<R: Read> Table<R> {
    /// Reads the header. Tabs separate the fields of a `.tsv` file, whatever the format says.
    ///
    /// # Errors
    /// When the encoding is unknown, or there is no header.
    pub(crate) fn open(input: R, format: &Format, is_tsv: bool) -> Result<Self, UnfitFile> {
        let encoding = Encoding::for_label(format.encoding.as_bytes())
            .ok_or_else(|| UnfitFile::new(format!("the encoding {} is unknown", format.encoding), ""))?;
        let input = DecodeReaderBytesBuilder::new().encoding(Some(encoding)).build(input);
        let separator = if is_tsv { '\t' } else { format.separator };
        let [separator, quote] = [separator, format.quote].map(|sign| u8::try_from(sign).unwrap_or(b','));
        let input = QuoteCounter { input, quote, is_odd: false };
        let mut builder = csv::ReaderBuilder::new();
        let mut reader = builder.delimiter(separator).quote(quote).flexible(true).from_reader(input);
        let names = reader.headers().map_err(|error| UnfitFile::new(error, ""))?.iter();
        let names: Vec<String> = names.map(|name| name.trim().to_owned()).collect();
        let (record, separator) = (csv::StringRecord::new(), char::from(separator));
        Ok(Self { names, reader, record, separator, row: 0, first_line: 0, is_long: false })
    }

    /// The next row.
    ///
    /// # Errors
    /// When the file cannot be read further.
    pub(crate) fn next_row(&mut self) -> Result<Option<Row<'_>>, UnfitFile> {
        let first = self.reader.position().line();
        if !self.reader.read_record(&mut self.record).map_err(|error| UnfitFile::new(error, ""))? {
            return match self.reader.get_ref().is_odd && self.is_long {
                true => Err(never_closed(self.row, self.first_line)),
                false => Ok(None),
            };
        }
        self.row += 1;
        let lines = self.reader.position().line().saturating_sub(first);
        (self.first_line, self.is_long) = (first, lines > 1);
        let (has, wants) = (self.record.len(), self.names.len());
        let is_row = |line: &&str| line.matches(self.separator).count() + 1 == wants;
        if lines > MOST_ROWS_IN_FIELD
            && self.record.iter().any(|field| field.lines().filter(is_row).count() as u64 >= MOST_ROWS_IN_FIELD)
        {
            return Err(never_closed(self.row, first));
        }
        let texts = if has == wants {
            Ok(&self.record)
        } else {
            Err(format!("it has {has} fields, and the header has {wants}"))
        };
        Ok(Some(Row { number: self.row, texts }))
    }
}

fn never_closed(row: u64, line: u64) -> UnfitFile {
    let what =
        format!("row {row}, which begins on line {line}, has a quote that is not closed: the rows after it are lost");
    UnfitFile::new(what, format!("remove the quote on line {line}, or write it twice within quotes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_files_are_those_of_the_etl_job() {
        let form = |name: &str| Form::by_name(Path::new(name));
        for name in ["a.csv", "a.CSV", "a.csv.gz"] {
            assert_eq!(form(name), Form::Csv { is_tsv: false }, "{name}");
        }
        assert_eq!(form("deep/a.tsv.gz"), Form::Csv { is_tsv: true });
        for name in ["a.csv.bz2", "a.jsonl", "a.ndjson.gz", "a.json", "part.parquet"] {
            assert_eq!(form(name), Form::Other, "{name}");
        }
        for name in ["a.csv.GZ", "README.md", "a.xlsx", "a", "_SUCCESS", "_a.csv", ".a.csv", "a.parquet.gz"] {
            assert_eq!(form(name), Form::Ignored, "{name}");
        }
    }

    #[test]
    fn tables_are_decoded_and_tell_rows_with_other_fields_than_the_header() {
        let format = Format { separator: ';', encoding: "iso-8859-1".to_owned(), ..Format::default() };
        let mut table = Table::open(&b"\"Stra\xdfe\"; n\n\"a;\"\"b\"\"\nc\";1\n2\n"[..], &format, false).unwrap();
        assert_eq!(table.names, ["Straße", "n"]);
        assert_eq!(table.next_row().unwrap().unwrap().texts.unwrap(), vec!["a;\"b\"\nc", "1"]);
        let short = table.next_row().unwrap().unwrap();
        assert_eq!((short.number, short.texts), (2, Err("it has 1 fields, and the header has 2".to_owned())));
        assert!(table.next_row().unwrap().is_none());
        let marked = Table::open("\u{feff}a,b\n".as_bytes(), &Format::default(), false).unwrap();
        assert_eq!(marked.names, ["a", "b"]);
    }

    #[test]
    fn quotes_that_are_not_closed_swallow_no_rows() {
        let rows = |count: usize| "1,a\n".repeat(count);
        let read = |text: String| {
            let mut table = Table::open(text.as_bytes(), &Format::default(), false).unwrap();
            loop {
                match table.next_row() {
                    Ok(Some(_)) => {}
                    Ok(None) => return None,
                    Err(error) => return Some(error.what),
                }
            }
        };
        let told = |row: u64| {
            let line = row + 1;
            Some(format!(
                "row {row}, which begins on line {line}, has a quote that is not closed: the rows after it are lost"
            ))
        };
        assert_eq!(read(format!("n,t\n{}2,\"b\n{}", rows(3), rows(4))), told(4), "until the end");
        assert_eq!(read(format!("n,t\n{}\"2,b\n{}\"2,b\n{}", rows(3), rows(50), rows(3))), told(4), "until the next");
        for whole in ["2,\"b\nc\"\n", "2,5\" pipe\n", &format!("2,\"{}\"\n", "line\n".repeat(60))] {
            assert_eq!(read(format!("n,t\n{whole}{}", rows(3))), None, "{whole}");
        }
    }
}
