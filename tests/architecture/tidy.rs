//! Checks the files of the crates and the documentation against the rules of CONTRIBUTING.md and docs/style.md that a
//! program can judge. Each message says what to do.

use regex::Regex;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// The most lines of a file under `crates/*/src`, inline tests not counted.
const LINE_LIMIT: usize = 400;

/// The files that are longer, with their own limits. A limit in this list may only become smaller.
const LONG_FILES: [(&str, usize); 2] = [("crates/app/src/change.rs", 440), ("crates/resource/src/stack.rs", 460)];

/// Words of the glossary's last column that are right in other meanings, such as a job that runs. A program cannot tell
/// these meanings apart.
const ORDINARY_WORDS: [&str; 19] = [
    "allowed",
    "claim",
    "fresh",
    "leave",
    "life",
    "look",
    "memory",
    "patient",
    "permission",
    "run",
    "seen",
    "shows",
    "sign",
    "stale",
    "tenure",
    "term",
    "together",
    "turn",
    "verdict",
];

/// Phrases that docs/style.md names as examples of sentences to avoid.
const PHRASES: [&str; 8] = [
    "bear",
    "bring back",
    "put right",
    "somebody",
    "what is ours",
    "what is recorded",
    "what others can refer to",
    "whoever",
];

/// The functions of older parts with a preposition or `is` as their whole name, by crate. A number in this table may only
/// become smaller, and a new crate starts without an entry.
const ALLOWANCES: &[(&str, usize)] = &[
    ("aws-ec2", 1),
    ("aws-s3", 1),
    ("aws-sns", 1),
    ("config", 5),
    ("local", 3),
    ("report", 1),
    ("resource", 1),
    ("state", 1),
    ("testkit", 8),
    ("vocabulary", 1),
];

static DOC_COMMENT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\s*//[/!] ?(.*)").unwrap());
/// Words that open a clause and not a noun, a verb or a statement.
static OPENING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:What|Whatever|Whether|How|Where|Who|Whoever|Which|Why|Nobody|Somebody)(?-u:\b)").unwrap()
});
static STRING: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#""((?:[^"\\]|\\.)*)""#).unwrap());
static BARE_NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?-u:\b)fn (?:at|is|of|on|to)(?-u:\b)").unwrap());
/// Code and addresses are not prose.
static NOT_PROSE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"`[^`]*`|\]\([^)]*\)|<?https?://\S+").unwrap());
/// The marks of unfinished work. They are written in pieces, so that this file does not contain them.
static UNFINISHED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&format!(r"(?-u:\b)(?:{}|{}|{})(?-u:\b)", ["TO", "DO"].concat(), "FIX".to_owned() + "ME", "X".repeat(3)))
        .unwrap()
});

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The texts below the folders, by path from the root of the repository, with `/` on every system.
fn texts(folders: &[&str], endings: &[&str]) -> BTreeMap<String, String> {
    fn walk(root: &Path, folder: &Path, endings: &[&str], found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                let is_made = ["target", "node_modules", "__pycache__"].contains(&name.as_str());
                if !is_made && !name.starts_with('.') {
                    walk(root, &path, endings, found);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                let parts = path.strip_prefix(root).unwrap().iter();
                let key: Vec<_> = parts.map(|part| part.to_string_lossy()).collect();
                // Files that are no text are archives, pictures and samples for tests.
                if let Ok(text) = String::from_utf8(fs::read(&path).unwrap()) {
                    found.insert(key.join("/"), text);
                }
            }
        }
    }
    let root = root();
    let mut found = BTreeMap::new();
    for folder in folders {
        walk(&root, &root.join(folder), endings, &mut found);
    }
    found
}

/// The Rust files of the crates, tests beside them included.
fn sources() -> BTreeMap<String, String> {
    let mut found = texts(&["crates"], &[".rs"]);
    found.retain(|path, _| path.split('/').nth(2) == Some("src"));
    assert!(found.len() > 500, "only {} files were found", found.len());
    found
}

/// The Rust files of tests, benches and examples.
fn test_sources() -> BTreeMap<String, String> {
    let mut found = texts(&["crates", "tests"], &[".rs"]);
    found.retain(|path, _| {
        path.starts_with("tests/") || ["benches", "examples", "tests"].map(Some).contains(&path.split('/').nth(2))
    });
    assert!(found.len() > 200, "only {} files were found", found.len());
    found
}

