//! Puts the example environments and the pipeline's sources into the binary, for `mlopsctl init`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// What a new project starts from, relative to the repository.
const FOLDERS: [&str; 2] = ["environments", "pipeline"];

fn main() -> io::Result<()> {
    let repository = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("../..").canonicalize()?;
    let mut files = Vec::new();
    for folder in FOLDERS {
        collect(&repository.join(folder), &mut files)?;
        println!("cargo::rerun-if-changed={}", repository.join(folder).display());
    }
    files.sort();
    let mut list = String::from("&[\n");
    for file in &files {
        let name = file.strip_prefix(&repository).map_err(io::Error::other)?;
        let name = name.to_string_lossy().replace('\\', "/");
        writeln!(list, "    ({name:?}, include_bytes!({:?})),", file.display().to_string()).map_err(io::Error::other)?;
    }
    list.push(']');
    fs::write(Path::new(&variable("OUT_DIR")?).join("project.rs"), list)
}

fn variable(name: &str) -> io::Result<String> {
    env::var(name).map_err(io::Error::other)
}

/// Source files: nothing hidden, no caches.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let made = name == "__pycache__" || name.ends_with(".egg-info");
        if made || (name.starts_with('.') && name != ".gitignore") {
            continue;
        }
        if path.is_dir() { collect(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
