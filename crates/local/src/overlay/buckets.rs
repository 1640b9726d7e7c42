//! S3: the settings of buckets as the documents they were put as, the checksums of objects, and one
//! namespace of buckets over all regions.

use futures::future::BoxFuture;
use http::header::{HeaderMap, HeaderName, HeaderValue, RANGE};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use winterbaume_core::{parse_query_string, xml_escape};

use super::completed::{element, text};
use super::versions;
use crate::call::header;
use crate::service::{Scope, Service, Tagged};
use crate::{Call, Response};

/// The settings kept here: sub-resource and the error that says there is none. Others are the
/// emulated service's, whose behaviour depends on them.
const SETTINGS: [(&str, Result<&str, &str>); 10] = [
    ("cors", Err("NoSuchCORSConfiguration")),
    ("encryption", Err("ServerSideEncryptionConfigurationNotFoundError")),
    ("lifecycle", Err("NoSuchLifecycleConfiguration")),
    ("logging", Ok("<BucketLoggingStatus xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"/>")),
    ("notification", Ok("<NotificationConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"/>")),
    ("ownershipControls", Err("OwnershipControlsNotFoundError")),
    ("policy", Err("NoSuchBucketPolicy")),
    ("publicAccessBlock", Err("NoSuchPublicAccessBlockConfiguration")),
    ("replication", Err("ReplicationConfigurationNotFoundError")),
    ("tagging", Err("NoSuchTagSet")),
];

const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// The settings of every new bucket since April 2023.
const DEFAULTS: [(&str, &str); 3] = [
    (
        "encryption",
        "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>",
    ),
    (
        "ownershipControls",
        "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>",
    ),
    (
        "publicAccessBlock",
        "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>",
    ),
];

/// The least size of the objects that a lifecycle moves: goes with the document, in a header, and has a default.
const SMALLEST_MOVED: (&str, &str) = ("x-amz-transition-default-minimum-object-size", "all_storage_classes_128K");

const CHECKSUMS: [&str; 5] = [
    "x-amz-checksum-crc32",
    "x-amz-checksum-crc32c",
    "x-amz-checksum-crc64nvme",
    "x-amz-checksum-sha1",
    "x-amz-checksum-sha256",
];

/// The settings and checksums of one region's buckets.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Kept {
    /// Documents by bucket and sub-resource.
    settings: BTreeMap<String, BTreeMap<String, String>>,
    /// Checksum headers by bucket and key, with the ETag they belong to.
    checksums: BTreeMap<String, (String, String, String)>,
    /// The metadata headers of uploads in parts that are under way, by the id of the upload.
    #[serde(default)]
    uploads: BTreeMap<String, BTreeMap<String, String>>,
    /// The metadata headers of objects that were uploaded in parts, by bucket and key, with the ETag they belong to.
    #[serde(default)]
    metadata: BTreeMap<String, (String, BTreeMap<String, String>)>,
}

/// S3 with whole buckets.
pub(crate) struct Buckets {
    inner: Box<dyn Service>,
    regions: Mutex<BTreeMap<String, Kept>>,
}

impl Buckets {
    pub(crate) fn new(inner: Box<dyn Service>) -> Self {
        Self { inner, regions: Mutex::default() }
    }

    fn regions(&self) -> MutexGuard<'_, BTreeMap<String, Kept>> {
        self.regions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The region of a bucket.
    fn region_of(&self, bucket: &str) -> Option<String> {
        let regions = self.regions();
        regions.iter().find(|(_, kept)| kept.settings.contains_key(bucket)).map(|(region, _)| region.clone())
    }

    /// The buckets of all regions, each with its region, and their owner.
    async fn list(&self, call: &Call) -> Response {
        let regions: Vec<String> = self.regions().keys().cloned().collect();
        let (mut owner, mut buckets) = (String::new(), String::new());
        for region in regions {
            let here = self.also(&Call { region: region.clone(), ..call.clone() }, "GET", "", String::new()).await;
            let page = String::from_utf8_lossy(&here.body).into_owned();
            let found = element(&page, "Buckets").unwrap_or_default();
            buckets += &found.replace("</Bucket>", &format!("<BucketRegion>{region}</BucketRegion></Bucket>"));
            owner = element(&page, "Owner").unwrap_or_default().to_owned();
        }
        let list = format!("<Owner>{owner}</Owner><Buckets>{buckets}</Buckets>");
        Response::xml(200, format!("<ListAllMyBucketsResult>{list}</ListAllMyBucketsResult>"))
    }

    /// The answer to a call that was sent to another region than the bucket's.
    fn elsewhere(call: &Call, region: &str) -> Response {
        if call.operation == "PUT bucket" {
            return refusal(409, "BucketAlreadyOwnedByYou", "You already own a bucket of this name");
        }
        let mut answer = refusal(301, "PermanentRedirect", "The bucket is in another region");
        insert(&mut answer, "x-amz-bucket-region", region);
        answer
    }

    async fn exists(&self, call: &Call, path: &str) -> bool {
        self.also(call, "HEAD", path, String::new()).await.status < 300
    }

    /// The same call with another method, target and body, as the emulated service sees it.
    async fn also(&self, call: &Call, method: &str, target: &str, body: String) -> Response {
        let mut next = call.clone();
        next.request.method = method.to_owned();
        next.request.uri = format!("https://s3.{}.amazonaws.com/{target}", call.region);
        next.request.body = body.into();
        for condition in ["if-match", "if-none-match"] {
            next.request.headers.remove(condition);
        }
        self.inner.answer(next).await
    }

    /// Adds the metadata of an object, which the emulated service shows only with the content.
    async fn add_metadata(&self, call: &Call, answer: &mut Response) {
        let mut next = call.clone();
        next.request.method = "GET".to_owned();
        next.request.headers.insert(RANGE, HeaderValue::from_static("bytes=0-0"));
        let content = self.inner.answer(next).await;
        let metadata = content.headers.iter().filter(|(name, _)| name.as_str().starts_with("x-amz-meta-"));
        answer.headers.extend(metadata.map(|(name, value)| (name.clone(), value.clone())));
    }

    /// The answer to a call about a setting.
    fn setting(&self, call: &Call, bucket: &str, sub: &str, none: Result<&str, &str>) -> Response {
        let mut regions = self.regions();
        let kept = regions.entry(call.region.clone()).or_default();
        let settings = kept.settings.entry(bucket.to_owned()).or_default();
        match call.request.method.as_str() {
            "PUT" => {
                let document = String::from_utf8_lossy(&call.request.body).into_owned();
                settings.insert(sub.to_owned(), document);
                let mut answer = Response::xml(if sub == "policy" { 204 } else { 200 }, "");
                if sub == "lifecycle" {
                    let (name, default) = SMALLEST_MOVED;
                    let smallest = header(&call.request.headers, name).unwrap_or(default);
                    settings.insert(name.to_owned(), smallest.to_owned());
                    insert(&mut answer, name, smallest);
                }
                answer
            }
            "DELETE" => {
                settings.remove(sub);
                // Encryption cannot be off: without a choice it is S3's own.
                if let Some((_, standard)) = DEFAULTS.iter().find(|_| sub == "encryption") {
                    settings.insert(sub.to_owned(), (*standard).to_owned());
                }
                Response::xml(204, "")
            }
            _ => match (settings.get(sub), none) {
                (Some(document), _) => {
                    let mut answer = Response::xml(200, document.clone());
                    if let Some(smallest) = settings.get(SMALLEST_MOVED.0).filter(|_| sub == "lifecycle") {
                        insert(&mut answer, SMALLEST_MOVED.0, smallest);
                    }
                    answer
                }
                (None, Ok(empty)) => Response::xml(200, empty.to_owned()),
                (None, Err(code)) => refusal(404, code, &format!("The bucket {bucket} has none")),
            },
        }
    }

    /// Keeps and shows what belongs to whole buckets and objects.
    fn finish(&self, call: &Call, bucket: &str, key: &str, answer: &mut Response) {
        let mut regions = self.regions();
        let kept = regions.entry(call.region.clone()).or_default();
        let path = format!("{bucket}/{key}");
        match (call.request.method.as_str(), call.operation.as_str()) {
            (_, "PUT bucket") => {
                let defaults = DEFAULTS.map(|(sub, document)| (sub.to_owned(), document.to_owned()));
                let mut settings = BTreeMap::from(defaults);
                if let Some(tags) = element(&String::from_utf8_lossy(&call.request.body), "Tags") {
                    // As PutBucketTagging would have it.
                    let tagging = format!("<Tagging xmlns=\"{NAMESPACE}\"><TagSet>{tags}</TagSet></Tagging>");
                    settings.insert("tagging".to_owned(), tagging);
                }
                kept.settings.insert(bucket.to_owned(), settings);
            }
            (_, "DELETE bucket") => {
                kept.settings.remove(bucket);
                let is_elsewhere = |path: &String| !path.starts_with(&format!("{bucket}/"));
                kept.checksums.retain(|path, _| is_elsewhere(path));
                kept.metadata.retain(|path, _| is_elsewhere(path));
            }
            (_, "HEAD bucket") => {
                insert(answer, "x-amz-bucket-region", &call.region);
            }
            ("PUT", "PUT object") => {
                let given = CHECKSUMS.into_iter().find_map(|name| Some((name, header(&call.request.headers, name)?)));
                let etag = header(&answer.headers, "etag").unwrap_or_default().to_owned();
                if let Some((name, value)) = given {
                    insert(answer, name, value);
                    kept.checksums.insert(path, (etag, name.to_owned(), value.to_owned()));
                }
            }
            ("POST", "POST object?uploads") => {
                if let Some(upload) = text(&String::from_utf8_lossy(&answer.body), "UploadId") {
                    kept.uploads.insert(upload, metadata(&call.request.headers));
                }
            }
            // A whole object's checksum comes with the end of an upload in parts.
            ("POST", "POST object?uploadId") => {
                let given = CHECKSUMS.into_iter().find_map(|name| Some((name, header(&call.request.headers, name)?)));
                let Some(etag) = text(&String::from_utf8_lossy(&answer.body), "ETag") else { return };
                if let Some(metadata) = kept.uploads.remove(&upload_of(call)) {
                    kept.metadata.insert(path.clone(), (etag.clone(), metadata));
                }
                if let Some((name, value)) = given {
                    kept.checksums.insert(path, (etag, name.to_owned(), value.to_owned()));
                }
            }
            ("DELETE", "DELETE object?uploadId") => {
                kept.uploads.remove(&upload_of(call));
            }
            ("DELETE", "DELETE object") => {
                kept.checksums.remove(&path);
                kept.metadata.remove(&path);
            }
            ("GET" | "HEAD", _) if !key.is_empty() => {
                // A part of an object comes without the checksum of the whole.
                let is_part = answer.status == 206;
                let shows_checksum = header(&call.request.headers, "x-amz-checksum-mode").is_some() && !is_part;
                let etag = header(&answer.headers, "etag").unwrap_or_default().to_owned();
                if let Some((_, name, value)) =
                    kept.checksums.get(&path).filter(|(of, _, _)| shows_checksum && *of == etag)
                {
                    insert(answer, name, value);
                }
                if let Some((_, metadata)) = kept.metadata.get(&path).filter(|(of, _)| *of == etag) {
                    metadata.iter().for_each(|(name, value)| insert(answer, name, value));
                }
            }
            _ => {}
        }
    }
}

/// The metadata among the headers of a request. The emulated service forgets those of an upload in parts.
fn metadata(headers: &HeaderMap) -> BTreeMap<String, String> {
    let given = headers.iter().filter(|(name, _)| name.as_str().starts_with("x-amz-meta-"));
    given.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned()))).collect()
}

