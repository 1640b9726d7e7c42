//! From a file to an [`Environment`].

use crate::check::{Place, Surroundings};
use crate::environment::Environment;
use crate::problem::{Finding, Invalid, Problem, located};
use crate::project::{UnreadableFile, inside};
use crate::read::Reader;
use crate::{form, schema, syntax, version};
use std::cell::RefCell;
use std::path::Path;
use toml_edit::Document;

/// More than any environment needs; a larger file is a mistake, not a configuration.
const LARGEST: u64 = 1024 * 1024;

/// Reads and checks `environments/<name>.toml`. Scripts and functions it names are looked for under
/// `project_root`.
///
/// # Errors
/// Every problem of the file at once.
pub fn load(path: &Path, project_root: &Path) -> Result<Environment, Invalid> {
    let invalid = |source: String, problems| Invalid { file: path.to_owned(), source, problems };
    let source = text(path, project_root)?;
    let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    parse(name, &source, Some(project_root)).map_err(|problems| invalid(source, problems))
}

/// The text of an environment file.
///
/// # Errors
/// When it cannot be read, is too large, is no text, or is a link out of the project: reports of problems show lines of
/// it.
pub fn text(path: &Path, project_root: &Path) -> Result<String, Invalid> {
    read(path, project_root).map_err(|(source, finding)| {
        let problems = located(&source, vec![finding]);
        Invalid { file: path.to_owned(), source, problems }
    })
}

/// Checks the text of an environment file of that name. Without a `project_root` the files it names are not
/// looked for.
///
/// # Errors
/// Every problem of the text at once.
pub fn parse(name: &str, source: &str, project_root: Option<&Path>) -> Result<Environment, Vec<Problem>> {
    let document = match Document::parse(source) {
        Ok(document) => document,
        Err(error) => return Err(located(source, syntax::findings(source, &error))),
    };
    // The other settings of a file for another version may be unknown here.
    if let Some(item) = document.get(version::KEY)
        && let Some((message, help)) = item.as_str().and_then(version::refusal)
    {
        let span = item.span().unwrap_or_default();
        return Err(located(source, vec![Finding { message, span, help: Some(help) }]));
    }
    let mut reader = Reader::default();
    let (mut value, node) = reader.read_root(document.as_table(), schema::shared());
    let findings = RefCell::new(reader.into_findings());
    let root = Place::root(&node, &findings);
    if !form::is_slug(name) {
        root.report(
            format!("`{name}` cannot be the name of an environment"),
            "name the file in lower-case letters, digits and single hyphens: `dev.toml`",
        );
    }
    match value.get("environment").and_then(|stated| stated.as_str()) {
        Some(stated) if stated != name => root.get("environment").report(
            format!("the file is named `{name}.toml`, but its environment is `{stated}`"),
            format!("write `{name}`, or leave `environment` out"),
        ),
        _ => value["environment"] = name.into(),
    }
    let environment = match serde_json::from_value::<Environment>(value) {
        Ok(environment) => {
            let around = Surroundings {
                prefix: environment.prefix(),
                region: &environment.region,
                accounts: &environment.allowed_accounts,
                root: project_root,
            };
            environment.check(root, &around);
            Some(environment)
        }
        Err(error) => {
            root.report(format!("the file cannot be understood: {error}"), "");
            None
        }
    };
    let findings = findings.into_inner();
    match environment {
        Some(environment) if findings.is_empty() => Ok(environment),
        _ => Err(located(source, findings)),
    }
}

/// The names of the environments in a folder, sorted. A folder that cannot be read has none.
pub fn discover(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml") && path.is_file())
        .filter_map(|path| path.file_stem()?.to_str().map(str::to_owned))
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

fn read(path: &Path, project_root: &Path) -> Result<String, (String, Finding)> {
    use std::io::Read as _;
    let whole = |message: String, help: Option<&str>| {
        (String::new(), Finding { message, span: 0..0, help: help.map(str::to_owned) })
    };
    let unreadable = |error: std::io::Error| whole(format!("the file cannot be read: {error}"), None);
    // A path that is not absolute starts where the command was started, as the root does.
    let path = std::path::absolute(path).map_err(unreadable)?;
    let path = inside(project_root, &path).map_err(|outside| match outside {
        UnreadableFile::Missing(error) => unreadable(error),
        UnreadableFile::LeadsOut { target } => whole(
            format!("the file leads out of the project, to {}", target.display()),
            Some("mlopsctl reads only what is in the project: put a copy there instead of a link"),
        ),
    })?;
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    // Reads the limit and no more: a size asked for beforehand says nothing about a pipe or a growing file.
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(whole("the file is larger than 1 MiB".into(), Some("is it an environment file?")));
    }
    let bytes = crate::unicode::to_utf8(bytes).map_err(|error| whole(error.to_string(), None))?;
    let source = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let span = at..at + 1;
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        let help = Some("TOML is UTF-8; save the file in that encoding".to_owned());
        (text, Finding { message: "not valid UTF-8".into(), span, help })
    })?;
    match source.find('\0') {
        Some(at) => {
            Err((source, Finding { message: "the file holds a NUL byte".into(), span: at..at + 1, help: None }))
        }
        None => Ok(source),
    }
}
