//! Uploads of files into a bucket. A file whose object exists with the same content is not sent again.

use aws_client::{Attempt, ErrorPattern, Failure, FailureKind, Result};
use aws_sdk_s3::{
    Client,
    operation::create_multipart_upload::CreateMultipartUploadOutput,
    primitives::ByteStream,
    types::{ChecksumAlgorithm, ChecksumMode, ChecksumType, CompletedMultipartUpload, CompletedPart},
};
use aws_smithy_types::{base64, byte_stream::Length};
use aws_types::SdkConfig;
use futures::{StreamExt, TryStreamExt, stream};
use std::{
    collections::{BTreeMap, HashMap},
    fs::{File, Metadata},
    io::Read,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// A file and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedUpload {
    /// The file.
    pub file: PathBuf,
    /// Its key in the bucket.
    pub key: String,
    /// Its size.
    pub bytes: u64,
    /// The time of its last change. `None` if the file system does not tell.
    pub modified: Option<SystemTime>,
    /// Its rows, if they were counted.
    pub rows: Option<u64>,
}

/// The result of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadOutcome {
    /// It was not there.
    Added,
    /// Something else was there under its key; the bucket's versions keep it.
    Replaced,
    /// It was there already.
    Unchanged,
}

impl UploadOutcome {
    /// As programs read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Replaced => "replaced",
            Self::Unchanged => "unchanged",
        }
    }
}

/// The longest key of an object, in bytes of UTF-8.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>
const LONGEST_KEY: usize = 1024;

/// The reason why files cannot be sent as named.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// It cannot be read.
    #[error("{}: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        why: String,
    },
    /// The key of a file is longer than S3 allows.
    #[error("{} would become a key of {bytes} bytes; S3 takes at most {LONGEST_KEY}", path.display())]
    TooLong {
        /// The path of the file.
        path: PathBuf,
        /// The length of the key.
        bytes: usize,
    },
    /// Two files want the same key.
    #[error("{} and {} would both become {key}", one.display(), other.display())]
    Twice {
        /// The one.
        one: PathBuf,
        /// The other.
        other: PathBuf,
        /// The key.
        key: String,
    },
}

/// The files named, and those in the folders named, with their keys: a file's is its name, a file's in a folder its
/// path from there. What begins with a dot is not data.
///
/// # Errors
/// When a file is unreadable or not regular, or a link leads out of its folder. Also when two files have the same key,
/// or a key is too long.
pub fn gather(named: &[PathBuf], prefix: &str) -> Result<Vec<PlannedUpload>, Unfit> {
    let mut found: BTreeMap<String, PlannedUpload> = BTreeMap::new();
    for path in named {
        let path = path.as_path();
        let base = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
        for (file, about) in files(path)? {
            let key = format!("{prefix}{}", relative(&file, base)?);
            if key.len() > LONGEST_KEY {
                return Err(Unfit::TooLong { path: file, bytes: key.len() });
            }
            if let Some(one) = found.get(&key).filter(|one| !same(&one.file, &file)) {
                return Err(Unfit::Twice { one: one.file.clone(), other: file, key });
            }
            let (bytes, modified) = (about.len(), about.modified().ok());
            found.insert(key.clone(), PlannedUpload { file, key, bytes, modified, rows: None });
        }
    }
    Ok(found.into_values().collect())
}

fn same(one: &Path, other: &Path) -> bool {
    one.canonicalize().ok() == other.canonicalize().ok()
}

fn unreadable(path: &Path, why: impl ToString) -> Unfit {
    Unfit::Unreadable { path: path.to_owned(), why: why.to_string() }
}

/// The file at a path, or the files in the folder at the path.
fn files(path: &Path) -> Result<Vec<(PathBuf, Metadata)>, Unfit> {
    let about = std::fs::metadata(path).map_err(|error| unreadable(path, error))?;
    if !about.is_dir() {
        return Ok(vec![(path.to_owned(), regular(path, about)?)]);
    }
    let root = path.canonicalize().map_err(|error| unreadable(path, error))?;
    let mut found = Vec::new();
    below(path, &root, &mut found)?;
    Ok(found)
}

/// Collects the files of a folder. A link counts as its target, if the target is below `root` too.
fn below(folder: &Path, root: &Path, found: &mut Vec<(PathBuf, Metadata)>) -> Result<(), Unfit> {
    for entry in std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
        let entry = entry.map_err(|error| unreadable(folder, error))?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let path = entry.path();
        let failed = |error: std::io::Error| unreadable(&path, error);
        let about = std::fs::metadata(&path).map_err(failed)?;
        let is_link = entry.file_type().map_err(failed)?.is_symlink();
        match about.is_dir() {
            true if is_link => return Err(unreadable(&path, "it is a link to a folder; name that folder itself")),
            true => below(&path, root, found)?,
            false if is_link && !path.canonicalize().map_err(failed)?.starts_with(root) => {
                return Err(unreadable(&path, "it is a link that leads out of the folder; name that file itself"));
            }
            false => found.push((path.clone(), regular(&path, about)?)),
        }
    }
    Ok(())
}

