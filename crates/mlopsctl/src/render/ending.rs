//! The errors of commands as JSON. The form is part of the command line's contract:
//! `state/schemas/error.schema.json`.

use super::versioned::Versioned;
use crate::command_error::CommandError;
use config::Invalid;
use serde::Serialize;

/// A document with nothing but an error.
#[derive(Serialize)]
struct Document<'a> {
    /// In lines of events: `error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'static str>,
    error: ErrorDocument<'a>,
}

#[derive(Serialize)]
struct ErrorDocument<'a> {
    kind: &'static str,
    exit_code: u8,
    message: String,
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problems: Option<Vec<ProblemDocument<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lock: Option<LockDocument<'a>>,
}

#[derive(Serialize)]
struct LockDocument<'a> {
    id: &'a str,
    who: &'a str,
    operation: &'a str,
    started: String,
}

/// A problem of an environment file. Without a position, it is about the whole file; without a file, about several.
#[derive(Serialize)]
pub(crate) struct ProblemDocument<'a> {
    pub(crate) file: Option<String>,
    pub(crate) line: Option<usize>,
    pub(crate) column: Option<usize>,
    pub(crate) message: &'a str,
    pub(crate) help: Option<&'a str>,
}

/// The document of an error. `None` if there is no error, or if it was already printed.
pub(crate) fn document(end: &CommandError) -> Option<impl Serialize> {
    Some(Versioned::new(Document { event: None, error: error(end)? }))
}

/// The same error as the last line of events.
pub(crate) fn line(end: &CommandError) -> Option<impl Serialize> {
    Some(Versioned::new(Document { event: Some("error"), error: error(end)? }))
}

fn error(end: &CommandError) -> Option<ErrorDocument<'_>> {
    Some(match end {
        CommandError::Invalid(invalid) => {
            ErrorDocument { problems: Some(problems(invalid)), ..plain("invalid", 64, summary(invalid), None) }
        }
        CommandError::Usage { what, help } => plain("usage", 64, what.clone(), help.as_deref()),
        CommandError::Failed { what, help } => plain("failed", 1, what.clone(), help.as_deref()),
        CommandError::Locked(error) => {
            let lock = match error {
                state::Error::Locked { holder, .. } => Some(LockDocument {
                    id: &holder.id,
                    who: &holder.who,
                    operation: &holder.operation,
                    started: holder.started.to_string(),
                }),
                _ => None,
            };
            ErrorDocument { lock, ..plain("locked", 3, error.to_string(), None) }
        }
        CommandError::Said | CommandError::Differences => return None,
    })
}

fn plain<'a>(kind: &'static str, exit_code: u8, message: String, help: Option<&'a str>) -> ErrorDocument<'a> {
    let help = help.filter(|help| !help.is_empty());
    ErrorDocument { kind, exit_code, message, help, problems: None, lock: None }
}

fn summary(invalid: &Invalid) -> String {
    let count = invalid.problems.len();
    let what = if count == 1 { "1 problem".to_owned() } else { format!("{count} problems") };
    format!("{what} in {}; nothing was touched", invalid.file.display())
}

/// Each problem of a file, with its position.
pub(crate) fn problems(invalid: &Invalid) -> Vec<ProblemDocument<'_>> {
    let file = || Some(invalid.file.display().to_string());
    let documents = invalid.problems.iter().map(|problem| ProblemDocument {
        file: file(),
        line: Some(problem.line),
        column: Some(problem.column),
        message: &problem.message,
        help: problem.help.as_deref(),
    });
    documents.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn error_says_how_the_command_exits() {
        let usage = json!(document(&CommandError::usage("which environment?", "name one")));
        assert_eq!(usage["error"]["exit_code"], 64);
        assert_eq!((&usage["error"]["kind"], &usage["error"]["help"]), (&json!("usage"), &json!("name one")));
        let last = json!(line(&CommandError::failed("x")));
        assert_eq!((&last["event"], &last["format"]), (&json!("error"), &json!(1)));
        assert!(document(&CommandError::Differences).is_none());
    }
}
