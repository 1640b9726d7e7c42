//! The names of a kind: of its crate, its file, its type, in the state and in a sentence.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The line before the word that a service has in the names of its kinds.
const KIND: &str = "const KIND: &'static str = \"";

/// The names of a kind.
#[derive(Debug)]
pub(crate) struct Names {
    /// The folder and the name of its crate: `aws-sns`.
    pub(crate) krate: String,
    /// `sns:platform-application`.
    pub(crate) kind: String,
    /// `platform_application`.
    pub(crate) module: String,
    /// `PlatformApplication`.
    pub(crate) kind_type: String,
    /// `platform application`.
    pub(crate) noun: String,
}

impl Names {
    /// The names of a kind. The other kinds of the crate tell the service.
    ///
    /// # Errors
    /// When there is no such service crate, or the thing is no name in lower case with hyphens.
    pub(crate) fn new(root: &Path, krate: &str, thing: &str) -> Result<Self, String> {
        let is_word = |word: &str| {
            word.starts_with(|first: char| first.is_ascii_lowercase())
                && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        if !thing.split('-').all(is_word) {
            return Err(format!("`{thing}` is no name in lower case with hyphens, as platform-application is"));
        }
        let source = root.join("crates").join(krate).join("src");
        if !krate.starts_with("aws-") || !source.join("lib.rs").is_file() {
            return Err(format!(
                "there is no service crate crates/{krate}. To add one, copy Cargo.toml and lib.rs of crates/aws-sns without \
                 its modules and kinds, and add it to crates/blueprint/Cargo.toml and to `registry` in \
                 crates/blueprint/src/kinds.rs"
            ));
        }
        let service = service(&source)?.unwrap_or_else(|| krate.trim_start_matches("aws-").to_owned());
        let capitals = thing.split('-').map(|word| word[..1].to_ascii_uppercase() + &word[1..]);
        Ok(Self {
            krate: krate.to_owned(),
            kind: format!("{service}:{thing}"),
            module: thing.replace('-', "_"),
            kind_type: capitals.collect(),
            noun: thing.replace('-', " "),
        })
    }

    /// The folder of the crate's code.
    pub(crate) fn source(&self, root: &Path) -> PathBuf {
        root.join("crates").join(&self.krate).join("src")
    }

    /// The file of the reconciler.
    pub(crate) fn reconciler(&self, root: &Path) -> PathBuf {
        self.source(root).join(&self.module).with_extension("rs")
    }
}

/// The word before the colon in the first kind of a crate.
fn service(source: &Path) -> Result<Option<String>, String> {
    for file in crate::files::files(source, "rs")? {
        let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let kind = text.split_once(KIND).and_then(|(_, rest)| rest.split_once(':'));
        if let Some((service, _)) = kind {
            return Ok(Some(service.to_owned()));
        }
    }
    Ok(None)
}
