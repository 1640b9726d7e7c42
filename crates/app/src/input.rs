//! Files that the user names on the command line.

use std::{
    fs::File,
    io::{Error, ErrorKind, Read},
    path::Path,
};

/// More than any state or plan needs.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Reads a text file whole, within reason: a device never ends. The text is UTF-8, however the file holds it.
pub fn read(file: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    File::open(file)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Error::new(ErrorKind::FileTooLarge, "it is larger than 64 MiB"));
    }
    config::to_utf8(bytes).map_err(|error| Error::new(ErrorKind::InvalidData, error))
}
