//! The names of a header, and the names that a schema can have for them.

use crate::{data_schema::normalized, raw_rows::quoted, table::UnfitFile};

/// True if a column of this name could identify rows.
pub(crate) fn is_identity(name: &str) -> bool {
    // `customerId`, but not `paid`.
    let is_camel = name
        .strip_suffix("Id")
        .or(name.strip_suffix("ID"))
        .is_some_and(|rest| rest.ends_with(|last: char| last.is_ascii_lowercase()));
    let name = name.to_lowercase();
    is_camel || ["id", "uuid", "guid"].contains(&name.as_str()) || name.ends_with("_id")
}

/// A name that a schema allows. One that it allows already stays as it is.
pub(crate) fn valid(given: &str) -> String {
    let is_part = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
    let is_valid = given.starts_with(|first: char| first.is_ascii_alphabetic()) && given.chars().all(is_part);
    if is_valid {
        return given.to_owned();
    }
    let name = normalized(given);
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) { name } else { format!("column_{name}") }
}

/// The names of a header, and those that the schema gives them.
pub(crate) struct HeaderNames {
    pub(crate) given: Vec<String>,
    pub(crate) valid: Vec<String>,
    /// Advice about them.
    pub(crate) remarks: Vec<String>,
}

impl HeaderNames {
    pub(crate) fn from_header(header: &[String]) -> Result<Self, UnfitFile> {
        if header.len() < 2 {
            let help = "a model needs a label and at least one column to predict it from; `,`, `;`, `|` and tabs separate columns";
            return Err(UnfitFile::new(format!("its header is a single field, {}", quoted(header)), help));
        }
        if header.iter().all(|name| name.parse::<f64>().is_ok()) {
            let what = format!("its first line holds numbers and no names: {}", quoted(header));
            return Err(UnfitFile::new(what, "write a header as the first line"));
        }
        let twice = header.iter().enumerate().find(|(at, name)| !name.is_empty() && header[..*at].contains(name));
        if let Some((_, twice)) = twice {
            return Err(UnfitFile::new(format!("it has several columns `{twice}`"), "rename all but one of them"));
        }
        let mut names = Self { given: header.to_vec(), valid: Vec::new(), remarks: Vec::new() };
        for (given, number) in header.iter().zip(1..) {
            let first = valid(given);
            let is_taken = |name: &String| names.valid.iter().any(|taken| taken.eq_ignore_ascii_case(name));
            let more = (2..).map(|count| format!("{first}_{count}"));
            let name = std::iter::once(first.clone()).chain(more).find(|name| !is_taken(name)).unwrap_or_default();
            names.valid.push(name);
            if given.is_empty() {
                names.remarks.push(format!("column {number} has no name, and is left out"));
            }
        }
        Ok(names)
    }

    /// The position of the column that the user names.
    pub(crate) fn find(&self, wanted: &str) -> Result<usize, UnfitFile> {
        let exact = self.given.iter().position(|name| name == wanted);
        let alike = || self.given.iter().position(|name| !name.is_empty() && normalized(name) == normalized(wanted));
        if let Some(at) = exact.or_else(|| self.valid.iter().position(|name| name == wanted)).or_else(alike) {
            return Ok(at);
        }
        let named = self.given.iter().map(String::as_str).filter(|name| !name.is_empty());
        let help = match config::nearest(wanted, named) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its columns are {}", quoted(&self.given)),
        };
        Err(UnfitFile::new(format!("it has no column `{wanted}`"), help))
    }
}
