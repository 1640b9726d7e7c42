use crate::{fault::Fault, printer::Printer};
use serde_json::json;
use std::path::Path;

/// Paths and contents of what a new project starts from.
const PROJECT: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/project.rs"));
/// Where the example files look for it, for editors.
const SCHEMA: &str = "state/schemas/environment.schema.json";

pub(super) fn run(printer: &Printer, dir: &Path) -> Result<u8, Fault> {
    let mut schema = serde_json::to_vec_pretty(&config::schema())
        .map_err(|error| Fault::failed(format!("the schema is no JSON: {error}")))?;
    schema.push(b'\n');
    let files: Vec<(&str, &[u8])> = PROJECT.iter().copied().chain([(SCHEMA, &schema[..])]).collect();
    let taken: Vec<&str> = files.iter().map(|(path, _)| *path).filter(|path| dir.join(path).exists()).collect();
    if !taken.is_empty() {
        return Err(Fault::failed(format!("{} has {} already; nothing was written", dir.display(), taken.join(", ")))
            .help("choose an empty folder: `mlopsctl init my-platform`"));
    }
    for (path, bytes) in &files {
        write(&dir.join(path), bytes)?;
    }
    if printer.is_json() {
        let paths: Vec<&str> = files.iter().map(|(path, _)| *path).collect();
        printer.document(&json!({"dir": dir, "written": paths}))?;
    } else {
        printer.note(&format!("wrote {} files to {}", files.len(), dir.display()));
        printer.note("next: edit environments/dev.toml, then `mlopsctl plan dev --local`");
    }
    Ok(0)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let failed = |error: std::io::Error| Fault::failed(format!("{} cannot be written: {error}", path.display()));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(path, bytes).map_err(failed)
}
