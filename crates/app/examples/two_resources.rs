//! Provisions a stack of two resources on the embedded AWS, without an environment file:
//! `cargo run -p mlopsctl-app --features local --example two_resources`.

#![allow(clippy::print_stdout, reason = "an example prints what it did")]

use app::{ApplyCondition, ChangeOptions, ChangeRequest, Done, Frontend, NotDone, Wanted, Workspace, WorkspaceParts};
use aws_cloudwatch::Dashboard;
use aws_config::SdkConfig;
use aws_logs::{Encryption, LogGroup, Retention};
use engine::{Claims, Event, StepPhase, StopMode};
use resource::{KindRegistry, Stack, Tags};
use serde_json::json;
use state::{StateBucket, StateIdentity, StateKeys};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;
use vocabulary::Place;

const REGION: &str = "eu-central-1";
/// The names of all resources begin with it. Of a kind without tags, such as a dashboard, only the name tells whose it is.
const PREFIX: &str = "example-test";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cloud = local::Cloud::open(None, REGION, local::ACCOUNT)?;
    let workspace = workspace(&cloud.sdk_config());
    for stack in [two_resources(&workspace.identity), empty(&workspace.identity)] {
        let done = apply(&workspace, stack).await.map_err(|why| format!("{why:?}"))?;
        println!("{} steps done, {} failed", done.applied.done.len(), done.applied.failed.len());
    }
    Ok(())
}

/// A stack that declares no resources.
fn empty(identity: &Tags) -> Stack {
    Stack::new(identity.clone(), Tags::default()).named_by(PREFIX)
}

/// A log group, and a dashboard that shows it. The closure gets the log group's outputs, so the dashboard comes second.
fn two_resources(identity: &Tags) -> Stack {
    let mut stack = empty(identity);
    let group = stack.add("monitoring", "logs", (), |()| LogGroup {
        name: "/example/application".to_owned(),
        retention: Retention::Days(7),
        encryption: Encryption::AwsManaged,
        tags: Tags::default(),
    });
    stack.add("monitoring", "dashboard", group, |group| Dashboard {
        name: format!("{PREFIX}-overview"),
        body: json!({"widgets": [{
            "type": "log", "x": 0, "y": 0, "width": 12, "height": 6,
            "properties": {"region": REGION, "query": format!("SOURCE '{}' | fields @message", group.name)},
        }]}),
    });
    stack
}

/// The cloud and the state of the example. The state is in a bucket that the first change makes.
fn workspace(sdk: &SdkConfig) -> Workspace {
    let place = Place::new(local::ACCOUNT, REGION);
    let identity: Tags =
        [("Project", "example"), ("Environment", "test"), ("ManagedBy", "example")].into_iter().collect();
    let bucket = format!("example-test-mlopsctl-state-{}", local::ACCOUNT);
    Workspace::new(WorkspaceParts {
        name: "test".to_owned(),
        state_identity: StateIdentity::for_environment("example", "test", &place, &bucket),
        bucket: StateBucket::new(aws_s3::client_for(sdk, local::ACCOUNT), &bucket, &place),
        identity,
        caller: String::new(),
        registry: aws_cloudwatch::register(aws_logs::register(KindRegistry::default())),
        sdk: sdk.clone(),
        place,
        meter: Arc::default(),
        keys: StateKeys::at_root(),
        is_exclusive: true,
        lock_timeout: Duration::ZERO,
        frontend: Arc::new(Lines),
    })
}

/// Brings the cloud to the stack: creates and changes what it declares, deletes what it no longer declares.
async fn apply(workspace: &Workspace, stack: Stack) -> Result<Done, NotDone> {
    let change = ChangeRequest {
        workspace,
        wanted: Wanted::Given(Arc::new(stack), String::new()),
        operation: "apply",
        targets: Vec::new(),
        claims: Claims::new(),
        condition: ApplyCondition::Confirmed,
        options: ChangeOptions { is_confirmed: true, delete_data: vec!["*".into()], ..ChangeOptions::default() },
    };
    change.run(watch::Sender::new(StopMode::Go)).await
}

/// Prints a line for each step that is done.
struct Lines;

impl Frontend for Lines {
    fn event(&self, event: &Event) {
        if matches!(event.phase, StepPhase::Done) {
            println!("{}d {}", event.action.as_str(), event.address);
        }
    }
}

#[tokio::test]
async fn two_resources_are_created_once_and_deleted() {
    let cloud = local::Cloud::open(None, REGION, local::ACCOUNT).expect("the embedded AWS can be opened");
    let workspace = workspace(&cloud.sdk_config());
    for (stack, steps) in [
        (two_resources(&workspace.identity), 2),
        (two_resources(&workspace.identity), 0),
        (empty(&workspace.identity), 2),
    ] {
        let done = apply(&workspace, stack).await.expect("the plan is not refused");
        assert!(done.is_complete(), "{done:?}");
        assert_eq!(done.applied.done.len(), steps);
    }
}
