//! The contents of S3 objects: in memory until saved, then one file per distinct content.
//!
//! The state of S3 names contents by hash, so its one atomic file decides what exists: a content
//! is written before the file that names it and removed after the last one that did.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::future::BoxFuture;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, HashSet};
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt as _, BufReader};
use winterbaume_core::{Vfs, VfsEntry, VfsError, VfsStat};

use crate::Error;
use crate::disk::replace;

/// Bytes. The reader of a range skips what comes before it, a few kilobytes at a time.
const READ_AT_ONCE: usize = 1 << 20;

/// A store of contents by path.
#[derive(Debug)]
pub(crate) struct Objects {
    /// The folder of contents; `None` keeps them in memory.
    dir: Option<PathBuf>,
    contents: Mutex<Contents>,
}

#[derive(Debug, Default)]
struct Contents {
    by_path: BTreeMap<String, Content>,
    /// Hashes that have a file.
    on_disk: HashSet<String>,
}

#[derive(Debug, Clone)]
enum Content {
    New(Bytes),
    Kept { sha256: String, size: u64 },
}

impl Content {
    fn size(&self) -> u64 {
        match self {
            Self::New(bytes) => bytes.len() as u64,
            Self::Kept { size, .. } => *size,
        }
    }
}

impl Objects {
    pub(crate) fn new(dir: Option<PathBuf>) -> Self {
        // Files that the restored state does not name are swept: a process was killed before it wrote the state that
        // would name them.
        let files = dir.as_ref().and_then(|dir| std::fs::read_dir(dir).ok());
        let on_disk =
            files.into_iter().flatten().filter_map(|file| file.ok()?.file_name().into_string().ok()).collect();
        let contents = Mutex::new(Contents { by_path: BTreeMap::new(), on_disk });
        Self { dir, contents }
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The paths under `prefix` with their contents, where these are kept in memory. Otherwise writes what
    /// is new and returns the paths with their hashes and sizes.
    pub(crate) fn keep(&self, prefix: &str) -> Result<Value, Error> {
        let Some(dir) = &self.dir else {
            return Ok(self.in_memory(prefix));
        };
        let Contents { by_path, on_disk } = &mut *self.contents();
        let mut index = Map::new();
        for (path, content) in
            by_path.iter_mut().filter(|(path, content)| path.starts_with(prefix) && !is_redundant(path, content))
        {
            if let Content::New(bytes) = content {
                let sha256: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
                // Named only once it is there: a full disk must not leave a state that names what it did not take.
                if !on_disk.contains(&sha256) {
                    replace(&dir.join(&sha256), bytes)?;
                    on_disk.insert(sha256.clone());
                }
                *content = Content::Kept { sha256, size: bytes.len() as u64 };
            }
            if let Content::Kept { sha256, size } = content {
                index.insert(path.clone(), serde_json::json!([sha256, size]));
            }
        }
        Ok(Value::Object(index))
    }

    fn in_memory(&self, prefix: &str) -> Value {
        let contents = self.contents();
        let under = contents.by_path.iter().filter(|(path, _)| path.starts_with(prefix));
        under
            .filter_map(|(path, content)| match content {
                Content::New(bytes) => Some((path.clone(), STANDARD.encode(bytes).into())),
                Content::Kept { .. } => None,
            })
            .collect::<Map<_, _>>()
            .into()
    }

    /// Takes back what [`Objects::keep`] returned.
    pub(crate) fn restore(&self, index: &Value) -> Result<(), String> {
        let contents = &mut *self.contents();
        for (path, entry) in index.as_object().into_iter().flatten() {
            if let Some(whole) = entry.as_str() {
                let bytes = STANDARD.decode(whole).map_err(|error| format!("{path}: {error}"))?;
                contents.by_path.insert(path.clone(), Content::New(bytes.into()));
                continue;
            }
            let (Some(sha256), Some(size)) = (entry[0].as_str(), entry[1].as_u64()) else {
                return Err(format!("no hash and size for {path}"));
            };
            let content = Content::Kept { sha256: sha256.to_owned(), size };
            contents.by_path.insert(path.clone(), content);
        }
        Ok(())
    }

    /// Removes the files no path names any more. Call it once the state that stopped naming them
    /// is on disk.
    pub(crate) fn sweep(&self) {
        let Some(dir) = &self.dir else { return };
        let Contents { by_path, on_disk } = &mut *self.contents();
        let named: HashSet<&str> = by_path
            .values()
            .filter_map(|content| match content {
                Content::Kept { sha256, .. } => Some(sha256.as_str()),
                Content::New(_) => None,
            })
            .collect();
        // A file that cannot be removed costs room, nothing else; the next sweep tries again.
        on_disk.retain(|sha256| named.contains(sha256.as_str()) || std::fs::remove_file(dir.join(sha256)).is_err());
    }

    async fn read(&self, path: &str) -> Result<Box<dyn AsyncRead + Send + Unpin>, VfsError> {
        let content = self.contents().by_path.get(path).cloned();
        match (content, &self.dir) {
            (Some(Content::New(bytes)), _) => Ok(Box::new(Cursor::new(bytes))),
            // Opens the file without reading it: a request for a range needs only a part.
            (Some(Content::Kept { sha256, .. }), Some(dir)) => {
                let file = File::open(dir.join(sha256)).await?;
                Ok(Box::new(BufReader::with_capacity(READ_AT_ONCE, file)))
            }
            _ => Err(VfsError::NotFound(path.to_owned())),
        }
    }
}

/// Beside the contents the service writes its own state, to recover from when there is no snapshot
/// (there always is one), and pointers to the newest content of each key, which are only read where
/// they say `composite`.
fn is_redundant(path: &str, content: &Content) -> bool {
    let state = ["/meta/bucket-config/", "/meta/version-meta/", "/meta/delete-markers/"];
    state.iter().any(|state| path.contains(state))
        || (path.contains("/meta/current/") && content.size() != "composite".len() as u64)
}

impl Vfs for Objects {
    fn put<'a>(
        &'a self,
        path: &'a str,
        data: &'a mut (dyn AsyncRead + Unpin + Send),
    ) -> BoxFuture<'a, Result<u64, VfsError>> {
        Box::pin(async move {
            let mut bytes = Vec::new();
            data.read_to_end(&mut bytes).await?;
            let content = Content::New(bytes.into());
            let size = content.size();
            self.contents().by_path.insert(path.to_owned(), content);
            Ok(size)
        })
    }

    fn get<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<Box<dyn AsyncRead + Send + Unpin>, VfsError>> {
        Box::pin(self.read(path))
    }

    fn delete<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<(), VfsError>> {
        Box::pin(async move {
            match self.contents().by_path.remove(path) {
                Some(_) => Ok(()),
                None => Err(VfsError::NotFound(path.to_owned())),
            }
        })
    }

    fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<VfsEntry>, VfsError>> {
        Box::pin(async move {
            Ok(self
                .contents()
                .by_path
                .range(prefix.to_owned()..)
                .take_while(|(path, _)| path.starts_with(prefix))
                .map(|(path, content)| VfsEntry { key: path.clone(), size: content.size() })
                .collect())
        })
    }

    fn stat<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<Option<VfsStat>, VfsError>> {
        Box::pin(async move {
            let contents = self.contents();
            Ok(contents.by_path.get(path).map(|content| VfsStat { size: content.size() }))
        })
    }
}
