//! The earlier versions of a state. S3 lists a thousand in one answer.

use async_trait::async_trait;
use local::{ACCOUNT, Call, Cloud, Layer, LostAnswer, Next, Response};
use state::{StateBucket, Store as _};
use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use vocabulary::Place;

const REGION: &str = "ap-south-1";

#[tokio::test]
async fn history_of_a_state_lists_more_than_a_thousand_versions_newest_first() {
    let cloud = Cloud::open(None, REGION, ACCOUNT).unwrap();
    let bucket = StateBucket::new(aws_s3::client(&cloud.sdk_config()), "long", &Place::new(ACCOUNT, REGION));
    bucket.make(&Default::default()).await.unwrap();
    let (store, mut written, mut version) = (bucket.store(), Vec::new(), None);
    for number in 1..=1100 {
        let text = "x".repeat(number);
        version = Some(store.put("state.json", text.into(), version.as_ref()).await.unwrap());
        written.push(i64::try_from(number).unwrap());
    }
    // Another key that begins like it.
    store.put("state.json.bak", "x".into(), None).await.unwrap();
    let history = store.history("state.json").await.unwrap();
    let listed: Vec<i64> = history.versions.iter().rev().map(|version| version.bytes).collect();
    assert!(listed == written, "{} versions instead of {}", listed.len(), written.len());
    assert!(!history.has_more);
    let oldest = store.get_version("state.json", &history.versions[1099].id).await.unwrap();
    assert_eq!(oldest, "x");
}

/// A bucket with more versions than anybody wants to see.
#[derive(Default)]
struct Countless(AtomicUsize);

#[async_trait]
impl Layer for Countless {
    async fn answer(&self, call: Call, next: Next<'_>) -> Result<Response, LostAnswer> {
        if call.operation != "GET bucket?versions" {
            return next.run(call).await;
        }
        let page = self.0.fetch_add(1, Ordering::Relaxed);
        let mut body = format!(
            "<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>state.json</NextKeyMarker>\
             <NextVersionIdMarker>{page}</NextVersionIdMarker>"
        );
        for number in 0..1000 {
            let id = format!("{page}-{number}");
            write!(body, "<Version><Key>state.json</Key><VersionId>{id}</VersionId></Version>").unwrap();
        }
        body += "</ListVersionsResult>";
        Ok(Response::xml(200, body))
    }
}

#[tokio::test]
async fn history_of_a_state_ends_at_a_hundred_thousand_versions_and_says_that_there_are_more() {
    let cloud = Cloud::open(None, REGION, ACCOUNT).unwrap().with_layer(Arc::new(Countless::default()));
    let bucket = StateBucket::new(aws_s3::client(&cloud.sdk_config()), "long", &Place::new(ACCOUNT, REGION));
    let history = bucket.store().history("state.json").await.unwrap();
    assert_eq!((history.versions.len(), history.has_more), (100_000, true));
}
