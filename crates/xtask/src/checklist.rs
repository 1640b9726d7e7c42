//! The places that know a kind, and which of them still lack it.

use crate::{files::files, names::Names};
use std::{fmt::Write as _, fs, path::Path};

/// A place that every kind needs.
struct Place {
    /// A file or a folder, from the root of the repository.
    path: String,
    /// The text that the place has, or must not have any more.
    evidence: Evidence,
    /// The work.
    work: &'static str,
    /// The command that checks or writes it.
    by: &'static str,
}

enum Evidence {
    Has(String),
    Lacks(&'static str),
}

/// The places that only some kinds need. No text tells whether this one does.
const PERHAPS: &[(&str, &str)] = &[
    ("crates/config/src/environment", "a setting, if people choose it; UPDATE_SCHEMA=1 cargo test -p mlopsctl-config"),
    ("crates/local/src/overlay", "operations that the embedded AWS lacks or answers wrongly"),
    ("crates/testkit/src/laws", "AWS's laws: how long it takes, what must not exist before its deletion"),
    ("tests/pages", "the plans, if an environment file uses the kind: INSTA_UPDATE=always with e2e pages"),
    ("docs", "docs/dev.svg, if dev uses it; a page, if people must know more than the settings"),
    ("CHANGELOG.md", "a line for users"),
];

fn places(names: &Names) -> Vec<Place> {
    let Names { krate, kind, module, kind_type, .. } = names;
    let has =
        |path: &str, text: &str, work, by| Place { path: path.into(), evidence: Evidence::Has(text.into()), work, by };
    let reconciler = format!("crates/{krate}/src/{module}.rs");
    let package_test = "cargo test -p mlopsctl-CRATE";
    vec![
        Place {
            path: reconciler.clone(),
            evidence: Evidence::Lacks("Err(unwritten())"),
            work: "the methods that still fail, and their permissions",
            by: package_test,
        },
        Place {
            path: reconciler.clone(),
            evidence: Evidence::Lacks("not written yet"),
            work: "the usage that AWS charges for, or the reason why it is free",
            by: package_test,
        },
        Place {
            path: reconciler,
            evidence: Evidence::Lacks("TERRAFORM: Option<Terraform> = None"),
            work: "the Terraform type, and the attributes that identify a resource",
            by: "cargo test -p mlopsctl-blueprint",
        },
        has("crates/blueprint/src", kind_type, "the declaration, in the module of its area", "hostile"),
        has("crates/testkit/src/iam/services", kind_type, "the actions that AWS asks for", "hostile permissions"),
        has("crates/testkit/tests/hostile", kind_type, "a test of what is special about it", "hostile"),
        has("docs/reference/kinds.md", kind, "the page of the kinds", "site/reference.py --write"),
    ]
}

/// The checklist for a kind.
///
/// # Errors
/// When a place cannot be read.
pub(crate) fn page(root: &Path, names: &Names) -> Result<String, String> {
    let mut page = format!("{} still lacks:\n", names.kind);
    let mut missing = 0;
    for place in places(names) {
        if !place.is_done(root)? {
            missing += 1;
            let by = place.by.replace("CRATE", &names.krate);
            // Writing to a string does not fail.
            let _ = writeln!(page, "  [ ] {}: {} ({by})", place.path, place.work);
        }
    }
    if missing == 0 {
        page = format!("{} is in every place that each kind needs.\n", names.kind);
    }
    page += "Some kinds also need:\n";
    for (path, work) in PERHAPS {
        let _ = writeln!(page, "  [?] {path}: {work}");
    }
    Ok(page)
}

impl Place {
    fn is_done(&self, root: &Path) -> Result<bool, String> {
        let path = root.join(&self.path);
        let files = if path.is_dir() { files(&path, "rs")? } else { vec![path] };
        let mut texts = Vec::new();
        for file in files {
            texts.push(fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?);
        }
        Ok(match &self.evidence {
            Evidence::Has(text) => texts.iter().any(|one| one.contains(text)),
            Evidence::Lacks(text) => texts.iter().all(|one| !one.contains(text)),
        })
    }
}
