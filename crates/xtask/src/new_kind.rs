//! Writes the stubs of a new kind: its reconciler, its registration, and its line in the test of upgrades.

use crate::{names::Names, registration};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A reconciler whose calls fail and whose tests fail.
const SKELETON: &str = include_str!("../skeleton/new_thing.rs");
/// The test that knows which kinds the released versions lack.
const UPGRADES: &str = "tests/e2e/upgrade.rs";
/// The beginning of its list.
const LATER: &str = "let later = [";

/// Writes the stubs. Returns the paths of the files.
///
/// # Errors
/// When a file cannot be read or written, or has another form than expected. Then nothing is written.
pub(crate) fn write(root: &Path, names: &Names) -> Result<Vec<String>, String> {
    let lib = names.source(root).join("lib.rs");
    let registered = registration::with_kind(&read(&lib)?, names).map_err(|why| format!("{}: {why}", lib.display()))?;
    let upgrades = root.join(UPGRADES);
    let later = with_later(&read(&upgrades)?, &names.kind).ok_or(format!("{UPGRADES} has no list `later`"))?;
    let files = [(names.reconciler(root), reconciler(names)), (lib, registered), (upgrades, later)];
    for (path, text) in &files {
        fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    format(files.iter().map(|(path, _)| path))?;
    let relative = |path: &PathBuf| path.strip_prefix(root).unwrap_or(path).display().to_string();
    Ok(files.iter().map(|(path, _)| relative(path)).collect())
}

/// The skeleton with the names of the kind.
fn reconciler(names: &Names) -> String {
    let Names { kind, module, kind_type, noun, .. } = names;
    SKELETON
        .replace("service:new-thing", kind)
        .replace("NewThing", kind_type)
        .replace("new_thing", module)
        .replace("A new thing.", &format!("{} {noun}.", article(noun)))
        .replace("a new thing", &format!("{} {noun}", article(noun).to_ascii_lowercase()))
        .replace("new thing", noun)
}

/// The indefinite article, as the first letter suggests it.
fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "An" } else { "A" }
}

/// The test of upgrades with one more kind that the released versions lack, in alphabetical order.
fn with_later(text: &str, kind: &str) -> Option<String> {
    let (before, rest) = text.split_once(LATER)?;
    let (list, after) = rest.split_once("];")?;
    let mut kinds: Vec<String> =
        list.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect();
    kinds.push(format!("\"{kind}\""));
    kinds.sort();
    Some(format!("{before}{LATER}{}];{after}", kinds.join(", ")))
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn format<'a>(files: impl Iterator<Item = &'a PathBuf>) -> Result<(), String> {
    for file in files {
        // From its standard input, rustfmt formats one file alone, without the modules that the file names.
        let text = fs::File::open(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let folder = file.parent().unwrap_or(file);
        let mut rustfmt = Command::new("rustfmt");
        let formatted = rustfmt.args(["--edition", "2024"]).current_dir(folder).stdin(text).output();
        let formatted = formatted.map_err(|error| format!("rustfmt: {error}"))?;
        if !formatted.status.success() {
            return Err(format!("{}: {}", file.display(), String::from_utf8_lossy(&formatted.stderr)));
        }
        fs::write(file, formatted.stdout).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}