/// The metadata of a regular file. Reading a device or a pipe may never end.
fn regular(path: &Path, about: Metadata) -> Result<Metadata, Unfit> {
    match about.is_file() {
        true => Ok(about),
        false => Err(unreadable(path, "it is neither a file nor a folder")),
    }
}

/// Keys are text with slashes, whatever the system's paths are.
fn relative(file: &Path, base: &Path) -> Result<String, Unfit> {
    let parts = file.strip_prefix(base).unwrap_or(file).components();
    let parts: Option<Vec<&str>> = parts.map(|part| part.as_os_str().to_str()).collect();
    Ok(parts.ok_or_else(|| unreadable(file, "its name is not text"))?.join("/"))
}

/// A bucket that files are sent to.
pub struct Store {
    pub(crate) client: Client,
    pub(crate) bucket: String,
    part: u64,
}

/// The name of an object's metadata that has the number of its rows.
pub(crate) const ROWS: &str = "rows";
/// From this size on a file is sent in parts of this size.
const PART: u64 = 16 * 1024 * 1024;
/// S3 takes no more parts than this.
const MOST_PARTS: u64 = 10_000;
/// Parts of one file under way at once.
const PARTS_AT_ONCE: usize = 4;
const ABSENT: &[ErrorPattern] = &[("NotFound", ""), ("NoSuchKey", "")];

impl Store {
    /// The bucket with this name, which must be the account's.
    pub fn new(config: &SdkConfig, bucket: &str, account: &str) -> Self {
        Self { client: aws_s3::client_for(config, account), bucket: bucket.to_owned(), part: PART }
    }

    /// The same, sending larger files in parts of this size.
    #[must_use]
    pub fn with_parts_of(self, bytes: u64) -> Self {
        Self { part: bytes, ..self }
    }

