//! `mlopsctl mcp` with the client of the protocol's own SDK, as an agent uses it.

use crate::{project::Project, served::ServedAws};
use async_trait::async_trait;
use local::{Call, Layer, LostAnswer, Next, Response};
use rmcp::{
    ClientHandler, RoleClient, ServiceExt as _,
    model::{CallToolRequest, CallToolRequestParams, CallToolResult, ClientRequest, ProgressNotificationParam},
    service::{NotificationContext, PeerRequestOptions, RunningService},
};
use serde_json::{Value, json};
use std::{
    process::{Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};
use tokio::{process::Child, runtime::Runtime, sync::mpsc, time::timeout};

const STATE_BUCKET: &str = "mlops-pipeline-dev-mlopsctl-state-123456789012";

/// An agent: it hears how far a call is.
struct Agent(mpsc::UnboundedSender<String>);

impl ClientHandler for Agent {
    async fn on_progress(&self, progress: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        let _ = self.0.send(progress.message.unwrap_or_default());
    }
}

/// An agent that is connected to a server of its own.
struct Session {
    client: RunningService<RoleClient, Agent>,
    progress: mpsc::UnboundedReceiver<String>,
    server: Child,
}

impl Session {
    async fn start(command: Command) -> Self {
        let mut command = tokio::process::Command::from(command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut server = command.spawn().unwrap();
        let (sender, progress) = mpsc::unbounded_channel();
        let pipes = (server.stdout.take().unwrap(), server.stdin.take().unwrap());
        Self { client: Agent(sender).serve(pipes).await.unwrap(), progress, server }
    }

    async fn call(&self, tool: &'static str, arguments: Value) -> CallToolResult {
        self.client.call_tool(params(tool, arguments)).await.unwrap()
    }

    /// The structured result of a call, which must succeed.
    async fn document(&self, tool: &'static str, arguments: Value) -> Value {
        let result = self.call(tool, arguments).await;
        assert_eq!(result.is_error, Some(false), "{tool}: {}", text(&result));
        serde_json::from_str(&text(&result)).unwrap_or_else(|error| panic!("{tool}: {error}: {}", text(&result)))
    }

    /// The words of a call, which must fail.
    async fn refusal(&self, tool: &'static str, arguments: Value) -> String {
        let result = self.call(tool, arguments).await;
        assert_eq!(result.is_error, Some(true), "{tool}: {}", text(&result));
        text(&result)
    }
}

fn params(tool: &'static str, arguments: Value) -> CallToolRequestParams {
    CallToolRequestParams::new(tool).with_arguments(arguments.as_object().unwrap().clone())
}

fn text(result: &CallToolResult) -> String {
    let texts = result.content.iter().filter_map(|block| Some(block.as_text()?.text.as_str()));
    texts.collect::<Vec<_>>().join("\n")
}

fn on(local: bool, mut more: Value) -> Value {
    more["environment"] = "dev".into();
    more["local"] = local.into();
    more
}

#[tokio::test]
async fn mcp_tools_tell_their_arguments_and_effects() {
    let project = Project::new();
    let session = Session::start(project.command(&["mcp"])).await;
    assert_eq!(session.client.peer_info().unwrap().server_info.as_ref().unwrap().name, "mlopsctl");
    let tools = session.client.list_all_tools().await.unwrap();
    let tool = |name: &str| tools.iter().find(|tool| tool.name == name).unwrap_or_else(|| panic!("no tool {name}"));
    for name in ["validate", "plan", "drift", "state_list", "output", "doctor", "cost", "graph", "permissions"] {
        assert_eq!(tool(name).annotations.as_ref().unwrap().read_only_hint, Some(true), "{name}");
    }
    for (name, deletes) in [("up", true), ("destroy", true), ("pipeline_run", false), ("pipeline_upload", false)] {
        let hints = tool(name).annotations.clone().unwrap();
        assert_eq!((hints.read_only_hint, hints.destructive_hint), (Some(false), Some(deletes)), "{name}");
    }
    for tool in &tools {
        let schema = Value::Object(tool.input_schema.as_ref().clone());
        assert_eq!(schema["additionalProperties"], false, "{}", tool.name);
        assert!(tool.description.as_ref().is_some_and(|words| words.ends_with('.')), "{}", tool.name);
        let properties = schema["properties"].as_object().unwrap();
        assert!(properties.values().all(|property| property["description"].is_string()), "{}: {schema}", tool.name);
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let names_its_platform = ["environment", "local"].iter().all(|name| required.contains(&json!(name)));
        assert!(names_its_platform || ["validate", "pipeline_schema"].contains(&tool.name.as_ref()), "{}", tool.name);
    }
    let up = Value::Object(tool("up").input_schema.as_ref().clone());
    assert_eq!(up["properties"]["target"]["items"]["type"], "string");
    assert_eq!(up["properties"]["local"]["type"], "boolean");
}

#[tokio::test]
async fn mcp_agent_builds_and_removes_a_platform_on_the_embedded_aws() {
    let project = Project::new();
    let mut session = Session::start(project.command(&["mcp"])).await;
    assert_eq!(session.document("validate", json!({})).await["valid"], true);
    let planned = session.document("plan", on(true, json!({"out": "dev.plan"}))).await["summary"]["create"].clone();
    let done = session.document("up", on(true, json!({"plan": "dev.plan"}))).await;
    assert_eq!((&done["event"], &done["created"]), (&json!("summary"), &planned));
    let mut told = Vec::new();
    while let Ok(progress) = session.progress.try_recv() {
        told.push(progress);
    }
    assert!(told.contains(&"create network.vpc: done".to_owned()), "{told:?}");
    let listed = session.document("state_list", on(true, json!({}))).await;
    assert_eq!(listed.as_array().map(Vec::len), planned.as_u64().map(|count| usize::try_from(count).unwrap()));
    let shown = session.document("state_show", on(true, json!({"address": "network.vpc"}))).await;
    let output = session.document("output", on(true, json!({"name": "vpc_id"}))).await;
    assert!(shown["id"].as_str().is_some_and(|id| output.to_string().contains(id)), "{shown} {output}");
    assert_eq!(session.document("drift", on(true, json!({}))).await["drifted"], json!([]));
    // Side by side: one process at a time has the embedded AWS.
    let (cost, graph) =
        tokio::join!(session.document("cost", on(true, json!({}))), session.document("graph", on(true, json!({}))));
    assert!(cost["currency"] == "USD" && graph.is_object(), "{cost} {graph}");
    let wrong = session.refusal("destroy", on(true, json!({"confirm": "prod"}))).await;
    assert!(wrong.contains("`confirm` is not the name of the environment"), "{wrong}");
    let kept = session.refusal("destroy", on(true, json!({}))).await;
    assert!(kept.contains("pass --delete-data="), "{kept}");
    assert_eq!(session.document("destroy", on(true, json!({"delete_data": ["*"]}))).await["deleted"], planned);
    let planned_again = session.document("plan", on(true, json!({}))).await["summary"]["create"].clone();
    assert_eq!(planned_again, planned);
}

#[tokio::test]
async fn mcp_failures_have_the_words_of_the_command_line() {
    let project = Project::new();
    let session = Session::start(project.command(&["mcp"])).await;
    let same = async |tool: &'static str, arguments: Value, line: &[&str]| {
        let ran = project.local(&[line, &["--json", "--quiet"]].concat());
        let words = [ran.stdout.trim_end(), ran.stderr.trim_end()].join("\n");
        assert_eq!(session.refusal(tool, arguments).await, words.trim());
    };
    same("output", on(true, json!({})), &["output", "dev"]).await;
    same("state_show", on(true, json!({"address": "network"})), &["state", "show", "dev", "network"]).await;
    same("plan", json!({"environment": "nowhere", "local": true}), &["plan", "nowhere"]).await;
    project.edit("dev", "zones = 2", "zones = 12");
    same("up", on(true, json!({})), &["up", "dev"]).await;
}

#[tokio::test]
async fn mcp_arguments_become_neither_options_nor_other_commands() {
    let project = Project::new();
    let session = Session::start(project.command(&["mcp"])).await;
    let unknown = session.refusal("plan", on(true, json!({"targets": ["network.vpc"]}))).await;
    assert!(unknown.contains("has no argument `targets`; it has: ") && unknown.contains("target"), "{unknown}");
    let missing = session.refusal("up", json!({"environment": "dev"})).await;
    assert!(missing.contains("missing field `local`"), "{missing}");
    for name in ["approve", "--help", "", "../dev"] {
        let refused = session.refusal("pipeline_status", json!({"environment": name, "local": true})).await;
        assert!(!refused.contains("Usage") && refused.contains("environment"), "{name}: {refused}");
    }
    let word = session.refusal("state_show", on(true, json!({"address": "--version"}))).await;
    assert!(word.contains("`--version` is not an address"), "{word}");
}

/// An AWS that takes its time for each change.
struct Slow;

#[async_trait]
impl Layer for Slow {
    async fn answer(&self, call: Call, next: Next<'_>) -> Result<Response, LostAnswer> {
        if call.operation.starts_with("Create") {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        next.run(call).await
    }
}

#[test]
fn mcp_server_changes_aws_only_if_it_was_started_so_and_a_person_consents() {
    let (project, aws) = (Project::new(), ServedAws::behind(Arc::new(Slow)));
    in_time(async {
        let careful = Session::start(aws.command(&project, &["mcp"])).await;
        let refused = careful.refusal("up", on(false, json!({"yes": true}))).await;
        assert!(refused.contains("changes nothing on AWS") && refused.contains("--allow-changes-on-aws"), "{refused}");
        assert!(careful.document("plan", on(false, json!({}))).await["summary"]["create"].as_u64() > Some(50));
        let local = Session::start(aws.command(&project, &["mcp", "--local", "--allow-changes-on-aws"])).await;
        let refused = local.refusal("plan", on(false, json!({}))).await;
        assert!(refused.contains("works on the embedded AWS only"), "{refused}");
        let session = Session::start(aws.command(&project, &["mcp", "--allow-changes-on-aws"])).await;
        let unconfirmed = session.refusal("up", on(false, json!({}))).await;
        assert!(unconfirmed.contains("there is no terminal to confirm this on; nothing was done"), "{unconfirmed}");
        assert!(session.document("up", on(false, json!({"yes": true}))).await["created"].as_u64() > Some(50));
        for arguments in [json!({}), json!({"confirm": "yes"})] {
            let refused = session.refusal("destroy", on(false, arguments)).await;
            assert!(refused.contains("nothing was done"), "{refused}");
        }
        let confirmed = on(false, json!({"confirm": "dev", "delete_data": ["*"]}));
        assert!(session.document("destroy", confirmed).await["deleted"].as_u64() > Some(50));
    });
}

/// True if the state bucket holds a lock of dev, of a running command or of a killed one.
fn is_locked(aws: &ServedAws) -> bool {
    // The runtime of that AWS must not be used inside of this one.
    let keys = || {
        aws.behind_its_back(async |sdk| {
            let listed = aws_s3::client(&sdk).list_objects_v2().bucket(STATE_BUCKET).send().await.unwrap();
            listed.contents().iter().filter_map(|object| object.key().map(str::to_owned)).collect::<Vec<_>>()
        })
    };
    let keys = thread::scope(|scope| scope.spawn(keys).join().unwrap());
    keys.iter().any(|key| key.ends_with("lock.json"))
}

#[test]
fn mcp_call_that_is_cancelled_or_whose_client_goes_ends_softly() {
    for is_closed in [false, true] {
        let (project, aws) = (Project::new(), ServedAws::behind(Arc::new(Slow)));
        in_time(async {
            let mut session = Session::start(aws.command(&project, &["mcp", "--allow-changes-on-aws"])).await;
            let request = CallToolRequest::new(params("up", on(false, json!({"yes": true}))));
            let request = ClientRequest::CallToolRequest(request);
            let options = PeerRequestOptions::no_options();
            let handle = session.client.send_cancellable_request(request, options).await.unwrap();
            while !session.progress.recv().await.unwrap().ends_with("done") {}
            assert!(is_locked(&aws));
            if is_closed {
                session.client.cancel().await.unwrap();
                assert!(session.server.wait().await.unwrap().success());
                assert!(!is_locked(&aws), "the server ended before its command");
            } else {
                handle.cancel(Some("the person changed the plan".to_owned())).await.unwrap();
                assert_eq!(session.document("validate", json!({})).await["valid"], true, "the server goes on");
                // A run that is killed leaves its lock behind.
                while is_locked(&aws) {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        });
        let next = aws.run(&project, &["up", "dev", "--yes", "--json"]).ends_with(0);
        let summary: Value = serde_json::from_str(next.stdout.lines().last().unwrap()).unwrap();
        assert!((1..59).contains(&summary["created"].as_u64().unwrap()), "the first run made some, not all: {summary}");
    }
}

/// Runs a test that must not take forever.
fn in_time(test: impl Future<Output = ()>) {
    Runtime::new().unwrap().block_on(async { timeout(Duration::from_secs(240), test).await.unwrap() });
}
