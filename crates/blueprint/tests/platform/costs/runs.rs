//! The most that one run of a job or of a state machine costs.

use super::stack::{MUMBAI, Stack, alone, usd};
use cost::{Estimate, Run};
use serde_json::{Value, json};

fn run(estimate: &Estimate, address: &str) -> Run {
    estimate.runs.iter().find(|run| run.address == address).unwrap().clone()
}

fn job(fields: &Value) -> Value {
    let mut job = json!({"name": "etl", "worker_type": "G.1X", "number_of_workers": 2, "timeout_minutes": 60});
    job.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    job
}

fn machine(states: &Value) -> Value {
    json!({"name": "machine", "definition": {"States": states}})
}

#[test]
fn a_run_in_production_costs_at_most_its_job_its_training_its_predictions_and_its_calls() {
    let run = run(&Stack::real("prod").estimate(MUMBAI), "pipeline.training");
    let items = run.items.iter().map(|item| (item.what.as_str(), item.at_most.exact())).collect::<Vec<_>>();
    let expected = [
        // 2048 / 1024 × 600 × 0.0000166667
        ("Evaluate: 2048 MB for 600 seconds", "0.02000004".to_owned()),
        ("Evaluate: the call", "0.0000002".to_owned()),
        // 4 workers × 2 DPU × 4 hours × 0.44
        ("ExtractTransformLoad: 4 workers G.2X for 240 minutes", "14.08".to_owned()),
        ("IngestFeatures: 4 workers G.2X for 240 minutes", "14.08".to_owned()),
        ("PlanEvaluation: 2048 MB for 600 seconds", "0.02000004".to_owned()),
        ("PlanEvaluation: the call", "0.0000002".to_owned()),
        // 75 minutes × 0.121
        ("Predict: 1 × ml.m5.large for 75 minutes", "0.15125".to_owned()),
        ("PredictChampion: 1 × ml.m5.large for 75 minutes", "0.15125".to_owned()),
        ("PredictValidation: 1 × ml.m5.large for 75 minutes", "0.15125".to_owned()),
        // 4 × 0.485
        ("Train: 1 × ml.m5.2xlarge for 240 minutes", "1.94".to_owned()),
        // 512 / 1024 × 300 × 0.0000166667
        ("ValidateData: 512 MB for 300 seconds", "0.002500005".to_owned()),
        ("ValidateData: the call", "0.0000002".to_owned()),
    ];
    assert_eq!(items, expected);
    assert_eq!(run.at_most, usd("30.596250685"));
    assert_eq!(run.at_most.to_string(), "30.60");
    let volume = "Train: 1 × a volume of 50 GB for 240 minutes: the price list of 2026-09-30 has no \
                  sagemaker:job-volume-gb-month for ap-south-1";
    assert_eq!(run.not_included, [volume]);
}

#[test]
fn a_run_in_development_costs_at_most_a_few_dollars() {
    let run = run(&Stack::real("dev").estimate(MUMBAI), "pipeline.training");
    // 2 × 2 × 0.44, 0.121, 3 × 75 minutes × 0.121, (150 + 2 × 300) × 0.0000166667 and three calls.
    assert_eq!(run.at_most, usd("2.347250625"));
    assert!(run.items.iter().any(|item| item.what == "Train: 1 × ml.m5.large for 60 minutes; spot costs less"));
}

#[test]
fn runs_that_cost_start_jobs_or_functions() {
    let estimate = Stack::real("prod").estimate(MUMBAI);
    let addresses = estimate.runs.iter().map(|run| run.address.as_str()).collect::<Vec<_>>();
    // A deployment tries the model by a function.
    assert_eq!(addresses, ["catalog.job-etl", "pipeline.deploy", "pipeline.training"]);
}

#[test]
fn a_job_costs_its_workers_for_as_long_as_it_may_run() {
    let at_most = |fields: Value| run(&alone("glue:job", job(&fields)), "area.it").at_most;
    assert_eq!(at_most(json!({})), usd("0.88"));
    assert_eq!(at_most(json!({"worker_type": "G.2X"})), usd("1.76"));
    assert_eq!(at_most(json!({"number_of_workers": 10})), usd("4.4"));
    assert_eq!(at_most(json!({"timeout_minutes": 30})), usd("0.44"));
    assert_eq!(at_most(json!({"execution_class": "FLEX"})), usd("0.58"));
}

#[test]
fn a_worker_type_nobody_knows_is_not_taken_for_a_small_one() {
    let run = run(&alone("glue:job", job(&json!({"worker_type": "H.9X"}))), "area.it");
    assert_eq!(run.items, []);
    assert_eq!(run.not_included, [r#"the job: the size of Glue's worker type "H.9X" is not known"#]);
}

#[test]
fn training_on_more_instances_costs_as_many_times_as_much() {
    let train = |count: u64| {
        let resources = json!({"InstanceType": "ml.m5.xlarge", "InstanceCount": count, "VolumeSizeInGB": 73});
        let state = json!({
            "Type": "Task",
            "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
            "Parameters": {"ResourceConfig": resources, "StoppingCondition": {"MaxRuntimeInSeconds": 36000}}
        });
        let stack = Stack::default().with("area.it", "states:state-machine", machine(&json!({ "Train": state })));
        run(&stack.estimate("us-east-1"), "area.it").at_most
    };
    // 10 hours × 0.23, and 73 GB × 10 / 730 of a month × 0.14.
    assert_eq!(train(1), usd("2.44"));
    assert_eq!(train(3), usd("7.32"));
}

#[test]
fn a_step_whose_cost_is_not_known_is_said_to_be_left_out() {
    let states = json!({
        "Batch": {"Type": "Task", "Resource": "arn:aws:states:::batch:submitJob.sync"},
        "Each": {"Type": "Map"},
        "Etl": {
            "Type": "Task",
            "Resource": "arn:aws:states:::glue:startJobRun.sync",
            "Parameters": {"JobName": "somebody-else's"}
        },
        "Mail": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish"},
        "Train": {"Type": "Task", "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync"}
    });
    let run = run(&alone("states:state-machine", machine(&states)), "area.it");
    let expected = [
        "Batch: what batch:submitJob costs is not known",
        "Each: its inner steps are not counted",
        "Etl: the stack has no Glue job of the name it gives",
        "Train: its instances or their longest time are not in the definition",
    ];
    assert_eq!(run.not_included, expected);
    assert_eq!(run.at_most, usd("0"));
}

#[test]
fn a_function_is_found_by_its_name_and_by_its_arn() {
    let function = json!({"name": "score", "memory_mb": 1024, "timeout_seconds": 100, "architecture": "x86_64"});
    for given in ["score", "score:7", "arn:aws:lambda:ap-south-1:123456789012:function:score"] {
        let state = json!({
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": given}
        });
        let stack = Stack::default().with("area.it", "states:state-machine", machine(&json!({ "Call": state }))).with(
            "functions.score",
            "lambda:function",
            function.clone(),
        );
        assert_eq!(run(&stack.estimate(MUMBAI), "area.it").at_most, usd("0.00166687"), "{given}");
    }
}
