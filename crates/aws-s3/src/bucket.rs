//! Reconciler for S3 buckets with their settings.

mod declaration;

pub use declaration::{AccessLogs, Bucket, BucketOutputs};

use crate::{
    Encryption, LifecycleRule, Replication, client, data_at_risk,
    emptying::{self, Selection},
    iam,
    lookup::{self, Presence},
    name, read, write,
};
use aws_client::{Attempt, Failure, FailureKind, Remedy, Result};
use aws_sdk_s3::{
    Client,
    types::{BucketLocationConstraint, CreateBucketConfiguration},
};
use resource::{
    As, Context, Deletion, Diff, Found, IdForm, Observed, Owner, ReplaceOrder, Resource, SizeLimit, Tags, Terraform,
    usage::{Name, Quantity, Usage, UsageType},
};
use serde_json::Value;
use vocabulary::{BucketName, Permission, Place};

/// The one region that must not be named when a bucket is made.
const NAMELESS: &str = "us-east-1";

impl Bucket {
    fn client(&self, cx: &Context) -> Client {
        client::in_region(cx, self.region.as_deref())
    }

    fn region<'a>(&'a self, place: &'a Place) -> &'a str {
        self.region.as_deref().unwrap_or(&place.region)
    }

    /// Reads a bucket that is in another region than declared: only a replacement brings it there, and
    /// only where the declaration names a region does a comparison show it.
    async fn observe_elsewhere(&self, id: &str, cx: &Context, redirect: Failure) -> Result<Option<Self>> {
        let client = self.client(cx);
        match lookup::find_presence(&client, id).await? {
            Presence::Nowhere => Ok(None),
            Presence::Elsewhere(region) if self.region.is_some() => {
                let there = Self { region: Some(region.clone()), ..self.clone() };
                let client = there.client(cx);
                read::bucket(&client, id, &there, read::tags(&client, id)).await
            }
            Presence::Elsewhere(region) => Err(lookup::elsewhere(id, &region)),
            Presence::Closed => Err(lookup::closed(&client, id).await),
            Presence::Here => Err(redirect),
        }
    }

    fn outputs(&self, place: &Place) -> BucketOutputs {
        BucketOutputs { name: BucketName::new(&self.name), arn: self.arn(place) }
    }

    fn arn(&self, place: &Place) -> String {
        format!("arn:{}:s3:::{}", place.partition, self.name)
    }
}

