//! Values that may be secrets are looked for in everything that mlopsctl writes.

use crate::project::{Project, Ran};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Parts of every value that must not be seen.
const CANARY: &str = "canary";
const FUNCTION: &str = "functions.data-validation";
const JOB: &str = "catalog.job-etl";
const MACHINE: &str = "pipeline.training";

/// dev, with canaries wherever its file takes free text.
fn with_canaries() -> Project {
    let project = Project::new();
    project.edit(
        "dev",
        "name = \"data-validation\"",
        "name = \"data-validation\"\nenvironment = { NOTE = \"canary-1\" }",
    );
    project.edit("dev", "name = \"etl\"", "name = \"etl\"\narguments = { --note = \"canary-2\" }");
    project.edit("dev", "num_round = 100", "num_round = 100\nupdater = \"canary-3\"");
    // Of a definition, also what has the name of a secret, and the arguments of containers.
    let definition = std::fs::read_to_string(project.path().join("pipeline/training.asl.json")).unwrap();
    let (settings, more) = ("\"hyperparameters\": \"${hyperparameters}\"", "\"apiToken\": \"canary-8\"");
    assert!(definition.contains(settings));
    let more = format!("{settings}, {more}, \"ContainerArguments\": [\"--note\", \"canary-9\"]");
    project.write("pipeline/training.asl.json", &definition.replacen(settings, &more, 1));
    project
}

/// Every version of every object in the state bucket.
fn stored(project: &Project) -> Vec<(String, String)> {
    project.behind_its_back(async |sdk| {
        let s3 = aws_s3::client(&sdk);
        let bucket = format!("mlops-pipeline-dev-mlopsctl-state-{}", local::ACCOUNT);
        let listed = s3.list_object_versions().bucket(&bucket).send().await.unwrap();
        let mut stored = Vec::new();
        for version in listed.versions() {
            let (key, id) = (version.key().unwrap(), version.version_id().unwrap());
            let object = s3.get_object().bucket(&bucket).key(key).version_id(id).send().await.unwrap();
            let bytes = object.body.collect().await.unwrap().to_vec();
            stored.push((format!("{key} {id}"), String::from_utf8(bytes).unwrap()));
        }
        stored
    })
}

/// Sets a variable, changes another, and edits the definition of the pipeline.
fn set_canaries_from_outside(project: &Project) {
    project.behind_its_back(async |sdk| {
        let variables = [("NOTE", "canary-4"), ("SOMEBODYS_KEY", "canary-5")];
        let variables: HashMap<String, String> =
            variables.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let environment = aws_sdk_lambda::types::Environment::builder().set_variables(Some(variables)).build();
        aws_sdk_lambda::Client::new(&sdk)
            .update_function_configuration()
            .function_name("mlops-pipeline-dev-data-validation")
            .environment(environment)
            .send()
            .await
            .unwrap();
        let machines = aws_sdk_sfn::Client::new(&sdk);
        let all = machines.list_state_machines().send().await.unwrap();
        let training = all.state_machines.iter().find(|one| one.name.ends_with("-training")).unwrap();
        let arn = training.state_machine_arn();
        let shown = machines.describe_state_machine().state_machine_arn(arn).send().await.unwrap();
        let edited = shown.definition().replace("canary-3", "canary-6");
        assert_ne!(edited, shown.definition());
        machines.update_state_machine().state_machine_arn(arn).definition(edited).send().await.unwrap();
    });
}

/// Runs a command, and keeps what it said.
#[track_caller]
fn say(project: &Project, said: &mut Vec<(String, String)>, arguments: &[&str], code: i32) -> Ran {
    let ran = project.local(arguments).ends_with(code);
    said.push((arguments.join(" "), ran.stdout.clone() + &ran.stderr));
    ran
}

#[track_caller]
fn shows_no_canary(said: &[(String, String)]) {
    for (what, text) in said {
        let line = text.lines().find(|line| line.contains(CANARY));
        assert!(line.is_none(), "{what}: {}", line.unwrap_or_default().chars().take(2000).collect::<String>());
    }
}

