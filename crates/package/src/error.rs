//! Errors of packing a folder.

use crate::limits::LARGEST;
use std::{io, path::PathBuf};

/// The reason why a folder cannot be packed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not there, or is a file.
    #[error("{} is not a folder", folder.display())]
    NoFolder {
        /// The given path.
        folder: PathBuf,
    },
    /// Nothing is left to pack.
    #[error("{} holds nothing to pack: hidden files, caches and tests are left out", folder.display())]
    Empty {
        /// The folder.
        folder: PathBuf,
    },
    /// A file or folder cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// More than can be sent.
    #[error("{} holds more than {} MiB, which is what Lambda takes", folder.display(), LARGEST / 1024 / 1024)]
    TooLarge {
        /// The folder.
        folder: PathBuf,
    },
    /// A name that no archive can carry to every system.
    #[error("the name of {} is not valid UTF-8", path.display())]
    Name {
        /// The file or folder.
        path: PathBuf,
    },
    /// A symbolic link to something outside: it would be packed without anybody having put it there.
    #[error("the link {} leads out of the folder, to {}", link.display(), target.display())]
    LeadsOut {
        /// The link.
        link: PathBuf,
        /// The target of the link.
        target: PathBuf,
    },
    /// A symbolic link to a folder it is in.
    #[error("the link {} leads round in a circle", link.display())]
    Circle {
        /// The link.
        link: PathBuf,
    },
    /// A socket, a pipe or a device.
    #[error("{} is neither a file nor a folder", path.display())]
    Special {
        /// The path of the file.
        path: PathBuf,
    },
    /// The archive cannot be written.
    #[error("{} cannot be packed", folder.display())]
    Zip {
        /// The folder.
        folder: PathBuf,
        /// The reason.
        source: zip::result::ZipError,
    },
}
