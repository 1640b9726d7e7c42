//! The format of a CSV file, guessed from its beginning.

use crate::{
    data_schema::Format,
    table::{UnfitFile, open},
};
use std::{io::Read as _, path::Path};

/// The part of a file that is examined.
const BEGINNING: u64 = 1 << 20;
/// The number of rows that are split by each separator.
const ROWS: usize = 100;
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The format of a file. Decimals are left as they are by default.
///
/// # Errors
/// When it cannot be read, or is no text of one byte for each ASCII letter.
pub(crate) fn guess(file: &Path, is_tsv: bool) -> Result<Format, UnfitFile> {
    let mut start = Vec::new();
    let content = open(file).map_err(|error| UnfitFile::new(error, ""))?;
    content.take(BEGINNING).read_to_end(&mut start).map_err(|error| UnfitFile::new(error, ""))?;
    if start.is_empty() {
        return Err(UnfitFile::new("it is empty", ""));
    }
    if start.contains(&0) {
        return Err(UnfitFile::new("it is no text in UTF-8 or an encoding of one byte", "save it as CSV in UTF-8"));
    }
    let separator = if is_tsv { ',' } else { char::from(separator(&start)) };
    Ok(Format { separator, encoding: encoding(&start).to_owned(), ..Format::default() })
}

/// UTF-8, or what Windows writes in the west: every sequence of bytes is a text in it.
fn encoding(start: &[u8]) -> &'static str {
    match std::str::from_utf8(start) {
        Ok(_) => "utf-8",
        // A letter that the end cuts in two.
        Err(error) if error.error_len().is_none() => "utf-8",
        Err(_) => "windows-1252",
    }
}

/// The separator by which most rows have as many fields as the header, and the header has several.
fn separator(start: &[u8]) -> u8 {
    let score = |separator: u8| {
        let mut builder = csv::ReaderBuilder::new();
        let mut reader = builder.delimiter(separator).flexible(true).has_headers(false).from_reader(start);
        let mut lengths = reader.byte_records().map_while(Result::ok).take(ROWS).map(|record| record.len());
        let header = lengths.next().unwrap_or_default();
        let (alike, others) = lengths.fold((0, 0), |(alike, others), length| match length == header {
            true => (alike + 1, others),
            false => (alike, others + 1),
        });
        (header > 1 && alike >= others, alike, header)
    };
    // The first one wins where several are as good.
    SEPARATORS.into_iter().rev().max_by_key(|separator| score(*separator)).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_those_that_split_rows_like_their_header() {
        for (text, expected) in [
            ("a,b\n1,2\n", b','),
            ("a;b\n1,5;2,5\n3,5;4,5\n", b';'),
            ("a\tb\n\"1,2\"\t2\n", b'\t'),
            ("a|b\n1|2\n", b'|'),
            ("name,text\nx,\"a;b;c\"\ny,\"d;e;f\"\n", b','),
            ("only\n1\n", b','),
        ] {
            assert_eq!(char::from(separator(text.as_bytes())), char::from(expected), "{text}");
        }
    }

    #[test]
    fn texts_that_are_no_utf_8_are_of_windows() {
        assert_eq!(encoding("größe".as_bytes()), "utf-8");
        assert_eq!(encoding(b"gr\xf6\xdfe,1\n"), "windows-1252");
        assert_eq!(encoding(&"größe".as_bytes()[..3]), "utf-8");
    }
}
