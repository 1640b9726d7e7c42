//! Files that commands write: whole or not at all, and never through a symbolic link.

use crate::command_error::CommandError;
use app::input;
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{Error, ErrorKind, Result, Write as _},
    path::{Path, PathBuf},
};

/// The users that may read a file which is written.
#[derive(Clone, Copy)]
pub(crate) enum Readers {
    /// Its owner: it may hold what is in the cloud.
    Owner,
    /// The readers of the file that it replaces, or else those that the umask permits.
    AsBefore,
}

/// Replaces a file, or makes it. A reader, or a crash, sees the old content or the new one. Devices and pipes, which
/// cannot be replaced, are written to.
///
/// # Errors
/// When the path is a symbolic link, which could lead the content anywhere, or something cannot be written: nothing is
/// left behind then.
pub(crate) fn write(path: &Path, content: &[u8], readers: Readers) -> Result<()> {
    match fs::symlink_metadata(path) {
        Ok(there) if there.is_symlink() => {
            return Err(Error::new(ErrorKind::InvalidInput, "it is a symbolic link; name the file itself"));
        }
        // A folder fails here, in the system's words.
        Ok(there) if !there.is_file() => {
            return OpenOptions::new().write(true).open(path)?.write_all(content);
        }
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(_) | Err(_) => {}
    }
    let beside = beside(path)?;
    let written = replace(&beside, path, content, readers);
    if written.is_err() {
        // It may not even have been made.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// Refuses to overwrite a foreign file: one that exists, is not empty, and is not `is_ours` by its content. `noun`
/// says what would be written, for example `saved plan`.
///
/// # Errors
/// When the file holds something else, or cannot be read.
pub(crate) fn refuse_other(
    path: &Path,
    noun: &str,
    is_ours: impl Fn(&[u8]) -> bool,
) -> std::result::Result<(), CommandError> {
    // `write` says what is wrong with anything else.
    if !fs::symlink_metadata(path).is_ok_and(|there| there.is_file()) {
        return Ok(());
    }
    match input::read(path) {
        Ok(content) if content.is_empty() || is_ours(&content) => Ok(()),
        read => {
            let why = read.map_or_else(|error| format!(": {error}"), |_| String::new());
            let what = format!("{} is there already and is no {noun}{why}; nothing was written", path.display());
            Err(CommandError::usage(what, "name another file, or remove this one first"))
        }
    }
}

fn replace(beside: &Path, path: &Path, content: &[u8], readers: Readers) -> Result<()> {
    let mut file = create(beside, readers)?;
    if let (Readers::AsBefore, Ok(before)) = (readers, fs::metadata(path)) {
        file.set_permissions(before.permissions())?;
    }
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(beside, path)
}

/// A file that does not exist yet, so no link can be in its place.
fn create(path: &Path, readers: Readers) -> Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if let Readers::Owner = readers {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    options.open(path)
}

/// A name in the same folder that nobody else uses.
fn beside(path: &Path) -> Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| Error::from(ErrorKind::IsADirectory))?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}.tmp", std::process::id()));
    Ok(path.with_file_name(hidden))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        fs::Permissions,
        os::unix::fs::{PermissionsExt as _, symlink},
    };

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_for_its_owner_is_for_nobody_else_whatever_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plan.json");
        for _ in 0..2 {
            write(&file, b"{}", Readers::Owner).unwrap();
            assert_eq!(mode(&file), 0o600);
            fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_replaced_keeps_its_readers() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dev.toml");
        fs::write(&file, "a = 1").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        write(&file, b"a = 2", Readers::AsBefore).unwrap();
        assert_eq!((mode(&file), fs::read(&file).unwrap()), (0o640, b"a = 2".to_vec()));
    }

    #[test]
    fn only_an_empty_file_or_one_of_our_own_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dev.toml");
        let refused = || refuse_other(&file, "saved plan", |content| content == b"ours").is_err();
        assert!(!refused(), "it is not there");
        for (content, is_refused) in [("", false), ("ours", false), ("project = 1", true)] {
            fs::write(&file, content).unwrap();
            assert_eq!(refused(), is_refused, "{content}");
        }
        assert!(refuse_other(Path::new("/dev/null"), "saved plan", |_| false).is_ok(), "a device is no file");
    }

    #[test]
    fn nothing_is_written_through_a_link_nor_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let (link, target) = (folder.path().join("link"), folder.path().join("target"));
        fs::write(&target, "mine").unwrap();
        symlink(&target, &link).unwrap();
        assert!(write(&link, b"plan", Readers::Owner).unwrap_err().to_string().contains("symbolic link"));
        fs::create_dir(folder.path().join("folder")).unwrap();
        write(&folder.path().join("folder"), b"plan", Readers::Owner).unwrap_err();
        write(&folder.path().join("nowhere/plan"), b"plan", Readers::Owner).unwrap_err();
        assert_eq!(fs::read(&target).unwrap(), b"mine");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
