//! Finds what belongs into an archive.

use crate::Error;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// A file to pack.
pub(crate) struct File {
    pub(crate) path: PathBuf,
    /// In bytes.
    pub(crate) size: u64,
}

/// The files of a folder by their names in the archive, in order.
pub(crate) fn files(folder: &Path) -> Result<BTreeMap<String, File>, Error> {
    let unreadable = |source| Error::Read { path: folder.to_owned(), source };
    let root = match folder.canonicalize() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::NoFolder { folder: folder.to_owned() });
        }
        root => root.map_err(unreadable)?,
    };
    if !root.is_dir() {
        return Err(Error::NoFolder { folder: folder.to_owned() });
    }
    let mut walk = Walk { root: root.clone(), open: Vec::new(), files: BTreeMap::new() };
    walk.folder(&root, "")?;
    Ok(walk.files)
}

struct Walk {
    root: PathBuf,
    /// The folders being read, outermost first, each by its real path.
    open: Vec<PathBuf>,
    files: BTreeMap<String, File>,
}

impl Walk {
    fn folder(&mut self, folder: &Path, prefix: &str) -> Result<(), Error> {
        let unreadable = |source| Error::Read { path: folder.to_owned(), source };
        self.open.push(folder.to_owned());
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
                return Err(Error::Name { path });
            };
            if !is_left_out(name) {
                self.entry(&path, &format!("{prefix}{name}"))?;
            }
        }
        self.open.pop();
        Ok(())
    }

    fn entry(&mut self, path: &Path, name: &str) -> Result<(), Error> {
        let unreadable = |source| Error::Read { path: path.to_owned(), source };
        let real = path.canonicalize().map_err(unreadable)?;
        if !real.starts_with(&self.root) {
            return Err(Error::LeadsOut { link: path.to_owned(), target: real });
        }
        let metadata = real.metadata().map_err(unreadable)?;
        if metadata.is_file() {
            self.files.insert(name.to_owned(), File { size: metadata.len(), path: real });
            return Ok(());
        }
        if !metadata.is_dir() {
            return Err(Error::Special { path: path.to_owned() });
        }
        if self.open.contains(&real) {
            return Err(Error::Circle { link: path.to_owned() });
        }
        // By the name it has here: a link to a folder of tests is as much left out as the folder.
        if name.rsplit('/').next() == Some("tests") { Ok(()) } else { self.folder(&real, &format!("{name}/")) }
    }
}

fn is_left_out(name: &str) -> bool {
    name.starts_with('.') || name == "__pycache__" || name.ends_with(".pyc")
}
