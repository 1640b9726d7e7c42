use crate::{
    cli::Global,
    fault::{EXIT_USAGE, Fault},
    choose,
    printer::Printer,
    render, session,
};
use serde_json::json;

pub(super) fn run(global: &Global, printer: &Printer, environment: Option<&str>) -> Result<u8, Fault> {
    let names = named(global, environment)?;
    let mut problems = Vec::new();
    let mut wrong = 0;
    for name in &names {
        match session::load(global, name) {
            Ok(_) => printer.note(&format!("{} {name}", printer.talk_paint().green("✓"))),
            Err(Fault::Invalid(invalid)) => {
                wrong += 1;
                if !printer.is_json() {
                    render::failure::invalid(printer, &invalid);
                }
                problems.extend(invalid.problems.iter().map(|problem| {
                    json!({
                        "file": invalid.file, "line": problem.line, "column": problem.column,
                        "message": problem.message, "help": problem.help,
                    })
                }));
            }
            Err(fault) => return Err(fault),
        }
    }
    if printer.is_json() {
        printer.document(&json!({"valid": problems.is_empty(), "environments": names, "problems": problems}))?;
    }
    Ok(if wrong == 0 { 0 } else { EXIT_USAGE })
}

/// The environment given, or all of them.
pub(super) fn named(global: &Global, given: Option<&str>) -> Result<Vec<String>, Fault> {
    match given {
        Some(name) => Ok(vec![name.to_owned()]),
        None => match config::discover(&global.environments) {
            names if names.is_empty() => Err(choose::none(global)),
            names => Ok(names),
        },
    }
}
