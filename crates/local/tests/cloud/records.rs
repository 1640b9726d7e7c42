//! The online store, by the requests of SageMaker's runtime.

use aws_sdk_sagemaker::types::{FeatureDefinition, FeatureType};
use bytes::Bytes;
use local::{Cloud, Request};
use serde_json::{Value, json};

use crate::{REGION, cloud};

async fn ask(cloud: &Cloud, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let scope = format!("local/20260101/{REGION}/sagemaker/aws4_request");
    let value = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none");
    let headers = [(http::header::AUTHORIZATION, value.parse().unwrap())].into_iter().collect();
    let (method, uri, body) = (method.to_owned(), format!("http://localhost{path}"), Bytes::from(body.to_string()));
    let answer = cloud.answer(Request { method, uri, headers, body }).await.ok().unwrap();
    (answer.status, serde_json::from_slice(&answer.body).unwrap())
}

fn record(id: &str, time: &str, plan: &str) -> Value {
    let values = [("customer_id", id), ("event_time", time), ("plan", plan)];
    let values = values.map(|(name, value)| json!({ "FeatureName": name, "ValueAsString": value }));
    json!({ "Record": values })
}

#[tokio::test]
async fn the_newest_record_of_each_identifier_is_kept() {
    let cloud = cloud();
    let call = aws_sdk_sagemaker::Client::new(&cloud.sdk_config()).create_feature_group();
    let define = |name: &str, kind| FeatureDefinition::builder().feature_name(name).feature_type(kind).build();
    let call = call.feature_definitions(define("customer_id", FeatureType::String));
    let call = call.feature_definitions(define("event_time", FeatureType::Fractional));
    let call = call.feature_group_name("customers").record_identifier_feature_name("customer_id");
    call.event_time_feature_name("event_time").send().await.unwrap();

    let put = async |body: Value| ask(&cloud, "PUT", "/FeatureGroup/customers", &body).await.0;
    assert_eq!(put(record("c1", "1700000000", "pro")).await, 200);
    assert_eq!(put(record("c1", "1600000000", "basic")).await, 200);
    assert_eq!(put(record("c2", "1650000000", "plus")).await, 200);
    let get = async |id: &str| {
        let path = format!("/FeatureGroup/customers?RecordIdentifierValueAsString={id}");
        ask(&cloud, "GET", &path, &Value::Null).await.1
    };
    assert_eq!(get("c1").await, record("c1", "1700000000", "pro"));
    assert_eq!(get("c2").await, record("c2", "1650000000", "plus"));
    assert_eq!(get("c3").await, json!({}));
    assert_eq!(put(json!({ "Record": [{ "FeatureName": "plan", "ValueAsString": "pro" }] })).await, 400);
    assert_eq!(ask(&cloud, "PUT", "/FeatureGroup/others", &record("c1", "1", "pro")).await.0, 400);
}
