//! Zip archives of files, in which equal files give equal bytes.

use crate::{
    Error,
    collect::{self, File},
};
use std::{
    collections::BTreeMap,
    fs,
    io::{Cursor, Write},
    path::{Path, PathBuf},
};
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

const FASTEST: Option<i64> = Some(1);

/// An archive of files of a project, each by its path within the project, in the order of those.
pub struct Archive {
    root: PathBuf,
    entries: BTreeMap<String, Entry>,
}

struct Entry {
    content: Content,
    mode: Mode,
    compression: CompressionMethod,
}

/// The source of a file's executable bit.
#[derive(Clone, Copy)]
enum Mode {
    Plain,
    Executable,
    /// Its content. Checkouts on Windows, on shares and by Git without `core.fileMode` differ in the bit.
    ByContent,
}

impl Mode {
    fn is_executable(self, content: &[u8]) -> bool {
        match self {
            Self::Plain => false,
            Self::Executable => true,
            Self::ByContent => content.starts_with(b"#!") || content.starts_with(b"\x7fELF"),
        }
    }
}

enum Content {
    At(PathBuf),
    Made(Vec<u8>),
}

impl Archive {
    /// An empty one of the project in this folder.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), entries: BTreeMap::new() }
    }

    /// Of files that were found.
    pub(crate) fn of_files(root: &Path, files: BTreeMap<String, File>) -> Self {
        let entries = files.into_iter().map(|(name, file)| (name, file.into())).collect();
        Self { root: root.to_owned(), entries }
    }

    /// Adds everything in the folder `real` under `path`, as [`zip_folder`](crate::zip_folder) does.
    ///
    /// # Errors
    /// When something cannot be read, or a symbolic link leads out of the folder or round in a circle.
    pub fn folder(&mut self, path: &str, real: &Path) -> Result<(), Error> {
        for (name, file) in collect::files(real)? {
            self.entries.insert(format!("{path}/{name}"), file.into());
        }
        Ok(())
    }

    /// Adds the file `real` as `path`.
    pub fn file(&mut self, path: &str, real: PathBuf) {
        let content = Content::At(real);
        self.entries
            .insert(path.to_owned(), Entry { content, mode: Mode::Plain, compression: CompressionMethod::Stored });
    }

    /// Adds the program `real` as `path`, compressed: one file of many megabytes that changes as a whole.
    pub fn program(&mut self, path: &str, real: PathBuf) {
        let content = Content::At(real);
        self.entries.insert(
            path.to_owned(),
            Entry { content, mode: Mode::Executable, compression: CompressionMethod::Deflated },
        );
    }

    /// Adds what is in no file.
    pub fn made(&mut self, path: &str, content: impl Into<Vec<u8>>, executable: bool) {
        let content = Content::Made(content.into());
        let mode = if executable { Mode::Executable } else { Mode::Plain };
        self.entries.insert(path.to_owned(), Entry { content, mode, compression: CompressionMethod::Stored });
    }

    /// The bytes.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn zip(self) -> Result<Vec<u8>, Error> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, entry) in self.entries {
            let content = match entry.content {
                Content::Made(bytes) => bytes,
                Content::At(path) => {
                    let bytes = fs::read(&path).map_err(|source| Error::Read { path, source })?;
                    crate::with_plain_line_ends(&name, bytes)
                }
            };
            let options = SimpleFileOptions::default()
                .compression_method(entry.compression)
                // A plan waits for it.
                .compression_level(FASTEST.filter(|_| entry.compression == CompressionMethod::Deflated))
                // The earliest time a zip archive can tell.
                .last_modified_time(DateTime::default())
                .unix_permissions(if entry.mode.is_executable(&content) { 0o755 } else { 0o644 });
            let written = archive.start_file(name, options).and_then(|()| Ok(archive.write_all(&content)?));
            written.map_err(|source| Error::Zip { folder: self.root.clone(), source })?;
        }
        let bytes = archive.finish().map_err(|source| Error::Zip { folder: self.root, source })?;
        Ok(bytes.into_inner())
    }
}

impl From<File> for Entry {
    fn from(file: File) -> Self {
        Self { content: Content::At(file.path), mode: Mode::ByContent, compression: CompressionMethod::Stored }
    }
}
