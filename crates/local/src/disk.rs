//! The data directory: one JSON file per service and region, replaced as a whole, and one file per
//! distinct object content.

use serde_json::Value;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use crate::Error;

const FORMAT: u64 = 1;

/// A data directory that this process owns until the value is dropped.
#[derive(Debug)]
pub(crate) struct Disk {
    dir: PathBuf,
    /// Holds the lock; the system releases it even when the process is killed.
    _lock: File,
}

impl Disk {
    /// Creates the directory if need be and takes it; [`Error::Busy`] if another process has it.
    pub(crate) fn own(dir: &Path) -> Result<Self, Error> {
        let objects = dir.join("objects");
        folder_for_owner(&objects).map_err(io("create", &objects))?;
        only_for_owner(dir);
        Ok(Self { dir: dir.to_owned(), _lock: lock(dir)? })
    }

    /// Removes the data of a directory no process owns. A directory that is not there is empty.
    pub(crate) fn remove(dir: &Path) -> Result<(), Error> {
        if !dir.exists() {
            return Ok(());
        }
        let _lock = lock(dir)?;
        for (path, _, _) in files(dir)? {
            std::fs::remove_file(&path).map_err(io("remove", &path))?;
        }
        let objects = dir.join("objects");
        match std::fs::remove_dir_all(&objects) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(io("remove", &objects)(source)),
            _ => Ok(()),
        }
    }

    pub(crate) fn objects(&self) -> PathBuf {
        self.dir.join("objects")
    }

    /// Everything kept: service, region and state.
    pub(crate) fn load(&self) -> Result<Vec<(String, String, Value)>, Error> {
        let mut loaded = Vec::new();
        for (path, service, region) in files(&self.dir)? {
            let bytes = std::fs::read(&path).map_err(io("read", &path))?;
            let corrupt = |reason: String| Error::Corrupt { path: path.clone(), reason };
            let mut file: Value = serde_json::from_slice(&bytes).map_err(|source| corrupt(source.to_string()))?;
            match file["format"].as_u64() {
                Some(FORMAT) => loaded.push((service, region, file["state"].take())),
                other => return Err(corrupt(format!("format {other:?}, expected {FORMAT}"))),
            }
        }
        Ok(loaded)
    }

    /// Replaces the state of one service and region: a kill leaves the old file or the new one.
    pub(crate) fn store(&self, service: &str, region: &str, state: &Value) -> Result<(), Error> {
        let path = self.dir.join(format!("{service}.{region}.json"));
        let bytes = serde_json::to_vec(&serde_json::json!({ "format": FORMAT, "state": state }))
            .map_err(|source| Error::Corrupt { path: path.clone(), reason: source.to_string() })?;
        replace(&path, &bytes)
    }
}

/// Writes beside `path` and renames: readers and crashes see one whole file or the other.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let temporary = path.with_extension("tmp");
    let written = for_owner().create(true).truncate(true).open(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        // Without it a power cut may leave the new name with nothing behind it.
        file.sync_data()
    });
    if let Err(error) = written {
        // A part of the content helps nobody, and takes room.
        let _ = std::fs::remove_file(&temporary);
        return Err(io("write", path)(error));
    }
    std::fs::rename(&temporary, path).map_err(io("replace", path))
}

/// Files hold what a platform's owner would show nobody else, such as the environment of its functions.
fn for_owner() -> OpenOptions {
    let mut options = File::options();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn folder_for_owner(path: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Closes a folder that an earlier version made for everybody. Somebody else's stays as it is.
#[cfg(unix)]
fn only_for_owner(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    if std::fs::metadata(path).is_ok_and(|folder| folder.permissions().mode() & 0o077 != 0) {
        let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700));
    }
}

#[cfg(not(unix))]
fn only_for_owner(_: &Path) {}

pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { action, path, source }
}

fn lock(dir: &Path) -> Result<File, Error> {
    let path = dir.join("lock");
    let mut file = for_owner().read(true).create(true).truncate(false).open(&path).map_err(io("open", &path))?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0).map_err(io("write", &path))?;
            file.rewind().map_err(io("write", &path))?;
            writeln!(file, "{}", std::process::id()).map_err(io("write", &path))?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let mut owner = String::new();
            file.read_to_string(&mut owner).map_err(io("read", &path))?;
            Err(Error::Busy { dir: dir.to_owned(), pid: owner.trim().parse().ok() })
        }
        Err(TryLockError::Error(source)) => Err(io("lock", &path)(source)),
    }
}

/// The state files of a directory with the service and region in their names.
fn files(dir: &Path) -> Result<Vec<(PathBuf, String, String)>, Error> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(io("read", dir))? {
        let path = entry.map_err(io("read", dir))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if let Some((service, region)) = name.strip_suffix(".json").and_then(|stem| stem.split_once('.')) {
            files.push((path.clone(), service.to_owned(), region.to_owned()));
        }
    }
    files.sort();
    Ok(files)
}