#[test]
fn secrets_are_in_nothing_that_is_said_or_written() {
    let project = with_canaries();
    let mut said = Vec::new();
    for arguments in [
        &["validate", "dev"][..],
        &["plan", "dev"],
        &["plan", "dev", "--json"],
        &["plan", "dev", "--out", "first.plan"],
        &["cost", "dev"],
        &["graph", "dev", "--format", "html", "--changes"],
        &["up", "dev", "--json", "-vv"],
        &["output", "dev"],
        &["state", "pull", "dev"],
        &["state", "show", FUNCTION, "dev"],
        &["state", "show", JOB, "dev"],
        &["state", "show", MACHINE, "dev"],
        &["graph", "dev", "--json"],
        &["drift", "dev"],
        &["plan", "dev", "--exit-code"],
    ] {
        say(&project, &mut said, arguments, 0);
    }
    shows_no_canary(&said);
    set_canaries_from_outside(&project);
    let drift = say(&project, &mut said, &["drift", "dev", "--json"], 2).json();
    let fields: Vec<Value> =
        drift["drifted"].as_array().unwrap().iter().flat_map(|one| one["fields"].as_array().unwrap().clone()).collect();
    let field = |path: &str| fields.iter().find(|field| field["path"] == path).unwrap_or_else(|| panic!("{drift:#}"));
    assert_eq!(field("environment.NOTE")["sensitive"], true);
    assert_eq!(
        (&field("environment.SOMEBODYS_KEY")["before"], &field("environment.SOMEBODYS_KEY")["after"]),
        (&Value::Null, &json!("(sensitive)"))
    );
    assert_eq!(field("definition")["sensitive"], true);
    assert!(field("definition")["before"] != field("definition")["after"], "it is told that they differ: {drift:#}");
    let told = say(&project, &mut said, &["drift", "dev"], 2);
    assert!(told.stdout.contains("NOTE: applied as (sensitive), now (sensitive) in AWS"), "{}", told.stdout);
    for (arguments, code) in [
        (&["plan", "dev"][..], 0),
        (&["plan", "dev", "--json", "-vv"], 0),
        (&["plan", "dev", "--out", "second.plan"], 0),
        (&["doctor", "dev"], 0),
        (&["reconcile", "dev", "--json", "-vv"], 0),
        (&["drift", "dev"], 0),
    ] {
        say(&project, &mut said, arguments, code);
    }
    project.edit("dev", "canary-1", "canary-7");
    say(&project, &mut said, &["plan", "dev", "--out", "third.plan"], 0);
    say(&project, &mut said, &["up", "dev", "--plan", "third.plan"], 0);
    say(&project, &mut said, &["plan", "dev", "--exit-code"], 0);
    for plan in ["first.plan", "second.plan", "third.plan"] {
        said.push((plan.to_owned(), std::fs::read_to_string(project.path().join(plan)).unwrap()));
    }
    said.extend(stored(&project));
    shows_no_canary(&said);
    let variables = project.behind_its_back(async |sdk| {
        let name = "mlops-pipeline-dev-data-validation";
        let shown =
            aws_sdk_lambda::Client::new(&sdk).get_function_configuration().function_name(name).send().await.unwrap();
        shown.environment().unwrap().variables().unwrap().clone()
    });
    assert_eq!(variables.get("NOTE").map(String::as_str), Some("canary-7"), "what is sent is the value");
    assert_eq!(variables.get("SOMEBODYS_KEY"), None);
}

#[test]
fn secrets_are_not_in_the_trace_of_what_is_sent() {
    let project = with_canaries();
    let traced = |arguments: &[&str]| {
        let mut command = project.command(&[arguments, &["--local"]].concat());
        let ran = Ran::of(command.env("RUST_LOG", "trace").output().unwrap());
        (arguments.join(" "), ran.stdout + &ran.stderr)
    };
    let up = traced(&["up", "dev"]);
    assert!(up.1.contains("DEBUG"), "there is a trace");
    set_canaries_from_outside(&project);
    shows_no_canary(&[up, traced(&["drift", "dev"]), traced(&["reconcile", "dev"])]);
}

#[test]
fn secrets_of_a_state_of_version_0_1_go_with_the_first_write() {
    let project = with_canaries();
    project.local(&["up", "dev"]).ends_with(0);
    let key = "state.json";
    project.behind_its_back(async |sdk| {
        let s3 = aws_s3::client(&sdk);
        let bucket = format!("mlops-pipeline-dev-mlopsctl-state-{}", local::ACCOUNT);
        let object = s3.get_object().bucket(&bucket).key(key).send().await.unwrap();
        let mut state: Value = serde_json::from_slice(&object.body.collect().await.unwrap().to_vec()).unwrap();
        state["resources"][FUNCTION]["spec"]["environment"]["NOTE"] = "canary-1".into();
        state["resources"][JOB]["spec"]["default_arguments"]["--note"] = "canary-2".into();
        s3.put_object().bucket(&bucket).key(key).body(state.to_string().into_bytes().into()).send().await.unwrap();
    });
    let old = stored(&project);
    assert!(old.iter().any(|(_, text)| text.contains("canary-1") && text.contains("canary-2")));
    let mut said = Vec::new();
    for arguments in [
        &["plan", "dev", "--exit-code"][..],
        &["drift", "dev"],
        &["state", "pull", "dev"],
        &["state", "show", FUNCTION, "dev"],
    ] {
        say(&project, &mut said, arguments, 0);
    }
    project.edit("dev", "log_retention_days = 7", "log_retention_days = 14");
    say(&project, &mut said, &["up", "dev"], 0);
    let known: Vec<&String> = old.iter().map(|(version, _)| version).collect();
    said.extend(stored(&project).into_iter().filter(|(version, _)| !known.contains(&version)));
    shows_no_canary(&said);
}

#[test]
fn secrets_are_not_needed_to_replace_and_to_destroy() {
    let project = with_canaries();
    project.local(&["up", "dev"]).ends_with(0);
    let file = project.path().join("environments/dev.toml");
    std::fs::remove_file(file).unwrap();
    let mut said = Vec::new();
    say(&project, &mut said, &["destroy", "dev", "--yes", "--delete-data"], 0);
    let list = say(&project, &mut said, &["state", "list", "dev", "--json"], 0);
    assert_eq!(list.json(), json!([]));
    shows_no_canary(&said);
}

#[test]
fn secrets_near_a_mistake_are_not_shown_with_it() {
    let project = with_canaries();
    project.edit("dev", "NOTE = \"canary-1\"", "NOTE = \"canary-1\", DB_PASSWORD = \"canary-8\"");
    project.edit("dev", "memory_mb = 1024", "memory_mb = 1\nsecrets = { X_KEY = \"canary-9\" }");
    let ran = project.run(&["validate", "dev"]).ends_with(64);
    assert!(
        ran.stderr.contains("`DB_PASSWORD` looks like a secret") && ran.stderr.contains("secrets = {"),
        "{}",
        ran.stderr
    );
    shows_no_canary(&[("validate".to_owned(), ran.stdout + &ran.stderr)]);
}
