//! The data directory: one JSON file per service and region, an index that names the current ones, and one file per
//! distinct object content. Replacing the index makes a save take effect, for all services at once.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::Error;

/// The format of files without an index, which version 0.1 wrote, is 1.
const FORMATS: std::ops::RangeInclusive<u64> = 1..=2;
const INDEX: &str = "index.json";

/// A service and a region.
type Part = (String, String);

/// The state of a service in a region.
pub(crate) struct State {
    pub(crate) service: &'static str,
    pub(crate) region: String,
    pub(crate) state: Value,
}

/// A data directory that this process owns until the value is dropped.
#[derive(Debug)]
pub(crate) struct Disk {
    dir: PathBuf,
    /// The file of each part, by its name.
    files: Mutex<BTreeMap<Part, String>>,
    /// Holds the lock; the system releases it even when the process is killed.
    _lock: File,
}

impl Disk {
    /// Creates the directory if need be and takes it; [`Error::Busy`] if another process has it.
    pub(crate) fn own(dir: &Path) -> Result<Self, Error> {
        let objects = dir.join("objects");
        folder_for_owner(&objects).map_err(io("create", &objects))?;
        only_for_owner(dir);
        let lock = lock(dir)?;
        Ok(Self { dir: dir.to_owned(), files: Mutex::new(current(dir)?), _lock: lock })
    }

    /// Removes the data of a directory no process owns. A directory that is not there is empty.
    pub(crate) fn remove(dir: &Path) -> Result<(), Error> {
        if !dir.exists() {
            return Ok(());
        }
        let _lock = lock(dir)?;
        // Without an index, none of its files are read any more.
        remove_files(dir, &[INDEX.to_owned()]);
        for path in json_files(dir)? {
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

    fn files(&self) -> MutexGuard<'_, BTreeMap<Part, String>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything kept.
    pub(crate) fn load(&self) -> Result<Vec<(Part, Value)>, Error> {
        let load = |(part, name): (&Part, &String)| Ok((part.clone(), read(&self.dir.join(name))?["state"].take()));
        self.files().iter().map(load).collect()
    }

    /// Replaces the states of some services and regions at once: a kill leaves all the old ones or all the new ones.
    pub(crate) fn store(&self, states: &[State]) -> Result<(), Error> {
        let mut files = self.files();
        let (mut next, mut replaced, mut written) = (files.clone(), Vec::new(), Vec::new());
        for State { service, region, .. } in states {
            let part = ((*service).to_owned(), region.clone());
            let old = files.get(&part);
            let name = successor(service, region, old);
            replaced.extend(old.cloned());
            written.push(name.clone());
            next.insert(part, name);
        }
        let files_of = states.iter().zip(&written);
        let stored = files_of.map(|(state, name)| write(&self.dir.join(name), json!({ "state": &state.state })));
        let stored = stored.chain(std::iter::once_with(|| write(&self.dir.join(INDEX), index(&next)))).collect();
        match stored {
            Ok(()) => {
                *files = next;
                remove_files(&self.dir, &replaced);
            }
            Err(_) => remove_files(&self.dir, &written),
        }
        stored
    }
}

/// The name of the file after `old`. Names alternate, so that at most two files of a part exist.
fn successor(service: &str, region: &str, old: Option<&String>) -> String {
    let [first, second] = ["a", "b"].map(|letter| format!("{service}.{region}.{letter}.json"));
    if old == Some(&first) { second } else { first }
}

fn index(files: &BTreeMap<Part, String>) -> Value {
    let entries = files.iter().map(|((service, region), name)| json!([service, region, name]));
    json!({ "files": entries.collect::<Vec<_>>() })
}

/// A file that was not removed costs room, nothing else.
fn remove_files(dir: &Path, names: &[String]) {
    for name in names {
        let _ = std::fs::remove_file(dir.join(name));
    }
}

/// The files that the index names; without an index, those that version 0.1 wrote.
fn current(dir: &Path) -> Result<BTreeMap<Part, String>, Error> {
    let path = dir.join(INDEX);
    if !path.exists() {
        let parts = json_files(dir)?.into_iter().filter_map(|path| {
            let name = path.file_name()?.to_str()?.to_owned();
            let (service, region) = name.strip_suffix(".json")?.split_once('.')?;
            (!region.contains('.')).then(|| ((service.to_owned(), region.to_owned()), name.clone()))
        });
        return Ok(parts.collect());
    }
    let index = read(&path)?;
    let entries = index["files"].as_array().into_iter().flatten();
    let part = |entry: &Value| {
        let text = |at: usize| entry[at].as_str().map(str::to_owned);
        Some(((text(0)?, text(1)?), text(2)?))
    };
    let files: Option<BTreeMap<_, _>> = entries.map(part).collect();
    let files = files.ok_or_else(|| Error::Corrupt { path, reason: "an entry names no file".to_owned() })?;
    // A process was killed before its index named them, or before it removed them.
    let unnamed = json_files(dir)?.into_iter().filter_map(|path| path.file_name()?.to_str().map(str::to_owned));
    let unnamed = unnamed.filter(|name| name != INDEX && !files.values().any(|named| named == name));
    remove_files(dir, &unnamed.collect::<Vec<_>>());
    Ok(files)
}

fn read(path: &Path) -> Result<Value, Error> {
    let bytes = std::fs::read(path).map_err(io("read", path))?;
    let corrupt = |reason: String| Error::Corrupt { path: path.to_owned(), reason };
    let file: Value = serde_json::from_slice(&bytes).map_err(|source| corrupt(source.to_string()))?;
    match file["format"].as_u64() {
        Some(format) if FORMATS.contains(&format) => Ok(file),
        other => Err(corrupt(format!("format {other:?}, expected {} to {}", FORMATS.start(), FORMATS.end()))),
    }
}

fn write(path: &Path, mut file: Value) -> Result<(), Error> {
    file["format"] = (*FORMATS.end()).into();
    let bytes = serde_json::to_vec(&file)
        .map_err(|source| Error::Corrupt { path: path.to_owned(), reason: source.to_string() })?;
    replace(path, &bytes)
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
        // A part of the content is useless, and takes room.
        let _ = std::fs::remove_file(&temporary);
        return Err(io("write", path)(error));
    }
    std::fs::rename(&temporary, path).map_err(io("replace", path))
}

/// Files hold confidential values of the platform's owner, such as the environment of its functions.
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

/// Restricts a folder that an earlier version opened to every user to its owner. Only the owner can do that.
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

/// The JSON files of a directory.
fn json_files(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = std::fs::read_dir(dir).map_err(io("read", dir))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()).map_err(io("read", dir)));
    let is_json = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
    paths.filter(|path| path.as_ref().map_or(true, is_json)).collect()
}