/// The id of the upload in parts that a call is about.
fn upload_of(call: &Call) -> String {
    let query = call.request.uri.split_once('?').map_or("", |(_, query)| query);
    parse_query_string(query).remove("uploadId").unwrap_or_default()
}

fn insert(answer: &mut Response, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
        answer.headers.insert(name, value);
    }
}

/// The document of tags given as a query string.
fn tag_set(query: &str) -> String {
    let tags = parse_query_string(query);
    let tags = tags
        .iter()
        .map(|(key, value)| format!("<Tag><Key>{}</Key><Value>{}</Value></Tag>", xml_escape(key), xml_escape(value)));
    format!("<Tagging><TagSet>{}</TagSet></Tagging>", tags.collect::<String>())
}

fn refusal(status: u16, code: &str, message: &str) -> Response {
    Response::xml(status, format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>"))
}

impl Service for Buckets {
    fn answer(&self, call: Call) -> BoxFuture<'_, Response> {
        Box::pin(async move {
            let path = call.path().trim_start_matches('/').to_owned();
            let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
            let sub = call.operation.split_once(" bucket?").map_or("", |(_, sub)| sub);
            if bucket.is_empty() {
                return self.list(&call).await;
            }
            let region = self.region_of(bucket);
            if sub == "location" {
                let Some(region) = region else {
                    return refusal(404, "NoSuchBucket", "The specified bucket does not exist");
                };
                // The first region has no name here.
                let place = if region == "us-east-1" { "" } else { &region };
                return Response::xml(
                    200,
                    format!(
                        "<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{place}</LocationConstraint>"
                    ),
                );
            }
            if let Some(region) = region.filter(|region| *region != call.region) {
                return Self::elsewhere(&call, &region);
            }
            if let Some((sub, none)) = SETTINGS.into_iter().find(|(name, _)| *name == sub) {
                if !self.exists(&call, bucket).await {
                    return refusal(404, "NoSuchBucket", "The specified bucket does not exist");
                }
                return self.setting(&call, bucket, sub, none);
            }
            if sub == "versions" {
                let query = call.request.uri.split_once('?').map_or("", |(_, query)| query);
                let all = self.also(&call, "GET", &versions::whole(bucket, query), String::new()).await;
                return versions::page(all, query);
            }
            let mut answer = self.inner.answer(call.clone()).await;
            if answer.status == 412
                && call.operation == "PUT object"
                && call.request.headers.contains_key("if-match")
                && !self.exists(&call, &path).await
            {
                return refusal(404, "NoSuchKey", "The specified key does not exist.");
            }
            if answer.status < 300 {
                self.finish(&call, bucket, key, &mut answer);
                if call.operation == "HEAD object" {
                    self.add_metadata(&call, &mut answer).await;
                }
                if let Some(tags) = header(&call.request.headers, "x-amz-tagging")
                    && call.operation == "PUT object"
                {
                    let tagged = self.also(&call, "PUT", &format!("{path}?tagging"), tag_set(tags)).await;
                    if tagged.status >= 300 {
                        return tagged;
                    }
                }
            }
            answer
        })
    }

    fn snapshot(&self, scope: Scope<'_>) -> Result<Value, String> {
        let kept = serde_json::to_value(self.regions().get(scope.region));
        let kept = kept.map_err(|error| error.to_string())?;
        Ok(json!({ "kept": kept, "service": self.inner.snapshot(scope)? }))
    }

    fn tags(&self, scope: Scope<'_>) -> Tagged {
        let regions = self.regions();
        let Some(kept) = regions.get(scope.region) else { return Tagged::new() };
        let tagged = kept.settings.iter().filter_map(|(bucket, settings)| {
            let tags = settings.get("tagging")?.split("<Tag>").skip(1);
            let pair = |tag| Some((text(tag, "Key")?, text(tag, "Value")?));
            Some((format!("arn:aws:s3:::{bucket}"), tags.filter_map(pair).collect()))
        });
        tagged.collect()
    }

    fn restore(&self, scope: Scope<'_>, mut state: Value) -> Result<(), String> {
        let kept: Option<Kept> = serde_json::from_value(state["kept"].take()).map_err(|error| error.to_string())?;
        self.regions().insert(scope.region.to_owned(), kept.unwrap_or_default());
        self.inner.restore(scope, state["service"].take())
    }

    fn saved(&self) {
        self.inner.saved();
    }
}
