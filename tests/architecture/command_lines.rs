//! Only the binary words commands and options. Libraries return `aws_client::Remedy`, so that another program can word
//! the same advice in its own way.

use regex::Regex;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// Crates that print, or that only tests and developers use.
const NOT_LIBRARIES: [&str; 3] = ["bench", "mlopsctl", "testkit"];

/// Texts in which a library may name a command or an option, by crate.
const ALLOWANCES: [(&str, usize, &str); 5] = [
    ("blueprint", 2, "AWS shows the descriptions of the drift job and of its alarm, and no program words them there"),
    (
        "config",
        3,
        "a crate without dependencies: the checks of `doctor`, a build by cargo, an argument of the reader's",
    ),
    ("local", 1, "the emulator records the cause in an execution"),
    ("state", 1, "a label in a digest"),
    ("xtask", 1, "a tool for developers, which names another one"),
];

/// Comments, character literals and string literals. Only the last have a group.
static LITERAL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r##"(?s)//[^\n]*|'(?:[^'\\\n]|\\.)'|r#"(.*?)"#|r"([^"]*)"|"((?:[^"\\]|\\.)*)""##).unwrap()
});
/// A line break within a literal.
static BREAK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\\\n\s*").unwrap());
static COMMAND: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"\bmlopsctl (adopt|completions|cost|destroy|doctor|drift|fmt|graph|init|local|output|permissions|pipeline|plan|",
        r"reconcile|self|state|unlock|up|validate|wait)\b"
    ))
    .unwrap()
});
/// An option in a sentence. A literal that is nothing but an option is an argument of another program.
static OPTION: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(^|[\s`(])--[a-z]").unwrap());

fn names_a_command_line(literal: &str) -> bool {
    COMMAND.is_match(literal) || (literal.trim().contains(char::is_whitespace) && OPTION.is_match(literal))
}

/// The string literals of a file, without those of its tests.
fn literals(content: &str) -> Vec<String> {
    let (code, _) = content.split_once("#[cfg(test)]").unwrap_or((content, ""));
    let found = LITERAL.captures_iter(code).filter_map(|found| found.iter().skip(1).flatten().next());
    found.map(|literal| BREAK.replace_all(literal.as_str(), "").into_owned()).collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] });
    found.filter(|path| path.extension().is_some_and(|kind| kind == "rs") && !path.ends_with("tests.rs")).collect()
}

#[test]
fn command_lines_are_worded_by_the_binary_alone() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (mut found, mut read) = (BTreeMap::<String, Vec<String>>::new(), 0);
    for entry in std::fs::read_dir(&crates).unwrap() {
        let (folder, name) = (entry.as_ref().unwrap().path(), entry.unwrap().file_name().into_string().unwrap());
        if NOT_LIBRARIES.contains(&name.as_str()) {
            continue;
        }
        for file in rust_files(&folder.join("src")) {
            let literals = literals(&std::fs::read_to_string(&file).unwrap());
            read += literals.len();
            let named = literals.into_iter().filter(|literal| names_a_command_line(literal));
            found
                .entry(name.clone())
                .or_default()
                .extend(named.map(|literal| format!("{}: {literal}", file.display())));
        }
    }
    assert!(read > 5000, "only {read} literals were read");
    for (name, places) in found {
        let allowed = ALLOWANCES.iter().find(|(allowed, ..)| *allowed == name).map_or(0, |(_, count, _)| *count);
        assert_eq!(
            places.len(),
            allowed,
            "{name} names command lines: return a aws_client::Remedy, which mlopsctl/src/remedy.rs words, or lower the \
             allowance: {places:#?}"
        );
    }
}

#[test]
fn command_line_in_a_sentence_is_told_from_an_argument() {
    let named = |text: &str| literals(text).iter().any(|literal| names_a_command_line(literal));
    assert!(named("\"`mlopsctl up \\\n   dev` goes on\"") && named("\"pass --delete-data to delete it\""));
    assert!(named("r#\"see \"mlopsctl plan\"\"#"));
    assert!(!named("\"--requirement\"") && !named("// `mlopsctl up` does\n\"mlopsctl makes one\""));
    assert!(!named("\"a\" // \"mlopsctl up\n#[cfg(test)] \"mlopsctl up\""));
}
