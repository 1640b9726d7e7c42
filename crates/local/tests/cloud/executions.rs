//! Executions with a worker: what it records is shown, and what ends it.

use aws_sdk_sfn::types::{ExecutionStatus, HistoryEventType};
use bytes::Bytes;
use futures::future::BoxFuture;
use local::{ACCOUNT, Answer, Cloud, Invocation, Request, Worker};
use serde_json::{Value, json};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};
use std::time::Duration;

use crate::{REGION, cloud, code};

const ROLE: &str = "arn:aws:iam::123456789012:role/pipeline";
const DEFINITION: &str = r#"{"StartAt": "Train", "States": {"Train": {"Type": "Pass", "End": true}}}"#;

/// Works for ever, or fails at once. Counts who is at work.
struct Busy {
    error: Option<&'static str>,
    begun: Mutex<Vec<String>>,
    at_work: Arc<AtomicUsize>,
}

impl Busy {
    fn new(error: Option<&'static str>) -> Arc<Self> {
        Arc::new(Self { error, begun: Mutex::default(), at_work: Arc::default() })
    }
}

struct AtWork(Arc<AtomicUsize>);

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Worker for Busy {
    fn work(&self, execution: String) -> BoxFuture<'static, Result<(), String>> {
        self.begun.lock().unwrap().push(execution);
        self.at_work.fetch_add(1, Ordering::SeqCst);
        let (at_work, error) = (AtWork(self.at_work.clone()), self.error);
        Box::pin(async move {
            let _at_work = at_work;
            match error {
                Some(error) => Err(error.to_owned()),
                None => std::future::pending().await,
            }
        })
    }

    fn invoke(&self, _: Invocation) -> BoxFuture<'static, Result<Answer, String>> {
        Box::pin(async { Err("it serves no models".to_owned()) })
    }
}

async fn record(cloud: &Cloud, body: Value) -> u16 {
    let scope = format!("local/20260101/{REGION}/states/aws4_request");
    let headers = [
        ("x-amz-target", "AWSStepFunctions.RecordExecution".to_owned()),
        ("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none")),
    ];
    let headers = headers.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    let body = Bytes::from(body.to_string());
    let request = Request { method: "POST".to_owned(), uri: "http://localhost/".to_owned(), headers, body };
    cloud.answer(request).await.ok().unwrap().status
}

async fn started(cloud: &Cloud) -> String {
    let states = aws_sdk_sfn::Client::new(&cloud.sdk_config());
    let call = states.create_state_machine().name("train").definition(DEFINITION).role_arn(ROLE);
    let machine = call.send().await.unwrap().state_machine_arn;
    let call = states.start_execution().state_machine_arn(machine).name("first").input("{}");
    call.send().await.unwrap().execution_arn
}

async fn described(cloud: &Cloud, arn: &str) -> (ExecutionStatus, String, String) {
    let states = aws_sdk_sfn::Client::new(&cloud.sdk_config());
    let answer = states.describe_execution().execution_arn(arn).send().await.unwrap();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    (answer.status().clone(), text(answer.error()), text(answer.cause()))
}

