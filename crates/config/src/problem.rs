//! A problem of an environment file, with its place.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

/// One thing wrong with an environment file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The problem, naming the key or value.
    pub message: String,
    /// The place, in bytes of the source.
    pub span: Range<usize>,
    /// The line of its start, from 1.
    pub line: usize,
    /// The column of its start in characters, from 1.
    pub column: usize,
    /// The text to write instead, if it is known.
    pub help: Option<String>,
}

/// A text whose places are asked for by line and column, however many they are.
pub(crate) struct Lines<'a> {
    source: &'a str,
    /// The start of each line.
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(source: &'a str) -> Self {
        let starts = std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { source, starts }
    }

    /// The line that holds a byte, from 0.
    pub(crate) fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at) - 1
    }

    pub(crate) fn locate(&self, finding: Finding) -> Problem {
        let start = self.source.floor_char_boundary(finding.span.start);
        let end = self.source.ceil_char_boundary(finding.span.end.max(start));
        let line = self.line(start);
        Problem {
            message: short(finding.message),
            span: start..end,
            line: line + 1,
            column: self.source[self.starts[line]..start].chars().count() + 1,
            help: finding.help.map(short),
        }
    }
}

/// The text without its middle, if it repeats something long of the file.
fn short(text: String) -> String {
    const LONGEST: usize = 1000;
    if text.len() <= LONGEST {
        return text;
    }
    let (start, end) = (text.floor_char_boundary(LONGEST / 2), text.ceil_char_boundary(text.len() - LONGEST / 2));
    format!("{}…{}", &text[..start], &text[end..])
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

/// A file that cannot be used, with all that is wrong with it in the order of the lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The file.
    pub file: PathBuf,
    /// The content of the file; empty if it could not be read.
    pub source: String,
    /// At least one.
    pub problems: Vec<Problem>,
}

impl Invalid {
    /// The content of the file, with asterisks for every value that may be a secret.
    pub fn shown_source(&self) -> String {
        crate::redact::redacted(&self.source)
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{}:{problem}", self.file.display())?;
        }
        Ok(())
    }
}

impl std::error::Error for Invalid {}

/// A problem before its line and column are known.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) message: String,
    pub(crate) span: Range<usize>,
    pub(crate) help: Option<String>,
}

/// Locates the findings and puts them in the order of the file.
pub(crate) fn located(source: &str, findings: Vec<Finding>) -> Vec<Problem> {
    let lines = Lines::new(source);
    let mut problems: Vec<Problem> = findings.into_iter().map(|finding| lines.locate(finding)).collect();
    problems.sort_by(|a, b| (a.span.start, &a.message).cmp(&(b.span.start, &b.message)));
    problems.dedup();
    problems
}