/// The words that the glossary tells not to use, and the phrases of docs/style.md, as one pattern.
fn unwanted_words(glossary: &str) -> Regex {
    let rows = glossary.lines().filter(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.trim_end_matches('|').rsplit('|').next());
    let words = cells.flat_map(|cell| cell.split([',', ';'])).map(str::trim);
    let words = words.filter(|word| !["Not", "–", "---"].contains(word) && !ORDINARY_WORDS.contains(word));
    let words: Vec<String> = words.chain(PHRASES).map(regex::escape).collect();
    assert!(words.len() > 20, "the glossary has another form: {words:?}");
    Regex::new(&format!(r"(?i)(?-u:\b)(?:{})(?:s|ed|ing)?(?-u:\b)", words.join("|"))).unwrap()
}

fn headless(path: &str, text: &str) -> Option<String> {
    (!text.starts_with("//! ")).then(|| format!("{path}: begin the file with a line `//! …` that says what it is for"))
}

fn named_mod(path: &str) -> Option<String> {
    let folder = path.strip_suffix("/mod.rs")?;
    Some(format!("{path}: move the file to {folder}.rs, beside the folder of its parts"))
}

fn too_long(path: &str, text: &str) -> Option<String> {
    let code = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
    let lines = code.lines().count();
    let limit = LONG_FILES.iter().find(|(file, _)| *file == path).map_or(LINE_LIMIT, |(_, limit)| *limit);
    (lines > limit).then(|| format!("{path}: {lines} lines, at most {limit}; move a part into a file of its own"))
}

fn unfinished(path: &str, text: &str) -> Vec<String> {
    let lines = text.lines().enumerate().filter(|(_, line)| UNFINISHED.is_match(line));
    lines.map(|(at, _)| format!("{path}:{}: finish the work, or open an issue and remove the mark", at + 1)).collect()
}

/// The places of a text that break docs/style.md, each with what to do.
struct Places {
    openings: Vec<String>,
    words: Vec<String>,
    bare_names: Vec<String>,
}

impl Places {
    fn counts(&self) -> (usize, usize, usize) {
        (self.openings.len(), self.words.len(), self.bare_names.len())
    }

    fn find(path: &str, text: &str, unwanted: &Regex) -> Self {
        let mut this = Self { openings: Vec::new(), words: Vec::new(), bare_names: Vec::new() };
        let (mut follows_comment, mut is_sample) = (false, false);
        for (at, line) in text.lines().enumerate() {
            let place = format!("{path}:{}", at + 1);
            let comment = DOC_COMMENT.captures(line).map(|found| found.get(1).unwrap().as_str());
            if comment.unwrap_or(line).trim_start().starts_with("```") {
                is_sample = !is_sample;
            }
            let prose: Vec<&str> = match comment {
                _ if is_sample => Vec::new(),
                Some(comment) => vec![comment],
                None if path.ends_with(".md") => vec![line],
                None if !line.contains('"') || line.trim_start().starts_with("//") => Vec::new(),
                // A word alone is a key or a name.
                None => STRING
                    .captures_iter(line)
                    .map(|text| text.get(1).unwrap().as_str())
                    .filter(|text| text.contains(' '))
                    .collect(),
            };
            if let Some(word) = comment.filter(|_| !follows_comment).and_then(|comment| OPENING.find(comment)) {
                this.openings.push(format!(
                    "{place}: begin the comment with a noun, a verb or \"True if\", not with \"{}\"",
                    word.as_str()
                ));
            }
            follows_comment = comment.is_some();
            for prose in prose {
                let prose = NOT_PROSE.replace_all(prose, "");
                let words = unwanted.find_iter(&prose);
                this.words.extend(words.map(|word| {
                    format!("{place}: replace `{}` by the word of docs/glossary.md or docs/style.md", word.as_str())
                }));
            }
            if comment.is_none() && BARE_NAME.is_match(line) {
                this.bare_names.push(format!("{place}: give the function a name that says what it does"));
            }
        }
        this
    }
}