impl Resource for Bucket {
    const KIND: &'static str = "s3:bucket";
    const NOUN: &'static str = "bucket";
    const TERRAFORM: Option<Terraform> =
        Some(Terraform { settings: &["aws_s3_bucket_"], ..Terraform::named("aws_s3_bucket", &[("bucket", "name")]) });
    // The most that AWS takes of a bucket.
    // <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
    const SIZE_LIMITS: &'static [SizeLimit] = &[
        SizeLimit::characters("name", 63),
        SizeLimit::document("policy", 20_480),
        SizeLimit::items("lifecycle", 1000),
    ];
    const REPLACE_ON: &'static [&'static str] = &["name", "region"];
    const COMPARE: &'static [(&'static str, As)] = &[("policy", As::Policy), ("lifecycle", As::Set)];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;

    type Outputs = BucketOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Is(self.name.clone())
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        let client = self.client(cx);
        match lookup::find_presence(&client, &self.name).await? {
            Presence::Here => {}
            Presence::Nowhere => return Ok(None),
            Presence::Elsewhere(region) => return Err(lookup::elsewhere(&self.name, &region)),
            Presence::Closed => return Err(lookup::closed(&client, &self.name).await),
        }
        let Some(tags) = read::tags(&client, &self.name).await.none_on(read::NO_BUCKET)? else { return Ok(None) };
        // If CreateBucket takes no tags (S3-compatible stores, old endpoints), a crash before the tags are put leaves
        // an empty, untagged bucket of this very name in this account. A bucket with content is foreign. An empty one
        // is ours only if an intent of a run names it.
        let left_over = tags.0.is_empty() && data_at_risk::describe(&client, &self.name, |_| false).await?.is_none();
        let owner = if left_over { Owner::Name } else { Owner::Tags(tags) };
        Ok(Some(Found { id: self.name.clone(), owner }))
    }

    /// One call, where observing takes one for each setting.
    async fn live_tags(&self, id: &str, cx: &Context) -> Result<Option<Tags>> {
        read::tags(&self.client(cx), id).await.none_on(read::NO_BUCKET)
    }

    /// Needs `s3:TagResource` beside `s3:CreateBucket`, as the bucket has its tags from the start.
    async fn create(&self, cx: &Context) -> Result<String> {
        let client = self.client(cx);
        let region = self.region(cx.place());
        // There, making a bucket that one has already is a success which resets its ACLs.
        if region == NAMELESS && lookup::find_presence(&client, &self.name).await? != Presence::Nowhere {
            return Err(Failure::new(FailureKind::Exists, format!("the bucket {} exists already", self.name)));
        }
        let constraint = (region != NAMELESS).then(|| BucketLocationConstraint::from(region));
        let configuration = CreateBucketConfiguration::builder()
            .set_location_constraint(constraint)
            .set_tags(Some(write::tag_set(&self.tags)?))
            .build();
        let call = client.create_bucket().bucket(&self.name).create_bucket_configuration(configuration);
        match call.send().await.during("CreateBucket") {
            Ok(_) => Ok(self.name.clone()),
            Err(failure) => Err(name::explain(&client, &self.name, failure).await),
        }
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let (client, arn) = (self.client(cx), self.arn(cx.place()));
        let tags = cx.tags_from_index(&arn, &self.tags, read::tags(&client, id));
        let read = match read::bucket(&client, id, self, tags).await {
            Err(failure) if failure.matches(lookup::ELSEWHERE) => self.observe_elsewhere(id, cx, failure).await?,
            Err(failure) => return Err(lookup::explain_denial(&client, id, failure).await),
            Ok(read) => read,
        };
        let Some(live) = read else { return Ok(Observed::Absent) };
        let outputs = live.outputs(cx.place());
        Ok(Observed::Ready { live, outputs })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        write::bucket(&self.client(cx), id, self, live, diff, cx).await
    }

    async fn data_at_risk(&self, id: &str, cx: &Context) -> Result<Option<String>> {
        let client = self.client(cx);
        match data_at_risk::describe(&client, id, |key| cx.deletes(&format!("{id}/{key}"))).await {
            // The content of another account's bucket is no data of this stack, and is not deleted.
            Err(failure) if lookup::is_foreign(&client, id, &failure).await => Ok(None),
            found => found,
        }
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let client = self.client(cx);
        match delete(&client, id, cx.may_delete_data()).await {
            Ok(()) => Ok(Deletion::Gone),
            // This stack's bucket is gone; another account has the name now.
            Err(failure) if lookup::is_foreign(&client, id, &failure).await => Ok(Deletion::Gone),
            Err(failure) => Err(failure),
        }
    }

    /// As every bucket has been since April 2023.
    fn as_created(&self) -> Option<Self> {
        Some(Self {
            versioning: false,
            encryption: Encryption::S3,
            public_access_blocked: true,
            owner_enforced: true,
            policy: Value::Null,
            lifecycle: Vec::new(),
            access_logs: None,
            replication: None,
            event_bridge: false,
            ..self.clone()
        })
    }

    fn predict_outputs(&self, place: &Place, _: BucketOutputs) -> BucketOutputs {
        self.outputs(place)
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        iam::bucket(self, &self.arn(place), place)
    }

    fn usage(&self) -> Usage {
        let usage = Usage { region: self.region.clone(), ..Usage::named(Name::Bucket(self.name.clone())) }
            .by_use("storage in S3", "what is stored, with old versions", UsageType::S3StandardGbMonth)
            .by_use("writes to S3", "objects written, copied and listed", UsageType::S3Writes)
            .by_use("reads from S3", "objects read", UsageType::S3Reads)
            .related(self.replication.iter().map(Replication::usage));
        let usage = match self.replication.as_ref().map_or(0, Replication::published_metrics) {
            0 => usage,
            metrics => usage.monthly("metrics of the replication", UsageType::MetricMonth, Quantity::count(metrics)),
        };
        match self.lifecycle.iter().any(LifecycleRule::is_tiering) {
            true => usage.by_use("intelligent tiering", "objects of 128 KB and more", UsageType::S3TieringObjects),
            false => usage,
        }
    }
}

/// Deletes a bucket; what it holds only with `data`.
async fn delete(client: &Client, id: &str, data: bool) -> Result<()> {
    let selection = if data { Selection::Everything } else { Selection::Markers };
    if !data && let Some(what) = data_at_risk::describe(client, id, |_| false).await? {
        let help = Remedy::AllowDataDeletion { address: None };
        return Err(Failure::refused(format!("the bucket {id} holds {what}"), help));
    }
    emptying::unlock(client, id).await?;
    emptying::empty(client, id, selection).await?;
    client
        .delete_bucket()
        .bucket(id)
        .send()
        .await
        .during("DeleteBucket")
        .none_on(read::NO_BUCKET)
        // Something arrived meanwhile, as access logs do, or the emptiness has not spread.
        // <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
        .retry_on(&[("BucketNotEmpty", "")], write::SOON)
        .retry_on(write::BUSY, write::SOON)?;
    Ok(())
}
