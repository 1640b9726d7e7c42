//! The Python programs that are part of this binary, written where Python finds them.

use include_dir::{Dir, include_dir};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};

static PACKAGE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/runner/runner");
/// Plays SageMaker's own images, too: they read and write the same files.
static IMAGE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../pipeline/image");
/// The packages with their hashes, for every platform.
pub(super) const REQUIREMENTS: &str = include_str!("../../runner/requirements.txt");

/// Writes the programs below `cache`, in a folder of this version's own, and returns it. A folder
/// that exists already is complete.
pub(super) fn write(cache: &Path) -> std::io::Result<PathBuf> {
    let programs = || {
        let of = |folder: &'static str, dir: &'static Dir<'static>| {
            let python = dir.files().filter(|file| file.path().extension().is_some_and(|extension| extension == "py"));
            python.map(move |file| (Path::new(folder).join(file.path()), file.contents()))
        };
        of("runner", &PACKAGE).chain(of("image", &IMAGE))
    };
    let mut digest = Sha256::new();
    for (path, content) in programs() {
        digest.update(path.as_os_str().as_encoded_bytes());
        digest.update([0]);
        digest.update(content);
    }
    let folder = cache.join(format!("runner-{}", short(&digest.finalize())));
    if folder.exists() {
        return Ok(folder);
    }
    let unfinished = cache.join(format!("runner-{}", uuid::Uuid::new_v4().simple()));
    for (path, content) in programs().chain([(PathBuf::from("requirements.txt"), REQUIREMENTS.as_bytes())]) {
        let path = unfinished.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(&unfinished))?;
        std::fs::write(path, content)?;
    }
    match std::fs::rename(&unfinished, &folder) {
        // Another process was faster.
        Err(_) if folder.exists() => std::fs::remove_dir_all(&unfinished)?,
        renamed => renamed?,
    }
    Ok(folder)
}

/// The beginning of a digest, in hexadecimal.
pub(super) fn short(digest: &[u8]) -> String {
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}
