//! The bucket that holds a state and its lock: its name, owner, encryption and errors.

use crate::{Error, S3Store};
use aws_client::{Attempt, Failure, Pages, Result};
use aws_sdk_s3::Client;
use resource::Tags;
use vocabulary::Place;

/// A state bucket, as its name tells.
#[derive(Clone, Debug)]
pub struct FoundStateBucket {
    /// Its name.
    pub name: String,
    /// The beginning of its name.
    pub project: String,
    /// The region, if S3 gives it.
    pub region: Option<String>,
}

/// The bucket that holds a stack's state and lock.
pub struct StateBucket {
    pub(crate) client: Client,
    name: String,
    pub(crate) place: Place,
    is_named: bool,
    /// The environment's tags. An own bucket gets them besides the ownership tags.
    pub(crate) tags: Tags,
    /// The key for the encryption of states and locks. Without one, S3 uses the bucket's default.
    pub(crate) kms_key: Option<String>,
}

impl StateBucket {
    /// The environment's own bucket, which is made when it is needed.
    pub fn new(client: Client, name: &str, place: &Place) -> Self {
        Self {
            client,
            name: name.to_owned(),
            place: place.clone(),
            is_named: false,
            tags: Tags::default(),
            kms_key: None,
        }
    }

    /// A bucket that an environment file names. It is used as it is: never made, tagged, configured or deleted.
    pub fn named(client: Client, name: &str, place: &Place) -> Self {
        Self { is_named: true, ..Self::new(client, name, place) }
    }

    /// The same bucket. If the environment owns it, it also gets these tags.
    #[must_use]
    pub fn tagged(self, tags: Tags) -> Self {
        Self { tags, ..self }
    }

    /// The same bucket, with this KMS key for states and locks.
    #[must_use]
    pub fn encrypted_with(self, kms_key: Option<String>) -> Self {
        Self { kms_key, ..self }
    }

    /// True if the environment file names a key for it.
    pub fn names_key(&self) -> bool {
        self.kms_key.is_some()
    }

    /// True if an environment file names it.
    pub fn is_named(&self) -> bool {
        self.is_named
    }

    /// The buckets of this account whose names end so, with their regions as far as S3 tells: a state
    /// is found even if the file of its environment is lost.
    ///
    /// # Errors
    /// When the buckets cannot be listed.
    pub async fn find_state_buckets(client: &Client, suffix: &str) -> Result<Vec<FoundStateBucket>> {
        let mut found = Vec::new();
        // Only a listing in pages tells the regions.
        let pages = client.list_buckets().max_buckets(1000).into_paginator().send();
        let pages = Pages::new("ListBuckets", pages, |page| page.continuation_token().into());
        let mut buckets = pages.items(|page| page.buckets);
        while let Some(bucket) = buckets.next().await? {
            let Some(name) = bucket.name else { continue };
            if let Some(project) = name.strip_suffix(suffix) {
                found.push(FoundStateBucket { project: project.to_owned(), region: bucket.bucket_region, name });
            }
        }
        Ok(found)
    }

    /// The store within.
    pub fn store(&self) -> S3Store {
        S3Store::new(self.client.clone(), &self.name, &self.place.account).encrypted_with(self.kms_key.clone())
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// True if it exists. A bucket that an environment file names must.
    ///
    /// # Errors
    /// [`Error::UnusableBucket`] when it is another account's, in another region, or named and not there;
    /// [`Error::Store`] when S3 cannot be reached.
    pub async fn exists(&self) -> Result<bool, Error> {
        match self.check_exists().await? {
            false if self.is_named => Err(Error::UnusableBucket {
                what: format!("there is no bucket {}, which `[state] bucket` names", self.name),
                help: format!(
                    "make it in {} with versioning, or leave `[state] bucket` out: then mlopsctl makes one",
                    self.place.region
                )
                .into(),
            }),
            there => Ok(there),
        }
    }

    /// HEAD has no body, so the answer lies in the status and in a header.
    async fn check_exists(&self) -> Result<bool, Error> {
        let call = self.client.head_bucket().bucket(&self.name).expected_bucket_owner(&self.place.account);
        let Err(error) = call.send().await else { return Ok(true) };
        let answer = error.raw_response();
        let region = answer.and_then(|answer| answer.headers().get("x-amz-bucket-region"));
        match (answer.map(|answer| answer.status().as_u16()), region) {
            (Some(404), _) => Ok(false),
            (Some(403), _) => self.ask_why_not().await,
            (Some(301 | 307 | 400), Some(region)) if *region != *self.place.region => Err(self.elsewhere(region)),
            _ => Err(error).during("HeadBucket").map_err(|failure| self.failed(failure)),
        }
    }

    /// The answer to a read that explains a refused HEAD: credentials may have expired as well. A GET that needs the
    /// same permission says it.
    async fn ask_why_not(&self) -> Result<bool, Error> {
        let call = self.client.list_objects_v2().bucket(&self.name).expected_bucket_owner(&self.place.account);
        match call.max_keys(1).send().await.during("ListObjectsV2") {
            Ok(_) => Ok(true),
            Err(failure) if failure.matches(&[("AccessDenied", "")]) => Err(self.closed()),
            Err(failure) => Err(self.failed(failure)),
        }
    }

    pub(crate) fn closed(&self) -> Error {
        let Self { name, place, .. } = self;
        Error::UnusableBucket {
            what: format!(
                "the bucket {name} for the state belongs to another account than {}, or looking at it is not allowed",
                place.account
            ),
            help: "name a bucket of your own with `[state] bucket`, use other credentials (AWS_PROFILE), or allow \
                   s3:ListBucket on it"
                .into(),
        }
    }

    fn elsewhere(&self, region: &str) -> Error {
        let Self { name, place, .. } = self;
        let help = match self.is_named {
            true => format!("name a bucket in {} with `[state] bucket`, or build in {region}", place.region),
            false => format!(
                "the platform is up in {region}, and no platform can be moved: set `region` back, destroy it there, \
                 and then bring it up in {}",
                place.region
            ),
        };
        let what = format!("the state bucket {name} is in {region}, not in {}", place.region);
        Error::UnusableBucket { what, help: help.into() }
    }

    /// True if it was created for the stack of these tags.
    pub(crate) async fn is_own_of(&self, tags: &Tags) -> Result<bool, Error> {
        match self.is_named {
            true => Ok(false),
            false => self.is_ours(tags).await.map_err(|failure| self.failed(failure)),
        }
    }

    pub(crate) async fn is_ours(&self, tags: &Tags) -> Result<bool> {
        Ok(has_all(&self.live_tags().await?, tags))
    }

    pub(crate) async fn live_tags(&self) -> Result<Tags> {
        let call = self.client.get_bucket_tagging().bucket(&self.name);
        let answer = call.send().await.during("GetBucketTagging").none_on(&[("NoSuchTagSet", "")])?;
        let set = answer.map(|answer| answer.tag_set).unwrap_or_default();
        Ok(set.into_iter().map(|tag| (tag.key, tag.value)).collect())
    }

    pub(crate) fn failed(&self, failure: Failure) -> Error {
        Error::Store { place: format!("s3://{}", self.name), failure }
    }
}

/// True if `live` has all of `tags`.
pub(crate) fn has_all(live: &Tags, tags: &Tags) -> bool {
    tags.missing_from(live).iter().next().is_none()
}
