//! Lists whose pages repeat: an error, never an endless loop, and never a part taken for the whole.

use crate::up;
use async_trait::async_trait;
use local::{Call, Layer, LostAnswer, Next, Response};
use resource::{Address, Cloud, Context};
use std::sync::Arc;
use testkit::{Aws, Fault, Platform};
use vocabulary::Place;

#[test]
fn a_list_whose_token_repeats_refuses_the_plan_and_nothing_is_taken_for_missing() {
    let platform = Platform::named("dev").only("network.vpc");
    let mut aws = Aws::brisk(platform.region(), 41);
    up(&platform, &mut aws);
    let again = Fault::shown(|answer| {
        answer["vpcSet"] = serde_json::json!([]);
        answer["nextToken"] = "again".into();
    });
    aws.strike(("ec2", "DescribeVpcs"), 0, 1000, again);
    let planning = aws.run(async |sdk| platform.plan(&sdk).await);
    let words: Vec<String> = planning.refusals.iter().map(|refusal| refusal.failure.to_string()).collect();
    assert!(!words.is_empty() && words.iter().all(|words| words.contains("the pages of the list repeat")), "{words:?}");
    let drift = aws.run(async |sdk| platform.drift(&sdk).await);
    assert!(drift.drifted.is_empty() && !drift.failed.is_empty(), "{:#?}", drift.drifted);
}

/// Lists of versions that go on for ever, with the same markers.
struct Endless;

#[async_trait]
impl Layer for Endless {
    async fn answer(&self, call: Call, next: Next<'_>) -> Result<Response, LostAnswer> {
        let operation = call.operation.clone();
        let mut response = next.run(call).await?;
        if operation.starts_with("GET bucket?versions") || operation.starts_with("GET bucket?uploads") {
            let body = String::from_utf8_lossy(&response.body).replace(
                "<IsTruncated>false</IsTruncated>",
                "<IsTruncated>true</IsTruncated><NextKeyMarker>a</NextKeyMarker>\
                 <NextVersionIdMarker>v</NextVersionIdMarker><NextUploadIdMarker>v</NextUploadIdMarker>",
            );
            assert!(body.contains("<NextKeyMarker>a"), "{body}");
            response.body = body.into();
        }
        Ok(response)
    }
}

#[tokio::test]
async fn a_list_of_versions_whose_markers_repeat_ends_with_an_error() {
    let platform = Platform::named("dev");
    let place = Place::new(local::ACCOUNT, platform.region());
    let registry = blueprint::registry();
    let declared = platform.stack().declarations(&registry, &place).unwrap();
    let spec = &declared.iter().find(|one| one.address.as_str() == "storage.data").unwrap().spec;
    let cloud = local::Cloud::open(None, platform.region(), local::ACCOUNT).unwrap().with_layer(Arc::new(Endless));
    let cloud = Arc::new(Cloud::new(cloud.sdk_config(), place, []));
    for delete_data in [false, true] {
        let cx = Context::new(
            cloud.clone(),
            Address::new("storage", "data"),
            Default::default(),
            String::new(),
            delete_data,
        );
        let bucket = registry.get("s3:bucket").unwrap();
        if !delete_data {
            bucket.create(spec, &cx).await.unwrap();
        }
        let id = spec["name"].as_str().unwrap();
        let failure = match delete_data {
            false => bucket.data_at_risk(spec, id, &cx).await.unwrap_err(),
            true => bucket.delete(spec, id, &cx).await.unwrap_err(),
        };
        assert!(failure.to_string().contains("the pages of the list repeat"), "{failure}");
    }
}
