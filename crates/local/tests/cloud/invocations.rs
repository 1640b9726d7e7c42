//! Endpoints that are asked, by the requests of SageMaker's runtime. A worker answers for the model.

use aws_sdk_sagemaker::types::ProductionVariant;
use bytes::Bytes;
use futures::future::BoxFuture;
use local::{Answer, Cloud, Invocation, Request, Worker};
use std::sync::Arc;

use crate::{REGION, cloud};

/// Takes two fields, and tells what it was asked.
struct Model;

impl Worker for Model {
    fn work(&self, _: String) -> BoxFuture<'static, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }

    fn invoke(&self, request: Invocation) -> BoxFuture<'static, Result<Answer, String>> {
        Box::pin(async move {
            let Invocation { endpoint, config, content_type, body } = request;
            let (status, body) = match &*body {
                b"1,2" => (200, format!("{endpoint} {config} {content_type}")),
                b"end" => return Err("the process has ended".to_owned()),
                _ => (400, "two fields".to_owned()),
            };
            Ok(Answer { status, content_type: "text/csv".to_owned(), body: body.into() })
        })
    }
}

async fn ask(cloud: &Cloud, endpoint: &str, body: &'static str) -> (u16, String) {
    let scope = format!("local/20260101/{REGION}/sagemaker/aws4_request");
    let value = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none");
    let authorization = (http::header::AUTHORIZATION, value.parse().unwrap());
    let headers = [authorization, (http::header::CONTENT_TYPE, "text/csv".parse().unwrap())].into_iter().collect();
    let (method, uri) = ("POST".to_owned(), format!("http://localhost/endpoints/{endpoint}/invocations"));
    let answer = cloud.answer(Request { method, uri, headers, body: Bytes::from_static(body.as_bytes()) }).await;
    let answer = answer.ok().unwrap();
    (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
}

#[tokio::test]
async fn an_endpoint_answers_as_the_model_of_its_configuration() {
    let cloud = cloud();
    let sagemaker = aws_sdk_sagemaker::Client::new(&cloud.sdk_config());
    let variant = ProductionVariant::builder().variant_name("AllTraffic").model_name("churn").build();
    sagemaker.create_endpoint_config().endpoint_config_name("first").production_variants(variant).send().await.unwrap();
    sagemaker.create_endpoint().endpoint_name("live").endpoint_config_name("first").send().await.unwrap();
    assert_eq!(ask(&cloud, "live", "1,2").await.0, 503, "nobody works here");
    cloud.set_worker(Arc::new(Model));
    let config = format!("arn:aws:sagemaker:{REGION}:{}:endpoint-config/first", local::ACCOUNT);
    assert_eq!(ask(&cloud, "live", "1,2").await, (200, format!("live {config} text/csv")));
    let (status, refused) = ask(&cloud, "live", "1,2,3").await;
    assert!(status == 424 && refused.contains("\"OriginalMessage\":\"two fields\""), "{status} {refused}");
    let (status, ended) = ask(&cloud, "live", "end").await;
    assert!(status == 503 && ended.contains("the process has ended"), "{status} {ended}");
    let (status, missing) = ask(&cloud, "other", "1,2").await;
    assert!(status == 400 && missing.contains("Endpoint other of account"), "{status} {missing}");
}
