//! The project's files that a platform is made from, and a record of those that were read.

use crate::Error;
use package::Archive;
use serde_json::Value;
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    io::Read as _,
    path::{Path, PathBuf},
};

/// More than any script or definition needs.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The project's files.
pub(crate) struct Files {
    root: PathBuf,
    read: RefCell<BTreeSet<Read>>,
}

/// A file or folder that was read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Read {
    File(String),
    Folder(String),
}

impl Files {
    /// Those of the project in this folder.
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), read: RefCell::default() }
    }

    /// A file's content.
    pub(crate) fn read(&self, path: &str) -> Result<Vec<u8>, Error> {
        self.read.borrow_mut().insert(Read::File(path.to_owned()));
        let (path, real) = (self.root.join(path), self.real(path)?);
        if !real.is_file() {
            return Err(Error::File { path, why: "it is not a file".to_owned() });
        }
        let mut bytes = Vec::new();
        let read = std::fs::File::open(real).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
        match read {
            Err(error) => Err(Error::File { path, why: error.to_string() }),
            Ok(_) if bytes.len() as u64 > LARGEST => {
                Err(Error::File { path, why: "it is larger than 16 MiB".to_owned() })
            }
            Ok(_) => Ok(bytes),
        }
    }

    /// The path of a file for messages.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// The path of a file or folder without symbolic links, which must be in the project.
    pub(crate) fn real(&self, path: &str) -> Result<PathBuf, Error> {
        config::inside(&self.root, Path::new(path))
            .map_err(|outside| Error::File { path: self.path(path), why: outside.to_string() })
    }

    /// A JSON file's content.
    pub(crate) fn json(&self, path: &str) -> Result<Value, Error> {
        let invalid = |why: String| Error::File { path: self.root.join(path), why };
        let text = config::to_utf8(self.read(path)?).map_err(|error| invalid(error.to_string()))?;
        serde_json::from_slice(&text).map_err(|error| invalid(format!("it is not JSON: {error}")))
    }

    /// The schema of the raw data, as jobs and functions get it.
    pub(crate) fn data_schema(&self, path: &str) -> Result<Value, Error> {
        Ok(config::environment::pipeline::without_notes(self.json(path)?))
    }

    /// A folder's content as an archive.
    pub(crate) fn zip(&self, path: &str) -> Result<Vec<u8>, Error> {
        self.read.borrow_mut().insert(Read::Folder(path.to_owned()));
        package::zip_folder(&self.real(path)?)
            .map_err(|error| Error::File { path: self.path(path), why: error.to_string() })
    }

    /// The Python files beside a script, by the names under which Python imports them.
    pub(crate) fn modules_beside(&self, script: &str) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        let (folder, own) = script.rsplit_once('/').unwrap_or((".", script));
        let failed = |error: std::io::Error| Error::File { path: self.path(folder), why: error.to_string() };
        let mut modules = BTreeMap::new();
        for entry in std::fs::read_dir(self.real(folder)?).map_err(failed)? {
            let Ok(file) = entry.map_err(failed)?.file_name().into_string() else { continue };
            let Some(name) = file.strip_suffix(".py").filter(|name| is_module(name) && file != own) else { continue };
            let path = if folder == "." { file.clone() } else { format!("{folder}/{file}") };
            modules.insert(name.to_owned(), self.read(&path)?);
        }
        Ok(modules)
    }

    /// Everything that was read so far, each file where it is in the project, with more to come.
    pub(crate) fn archive(&self) -> Result<Archive, Error> {
        let mut archive = Archive::new(&self.root);
        for read in self.read.borrow().iter() {
            match read {
                Read::File(path) => archive.file(path, self.real(path)?),
                Read::Folder(path) => archive
                    .folder(path, &self.real(path)?)
                    .map_err(|error| Error::File { path: self.path(path), why: error.to_string() })?,
            }
        }
        Ok(archive)
    }
}

/// True if Python can import a module of this name.
fn is_module(name: &str) -> bool {
    let is_part = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') && name.chars().all(is_part)
}
