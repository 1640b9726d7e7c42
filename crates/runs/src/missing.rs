//! Files that the user names and that do not exist: the whole path, and the names beside it.

use std::path::{Path, PathBuf, absolute};

/// More names of a folder are counted only.
const MOST_NAMED: usize = 10;

/// A path that leads to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no file or folder {}", whole_path.display())]
pub struct Missing {
    /// The whole path.
    pub whole_path: PathBuf,
    /// The names that are there instead.
    pub help: String,
}

impl Missing {
    /// Fails if nothing is at the path, with the names in its folder.
    ///
    /// # Errors
    /// When nothing is there. A path that cannot be reached for another reason is not judged.
    pub fn check(path: &Path) -> Result<(), Self> {
        match std::fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Self::describe(path)),
            _ => Ok(()),
        }
    }

    fn describe(path: &Path) -> Self {
        let whole_path = absolute(path).unwrap_or_else(|_| path.to_owned());
        let folder = whole_path.parent().unwrap_or(&whole_path);
        let names: Vec<String> = std::fs::read_dir(folder).into_iter().flatten().flatten().filter_map(name).collect();
        let wanted = path.file_name().unwrap_or_default().to_string_lossy();
        let help = match config::nearest(&wanted, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{}`?", path.with_file_name(near).display()),
            None if !folder.is_dir() => format!("there is no folder {} either", folder.display()),
            None => in_folder(folder, names),
        };
        Self { help, whole_path }
    }
}

/// The name of an entry that people see.
fn name(entry: std::fs::DirEntry) -> Option<String> {
    entry.file_name().into_string().ok().filter(|name| !name.starts_with('.'))
}

fn in_folder(folder: &Path, mut names: Vec<String>) -> String {
    names.sort_unstable();
    let others = names.len().saturating_sub(MOST_NAMED);
    names.truncate(MOST_NAMED);
    let more = if others > 0 { format!(" and {others} more") } else { String::new() };
    match names.is_empty() {
        true => format!("the folder {} is empty", folder.display()),
        false => format!("the folder {} has {}{more}", folder.display(), names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_files_are_told_with_their_whole_path_and_what_is_there_instead() {
        let folder = tempfile::tempdir().unwrap();
        let help = |name: &str| Missing::check(&folder.path().join(name)).map_err(|missing| missing.help);
        let place = folder.path().display();
        assert_eq!(help("churn.csv"), Err(format!("the folder {place} is empty")));
        for name in ["churn.csv", "wine.csv", ".hidden"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(help("churn.csv"), Ok(()));
        assert_eq!(help("chrun.csv"), Err(format!("did you mean `{place}/churn.csv`?")));
        assert_eq!(help("iris"), Err(format!("the folder {place} has churn.csv, wine.csv")));
        assert_eq!(help("none/iris.csv"), Err(format!("there is no folder {place}/none either")));
        let missing = Missing::check(&folder.path().join("iris")).unwrap_err();
        assert_eq!(missing.to_string(), format!("there is no file or folder {place}/iris"));
    }
}
