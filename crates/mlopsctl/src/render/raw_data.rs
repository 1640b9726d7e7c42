//! Files of raw data: as a list, and as the words before they are removed.

use super::{columns::columns, sending::size, took::moment};
use aws_s3::Recovery;
use runs::RawFile;
use serde::Serialize;

/// More files are counted only, before they are removed.
const MOST_NAMED: usize = 20;

/// Files of raw data and their place.
#[derive(Clone, Copy)]
pub(crate) struct Files<'a> {
    pub(crate) bucket: &'a str,
    pub(crate) prefix: &'a str,
    pub(crate) files: &'a [RawFile],
}

impl<'a> Files<'a> {
    /// The name of a file below the prefix.
    pub(crate) fn name(&self, file: &'a RawFile) -> &'a str {
        file.key.strip_prefix(self.prefix).unwrap_or(&file.key)
    }

    /// The sum of the rows, if those of all files that the pipeline reads are known.
    fn rows(&self) -> Option<u64> {
        self.files.iter().filter(|file| file.is_read()).map(|file| file.rows).sum()
    }

    fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// For a person, for a terminal of this width.
    pub(crate) fn text(&self, width: Option<usize>) -> String {
        let mut rows: Vec<Vec<String>> = vec![["file", "size", "rows", "uploaded", ""].map(str::to_owned).into()];
        for file in self.files {
            let known = file.rows.map(|rows| rows.to_string()).unwrap_or_default();
            let uploaded = file.uploaded.map(moment).unwrap_or_default();
            let remark = if file.is_read() { "" } else { "not read by the pipeline" };
            rows.push(vec![self.name(file).to_owned(), size(file.bytes), known, uploaded, remark.to_owned()]);
        }
        let total = self.rows().map(|rows| format!(", {rows} rows")).unwrap_or_default();
        let (files, bytes) = (counted_files(self.files.len()), size(self.bytes()));
        let Self { bucket, prefix, .. } = self;
        format!("s3://{bucket}/{prefix}\n{}\n{files}, {bytes}{total}", columns(&rows, width))
    }

    /// For a program.
    pub(crate) fn document(&self) -> Document<'a> {
        let file = |file: &'a RawFile| FileDocument {
            key: &file.key,
            bytes: file.bytes,
            rows: file.rows,
            uploaded: file.uploaded.map(|at| at.to_string()),
            is_read: file.is_read(),
        };
        let (bucket, prefix) = (self.bucket, self.prefix);
        Document {
            bucket,
            prefix,
            bytes: self.bytes(),
            rows: self.rows(),
            files: self.files.iter().map(file).collect(),
        }
    }
}

/// Raw data for a program.
#[derive(Serialize)]
pub(crate) struct Document<'a> {
    bucket: &'a str,
    prefix: &'a str,
    bytes: u64,
    rows: Option<u64>,
    files: Vec<FileDocument<'a>>,
}

#[derive(Serialize)]
struct FileDocument<'a> {
    key: &'a str,
    bytes: u64,
    rows: Option<u64>,
    uploaded: Option<String>,
    is_read: bool,
}

/// The words for a person before files are removed. `account` says in which account and region.
pub(crate) fn removal(
    place: &Files<'_>,
    chosen: &[&RawFile],
    account: &str,
    recovery: Recovery,
    until: Option<&str>,
) -> Vec<String> {
    let Files { bucket, prefix, files } = place;
    let bytes = size(chosen.iter().map(|file| file.bytes).sum());
    let mut lines = vec![format!(
        "This removes {} of {} ({bytes}) from s3://{bucket}/{prefix} {account}:",
        chosen.len(),
        counted_files(files.len())
    )];
    lines.extend(chosen.iter().take(MOST_NAMED).map(|file| format!("  {} ({})", file.key, size(file.bytes))));
    if chosen.len() > MOST_NAMED {
        lines.push(format!("  … and {} more", chosen.len() - MOST_NAMED));
    }
    lines.push(match (recovery, until) {
        (Recovery::Never, _) => "The bucket keeps no versions: nothing brings these files back.".to_owned(),
        (_, Some(until)) => format!(
            "The bucket keeps them as old versions until its lifecycle takes these. Until {until} they can be restored."
        ),
        (_, None) => "The bucket keeps them as old versions, and they can be restored.".to_owned(),
    });
    lines.push("Data sets, models and feature records that were made of them stay.".to_owned());
    lines
}

/// `1 file`, `2 files`.
pub(crate) fn counted_files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, bytes: u64, rows: Option<u64>) -> RawFile {
        RawFile { key: format!("raw/{name}"), bytes, uploaded: "2026-11-30T13:20:11Z".parse().ok(), rows }
    }

    #[test]
    fn files_are_listed_with_rows_where_they_are_known_and_a_total() {
        let files = [file("2026/a.csv", 1_250, Some(40)), file("b.csv", 7, Some(2)), file("notes.md", 20, None)];
        let place = Files { bucket: "data", prefix: "raw/", files: &files };
        let expected = "s3://data/raw/\n\
                        file        size    rows  uploaded\n\
                        2026/a.csv  1.2 kB  40    2026-11-30 13:20:11 UTC\n\
                        b.csv       7 B     2     2026-11-30 13:20:11 UTC\n\
                        notes.md    20 B          2026-11-30 13:20:11 UTC  not read by the pipeline\n\
                        3 files, 1.2 kB, 42 rows";
        assert_eq!(place.text(None), expected);
        let unknown = [file("a.parquet", 10, None), file("b.csv", 7, Some(2))];
        assert!(Files { files: &unknown, ..place }.text(None).ends_with("\n2 files, 17 B"));
    }

    #[test]
    fn removal_says_what_goes_and_until_when_it_comes_back() {
        let files: Vec<RawFile> = (0..22).map(|number| file(&format!("{number}.csv"), 1_000, None)).collect();
        let (place, all) = (Files { bucket: "data", prefix: "raw/", files: &files }, files.iter().collect::<Vec<_>>());
        let said = removal(&place, &all, "in account 1, region r", Recovery::Days(7), Some("2026-12-07"));
        assert_eq!(said[0], "This removes 22 of 22 files (22.0 kB) from s3://data/raw/ in account 1, region r:");
        assert_eq!((said[1].as_str(), said[21].as_str()), ("  raw/0.csv (1.0 kB)", "  … and 2 more"));
        assert!(said[22].ends_with("Until 2026-12-07 they can be restored."), "{}", said[22]);
        let never = removal(&place, &all[..1], "", Recovery::Never, None);
        assert_eq!(never[2], "The bucket keeps no versions: nothing brings these files back.");
    }
}
