//! A project of its own, so that a measurement starts from nothing and leaves nothing.

use std::{
    io,
    path::{Path, PathBuf},
};

/// A copy of this repository's environments and pipeline in a temporary folder.
pub(crate) struct Project(tempfile::TempDir);

impl Project {
    pub(crate) fn new() -> Result<Self, String> {
        let copied = || {
            let repository = repository();
            let folder = tempfile::tempdir()?;
            for name in ["environments", "pipeline"] {
                copy(&repository.join(name), &folder.path().join(name))?;
            }
            Ok(Self(folder))
        };
        copied().map_err(|error: io::Error| format!("the project could not be copied: {error}"))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes an environment's file.
    pub(crate) fn describe(&self, name: &str, text: &str) -> Result<(), String> {
        let file = self.path().join(format!("environments/{name}.toml"));
        std::fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))
    }

    /// Replaces the one place of an environment's file that has a text.
    pub(crate) fn edit(&self, name: &str, old: &str, new: &str) -> Result<(), String> {
        let file = self.path().join(format!("environments/{name}.toml"));
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        if text.matches(old).count() != 1 {
            return Err(format!("{} does not have `{old}` once", file.display()));
        }
        self.describe(name, &text.replace(old, new))
    }
}

/// The one this is built from.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
