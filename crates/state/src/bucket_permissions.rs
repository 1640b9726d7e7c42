//! The IAM statements for a state in a bucket.

use crate::{StateBucket, StateKeys};
use vocabulary::{Permission, Place};

impl StateBucket {
    /// The IAM statements for a state in a bucket that an environment file names: to see that the bucket is fit for
    /// one, and to use the state and the lock in it. Other keys of the bucket may be of other environments.
    pub fn permissions_in_named(name: &str, place: &Place, keys: &StateKeys) -> Vec<Permission> {
        let bucket = format!("arn:{}:s3:::{name}", place.partition);
        let objects = [&keys.state, &keys.lock].map(|key| format!("{bucket}/{key}"));
        vec![
            Permission::read([
                "s3:ListBucket",
                "s3:GetBucketVersioning",
                "s3:GetBucketPublicAccessBlock",
                "s3:GetBucketPolicyStatus",
                "s3:GetBucketAcl",
            ])
            .on([bucket.as_str()]),
            Permission::read(["s3:GetObject"]).on(objects.clone()),
            Permission::change(["s3:ListBucketVersions"]).on([bucket.as_str()]),
            Permission::change(["s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"])
                .on(objects),
        ]
    }

    /// The IAM statements for a state in its own bucket: for the bucket, its objects with their history, the lock, and
    /// the search for it when only its name is left.
    pub fn permissions(name: &str, place: &Place) -> Vec<Permission> {
        let bucket = format!("arn:{}:s3:::{name}", place.partition);
        let objects = ["state.json", "lock.json"].map(|key| format!("{bucket}/{key}"));
        vec![
            // Without `s3:ListBucket` a state that is not there yet looks like one that is forbidden.
            Permission::read(["s3:ListBucket"]).on([bucket.as_str()]),
            Permission::read(["s3:GetObject"]).on(objects.clone()),
            // It knows no resources. It finds the state of an environment whose file is lost, and tells another
            // account's bucket from a missing permission.
            Permission::read(["s3:ListAllMyBuckets"]).on_anything(),
            Permission::change([
                "s3:CreateBucket",
                "s3:TagResource",
                "s3:GetBucketTagging",
                "s3:PutBucketTagging",
                "s3:PutBucketPublicAccessBlock",
                "s3:PutBucketVersioning",
                "s3:GetEncryptionConfiguration",
                "s3:PutEncryptionConfiguration",
                "s3:PutBucketPolicy",
                "s3:PutLifecycleConfiguration",
                "s3:ListBucketVersions",
                "s3:DeleteBucket",
            ])
            .on([bucket.as_str()]),
            Permission::change(["s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"])
                .on(objects),
        ]
    }
}
