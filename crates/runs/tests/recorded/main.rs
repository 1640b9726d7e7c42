//! Recorded executions, read through the SDK as they come from AWS.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

#[path = "../../../../tests/fixture/recorded.rs"]
mod recorded;
mod uploads;

use recorded::Recorded;
use runs::{Execution, FailureReason, History, Machine, Phase, Status, Verdict};
use std::sync::Arc;

const ARN: &str = "arn:aws:states:ap-south-1:123456789012:stateMachine:mlops-pipeline-dev-training";

async fn read(name: &str) -> (Execution, History) {
    let cloud = local::Cloud::open(None, "ap-south-1", local::ACCOUNT).unwrap();
    let cloud = cloud.with_layer(Arc::new(Recorded::new(name)));
    let machine = Machine::new(&cloud.sdk_config(), ARN);
    let latest = machine.latest(1).await.unwrap().remove(0);
    let execution = machine.execution(&latest.arn).await.unwrap().unwrap();
    let history = machine.history(&latest.arn).await.unwrap();
    (execution, history)
}

/// Each step that works, with its seconds, retries and whether it failed.
fn work(history: &History, now: jiff::Timestamp) -> Vec<(&str, i64, usize, bool)> {
    let work = history.steps.iter().filter(|step| step.is_work());
    work.map(|step| (step.name.as_str(), step.took(now).as_secs(), step.retries(), step.failure().is_some())).collect()
}

#[tokio::test]
async fn a_model_is_trained_after_a_retry_and_registered() {
    let (execution, history) = read("registered").await;
    assert_eq!(execution.status, Status::Succeeded);
    let expected = [
        ("ExtractTransformLoad", 252, 0, false),
        ("ValidateData", 3, 0, false),
        ("Train", 195, 1, false),
        ("CreateModel", 0, 0, false),
        ("Predict", 301, 0, false),
        ("Evaluate", 2, 0, false),
        ("Register", 0, 0, false),
        ("NotifySuccess", 0, 0, false),
    ];
    assert_eq!(work(&history, execution.ended.unwrap()), expected);
    let verdict = Verdict::read(&execution, &history).unwrap();
    assert_eq!(verdict.metrics["auc"], 0.913_274);
    assert!(verdict.good_enough && verdict.package.unwrap().ends_with(":model-package/mlops-pipeline-dev-models/1"));
    assert_eq!(history.failed(execution.why.as_ref()), None);
    let of_training = history.events.iter().filter(|event| event.step == "Train").map(|event| &event.phase);
    let told: Vec<&Phase> = of_training.collect();
    assert!(
        matches!(
            told.as_slice(),
            [Phase::Started, Phase::Failed(_), Phase::Retried(1), Phase::Submitted(_), Phase::Done(_)]
        ),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_failing_training_job_is_named_with_its_own_words_after_its_retries() {
    let (execution, history) = read("training-failed").await;
    assert_eq!(execution.status, Status::Failed);
    let failed = history.failed(execution.why.as_ref()).unwrap();
    assert_eq!((failed.name.as_str(), failed.retries()), ("Train", 2));
    let words = failed.failure().unwrap().words();
    assert_eq!(words, "AlgorithmError: framework error: label must be in [0,1] for logistic regression, exit code: 1");
    assert_eq!(failed.attempts[2].task.job(), Some("mlops-pipeline-dev-9b2c-2"));
}

#[tokio::test]
async fn the_step_that_failed_is_not_the_notification_that_failed_after_it() {
    let (execution, history) = read("data-refused").await;
    let failed = history.failed(execution.why.as_ref()).unwrap();
    assert_eq!(failed.name, "ValidateData");
    assert!(history.step("NotifyFailure").unwrap().failure().is_some());
    assert!(failed.failure().unwrap().words().contains("column monthly_charge: 31.0% missing"));
}

#[tokio::test]
async fn a_failure_that_was_caught_is_not_what_an_execution_with_another_reason_failed_at() {
    let (execution, history) = read("data-refused").await;
    let other = FailureReason { error: "RolledBack".into(), cause: "the endpoint is back".into() };
    assert_eq!(history.failed(Some(&other)), None);
    // A cause may be cut short on its way.
    let shortened = FailureReason { cause: "…".into(), ..execution.why.unwrap() };
    assert_eq!(history.failed(Some(&shortened)).unwrap().name, "ValidateData");
}

#[tokio::test]
async fn a_step_without_an_end_in_time_says_so() {
    let (execution, history) = read("timed-out").await;
    let failed = history.failed(execution.why.as_ref()).unwrap();
    assert_eq!(
        (failed.name.as_str(), failed.failure().unwrap().words()),
        ("ExtractTransformLoad", "it ran out of time".to_owned())
    );
}

#[tokio::test]
async fn a_model_that_is_not_good_enough_has_its_reasons_and_metrics() {
    let (execution, history) = read("not-good-enough").await;
    let verdict = Verdict::read(&execution, &history).unwrap();
    assert_eq!((verdict.good_enough, verdict.package), (false, None));
    assert_eq!(verdict.reasons, ["auc is 0.913274, at least 0.95 is required"]);
}

#[tokio::test]
async fn before_the_end_the_evaluation_itself_tells_the_metrics() {
    let (execution, history) = read("registered").await;
    let unfinished = Execution { output: serde_json::Value::Null, ..execution };
    assert_eq!(Verdict::read(&unfinished, &history).unwrap().metrics["auc"], 0.913_274);
}

#[tokio::test]
async fn a_loop_is_one_step_that_was_visited_often() {
    let (execution, history) = read("waiting").await;
    let step = history.step("WaitForEndpoint").unwrap();
    let a_minute_later = step.entered + jiff::SignedDuration::from_secs(93 + 60);
    assert_eq!(
        (step.visits, step.is_running(), history.running().map(|step| step.name.as_str())),
        (4, true, Some("WaitForEndpoint"))
    );
    assert!(step.took(a_minute_later).as_secs() > 140, "{step:?}");
    assert_eq!(execution.status, Status::Running);
}

/// Step Functions names no event before `ExecutionAborted`, unlike in other events.
#[tokio::test]
async fn the_step_in_which_an_execution_was_stopped_is_neither_done_nor_under_way() {
    let (execution, history) = read("stopped").await;
    assert_eq!((execution.status, history.running()), (Status::Aborted, None));
    let step = history.interrupted().unwrap();
    assert_eq!((step.name.as_str(), step.failure()), ("WaitForEndpoint", None));
    assert_eq!(
        step.took(execution.ended.unwrap()),
        step.took(execution.ended.unwrap() + jiff::SignedDuration::from_hours(1))
    );
    let (_, failed) = read("training-failed").await;
    assert_eq!(failed.interrupted(), None, "it failed by itself");
}

#[tokio::test]
async fn an_execution_that_does_not_exist_is_none() {
    let cloud = local::Cloud::open(None, "ap-south-1", local::ACCOUNT).unwrap();
    let machine = Machine::new(&cloud.with_layer(Arc::new(Recorded::new("registered"))).sdk_config(), ARN);
    assert_eq!(machine.execution("other").await.unwrap(), None);
    assert!(machine.execution("registered").await.unwrap().is_some());
}
