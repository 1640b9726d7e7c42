//! Buckets.

use crate::check::{Place, Surroundings};
use crate::form::{Region, Slug, Text, partition};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Buckets and their replication.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Storage {
    /// The buckets. `data`, `models` and `artifacts` are what the platform itself works with.
    pub buckets: Vec<Bucket>,
    /// The region to which buckets with `replicate` are copied.
    pub replication: Option<Replication>,
}

/// One bucket. Public access is always blocked, TLS always required, data always encrypted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// The short name. The bucket is called `<project>-<environment>-<name>-<account>`.
    #[schemars(with = "Text<Slug>")]
    pub name: String,
    /// Keep what is overwritten or deleted.
    #[serde(default = "yes")]
    pub versioning: bool,
    /// Days after which kept old versions go.
    #[serde(default = "quarter")]
    #[schemars(range(min = 1, max = 36500))]
    pub expire_noncurrent_days: u16,
    /// Days after which objects themselves go. Left out, they stay. In `artifacts` these are predictions, captured
    /// data and temporary files, never
    /// what the platform ships or people keep.
    #[serde(default)]
    #[schemars(range(min = 1, max = 36500))]
    pub expire_days: Option<u16>,
    /// Days after which objects move to Glacier Flexible Retrieval, from which reading takes hours. In `artifacts` the
    /// same objects as those of `expire_days`.
    #[serde(default)]
    #[schemars(range(min = 1, max = 36500))]
    pub archive_after_days: Option<u16>,
    /// Let S3 move objects between tiers by how often they are read.
    #[serde(default)]
    pub intelligent_tiering: bool,
    /// Days after which uploads that were never finished are cleared away.
    #[serde(default = "week")]
    #[schemars(range(min = 1, max = 365))]
    pub abort_uploads_days: u16,
    /// Record every request in a bucket made for that.
    #[serde(default)]
    pub access_logs: bool,
    /// Copy everything to the region of `[storage.replication]`. S3 copies what is written from then on, not what is
    /// there already. An alarm goes off when copies fail; its metrics cost about $1.20 a month.
    #[serde(default)]
    pub replicate: bool,
}

/// The place of the copies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replication {
    /// The region of the copies.
    #[schemars(with = "Text<Region>")]
    pub region: String,
}

fn yes() -> bool {
    true
}

fn week() -> u16 {
    7
}

fn quarter() -> u16 {
    90
}

/// The buckets that roles, jobs and functions refer to.
const OURS: [&str; 3] = ["data", "models", "artifacts"];
/// The short name of the bucket that server access logs go to.
pub const ACCESS_LOGS: &str = "access-logs";
/// The short name of the bucket that the state is kept in.
pub const STATE: &str = "mlopsctl-state";
/// Buckets that exist beside those of the file.
const TAKEN: [&str; 2] = [STATE, ACCESS_LOGS];

/// The short name of a bucket's copy in the second region.
pub fn replica_name(bucket: &str) -> String {
    format!("{bucket}-replica")
}

impl Bucket {
    /// A bucket of that name with every other setting at its default.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            versioning: true,
            expire_noncurrent_days: quarter(),
            expire_days: None,
            archive_after_days: None,
            intelligent_tiering: false,
            abort_uploads_days: week(),
            access_logs: false,
            replicate: false,
        }
    }

    fn check(&self, at: Place<'_>, around: &Surroundings<'_>) {
        if TAKEN.contains(&self.name.as_str()) {
            at.get("name").report(format!("mlopsctl has a bucket named `{}` itself", self.name), "use another name");
        }
        let short = if self.replicate { replica_name(&self.name) } else { self.name.clone() };
        let full = around.prefix.len() + short.len() + 2 + 12;
        if full > 63 {
            at.get("name").report(
                format!("`{}-{short}-<account>` has {full} characters; a bucket name has at most 63", around.prefix),
                format!("shorten it by {}", full - 63),
            );
        }
        if self.intelligent_tiering && self.archive_after_days.is_some() {
            at.get("archive_after_days").report(
                "a bucket is either archived or tiered by use",
                "leave out `archive_after_days` or `intelligent_tiering`",
            );
        }
        if let (Some(archive), Some(expire)) = (self.archive_after_days, self.expire_days)
            && archive >= expire
        {
            at.get("archive_after_days").report(
                format!("objects would be archived after {archive} days but are gone after {expire}"),
                "S3 refuses such a rule; archive earlier or keep longer",
            );
        }
        for (key, is_set) in
            [("expire_days", self.expire_days.is_some()), ("archive_after_days", self.archive_after_days.is_some())]
        {
            if is_set && self.name == "models" {
                at.get(key).report(
                    format!("`{key}` would take away models that are registered or in service"),
                    "leave it out; checkpoints and rejected models go without it",
                );
            }
        }
        if self.replicate && !self.versioning {
            at.get("replicate").report("replication needs versioning", "set `versioning = true`");
        }
    }
}

impl Storage {
    /// The bucket of that short name.
    pub fn bucket(&self, name: &str) -> Option<&Bucket> {
        self.buckets.iter().find(|bucket| bucket.name == name)
    }

    pub(super) fn check(&self, at: Place<'_>, around: &Surroundings<'_>) {
        let list = at.get("buckets");
        list.unique("buckets", self.buckets.iter().map(|bucket| bucket.name.as_str()));
        for (index, bucket) in self.buckets.iter().enumerate() {
            bucket.check(list.at(index), around);
        }
        let replicas: Vec<String> =
            self.buckets.iter().filter(|bucket| bucket.replicate).map(|bucket| replica_name(&bucket.name)).collect();
        for (index, bucket) in self.buckets.iter().enumerate().filter(|(_, bucket)| replicas.contains(&bucket.name)) {
            list.at(index).get("name").report(
                format!("`{}` is the name of the copy of another bucket, which has `replicate`", bucket.name),
                "use another name",
            );
        }
        for name in OURS {
            if at.sound(&["buckets"]) && self.bucket(name).is_none() {
                list.report(
                    format!("there is no bucket named `{name}`"),
                    "the platform needs `data`, `models` and `artifacts`; others are as you like",
                );
            }
        }
        let copied = self.buckets.iter().position(|bucket| bucket.replicate);
        match (&self.replication, copied) {
            (None, Some(index)) if at.sound(&["replication"]) => list.at(index).get("replicate").report(
                format!("nothing says where `{}` is replicated to", self.buckets[index].name),
                "add [storage.replication] with a `region`",
            ),
            (Some(to), _) if to.region == around.region => at
                .get("replication")
                .get("region")
                .report(format!("`{}` is the environment's own region", to.region), "copies are of use in another one"),
            (Some(to), _) if partition(&to.region) != partition(around.region) => {
                at.get("replication").get("region").report(
                    format!(
                        "S3 copies nothing from {} to {}: they are in different partitions",
                        around.region, to.region
                    ),
                    "use a region of the same partition",
                );
            }
            (Some(_), None) if at.sound(&["buckets"]) => at
                .get("replication")
                .report("no bucket is replicated", "set `replicate = true` on a bucket, or leave this section out"),
            _ => {}
        }
    }
}

impl Default for Storage {
    fn default() -> Self {
        Self { buckets: OURS.map(Bucket::named).into(), replication: None }
    }
}
