use super::validate::named;
use crate::{
    choose,
    cli::Global,
    fault::{EXIT_FAILED, Fault},
    printer::Printer,
};
use config::Invalid;
use serde_json::json;

pub(super) fn run(global: &Global, printer: &Printer, environment: Option<&str>, check: bool) -> Result<u8, Fault> {
    let mut changed = Vec::new();
    for name in named(global, environment)? {
        let file = global.environments.join(format!("{name}.toml"));
        if !file.is_file() {
            return Err(choose::unknown(global, &name));
        }
        let failed = |what: &str, error: std::io::Error| Fault::failed(format!("{} cannot be {what}: {error}", file.display()));
        let source = std::fs::read_to_string(&file).map_err(|error| failed("read", error))?;
        let formatted = config::format(&source).map_err(|problems| {
            Fault::Invalid(Box::new(Invalid { file: file.clone(), source: source.clone(), problems }))
        })?;
        if formatted == source {
            continue;
        }
        if !check {
            std::fs::write(&file, formatted).map_err(|error| failed("written", error))?;
        }
        changed.push(file);
    }
    if printer.is_json() {
        printer.document(&json!({"changed": changed}))?;
    } else {
        for file in &changed {
            printer.line(&file.display().to_string())?;
        }
    }
    Ok(if check && !changed.is_empty() { EXIT_FAILED } else { 0 })
}
