//! Files that the user names on the command line.

use std::{
    fs::File,
    io::{Error, ErrorKind, Read},
    path::Path,
};

/// More than any state or plan needs.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Reads a text file whole, within reason: a device never ends. The text is UTF-8, however the file holds it.
///
/// # Errors
/// If the file cannot be read, is larger than 64 MiB, or holds no text.
pub fn read(file: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let done = File::open(file).and_then(|opened| opened.take(LARGEST + 1).read_to_end(&mut bytes));
    done.map_err(in_words)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Error::new(ErrorKind::FileTooLarge, "it is larger than 64 MiB"));
    }
    config::to_utf8(bytes).map_err(|error| Error::new(ErrorKind::InvalidData, error))
}

/// The error without the system's number, where the user named a wrong path.
fn in_words(error: Error) -> Error {
    let words = match error.kind() {
        ErrorKind::NotFound => "there is no such file",
        ErrorKind::IsADirectory => "it is a folder, not a file",
        _ => return error,
    };
    Error::new(error.kind(), words)
}