#[test]
fn files_say_what_they_are_for_and_keep_to_their_place_and_length() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        wrong.extend(headless(&path, &text));
        wrong.extend(named_mod(&path));
        wrong.extend(too_long(&path, &text));
    }
    for (path, text) in test_sources() {
        wrong.extend(headless(&path, &text));
        wrong.extend(named_mod(&path));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_is_marked_as_unfinished() {
    let folders =
        [".ci", ".github", "bench", "crates", "docs", "environments", "fuzz", "pipeline", "release", "site", "tests"];
    let texts = texts(&folders, &[""]);
    assert!(texts.contains_key("tests/run"), "files without an ending were not read");
    let wrong: Vec<String> = texts.iter().flat_map(|(path, text)| unfinished(path, text)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn prose_uses_the_words_of_the_glossary() {
    let mut all = sources();
    all.extend(texts(&["docs"], &[".md"]));
    // The two pages that name the words, and the pages that are written from comments.
    for page in ["docs/aws-behaviour.md", "docs/glossary.md", "docs/style.md"] {
        all.remove(page).unwrap();
    }
    all.retain(|path, _| !path.starts_with("docs/reference/"));
    let unwanted = unwanted_words(&fs::read_to_string(root().join("docs/glossary.md")).unwrap());
    let mut wrong = Vec::new();
    let mut bare_names: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (path, text) in &all {
        let places = Places::find(path, text, &unwanted);
        wrong.extend(places.openings);
        wrong.extend(places.words);
        let area = path.strip_prefix("crates/").unwrap_or(path).split('/').next().unwrap_or_default();
        bare_names.entry(area).or_default().extend(places.bare_names);
    }
    for (path, text) in &test_sources() {
        wrong.extend(Places::find(path, text, &unwanted).openings);
    }
    let allowances: BTreeMap<&str, usize> = ALLOWANCES.iter().copied().collect();
    for (area, places) in &bare_names {
        let limit = allowances.get(area).copied().unwrap_or_default();
        if places.len() > limit {
            let (many, list) = (places.len(), places.join("\n"));
            wrong.push(format!(
                "{area}: {many} bare names, at most {limit}; rename one of these, best a new one:\n{list}"
            ));
        }
    }
    for area in allowances.keys().filter(|area| !bare_names.contains_key(**area)) {
        wrong.push(format!("{area} is no crate: remove its entry from ALLOWANCES"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_rule_finds_a_bad_sample_and_passes_a_good_one() {
    let good = "//! Reads tags.\n\n/// Reads the `remembered` tags.\nfn read_tags() {}\n";
    let path = "crates/aws-sns/src/tags.rs";
    let unwanted = unwanted_words(&fs::read_to_string(root().join("docs/glossary.md")).unwrap());

    assert_eq!(headless(path, good), None);
    assert!(headless(path, "use crate::Tags;\n").unwrap().contains("begin the file with"));

    assert_eq!(named_mod(path), None);
    assert!(named_mod("crates/aws-sns/src/tags/mod.rs").unwrap().contains("crates/aws-sns/src/tags.rs"));

    let long = good.to_owned() + &"const A: u8 = 1;\n".repeat(LINE_LIMIT);
    assert!(too_long(path, &long).unwrap().contains("404 lines, at most 400"));
    let tests = format!("{good}\n#[cfg(test)]\nmod tests {{\n{}}}\n", "const A: u8 = 1;\n".repeat(LINE_LIMIT));
    assert_eq!(too_long(path, &tests), None);

    assert_eq!(unfinished(path, good), Vec::<String>::new());
    for mark in ["TO DO", "FIX ME", "X X X"] {
        let bad = format!("{good}// {}: more tags\n", mark.replace(' ', ""));
        assert_eq!(unfinished(path, &bad).len(), 1, "{bad}");
    }

    let none = (0, 0, 0);
    assert_eq!(Places::find(path, good, &unwanted).counts(), none);
    let continued = "//! The tags.\n//! What follows is the second line.\n";
    assert_eq!(Places::find(path, continued, &unwanted).counts(), none);
    let opening = (1, 0, 0);
    for bad in [
        "//! What tags are.\n",
        "struct A {\n    /// What it is called.\n    name: u8,\n}\n",
        "/// Whether it has tags.\n",
        "/// How.\n",
        "/// Where it is.\n",
        "/// Nobody reads it.\n",
    ] {
        assert_eq!(Places::find(path, bad, &unwanted).counts(), opening, "{bad}");
    }
    let word = (0, 1, 0);
    for bad in [
        "/// The remembered tags.\n",
        "/// Lists the drift that is to be put right.\n",
        "fn warn() { say(\"it is somebody else's tag\"); }\n",
    ] {
        assert_eq!(Places::find(path, bad, &unwanted).counts(), word, "{bad}");
    }
    assert_eq!(Places::find("docs/drift.md", "The engine heals the tag.\n", &unwanted).counts(), word);
    let bare = (0, 0, 1);
    for name in ["at", "is", "of", "on", "to"] {
        let bad = format!("pub fn {name}(tag: &str) {{}}\n");
        assert_eq!(Places::find(path, &bad, &unwanted).counts(), bare, "{bad}");
    }
    assert_eq!(Places::find(path, "fn of_stack() {}\n", &unwanted).counts(), none);
}
