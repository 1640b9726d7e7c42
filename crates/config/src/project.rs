//! The files of a project: those under its root, and none that a symbolic link leads to elsewhere.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

/// The reason why a file of a project is not read.
#[derive(Debug)]
pub enum UnreadableFile {
    /// A symbolic link, at any step of the path, leads out of the project.
    LeadsOut {
        /// The target of the link.
        target: PathBuf,
    },
    /// The file, or a folder on the way to it, cannot be found or entered.
    Missing(io::Error),
}

impl fmt::Display for UnreadableFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeadsOut { target } => write!(f, "it leads out of the project, to {}", target.display()),
            Self::Missing(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for UnreadableFile {}

/// The real path of a file or folder of the project in `root`.
///
/// A plan shows what definitions hold, and `up` uploads scripts and folders. A link in a pull request must not make
/// either of them read the files of the machine, such as credentials.
///
/// # Errors
/// [`UnreadableFile::LeadsOut`] unless the real path is under the real path of `root`.
pub fn inside(root: &Path, path: &Path) -> Result<PathBuf, UnreadableFile> {
    let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
    let real = |path: &Path| path.canonicalize().map_err(UnreadableFile::Missing);
    let target = real(&root.join(path))?;
    match target.starts_with(real(root)?) {
        true => Ok(target),
        false => Err(UnreadableFile::LeadsOut { target }),
    }
}
