use crate::{LifecycleRule, Replication, client, emptying, read, write};
use aws_sdk_s3::{
    Client,
    types::{BucketLocationConstraint, CreateBucketConfiguration},
};
use resource::{
    As, Attempt, BucketName, Cx, Deletion, Diff, Failure, FailureKind, Found, KeyArn, Naming, Observed, Owner, Place,
    Resource, Result, Tags,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// A bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// Unique in all of AWS.
    pub name: String,
    /// Another region than the stack's, for replicas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Whether old versions are kept.
    pub versioning: bool,
    /// What objects are encrypted with unless they say otherwise.
    pub encryption: Encryption,
    /// All four blocks of public access.
    pub public_access_blocked: bool,
    /// Whether ACLs are off and the bucket's owner owns every object.
    pub owner_enforced: bool,
    /// The bucket policy; null for none.
    pub policy: Value,
    /// What happens to objects as they age; empty for nothing.
    pub lifecycle: Vec<LifecycleRule>,
    /// Where access is logged.
    pub access_logs: Option<AccessLogs>,
    /// Where everything is copied to.
    pub replication: Option<Replication>,
    /// Whether events go to EventBridge.
    pub event_bridge: bool,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// Default encryption.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Encryption {
    /// With keys that S3 owns (SSE-S3).
    S3,
    /// With a key of one's own (SSE-KMS), through a bucket key.
    Kms {
        /// The key.
        key: KeyArn,
    },
}

/// Where server access logs go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccessLogs {
    /// The bucket that takes them.
    pub bucket: BucketName,
    /// Key prefix within.
    pub prefix: String,
}

/// What others can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BucketOutputs {
    /// The name.
    pub name: BucketName,
    /// `arn:aws:s3:::<name>`.
    pub arn: String,
}

impl Bucket {
    fn client(&self, cx: &Cx) -> Client {
        cx.client_in(self.region.as_deref(), client)
    }

    fn outputs(&self, place: &Place) -> BucketOutputs {
        BucketOutputs { name: BucketName::new(&self.name), arn: format!("arn:{}:s3:::{}", place.partition, self.name) }
    }
}

impl Resource for Bucket {
    const KIND: &'static str = "s3:bucket";
    const NOUN: &'static str = "bucket";
    const REPLACE_ON: &'static [&'static str] = &["name", "region"];
    const COMPARE: &'static [(&'static str, As)] = &[("policy", As::Policy)];
    const NAMING: Naming = Naming::Declared;

    type Outputs = BucketOutputs;

    async fn find(&self, cx: &Cx) -> Result<Option<Found>> {
        let client = self.client(cx);
        match client.head_bucket().bucket(&self.name).send().await.during("HeadBucket") {
            Ok(_) => {}
            Err(failure) if failure.shows(read::NO_BUCKET) => return Ok(None),
            // HEAD has no body, so there is only the status: the name is taken in another account.
            Err(failure) if failure.shows(&[("Forbidden", ""), ("403", "")]) => {
                let message = format!("the bucket name {} belongs to another account", self.name);
                return Err(Failure::of(FailureKind::Exists, message));
            }
            Err(failure) => return Err(failure),
        }
        let tags = read::tags(&client, &self.name).await?;
        // Making and tagging are two calls: a bucket of this very name without any tag is what a crash
        // between the two has left in this account.
        let owner = if tags.0.is_empty() { Owner::Parent } else { Owner::Tags(tags) };
        Ok(Some(Found { id: self.name.clone(), owner }))
    }

    async fn create(&self, cx: &Cx) -> Result<String> {
        let call = self.client(cx).create_bucket().bucket(&self.name);
        // us-east-1 is the one region that must not be named.
        let call = match self.region.as_deref().unwrap_or(&cx.place().region) {
            "us-east-1" => call,
            region => {
                let constraint = BucketLocationConstraint::from(region);
                call.create_bucket_configuration(
                    CreateBucketConfiguration::builder().location_constraint(constraint).build(),
                )
            }
        };
        call.send().await.during("CreateBucket").heals(write::BUSY, write::SOON)?;
        Ok(self.name.clone())
    }

    async fn observe(&self, id: &str, cx: &Cx) -> Result<Observed<Self>> {
        let client = self.client(cx);
        let Some(live) = read::bucket(&client, id, self.region.clone()).await? else { return Ok(Observed::Absent) };
        Ok(Observed::Ready { live, outputs: self.outputs(cx.place()) })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Cx) -> Result<()> {
        write::bucket(&self.client(cx), id, self, live, diff).await
    }

    async fn holdings(&self, id: &str, cx: &Cx) -> Result<Option<String>> {
        emptying::holdings(&self.client(cx), id).await
    }

    async fn delete(&self, id: &str, cx: &Cx) -> Result<Deletion> {
        let client = self.client(cx);
        if cx.may_delete_data() {
            emptying::empty(&client, id, "").await?;
        } else if let Some(what) = emptying::holdings(&client, id).await? {
            let help = "pass --delete-data to delete the data as well";
            return Err(Failure::refused(format!("the bucket {id} holds {what}"), help));
        }
        client
            .delete_bucket()
            .bucket(id)
            .send()
            .await
            .during("DeleteBucket")
            .heals(&[("BucketNotEmpty", "")], Duration::from_secs(60))
            .heals(write::BUSY, write::SOON)
            .absent(read::NO_BUCKET)?;
        Ok(Deletion::Gone)
    }

    fn foresee(&self, place: &Place, _: BucketOutputs) -> BucketOutputs {
        self.outputs(place)
    }
}
