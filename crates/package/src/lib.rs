//! Packs files into a zip archive whose bytes depend only on the content, so that its digest says whether the content
//! changed: not when, where or by whom it was checked out.
//!
//! Files are stored, not compressed: what compression makes of them changes from version to version of its library, and
//! a new digest would ship the same code again. Only a program is compressed, which changes with each version anyway.

mod archive;
mod collect;
mod error;
mod limits;

pub use archive::Archive;
pub use error::Error;
pub use limits::{LARGEST, LARGEST_UNPACKED};

use std::path::Path;

/// The archive of a folder's files, in the order of their names, without what only development needs:
/// hidden files, `__pycache__`, `*.pyc`, folders named `tests`.
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
    Archive::of_files(dir, files).zip()
}

/// Sources that mean the same with line ends of Windows, which some checkouts have: the content as the others hold it.
///
/// Python reads `\r\n` in a source as `\n`, within strings too.
/// <https://docs.python.org/3/reference/lexical_analysis.html#physical-lines>
pub fn with_plain_line_ends(name: &str, content: Vec<u8>) -> Vec<u8> {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if !["py", "json", "toml"].contains(&extension) || !content.contains(&b'\r') {
        return content;
    }
    let mut plain = Vec::with_capacity(content.len());
    for (at, byte) in content.iter().enumerate() {
        if *byte != b'\r' || content.get(at + 1) != Some(&b'\n') {
            plain.push(*byte);
        }
    }
    plain
}
