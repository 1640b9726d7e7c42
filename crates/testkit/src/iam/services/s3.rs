//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html>

use crate::{
    iam::demand::{Demand, pass},
    wire::Asked,
};

/// The names of S3's actions on a bucket, by method and sub-resource.
const BUCKET: &[(&str, &str)] = &[
    ("HEAD bucket", "ListBucket"),
    ("GET bucket?list-type", "ListBucket"),
    ("GET bucket?versions", "ListBucketVersions"),
    ("GET bucket?uploads", "ListBucketMultipartUploads"),
    ("GET bucket?tagging", "GetBucketTagging"),
    ("GET bucket?versioning", "GetBucketVersioning"),
    ("GET bucket?encryption", "GetEncryptionConfiguration"),
    ("GET bucket?publicAccessBlock", "GetBucketPublicAccessBlock"),
    ("GET bucket?ownershipControls", "GetBucketOwnershipControls"),
    ("GET bucket?policy", "GetBucketPolicy"),
    ("GET bucket?policyStatus", "GetBucketPolicyStatus"),
    ("GET bucket?acl", "GetBucketAcl"),
    ("GET bucket?lifecycle", "GetLifecycleConfiguration"),
    ("GET bucket?logging", "GetBucketLogging"),
    ("GET bucket?notification", "GetBucketNotification"),
    ("GET bucket?replication", "GetReplicationConfiguration"),
    ("PUT bucket", "CreateBucket"),
    ("PUT bucket?tagging", "PutBucketTagging"),
    ("PUT bucket?versioning", "PutBucketVersioning"),
    ("PUT bucket?encryption", "PutEncryptionConfiguration"),
    ("PUT bucket?publicAccessBlock", "PutBucketPublicAccessBlock"),
    ("PUT bucket?ownershipControls", "PutBucketOwnershipControls"),
    ("PUT bucket?policy", "PutBucketPolicy"),
    ("PUT bucket?lifecycle", "PutLifecycleConfiguration"),
    ("PUT bucket?logging", "PutBucketLogging"),
    ("PUT bucket?notification", "PutBucketNotification"),
    ("PUT bucket?replication", "PutReplicationConfiguration"),
    ("DELETE bucket", "DeleteBucket"),
    ("DELETE bucket?policy", "DeleteBucketPolicy"),
    ("DELETE bucket?lifecycle", "PutLifecycleConfiguration"),
    ("DELETE bucket?replication", "PutReplicationConfiguration"),
];

/// The same on an object.
const OBJECT: &[(&str, &[&str])] = &[
    // Only a caller that may list gets the answer that an object does not exist.
    ("HEAD object", &["GetObject"]),
    ("GET object", &["GetObject"]),
    ("GET object?versionId", &["GetObjectVersion"]),
    ("PUT object", &["PutObject"]),
    ("DELETE object", &["DeleteObject"]),
    ("DELETE object?versionId", &["DeleteObjectVersion"]),
    ("DELETE object?uploadId", &["AbortMultipartUpload"]),
];

pub(super) fn demands(asked: &Asked) -> Option<Vec<Demand>> {
    let operation = asked.operation.trim_end_matches('=');
    if operation == "GET service" || operation.starts_with("GET service?") {
        return Some(vec![Demand::anywhere("s3:ListAllMyBuckets")]);
    }
    let bucket = format!("arn:aws:s3:::{}", asked.text("Bucket").trim_end_matches('/'));
    let object = format!("{bucket}/{}", asked.text("Key"));
    let body = String::from_utf8_lossy(&asked.call.request.body);
    if let Some((_, action)) = BUCKET.iter().find(|(name, _)| *name == operation) {
        let mut demands = vec![Demand::new(format!("s3:{action}"), &bucket)];
        let tags = tags(&body);
        if *action == "CreateBucket" && !tags.is_empty() {
            demands.push(Demand::new("s3:TagResource", &bucket));
            demands = demands.into_iter().map(|demand| demand.tagged("RequestTag", &tags)).collect();
        }
        if operation == "PUT bucket?replication" {
            let role = body.split_once("<Role>").and_then(|(_, rest)| rest.split_once("</Role>"));
            demands.extend(pass(role.map_or("", |(role, _)| role), "s3"));
        }
        return Some(demands);
    }
    if operation == "POST bucket?delete" {
        return Some(deleted(&body, &bucket));
    }
    let (_, actions) = OBJECT.iter().find(|(name, _)| *name == operation)?;
    let mut demands: Vec<Demand> = actions.iter().map(|action| Demand::new(format!("s3:{action}"), &object)).collect();
    if matches!(operation, "HEAD object" | "GET object") {
        demands.push(Demand::new("s3:ListBucket", &bucket));
    }
    Some(demands)
}

/// The tags that a request gives.
fn tags(body: &str) -> Vec<(String, String)> {
    let text = |tag: &str, member: &str| {
        let (_, rest) = tag.split_once(&format!("<{member}>"))?;
        Some(rest.split_once(&format!("</{member}>"))?.0.to_owned())
    };
    body.split("<Tag>").skip(1).filter_map(|tag| Some((text(tag, "Key")?, text(tag, "Value")?))).collect()
}

/// Each object of a list is asked about by itself: a version needs another action than what hides it.
fn deleted(body: &str, bucket: &str) -> Vec<Demand> {
    let objects = body.split("<Object>").skip(1);
    let demand = |object: &str| {
        let key = object.split_once("<Key>").and_then(|(_, rest)| rest.split_once("</Key>")).map_or("", |(key, _)| key);
        let action = if object.contains("<VersionId>") { "s3:DeleteObjectVersion" } else { "s3:DeleteObject" };
        Demand::new(action, format!("{bucket}/{key}"))
    };
    objects.map(demand).collect()
}
