//! Packs a folder into a zip archive whose bytes depend only on the content, so that its digest says
//! whether the content changed: not when, where or by whom it was checked out.

mod collect;
mod error;

pub use error::Error;

use collect::File;
use std::{
    fs,
    io::{Cursor, Write},
    path::Path,
};
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

/// The largest archive that Lambda takes with a call.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub const LARGEST: u64 = 50 * 1024 * 1024;

/// The archive of a folder's files, in the order of their names, without what only development needs:
/// hidden files, `__pycache__`, `*.pyc`, folders named `tests`.
///
/// Files are stored, not compressed: what compression makes of them changes from version to version of
/// its library, and a new digest would ship the same code again.
///
/// # Errors
/// When something cannot be read, when there is nothing to pack, or when a symbolic link leads out of
/// the folder or round in a circle.
pub fn zip_folder(dir: &Path) -> Result<Vec<u8>, Error> {
    let files = collect::files(dir)?;
    if files.is_empty() {
        return Err(Error::Empty { folder: dir.to_owned() });
    }
    if files.values().fold(0, |sum: u64, file| sum.saturating_add(file.size)) > LARGEST {
        return Err(Error::TooLarge { folder: dir.to_owned() });
    }
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, File { path, executable, .. }) in files {
        let content = fs::read(&path).map_err(|source| Error::Read { path, source })?;
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            // The earliest time a zip archive can tell.
            .last_modified_time(DateTime::default())
            .unix_permissions(if executable { 0o755 } else { 0o644 });
        let written = archive.start_file(name, options).and_then(|()| Ok(archive.write_all(&content)?));
        written.map_err(|source| Error::Zip { folder: dir.to_owned(), source })?;
    }
    let bytes = archive.finish().map_err(|source| Error::Zip { folder: dir.to_owned(), source })?;
    Ok(bytes.into_inner())
}
