//! What is wrong with a file, and where.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

/// One thing wrong with an environment file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, naming the key or value.
    pub message: String,
    /// Where, in bytes of the source.
    pub span: Range<usize>,
    /// The line of its start, from 1.
    pub line: usize,
    /// The column of its start in characters, from 1.
    pub column: usize,
    /// What to write instead, where that is known.
    pub help: Option<String>,
}

impl Problem {
    pub(crate) fn new(source: &str, finding: Finding) -> Self {
        let mut start = finding.span.start.min(source.len());
        while !source.is_char_boundary(start) {
            start -= 1;
        }
        let before = &source[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            message: finding.message,
            span: start..finding.span.end.clamp(start, source.len()),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            help: finding.help,
        }
    }
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
    /// What it holds; empty when it could not be read.
    pub source: String,
    /// At least one.
    pub problems: Vec<Problem>,
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
    let mut problems: Vec<Problem> = findings.into_iter().map(|finding| Problem::new(source, finding)).collect();
    problems.sort_by(|a, b| (a.span.start, &a.message).cmp(&(b.span.start, &b.message)));
    problems.dedup();
    problems
}
