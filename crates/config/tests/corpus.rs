//! The broken environment files of `tests/corpus`: each is refused with what is written beside it in the index.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde::Deserialize;
use std::{collections::BTreeMap, fs, path::PathBuf};

/// A broken file, and everything that must be said of it: `line:column: message`.
#[derive(Deserialize)]
struct Case {
    says: Vec<String>,
}

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus")
}

fn index() -> BTreeMap<String, Case> {
    toml_edit::de::from_str(&fs::read_to_string(corpus().join("environments.toml")).unwrap()).unwrap()
}

#[test]
fn each_broken_file_is_refused_with_every_problem_and_its_place() {
    for (name, case) in index() {
        let file = corpus().join(format!("environments/{name}.toml"));
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("test.toml");
        fs::copy(file, &copy).unwrap();
        let invalid = config::load(&copy, folder.path()).expect_err(&name);
        let said: Vec<String> =
            invalid.problems.iter().map(|one| format!("{}:{}: {}", one.line, one.column, one.message)).collect();
        assert_eq!(said, case.says, "{name}");
        for problem in &invalid.problems {
            assert!(
                invalid.source.get(problem.span.clone()).is_some(),
                "{name}: {:?} is not in the text",
                problem.span
            );
        }
    }
}

#[test]
fn each_file_of_the_corpus_is_in_its_index() {
    let there = fs::read_dir(corpus().join("environments")).unwrap().map(|entry| entry.unwrap().path());
    let mut there: Vec<String> = there.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    there.sort();
    assert_eq!(there, index().into_keys().collect::<Vec<_>>());
}

/// The size of the largest file that is still read.
const LARGEST: usize = 1024 * 1024;
/// Enough for anything that grows too fast to be felt.
const LARGE: usize = LARGEST / 2;

fn filled(start: &str, piece: &str, end: &str) -> String {
    let pieces = (LARGE - start.len() - end.len()) / piece.len();
    format!("{start}{}{end}", piece.repeat(pieces))
}

/// As many as fit, each with its number in place of `#`.
fn numbered(start: &str, piece: &str, end: &str) -> String {
    let mut text = start.to_owned();
    for number in 0.. {
        let next = piece.replace('#', &format!("{number:012}"));
        if text.len() + next.len() + end.len() > LARGE {
            break;
        }
        text += &next;
    }
    text + end
}

/// Each: what is too much of it, the text, and what the first problem says.
fn hostile_sizes() -> Vec<(&'static str, String, &'static str)> {
    let head = "project = \"shop\"\nregion = \"eu-central-1\"\n[network]\ncidr = \"10.9.0.0/16\"\n";
    let with = |rest: &str| format!("{head}{rest}");
    vec![
        ("bytes", "#".repeat(LARGEST + 1), "larger than 1 MiB"),
        ("lists in lists", filled("a = ", "[", ""), "never closed"),
        (
            "lists in lists, all closed",
            format!("a = {}{}", "[".repeat(500_000), "]".repeat(500_000)),
            "recursion depth",
        ),
        ("tables in tables", filled("", "a = { ", ""), "never closed"),
        ("parts of a key", filled("a", ".a", " = 1"), "recursion limit"),
        ("parts of a header", filled("[a", ".a", "]\n"), "recursion limit"),
        ("unknown keys", numbered("", "k# = 1\n", ""), "lacks `project`"),
        ("unknown sections", numbered(head, "[s#]\n", ""), "unknown key `s000000000000`"),
        ("functions without a name", filled(head, "[[functions]]\n", ""), "lacks `name`"),
        (
            "functions of one name",
            filled(head, "[[functions]]\nname = \"f\"\n", ""),
            "the function's folder `pipeline/functions/f` does not exist",
        ),
        (
            "functions",
            numbered(head, "[[functions]]\nname = \"f#\"\n", ""),
            "folder `pipeline/functions/f000000000000`",
        ),
        ("accounts", numbered("allowed_accounts = [", "\"#\",", "\"1\"]\n"), "lacks `project`"),
        ("the same account", filled("allowed_accounts = [", "\"123456789012\",", "]\n"), "lacks `project`"),
        ("ranges", filled(&with("endpoints = ["), "\"10.0.0.0/16\",", "]\n"), "cannot be `10.0.0.0/16`"),
        ("tags of ours", numbered(&with("[tags]\n"), "\"aws:#\" = \"x\"\n", ""), "tags, and room for 40"),
        ("elements without commas", filled("a = [", "1 ", "]\n"), "must be quoted"),
        ("quotes", filled("", "\"", ""), "expected"),
        ("equals signs", filled("a ", "=", "\n"), "expected"),
        ("brackets that close", filled("", "]", "\n"), "expected"),
        ("broken lines", filled("", "= 1\n", ""), "expected"),
        ("letters of a key", filled("", "k", " = 1\n"), "lacks `project`"),
        ("letters of a value", filled("project = \"", "p", "\"\n"), "a bucket name has at most 63"),
        ("signs of a value", filled("region = \"", "é", "\"\n"), "lacks `project`"),
        ("letters of a word", filled("project = ", "p", "\n"), "must be quoted"),
        ("digits", filled("zones = ", "9", "\n"), "overflow"),
        ("empty lines", filled("", "\n", "="), "expected"),
        ("carriage returns", filled("", "\r", ""), "carriage return"),
        ("combining marks", filled("project = \"a", "\u{301}", "\"\n"), "lacks `region`"),
    ]
}

#[test]
fn too_much_of_anything_is_refused_in_few_words() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.toml");
    for (what, text, says) in hostile_sizes() {
        fs::write(&file, &text).unwrap();
        let invalid = config::load(&file, folder.path()).expect_err(what);
        let first = &invalid.problems[0].message;
        assert!(first.contains(says), "{what}: {first}");
        for problem in &invalid.problems {
            let length = problem.message.len() + problem.help.as_ref().map_or(0, String::len);
            assert!(length < 2100, "{what}: {length} bytes: {}", problem.message);
        }
        // The formatter must end on the same texts, too.
        let _ = config::format(&text);
    }
}