async fn events(cloud: &Cloud, arn: &str) -> Vec<HistoryEventType> {
    let states = aws_sdk_sfn::Client::new(&cloud.sdk_config());
    let history = states.get_execution_history().execution_arn(arn).send().await.unwrap();
    history.events().iter().map(|event| event.r#type().clone()).collect()
}

#[tokio::test]
async fn a_worker_is_told_of_an_execution_and_what_it_records_is_shown() {
    let (cloud, busy) = (cloud(), Busy::new(None));
    cloud.set_worker(busy.clone());
    let arn = started(&cloud).await;
    assert_eq!(*busy.begun.lock().unwrap(), std::slice::from_ref(&arn));
    assert_eq!(described(&cloud, &arn).await.0, ExecutionStatus::Running);
    let entered = json!({ "id": 2, "previousEventId": 1, "timestamp": 1.5, "type": "PassStateEntered",
                          "stateEnteredEventDetails": { "name": "Train" } });
    assert_eq!(record(&cloud, json!({ "executionArn": arn, "events": [entered] })).await, 200);
    assert_eq!(described(&cloud, &arn).await.0, ExecutionStatus::Running);
    let ended = json!({ "id": 3, "previousEventId": 2, "timestamp": 2.5, "type": "ExecutionSucceeded" });
    let body = json!({ "executionArn": arn, "status": "SUCCEEDED", "output": "{}", "events": [ended] });
    assert_eq!(record(&cloud, body.clone()).await, 200);
    assert_eq!(described(&cloud, &arn).await.0, ExecutionStatus::Succeeded);
    let shown =
        [HistoryEventType::ExecutionStarted, HistoryEventType::PassStateEntered, HistoryEventType::ExecutionSucceeded];
    assert_eq!(events(&cloud, &arn).await, shown);
    assert_eq!(record(&cloud, body).await, 400, "it has ended");
}

#[tokio::test]
async fn a_stopped_execution_is_aborted_and_its_work_ends() {
    let (cloud, busy) = (cloud(), Busy::new(None));
    cloud.set_worker(busy.clone());
    let arn = started(&cloud).await;
    assert_eq!(busy.at_work.load(Ordering::SeqCst), 1);
    let states = aws_sdk_sfn::Client::new(&cloud.sdk_config());
    states.stop_execution().execution_arn(&arn).cause("enough").send().await.unwrap();
    let (status, _, cause) = described(&cloud, &arn).await;
    assert_eq!((status, cause.as_str()), (ExecutionStatus::Aborted, "enough"));
    while busy.at_work.load(Ordering::SeqCst) > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(events(&cloud, &arn).await.last(), Some(&HistoryEventType::ExecutionAborted));
    let nowhere = states.stop_execution().execution_arn(format!("{arn}2")).send().await;
    assert_eq!(code(nowhere), "ExecutionDoesNotExist");
}

#[tokio::test]
async fn an_execution_whose_worker_fails_says_why() {
    let cloud = cloud();
    cloud.set_worker(Busy::new(Some("out of memory")));
    let arn = started(&cloud).await;
    loop {
        match described(&cloud, &arn).await {
            (ExecutionStatus::Running, ..) => tokio::time::sleep(Duration::from_millis(1)).await,
            ended => break assert_eq!(ended, (ExecutionStatus::Failed, "WorkerFailed".into(), "out of memory".into())),
        }
    }
}

#[tokio::test]
async fn an_execution_whose_process_is_gone_has_failed_for_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let first = Cloud::open(Some(folder.path()), REGION, ACCOUNT).unwrap();
    first.set_worker(Busy::new(None));
    let arn = started(&first).await;
    first.save().await.unwrap();
    // Its work holds the cloud open, as it does until a process ends.
    let kept = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()) {
        if file.is_file() {
            std::fs::copy(&file, kept.path().join(file.file_name().unwrap())).unwrap();
        }
    }
    let next = Cloud::open(Some(kept.path()), REGION, ACCOUNT).unwrap();
    let (status, error, cause) = described(&next, &arn).await;
    assert_eq!((status, error.as_str()), (ExecutionStatus::Failed, "WorkerEnded"));
    assert!(cause.contains("Start another one"), "{cause}");
    let shown = [HistoryEventType::ExecutionStarted, HistoryEventType::ExecutionFailed];
    assert_eq!(events(&next, &arn).await, shown);
}

#[tokio::test]
async fn an_approval_starts_the_state_machine_that_a_rule_names() {
    let (cloud, busy) = (cloud(), Busy::new(None));
    cloud.set_worker(busy.clone());
    let config = cloud.sdk_config();
    let states = aws_sdk_sfn::Client::new(&config);
    let call = states.create_state_machine().name("deploy").definition(DEFINITION).role_arn(ROLE);
    let machine = call.send().await.unwrap().state_machine_arn;
    let rules = aws_sdk_eventbridge::Client::new(&config);
    let pattern = json!({ "source": ["aws.sagemaker"],
                          "detail": { "ModelPackageGroupName": ["models"], "ModelApprovalStatus": ["Approved"] } });
    rules.put_rule().name("approved").event_pattern(pattern.to_string()).send().await.unwrap();
    let target = aws_sdk_eventbridge::types::Target::builder().id("deploy").arn(&machine).role_arn(ROLE).build();
    rules.put_targets().rule("approved").targets(target.unwrap()).send().await.unwrap();
    let registry = aws_sdk_sagemaker::Client::new(&config);
    registry.create_model_package_group().model_package_group_name("models").send().await.unwrap();
    let package = registry.create_model_package().model_package_group_name("models").send().await.unwrap();
    let package = package.model_package_arn.unwrap();
    let decide = |status: &str| {
        registry.update_model_package().model_package_arn(&package).model_approval_status(status.into()).send()
    };
    decide("Rejected").await.unwrap();
    assert!(busy.begun.lock().unwrap().is_empty());
    decide("Approved").await.unwrap();
    let begun = busy.begun.lock().unwrap().clone();
    let answer = states.describe_execution().execution_arn(&begun[0]).send().await.unwrap();
    let event: Value = serde_json::from_str(answer.input().unwrap()).unwrap();
    assert_eq!((begun.len(), &event["detail"]["ModelPackageArn"]), (1, &json!(package)));
}