    /// True if there is an object under a prefix.
    ///
    /// # Errors
    /// When the bucket cannot be listed.
    pub async fn holds_any(&self, prefix: &str) -> Result<bool> {
        let call = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix).max_keys(2);
        let answer = match call.send().await.during("ListObjectsV2") {
            Ok(answer) => answer,
            Err(failure) => return Err(aws_s3::explain_denial(&self.client, &self.bucket, failure).await),
        };
        // Consoles make folders by empty objects.
        Ok(answer.contents().iter().any(|object| object.size().unwrap_or_default() > 0))
    }

    /// Sends a file, unless it is there already; `sent` is told of bytes that arrived.
    ///
    /// # Errors
    /// When it cannot be read or sent, or is not as [`gather`] found it: what was checked and counted before is then not
    /// true of it.
    pub async fn send(&self, upload: &PlannedUpload, sent: impl Fn(u64)) -> Result<UploadOutcome> {
        let checksum = checksum(&upload.file).await?;
        refuse_changed(upload)?;
        let call = self.client.head_object().bucket(&self.bucket).key(&upload.key);
        let call = call.checksum_mode(ChecksumMode::Enabled);
        let there = call.send().await.during("HeadObject").none_on(ABSENT)?;
        if there.as_ref().and_then(|head| head.checksum_crc64_nvme()) == Some(&checksum) {
            return Ok(UploadOutcome::Unchanged);
        }
        match upload.bytes > self.part {
            true => self.in_parts(upload, &checksum, sent).await?,
            false => self.whole(upload, &checksum, sent).await?,
        }
        Ok(if there.is_some() { UploadOutcome::Replaced } else { UploadOutcome::Added })
    }

    async fn whole(&self, upload: &PlannedUpload, checksum: &str, sent: impl Fn(u64)) -> Result<()> {
        let body = ByteStream::from_path(&upload.file).await.map_err(|error| unreadable_file(upload, error))?;
        let call = self.client.put_object().bucket(&self.bucket).key(&upload.key);
        let call = call.checksum_crc64_nvme(checksum).body(body).set_metadata(metadata(upload));
        call.send().await.during("PutObject").help(CHANGED)?;
        sent(upload.bytes);
        Ok(())
    }

    async fn in_parts(&self, upload: &PlannedUpload, checksum: &str, sent: impl Fn(u64)) -> Result<()> {
        let call = self.client.create_multipart_upload().bucket(&self.bucket).key(&upload.key);
        let call = call.checksum_algorithm(ChecksumAlgorithm::Crc64Nvme).set_metadata(metadata(upload));
        let begun = call.checksum_type(ChecksumType::FullObject).send().await.during("CreateMultipartUpload")?;
        let done = self.parts_and_end(upload, checksum, sent, &begun).await;
        if done.is_err() {
            // The bucket's lifecycle does it otherwise.
            let call = self.client.abort_multipart_upload().bucket(&self.bucket).key(&upload.key);
            let _ = call.set_upload_id(begun.upload_id).send().await;
        }
        done
    }

    async fn parts_and_end(
        &self,
        upload: &PlannedUpload,
        checksum: &str,
        sent: impl Fn(u64),
        begun: &CreateMultipartUploadOutput,
    ) -> Result<()> {
        let size = self.part.max(upload.bytes.div_ceil(MOST_PARTS));
        let count = upload.bytes.div_ceil(size);
        let sent = &sent;
        let parts = stream::iter(1..=count).map(|number| async move {
            let (from, length) = ((number - 1) * size, size.min(upload.bytes - (number - 1) * size));
            let body = ByteStream::read_from().path(&upload.file).offset(from).length(Length::Exact(length));
            let body = body.build().await.map_err(|error| unreadable_file(upload, error))?;
            let number = i32::try_from(number).unwrap_or(i32::MAX);
            let call = self.client.upload_part().bucket(&self.bucket).key(&upload.key);
            let call = call.set_upload_id(begun.upload_id.clone()).part_number(number);
            let call = call.checksum_algorithm(ChecksumAlgorithm::Crc64Nvme).body(body);
            let done = call.send().await.during("UploadPart")?;
            sent(length);
            let part = CompletedPart::builder().part_number(number).set_e_tag(done.e_tag);
            Ok::<_, Failure>(part.set_checksum_crc64_nvme(done.checksum_crc64_nvme).build())
        });
        let parts: Vec<CompletedPart> = parts.buffered(PARTS_AT_ONCE).try_collect().await?;
        refuse_changed(upload)?;
        let call = self.client.complete_multipart_upload().bucket(&self.bucket).key(&upload.key);
        let call = call.set_upload_id(begun.upload_id.clone()).checksum_crc64_nvme(checksum);
        let call = call
            .checksum_type(ChecksumType::FullObject)
            .mpu_object_size(i64::try_from(upload.bytes).unwrap_or(i64::MAX));
        let call = call.multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(parts)).build());
        call.send().await.during("CompleteMultipartUpload").help(CHANGED)?;
        Ok(())
    }
}

/// The metadata of an object: the rows of its file.
fn metadata(upload: &PlannedUpload) -> Option<HashMap<String, String>> {
    upload.rows.map(|rows| HashMap::from([(ROWS.to_owned(), rows.to_string())]))
}

const CHANGED: &str = "if the file changed while it was sent, run the command again";

/// Refuses a file that changed since it was gathered.
fn refuse_changed(upload: &PlannedUpload) -> Result<()> {
    let about = std::fs::metadata(&upload.file).map_err(|error| unreadable_file(upload, error))?;
    if (about.len(), about.modified().ok()) == (upload.bytes, upload.modified) {
        return Ok(());
    }
    let changed = Failure::new(FailureKind::Final, "the file changed since it was looked into");
    Err(changed).help("run the command again when the file is complete")
}

fn unreadable_file(upload: &PlannedUpload, error: impl std::fmt::Display) -> Failure {
    Failure::new(FailureKind::Final, format!("{}: {error}", upload.file.display()))
}

/// CRC-64/NVME, which S3 keeps of whole objects however they were sent.
async fn checksum(file: &Path) -> Result<String> {
    let (path, shown) = (file.to_owned(), file.display().to_string());
    let read = tokio::task::spawn_blocking(move || {
        let mut checksum = aws_smithy_checksums::ChecksumAlgorithm::Crc64Nvme.into_impl();
        let (mut file, mut buffer) = (File::open(path)?, vec![0; 1 << 20]);
        loop {
            let length = file.read(&mut buffer)?;
            let Some(bytes) = buffer.get(..length).filter(|bytes| !bytes.is_empty()) else { break };
            checksum.update(bytes);
        }
        Ok::<_, std::io::Error>(base64::encode(checksum.finalize()))
    });
    let failed = |why: String| Failure::new(FailureKind::Final, format!("{shown}: {why}"));
    read.await.map_err(|error| failed(error.to_string()))?.map_err(|error| failed(error.to_string()))
}
