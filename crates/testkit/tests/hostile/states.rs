//! Step Functions. Roles and deletions are laws; what depends on policies and log deliveries is put in by
//! rule, and what the pipeline's role must allow is read from its declaration.

use crate::{destroy, logs::declared, times, up};
use testkit::{Aws, Fault, Platform};

fn pipeline() -> Platform {
    Platform::named("dev").only("pipeline.training")
}

#[test]
fn a_state_machine_is_created_once_its_role_can_be_assumed_may_deliver_logs_and_make_rules() {
    let platform = pipeline();
    let mut aws = Aws::lawful(platform.region(), 71);
    let messages = [
        "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.",
        "The state machine IAM Role is not authorized to access the Log Destination",
        "'arn:aws:iam::123456789012:role/mlops-pipeline-dev-pipeline' is not authorized to create managed-rule.",
    ];
    for message in messages {
        let refused = Fault::refused("AccessDeniedException", message);
        aws.strike(("states", "CreateStateMachine"), 0, 3, refused);
    }
    up(&platform, &mut aws);
    assert!(times(&aws, "states", "CreateStateMachine") >= 10);
}

#[test]
fn a_state_machine_that_is_deleting_is_waited_for_and_its_name_taken_again() {
    let platform = pipeline();
    let mut aws = Aws::lawful(platform.region(), 72);
    up(&platform, &mut aws);
    let arn = format!("arn:aws:states:{}:123456789012:stateMachine:mlops-pipeline-dev-training", platform.region());
    // The machine is deleted, and created again while its deletion is under way.
    aws.run(async |sdk| {
        aws_sdk_sfn::Client::new(&sdk).delete_state_machine().state_machine_arn(&arn).send().await.unwrap();
    });
    up(&platform, &mut aws);
    let again = aws.run(async |sdk| platform.plan(&sdk).await);
    assert!(again.plan.is_empty(), "{:#?}", again.plan.changes);
    destroy(&platform, &mut aws);
    assert_eq!(times(&aws, "states", "DeleteStateMachine"), 2);
    let deleting = |event: &engine::Event| format!("{:?}", event.phase).contains("StateMachineDeleting");
    assert!(platform.said().iter().any(deleting), "it says what it waits for");
}

#[test]
fn state_machine_with_executions_under_way_is_deleted_once_they_are_stopped() {
    let platform = pipeline();
    let mut aws = Aws::lawful(platform.region(), 73);
    up(&platform, &mut aws);
    let arn = format!("arn:aws:states:{}:123456789012:stateMachine:mlops-pipeline-dev-training", platform.region());
    aws.run(async |sdk| {
        let client = aws_sdk_sfn::Client::new(&sdk);
        for name in ["first", "second"] {
            client.start_execution().state_machine_arn(&arn).name(name).send().await.unwrap();
        }
    });
    destroy(&platform, &mut aws);
    assert_eq!(times(&aws, "states", "StopExecution"), 2);
    assert_eq!(platform.left(&aws), Vec::<String>::new());
}

#[test]
fn the_pipeline_logs_to_a_group_whose_name_takes_no_room_in_the_resource_policy() {
    for environment in ["dev", "staging", "prod"] {
        let all = declared(&Platform::named(environment));
        let (_, group) = all.iter().find(|(address, _)| address == "pipeline.logs").unwrap();
        assert!(group["name"].as_str().unwrap().starts_with("/aws/vendedlogs/states/"), "{group}");
        let (_, machine) = all.iter().find(|(address, _)| address == "pipeline.training").unwrap();
        assert!(machine["logging"]["log_group"].as_str().unwrap().contains("/aws/vendedlogs/states/"), "{machine}");
    }
}

#[test]
fn the_pipelines_role_may_deliver_logs_and_run_jobs_to_their_end() {
    let all = declared(&Platform::named("dev"));
    let (_, role) = all.iter().find(|(address, _)| address == "identity.pipeline").unwrap();
    let allowed = role["inline_policies"].to_string();
    let needed = [
        // Log delivery.
        "logs:CreateLogDelivery",
        "logs:GetLogDelivery",
        "logs:UpdateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:DescribeResourcePolicies",
        "logs:DescribeLogGroups",
        // The rules behind `.sync` tasks.
        "events:PutTargets",
        "events:PutRule",
        "events:DescribeRule",
        "StepFunctionsGetEventsForSageMaker",
        // The jobs themselves, and to stop them.
        "iam:PassRole",
        "sagemaker:CreateTrainingJob",
        "sagemaker:DescribeTrainingJob",
        "sagemaker:StopTrainingJob",
        "glue:StartJobRun",
        "glue:GetJobRun",
        "glue:BatchStopJobRun",
        "lambda:InvokeFunction",
    ];
    let missing: Vec<_> = needed.into_iter().filter(|action| !allowed.contains(action)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}
