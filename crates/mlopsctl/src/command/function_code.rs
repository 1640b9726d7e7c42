//! The Python files of functions, parsed by an interpreter of this machine before they are uploaded.
//!
//! Python's own parser is exact and explains each error. Crates that parse Python would add dozens of dependencies, or
//! miss wrong indentation. Without an interpreter nothing is checked.

use blueprint::Finding;
use config::Environment;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

const PROGRAM: &str = include_str!("function_code.py");
/// The names of interpreters, the newest first. An interpreter parses the code of older runtimes, too.
const INTERPRETERS: [&str; 6] = ["python3.14", "python3.13", "python3.12", "python3.11", "python3", "python"];

/// A file that does not parse.
#[derive(Deserialize)]
struct Broken {
    /// The index of the function.
    function: usize,
    file: String,
    line: usize,
    message: String,
}

/// The files of an environment's functions that do not parse.
pub(super) fn findings(environment: &Environment, root: &Path) -> Vec<Finding> {
    let functions = &environment.functions;
    if functions.is_empty() {
        return Vec::new();
    }
    let asked: Vec<Value> =
        functions.iter().map(|function| json!([root.join(function.folder()), function.runtime])).collect();
    let asked = Value::from(asked).to_string();
    let broken = INTERPRETERS.into_iter().find_map(|interpreter| ask(interpreter, &asked)).unwrap_or_default();
    let finding = |found: Broken| {
        let function = functions.get(found.function)?;
        Some(Finding {
            setting: format!("functions.{}.name", found.function),
            message: format!("{}/{}:{}: {}", function.folder(), found.file, found.line, found.message),
            help: String::new(),
        })
    };
    broken.into_iter().filter_map(finding).collect()
}

/// The answer of an interpreter; `None` if there is none of this name.
fn ask(interpreter: &str, asked: &str) -> Option<Vec<Broken>> {
    let mut command = Command::new(interpreter);
    command.args(["-I", "-S", "-c", PROGRAM]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut running = command.spawn().ok()?;
    // An interpreter that ends early has an exit code of its own.
    let written = running.stdin.take().map(|mut input| input.write_all(asked.as_bytes()));
    let output = running.wait_with_output().ok()?;
    written.filter(|_| output.status.success())?.ok()?;
    serde_json::from_slice(&output.stdout).ok()
}
