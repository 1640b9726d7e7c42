//! Text of other people's that would do something to a terminal: in the lock, in the state, in AWS's answers, in names.

use super::endpoints::{XML, serve, with};
use crate::{
    project::{Project, Ran},
    served::Served,
};
use serde_json::{Value, json};

/// Clears the screen, names the window, writes to the clipboard, hides what follows, goes back in the line, begins a
/// line of its own, turns text round, and has no width.
const HOSTILE: &str =
    "x\u{1b}[2J\u{1b}]0;owned\u{7}\u{1b}]52;c;cm0gLXJm\u{7}\u{9b}8m\r\n\u{8}\u{202e}\u{200b}\u{e0041}";

/// Nothing that was printed acts on a terminal.
#[track_caller]
fn is_harmless(ran: Ran) -> Ran {
    for text in [&ran.stdout, &ran.stderr] {
        let acts = |c: char| {
            (c.is_control() && c != '\n')
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{e0000}'..='\u{e0fff}')
        };
        assert!(!text.contains(acts), "{text:?}");
    }
    ran
}

/// A VPC that is up, in the embedded AWS.
fn up() -> (Project, Served) {
    let (project, served) = (Project::new(), Served::start());
    served.run(&project, &["up", "dev", "--yes", "--target", "network.vpc"]).ends_with(0);
    (project, served)
}

#[test]
fn a_lock_with_escape_sequences_is_shown_without_them() {
    let (project, served) = up();
    let now = jiff::Timestamp::now().to_string();
    let lock = json!({"id": HOSTILE, "who": HOSTILE, "operation": HOSTILE, "started": now, "renewed": now});
    served.store("lock.json", lock.to_string().into_bytes());
    for arguments in [&["up", "dev", "--yes"][..], &["destroy", "dev", "--yes"], &["up", "dev", "--yes", "-vv"]] {
        let locked = is_harmless(served.run(&project, arguments).ends_with(3));
        locked.says(&["mlopsctl unlock dev x\\u{1b}[2J", "\\u{9b}8m\\r\\n"]);
    }
    is_harmless(served.run(&project, &["doctor", "dev"]));
}

#[test]
fn a_state_with_escape_sequences_is_shown_without_them_and_stays_valid_json() {
    let (project, served) = up();
    let mut state: Value = serde_json::from_slice(&served.stored("state.json").unwrap()).unwrap();
    let vpc = &mut state["resources"]["network.vpc"];
    (vpc["id"], vpc["spec"]["tags"][HOSTILE]) = (json!(HOSTILE), json!(HOSTILE));
    state["outputs"][HOSTILE] = json!(HOSTILE);
    served.store("state.json", state.to_string().into_bytes());
    for arguments in [
        &["state", "list", "dev"][..],
        &["state", "show", "network.vpc", "dev"],
        &["state", "pull", "dev"],
        &["state", "history", "dev"],
        &["output", "dev"],
        &["output", "dev", HOSTILE],
        &["output", "dev", "no\u{1b}[2J"],
        &["plan", "dev"],
        &["drift", "dev"],
        &["graph", "dev", "--format", "mermaid"],
        &["graph", "dev", "--format", "html"],
        &["destroy", "dev", "--yes", "--target", "x\u{9b}2J"],
        &["state", "rm", "x\u{1b}[2J", "dev"],
    ] {
        is_harmless(served.run(&project, arguments));
    }
    let id = |value: Value| assert_eq!(value, HOSTILE);
    let json = |arguments: &[&str]| is_harmless(served.run(&project, arguments).ends_with(0)).json();
    id(json(&["state", "list", "dev", "--json"])[0]["id"].clone());
    id(json(&["state", "show", "network.vpc", "dev"])["id"].clone());
    id(json(&["state", "pull", "dev"])["resources"]["network.vpc"]["id"].clone());
    id(json(&["output", "dev", "--json"])[HOSTILE].clone());
}

#[test]
fn an_answer_with_escape_sequences_is_shown_without_them() {
    let endpoint = serve(|stream, _| {
        let message = "no \u{9b}2J\u{202e}&#27;[2J&#13;&#10;Done.";
        let error = format!(
            "<ErrorResponse><Error><Code>AccessDenied</Code><Message>{message}</Message></Error></ErrorResponse>"
        );
        with(stream, "403 Forbidden", XML, &error)
    });
    let project = Project::new();
    let mut command = project.command(&["plan", "dev"]);
    command.env("AWS_ENDPOINT_URL", endpoint).env("AWS_ACCESS_KEY_ID", "x").env("AWS_SECRET_ACCESS_KEY", "x");
    let ran = is_harmless(Ran::of(command.output().unwrap()).ends_with(1));
    assert!(!ran.stderr.contains("\nDone."), "{}", ran.stderr);
    ran.says(&["AccessDenied: no \\u{9b}2J\\u{202e}"]);
}

#[test]
fn names_with_escape_sequences_are_shown_without_them() {
    let project = Project::new();
    is_harmless(project.run(&["plan", "dev\u{1b}[2J"]).ends_with(64));
    is_harmless(project.run(&["validate", "--environments", "x\u{1b}]0;owned\u{7}"]).ends_with(64));
    let folder = "ev\u{1b}[2Jil";
    std::fs::rename(project.path().join("environments"), project.path().join(folder)).unwrap();
    project.write(&format!("{folder}/dev.toml"), "projekt = \"\u{9b}8m\u{202e}\"\n");
    is_harmless(project.run(&["validate", "dev", "--environments", folder]).ends_with(64)).says(&["unknown key"]);
    let plan = format!("{folder}/dev.toml");
    is_harmless(project.local(&["up", "dev", "--plan", &plan, "--environments", folder]).ends_with(64));
}
