//! The errors of commands as JSON. The form is part of the command line's contract:
//! `state/schemas/error.schema.json`.

use crate::end::End;
use config::Invalid;
use serde_json::{Value, json};

/// The document of an error. `None` if there is no error, or if it was already printed.
pub(crate) fn document(end: &End) -> Option<Value> {
    Some(json!({"format": 1, "error": error(end)?}))
}

/// The same error as the last line of events.
pub(crate) fn line(end: &End) -> Option<Value> {
    Some(json!({"event": "error", "format": 1, "error": error(end)?}))
}

fn error(end: &End) -> Option<Value> {
    Some(match end {
        End::Invalid(invalid) => {
            json!({"kind": "invalid", "exit_code": 64, "message": summary(invalid), "help": null, "problems": problems(invalid)})
        }
        End::Usage { what, help } => plain("usage", 64, what, help.as_deref()),
        End::Failed { what, help } => plain("failed", 1, what, help.as_deref()),
        End::Locked(error) => {
            let mut document = plain("locked", 3, &error.to_string(), None);
            if let state::Error::Locked { holder, .. } = error {
                document["lock"] = json!({"id": holder.id, "who": holder.who, "operation": holder.operation,
                                          "started": holder.started.to_string()});
            }
            document
        }
        End::Said | End::Differences => return None,
    })
}

fn plain(kind: &str, exit_code: u8, message: &str, help: Option<&str>) -> Value {
    let help = help.filter(|help| !help.is_empty());
    json!({"kind": kind, "exit_code": exit_code, "message": message, "help": help})
}

fn summary(invalid: &Invalid) -> String {
    let count = invalid.problems.len();
    let what = if count == 1 { "1 problem".to_owned() } else { format!("{count} problems") };
    format!("{what} in {}; nothing was touched", invalid.file.display())
}

/// Each problem of a file, with its position.
pub(crate) fn problems(invalid: &Invalid) -> Value {
    let one = |problem: &config::Problem| {
        json!({"file": invalid.file.display().to_string(), "line": problem.line, "column": problem.column,
               "message": problem.message, "help": problem.help})
    };
    invalid.problems.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_says_how_the_command_exits() {
        let usage = document(&End::usage("which environment?", "name one")).unwrap();
        assert_eq!(usage["error"]["exit_code"], 64);
        assert_eq!((&usage["error"]["kind"], &usage["error"]["help"]), (&json!("usage"), &json!("name one")));
        let last = line(&End::failed("x")).unwrap();
        assert_eq!((&last["event"], &last["format"]), (&json!("error"), &json!(1)));
        assert_eq!(document(&End::Differences), None);
    }
}
