//! `drift --who`: who changed a resource, by CloudTrail's event history.

use crate::{project::Project, schemas::conforms, served::ServedAws};
use async_trait::async_trait;
use local::{Call, Layer, LostAnswer, Next, Response};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use testkit::Refusal;

const FUNCTION: &str = "mlops-pipeline-dev-model-evaluation";
const ANN: &str = "arn:aws:sts::123456789012:assumed-role/admin/ann";

/// CloudTrail with the events of one function, in CloudTrail's form.
/// <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html>
#[derive(Default)]
struct CloudTrail {
    denies: AtomicBool,
}

fn event(name: &str, seconds: u32, reads: bool, record: &Value) -> Value {
    json!({"EventName": name, "EventTime": 1_795_000_000 + seconds, "ReadOnly": reads.to_string(),
           "CloudTrailEvent": record.to_string(), "Username": "ann"})
}

#[async_trait]
impl Layer for CloudTrail {
    async fn answer(&self, call: Call, next: Next<'_>) -> Result<Response, LostAnswer> {
        if call.service != "cloudtrail" {
            return next.run(call).await;
        }
        if self.denies.load(Ordering::Relaxed) {
            return Ok(
                Refusal::new("AccessDeniedException", "not authorized to perform: cloudtrail:LookupEvents").to(&call)
            );
        }
        let asked: Value = serde_json::from_slice(&call.request.body).unwrap();
        let attribute = &asked["LookupAttributes"][0];
        assert_eq!(attribute["AttributeKey"], "ResourceName");
        let by_ann = json!({"userIdentity": {"arn": ANN}, "userAgent": "console.amazonaws.com"});
        let by_mlopsctl = json!({"userIdentity": {"arn": ANN}, "userAgent": "aws-sdk-rust/1 lang/rust app/mlopsctl"});
        let page = match (attribute["AttributeValue"].as_str(), asked["NextToken"].as_str()) {
            (Some(FUNCTION), None) => json!({"NextToken": "2", "Events": [
                event("GetFunction20150331v2", 9, true, &by_ann),
                event("UpdateFunctionConfiguration20150331v2", 8, false, &by_mlopsctl),
            ]}),
            (Some(FUNCTION), Some("2")) => {
                json!({"Events": [event("UpdateFunctionConfiguration20150331v2", 7, false, &by_ann)]})
            }
            _ => json!({"Events": []}),
        };
        Ok(Response::json(200, page.to_string()))
    }
}

#[test]
fn who_changed_a_resource_is_told_by_cloudtrail_and_drift_is_told_without_it() {
    let history = Arc::new(CloudTrail::default());
    let (aws, project) = (ServedAws::behind(history.clone()), Project::new());
    aws.run(&project, &["up", "dev", "--yes"]).ends_with(0);
    aws.behind_its_back(async |sdk| {
        let call = aws_sdk_lambda::Client::new(&sdk).update_function_configuration().function_name(FUNCTION);
        call.memory_size(3008).send().await.unwrap();
        let bucket = format!("mlops-pipeline-dev-data-{}", local::ACCOUNT);
        aws_s3::client(&sdk).delete_bucket_lifecycle().bucket(bucket).send().await.unwrap();
    });
    let page = aws.run(&project, &["drift", "dev", "--who"]).ends_with(2).stdout;
    let told = format!("UpdateFunctionConfiguration20150331v2 by {ANN} at 2026-11-18T11:06:47Z");
    assert_eq!(page.matches(&told).count(), 1, "{page}");
    assert!(!page.contains("GetFunction") && !page.contains("11:06:48"), "{page}");
    assert!(page.contains("CloudTrail names nobody for it"), "the bucket: {page}");
    let document = aws.run(&project, &["drift", "dev", "--who", "--json"]).ends_with(2).json();
    conforms("drift", &document);
    let drifted = document["drifted"].as_array().unwrap();
    let function = drifted.iter().find(|one| one["address"] == "functions.model-evaluation").unwrap();
    assert_eq!(function["changed_by"][0]["who"], ANN, "{function}");

    history.denies.store(true, Ordering::Relaxed);
    let denied = aws.run(&project, &["drift", "dev", "--who"]).ends_with(2).stdout;
    assert!(denied.contains("who changed it is not known: ") && denied.contains("cloudtrail:LookupEvents"), "{denied}");
    assert!(denied.contains("memory_mb"), "{denied}");
    let document = aws.run(&project, &["drift", "dev", "--who", "--json"]).ends_with(2).json();
    conforms("drift", &document);
    assert!(document["history_failure"].is_string(), "{document}");
}
