//! A file that a living holder keeps locked on its machine: the kernel lets go of it when the process ends, however
//! it ends.
//!
//! Boot id and process id alone prove no death. Machines that were restored from one snapshot share the boot id, and a
//! process of the other machine is not found here. Its file is not found here either.

use std::{
    env,
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// The file of one lock, locked as long as this value lives. Dropping it removes the file, unless it has to prove that
/// its holder has ended.
#[derive(Debug)]
pub struct LivenessFile {
    path: PathBuf,
    outlives: bool,
    /// Holds the file lock. Children do not inherit it.
    _locked: File,
}

impl LivenessFile {
    /// Makes and locks the file for the lock `id`.
    ///
    /// # Errors
    /// When `id` is no UUID, or neither the runtime directory nor the temporary one takes the file.
    pub fn hold(id: &str) -> io::Result<Self> {
        let mut error = io::Error::from(io::ErrorKind::InvalidInput);
        for path in Self::paths(id) {
            match Self::hold_at(&path) {
                Ok(locked) => return Ok(Self { path, outlives: false, _locked: locked }),
                Err(refused) => error = refused,
            }
        }
        Err(error)
    }

    fn hold_at(path: &Path) -> io::Result<File> {
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        file.try_lock().map_err(io::Error::from)?;
        Ok(file)
    }

    /// Sets the fate of the file when this value is dropped. If it stays while the lock is not released, it proves that
    /// a process which has ended holds the lock.
    pub(crate) fn outlives_the_process(&mut self, outlives: bool) {
        self.outlives = outlives;
    }

    /// True if the holder of the lock `id` left its file here and keeps it no more: it has ended. Without a file
    /// nothing is known.
    pub fn is_abandoned(id: &str) -> bool {
        let Some(file) = Self::paths(id).iter().find_map(|path| File::open(path).ok()) else { return false };
        file.try_lock().is_ok()
    }

    /// True if a living process keeps the file of the lock `id` here.
    pub(crate) fn is_held(id: &str) -> bool {
        let file = Self::paths(id).iter().find_map(|path| File::open(path).ok());
        file.is_some_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
    }

    /// Removes the file that a dead holder left.
    pub(crate) fn remove(id: &str) {
        for path in Self::paths(id) {
            // It may be another user's, and is only in the way.
            let _ = fs::remove_file(path);
        }
    }

    /// The paths that the file may have, the first choice first. Empty if `id` has not the form of mlopsctl's ids: it
    /// comes from the bucket, and must not become a path.
    pub fn paths(id: &str) -> Vec<PathBuf> {
        let Ok(id) = Uuid::parse_str(id) else { return Vec::new() };
        let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|folder| folder.is_absolute());
        let name = format!("mlopsctl-lock-{}", id.hyphenated());
        runtime.into_iter().chain([env::temp_dir()]).map(|folder| folder.join(&name)).collect()
    }
}

impl Drop for LivenessFile {
    fn drop(&mut self) {
        if !self.outlives {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn liveness_file_proves_death_only_once_nobody_keeps_it_and_only_where_it_is() {
        let id = Uuid::new_v4().to_string();
        assert!(!LivenessFile::is_abandoned(&id), "no file proves nothing");
        let held = LivenessFile::hold(&id).unwrap();
        assert!(LivenessFile::is_held(&id) && !LivenessFile::is_abandoned(&id));
        assert!(LivenessFile::hold(&id).is_err(), "two holders of one id");
        // As the kernel leaves it after a kill.
        let path = held.path.clone();
        drop(held);
        File::create(&path).unwrap();
        assert!(LivenessFile::is_abandoned(&id) && !LivenessFile::is_held(&id));
        LivenessFile::remove(&id);
        assert!(!path.exists());
    }

    #[test]
    fn lock_id_from_the_bucket_is_never_a_path() {
        for id in ["", "..", "/etc/passwd", "../../etc/passwd", "1"] {
            assert!(LivenessFile::paths(id).is_empty() && LivenessFile::hold(id).is_err(), "{id}");
        }
    }
}
