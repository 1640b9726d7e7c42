//! Costs of buckets, replication and image repositories.

use crate::{Meter, Resource, sheet::Sheet};
use serde_json::Value;

const TIERING: &str = "INTELLIGENT_TIERING";

pub(super) fn bucket(sheet: &mut Sheet<'_>) {
    let kept = "what is stored, with old versions";
    sheet.by_use("storage in S3", kept, Meter::S3StandardGbMonth);
    sheet.by_use("writes to S3", "objects written, copied and listed", Meter::S3Writes);
    sheet.by_use("reads from S3", "objects read", Meter::S3Reads);
    if is_tiered(sheet.spec()) {
        sheet.by_use("intelligent tiering", "objects of 128 KB and more", Meter::S3TieringObjects);
    }
    replication(sheet);
}

/// The copies are stored at the price of the replica's region, which the replica's own line says.
fn replication(sheet: &mut Sheet<'_>) {
    let destination = &sheet.spec()["replication"]["destination_bucket_arn"];
    let Some(destination) = destination.as_str() else { return };
    let name = destination.rsplit(':').next();
    let replica = sheet.of_kind("s3:bucket").find(|bucket: &&Resource<'_>| bucket.name() == name);
    let region = replica.map_or(sheet.region(), |replica| sheet.region_of(replica));
    if replica.is_none() || region != sheet.region() {
        sheet.by_use("replication to another region", "what is written to the bucket", Meter::RegionGb);
    }
    sheet.by_use_in(region, "writes to the replica", "objects written to the bucket", Meter::S3Writes);
}

fn is_tiered(spec: &Value) -> bool {
    let rules = spec["lifecycle"].as_array().into_iter().flatten();
    let mut transitions = rules.filter_map(|rule| rule["transitions"].as_array()).flatten();
    transitions.any(|transition| transition["storage_class"] == TIERING)
}

/// Basic scanning on push costs nothing.
pub(super) fn repository(sheet: &mut Sheet<'_>) {
    sheet.by_use("images", "the images that the lifecycle policy keeps, shared layers once", Meter::ImageGbMonth);
}
