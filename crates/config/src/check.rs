//! Places in a file, for the checks that a schema cannot express.

use crate::problem::Finding;
use crate::project::{UnreadableFile, inside};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::ops::Range;
use std::path::Path;

/// More than any definition needs.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The help for a path to no file.
pub(crate) const RELATIVE: &str = "paths are relative to the project's root";

/// The problem and the help for a name that is none of `known`.
fn unknown_name<'n>(kind: &str, name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<(String, String)> {
    let known: Vec<&str> = known.into_iter().collect();
    if known.contains(&name) {
        return None;
    }
    let help = match crate::suggest::nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => format!("the file declares no {kind}"),
        None => format!("the file declares {}", crate::suggest::one_of(known)),
    };
    Some((format!("there is no {kind} named `{name}`"), help))
}

/// The reason why a path cannot be used. A path that is too long, or in a folder without read permission, is not
/// reported as missing.
pub(crate) fn why_missing(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "does not exist".to_owned(),
        _ => format!("cannot be reached: {error}"),
    }
}

/// The parts of one value that the reader keeps beside the value itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    pub(crate) span: Range<usize>,
    /// Something was wrong here and has been reported; what stands in its place must not be judged again.
    pub(crate) faulty: bool,
    pub(crate) entries: BTreeMap<String, Node>,
    pub(crate) items: Vec<Node>,
}

/// The facts about the whole file that a check may need.
pub(crate) struct Surroundings<'a> {
    /// `<project>-<environment>`, which begins every name.
    pub(crate) prefix: String,
    pub(crate) region: &'a str,
    /// The accounts that the environment may be built in. An empty list allows any.
    pub(crate) accounts: &'a [String],
    /// The folder in which scripts and functions are looked for; `None` leaves the disk alone.
    pub(crate) root: Option<&'a Path>,
}

/// One value of the file, to which a check can attach a problem.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    node: &'a Node,
    findings: &'a RefCell<Vec<Finding>>,
}

impl<'a> Place<'a> {
    pub(crate) fn root(node: &'a Node, findings: &'a RefCell<Vec<Finding>>) -> Self {
        Self { node, findings }
    }

    /// The value under a key; where the file leaves it to its default, the table it would stand in.
    pub(crate) fn get(&self, key: &str) -> Self {
        Self { node: self.node.entries.get(key).unwrap_or(self.node), ..*self }
    }

    /// An element of a list; where the list is a default, the table it would stand in.
    pub(crate) fn at(&self, index: usize) -> Self {
        Self { node: self.node.items.get(index).unwrap_or(self.node), ..*self }
    }

    /// True if the file has the key.
    pub(crate) fn states(&self, key: &str) -> bool {
        self.node.entries.contains_key(key)
    }

    /// True if nothing has been reported at any of the keys, so that a check may judge them together.
    pub(crate) fn sound(&self, keys: &[&str]) -> bool {
        fn faulty(node: &Node) -> bool {
            node.faulty || node.entries.values().chain(&node.items).any(faulty)
        }
        !keys.iter().any(|key| self.node.entries.get(*key).is_some_and(faulty))
    }

    /// Reports a problem, unless the value has one already.
    pub(crate) fn report(&self, message: impl Into<String>, help: impl Into<String>) {
        if !self.node.faulty {
            let help = Some(help.into()).filter(|help| !help.is_empty());
            self.findings.borrow_mut().push(Finding { message: message.into(), span: self.node.span.clone(), help });
        }
    }

    /// Reports each element of a list whose name came before.
    pub(crate) fn unique<'n>(&self, kind: &str, names: impl IntoIterator<Item = &'n str>) {
        let mut seen = BTreeSet::new();
        for (index, name) in names.into_iter().enumerate() {
            let named = self.at(index).get("name");
            // A stand-in for a name that is missing may look like another's.
            if !named.node.faulty && !seen.insert(name) {
                named.report(format!("there are two {kind} named `{name}`"), "names are what resources are found by");
            }
        }
    }

    /// Reports a name that leads nowhere.
    pub(crate) fn refers_to<'n>(&self, kind: &str, name: &str, known: impl IntoIterator<Item = &'n str>) {
        if let Some((message, help)) = unknown_name(kind, name, known) {
            self.report(message, help);
        }
    }

    /// The same for the value of a key. If the file leaves the key to its default, the help names the key.
    pub(crate) fn value_refers_to<'n>(
        &self,
        key: &str,
        kind: &str,
        name: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        let Some((message, help)) = unknown_name(kind, name, known) else { return };
        let help = if self.states(key) { help } else { format!("set `{key}`: {help}") };
        self.get(key).report(message, help);
    }

    /// Reports a file that is missing from the project, or that a link leads out of it to.
    pub(crate) fn exists(&self, root: Option<&Path>, path: &str) {
        let Some(root) = root else { return };
        match std::fs::metadata(root.join(path)) {
            Ok(found) if found.is_file() => drop(self.stays_inside(root, path)),
            Ok(_) => self.report(format!("`{path}` is not a file"), RELATIVE),
            Err(error) => self.report(format!("`{path}` {}", why_missing(&error)), RELATIVE),
        }
    }

    /// Reports a file that is missing, that is not JSON, or in which `mistakes` finds some.
    pub(crate) fn holds(&self, root: Option<&Path>, path: &str, mistakes: fn(&serde_json::Value) -> Vec<String>) {
        if let Some((_, value)) = self.json(root, path) {
            mistakes(&value).into_iter().for_each(|found| self.report(format!("{path}: {found}"), ""));
        }
    }

    /// The text and the value of a JSON file. Reports one that is missing or is not JSON.
    pub(crate) fn json(&self, root: Option<&Path>, path: &str) -> Option<(String, serde_json::Value)> {
        self.exists(root, path);
        // A missing or unreadable file has been reported already.
        let file = root.and_then(|root| inside(root, Path::new(path)).ok()).filter(|file| file.is_file())?;
        let mut bytes = Vec::new();
        let read = std::fs::File::open(file).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
        let text = match read {
            Err(error) => Err(format!("`{path}` cannot be read: {error}")),
            Ok(_) if bytes.len() as u64 > LARGEST => Err(format!("`{path}` is larger than 16 MiB")),
            Ok(_) => crate::unicode::to_utf8(bytes).map_err(|error| format!("{path}: {error}")),
        };
        let parsed = text.and_then(|text| {
            let value = serde_json::from_slice(&text).map_err(|error| format!("{path}: it is not JSON: {error}"))?;
            Ok((String::from_utf8_lossy(&text).into_owned(), value))
        });
        parsed.map_err(|why| self.report(why, "")).ok()
    }

    /// Reports a file or folder that a link leads out of the project to. True if there is no such link.
    pub(crate) fn stays_inside(&self, root: &Path, path: &str) -> bool {
        match inside(root, Path::new(path)) {
            Err(UnreadableFile::LeadsOut { target }) => {
                self.report(
                    format!("`{path}` leads out of the project, to {}", target.display()),
                    "mlopsctl reads and uploads only what is in the project: put a copy there instead of a link",
                );
                false
            }
            // The check of existence has reported a missing file.
            Ok(_) | Err(UnreadableFile::Missing(_)) => true,
        }
    }
}
