//! The steps by which an embedded AWS gives work to its worker: executions, approvals, requests to endpoints.

use bytes::Bytes;
use futures::future::BoxFuture;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Value, json};
use std::sync::Arc;
use winterbaume_core::MockRequest;

use crate::call::header;
use crate::layer::Backend as _;
use crate::worker::{Answer, Invocation, Worker};
use crate::{Call, Cloud, Response, event_rules};

const NOBODY: &str = "NothingRunsHere";
const NOBODY_CAUSE: &str = "This embedded AWS keeps executions and does not work on them: `mlopsctl pipeline run --local` \
                            and `mlopsctl local serve` do.";

const WORKER_FAILED: &str = "WorkerFailed";
const UNFINISHED: &str = "The process that worked on it ended before the execution did.";

impl Cloud {
    /// Has a worker do the work of the executions that are started from now on. The first one stays.
    pub fn set_worker(&self, worker: Arc<dyn Worker>) {
        let _ = self.services.worker.set(worker);
    }

    /// Starts the work that a successful call triggers.
    pub(crate) async fn follow_up(&self, call: &Call, response: &Response) {
        match (call.service.as_str(), call.operation.as_str()) {
            ("states", "StartExecution") => self.begin(call, response).await,
            ("states", "StopExecution") => {
                let asked: Value = serde_json::from_slice(&call.request.body).unwrap_or_default();
                if let Some(work) = asked["executionArn"].as_str().and_then(|arn| self.services.work().remove(arn)) {
                    work.abort();
                }
            }
            ("sagemaker", "UpdateModelPackage") => {
                let asked: Value = serde_json::from_slice(&call.request.body).unwrap_or_default();
                self.publish_update(&call.region, &asked).await;
            }
            _ => {}
        }
    }

    async fn begin(&self, call: &Call, response: &Response) {
        let answer: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let Some(arn) = answer["executionArn"].as_str() else { return };
        match self.services.worker.get() {
            Some(worker) => {
                let (cloud, region, execution) = (self.clone(), call.region.clone(), arn.to_owned());
                let work = worker.work(execution.clone());
                let task = tokio::spawn(async move {
                    let why = work.await.err().unwrap_or_else(|| UNFINISHED.to_owned());
                    // Refused if the execution has ended, as it should have.
                    cloud.record_failure(&region, &execution, WORKER_FAILED, &why).await;
                });
                self.services.work().insert(arn.to_owned(), task.abort_handle());
            }
            None => {
                self.record_failure(&call.region, arn, NOBODY, NOBODY_CAUSE).await;
            }
        }
    }

    async fn record_failure(&self, region: &str, execution: &str, error: &str, cause: &str) {
        let failure = json!({ "executionArn": execution, "status": "FAILED", "error": error, "cause": cause });
        self.ask("states", "EndExecution", region, &failure).await;
    }

    /// Sends EventBridge's event of a package that was updated to the state machines that wait for it.
    async fn publish_update(&self, region: &str, asked: &Value) {
        let named = json!({ "ModelPackageName": asked["ModelPackageArn"] });
        let package = self.ask("sagemaker", "DescribeModelPackage", region, &named).await;
        let event = event_rules::model_package_changed(&package, asked, self.account(), region);
        let rules = self.ask("events", "ListRules", region, &json!({})).await;
        for rule in rules["Rules"].as_array().into_iter().flatten().filter(|rule| event_rules::matches(rule, &event)) {
            let targets = self.ask("events", "ListTargetsByRule", region, &json!({ "Rule": rule["Name"] })).await;
            for target in targets["Targets"].as_array().into_iter().flatten() {
                if target["Arn"].as_str().is_some_and(|arn| arn.contains(":stateMachine:")) {
                    let start = json!({ "stateMachineArn": target["Arn"], "input": event.to_string() });
                    self.ask("states", "StartExecution", region, &start).await;
                }
            }
        }
    }

    /// Answers `InvokeEndpoint`, whose path names the endpoint.
    /// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html>
    pub(crate) async fn invoke(&self, call: &Call, endpoint: &str) -> Response {
        let refuse = |code: &str, status: u16, message: String, original: Value| {
            let mut body = json!({ "Message": message });
            if let (Value::Object(body), Value::Object(original)) = (&mut body, original) {
                body.extend(original);
            }
            let mut response = Response::rest_json(status, body.to_string());
            if let Ok(code) = code.parse() {
                response.headers.insert("x-amzn-errortype", code);
            }
            response
        };
        let described =
            self.ask("sagemaker", "DescribeEndpoint", &call.region, &json!({ "EndpointName": endpoint })).await;
        let Some(config) = described["EndpointConfigName"].as_str() else {
            let message = format!("Endpoint {endpoint} of account {} not found.", self.account());
            return refuse("ValidationError", 400, message, Value::Null);
        };
        let config = format!("arn:aws:sagemaker:{}:{}:endpoint-config/{config}", call.region, self.account());
        let Some(worker) = self.services.worker.get() else {
            return refuse("ServiceUnavailable", 503, "Nobody serves models here.".to_owned(), Value::Null);
        };
        let content_type = header(&call.request.headers, "content-type").unwrap_or("text/csv").to_owned();
        let body = call.request.body.clone();
        let request = Invocation { endpoint: endpoint.to_owned(), config, content_type, body };
        match worker.invoke(request).await {
            Ok(Answer { status: 200, content_type, body }) => {
                let mut response = Response::rest_json(200, "");
                response.body = body;
                if let Ok(content_type) = content_type.parse() {
                    response.headers.insert(CONTENT_TYPE, content_type);
                }
                response.headers.insert("x-amzn-invoked-production-variant", HeaderValue::from_static("AllTraffic"));
                response
            }
            Ok(Answer { status, body, .. }) => {
                let said = String::from_utf8_lossy(&body);
                let original = json!({ "OriginalStatusCode": status, "OriginalMessage": said });
                let message = format!("Received client error ({status}) from primary with message \"{said}\"");
                refuse("ModelError", 424, message, original)
            }
            Err(why) => refuse("ServiceUnavailable", 503, why, Value::Null),
        }
    }

    /// Asks a service of this cloud; a refusal is an answer without the members that were hoped for.
    fn ask<'a>(&'a self, service: &str, operation: &str, region: &str, body: &Value) -> BoxFuture<'a, Value> {
        let request = MockRequest {
            method: "POST".to_owned(),
            uri: format!("https://{service}.{region}.amazonaws.com/"),
            headers: HeaderMap::new(),
            body: Bytes::from(body.to_string()),
        };
        let (service, region, operation) = (service.to_owned(), region.to_owned(), operation.to_owned());
        let call = Call { service, region, operation, request };
        Box::pin(async move { serde_json::from_slice(&self.dispatch(call).await.body).unwrap_or_default() })
    }
}
