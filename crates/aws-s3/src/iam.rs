//! The IAM statements for S3. Some of its actions have other names than its operations.
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html>

use crate::Bucket;
use vocabulary::{Need, Permission, Place};

/// The actions that read a bucket, whatever its settings are.
const READ: [&str; 9] = [
    // HeadBucket.
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetLifecycleConfiguration",
];
/// The actions that create, change and delete a bucket.
const WRITTEN: [&str; 12] = [
    "s3:CreateBucket",
    // The tags that CreateBucket gives.
    "s3:TagResource",
    "s3:PutBucketTagging",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
    // Deleting a lifecycle too.
    "s3:PutLifecycleConfiguration",
    "s3:ListBucketMultipartUploads",
    "s3:DeleteBucket",
];
/// The actions that empty a bucket.
const EMPTIED: [&str; 3] = ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:AbortMultipartUpload"];

pub(crate) fn bucket(bucket: &Bucket, arn: &str, place: &Place) -> Vec<Permission> {
    let mut permissions = vec![
        Permission::read(READ).on([arn]),
        Permission::change(WRITTEN).on([arn]),
        Permission::change(EMPTIED).on([format!("{arn}/*")]),
    ];
    let mut setting = |read: &str, written: &str| {
        permissions.push(Permission::read([read]).on([arn]));
        permissions.push(Permission::change([written]).on([arn]));
    };
    if bucket.access_logs.is_some() {
        setting("s3:GetBucketLogging", "s3:PutBucketLogging");
    }
    if bucket.event_bridge {
        setting("s3:GetBucketNotification", "s3:PutBucketNotification");
    }
    if let Some(replication) = &bucket.replication {
        setting("s3:GetReplicationConfiguration", "s3:PutReplicationConfiguration");
        permissions.push(Permission::pass_role(&replication.role, "s3", place));
        permissions.extend(replication.permission());
    }
    // Files that the platform ships, and their checksums, are encrypted with the bucket's key.
    if let Some(key) = bucket.encryption.key() {
        permissions.push(Permission::use_key(Need::Read, ["kms:Decrypt"], &["s3"], key, place));
        let writes = ["kms:Decrypt", "kms:GenerateDataKey"];
        permissions.push(Permission::use_key(Need::Change, writes, &["s3"], key, place));
    }
    permissions
}

/// Without `s3:ListBucket` S3 says of an object that is not there that it is forbidden.
pub(crate) fn object(bucket: &str, key: &str) -> Vec<Permission> {
    vec![
        Permission::read(["s3:ListBucket"]).on([bucket]),
        Permission::read(["s3:GetObject"]).on([format!("{bucket}/{key}")]),
        Permission::change(["s3:ListBucketVersions"]).on([bucket]),
        Permission::change(["s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"])
            .on([format!("{bucket}/{key}")]),
    ]
}
