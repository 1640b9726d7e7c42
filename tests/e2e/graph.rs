//! Pictures of a platform, before it is there, while it is, and with what would change.

use crate::{project::Project, schemas::conforms};
use serde_json::Value;

fn picture(project: &Project, environment: &str, more: &[&str]) -> Value {
    let document = project.local(&[&["graph", environment, "--json"], more].concat()).ends_with(0).json();
    conforms("graph", &document);
    document
}

fn status<'a>(picture: &'a Value, address: &str) -> &'a str {
    let nodes = picture["nodes"].as_array().unwrap();
    nodes.iter().find(|node| node["address"] == address).unwrap_or_else(|| panic!("no {address}"))["status"]
        .as_str()
        .unwrap()
}

fn all_are(picture: &Value, expected: &str) {
    let nodes = picture["nodes"].as_array().unwrap();
    assert!(nodes.len() > 50 && nodes.iter().all(|node| node["status"] == expected), "{picture:#}");
}

#[test]
fn a_picture_tells_what_is_there_what_needs_what_and_what_would_change() {
    let project = Project::new();
    all_are(&picture(&project, "dev", &[]), "create");
    project.local(&["up", "dev"]).ends_with(0);
    let up = picture(&project, "dev", &["--changes"]);
    all_are(&up, "ready");
    let edges = up["edges"].as_array().unwrap();
    let needs = |from: &str, to: &str| {
        edges.iter().find(|edge| edge["from"] == from && edge["to"] == to).map(|edge| edge["needs"].as_str().unwrap())
    };
    assert_eq!(needs("network.private-1", "network.vpc"), Some("identity"));
    assert_eq!(needs("functions.data-validation", "identity.data-validation-function"), Some("ready"));
    assert_eq!(needs("network.vpc", "network.private-1"), None);

    project.edit("dev", "log_retention_days = 7", "log_retention_days = 14");
    project.edit("dev", "user_profiles = [\"data-scientist\"]", "user_profiles = [\"analyst\"]");
    let changed = picture(&project, "dev", &["--changes"]);
    assert_eq!(status(&changed, "pipeline.logs"), "update");
    assert_eq!(status(&changed, "studio.user-analyst"), "create");
    assert_eq!(status(&changed, "studio.user-data-scientist"), "delete");
    assert_eq!(status(&changed, "network.vpc"), "ready");
}

#[test]
fn page_of_changes_marks_what_was_changed_outside_of_mlopsctl() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    project.behind_its_back(async |sdk| {
        let function = "mlops-pipeline-dev-model-evaluation";
        let functions = aws_sdk_lambda::Client::new(&sdk);
        functions.update_function_configuration().function_name(function).memory_size(3008).send().await.unwrap();
        let alarm = "mlops-pipeline-dev-pipeline-failures";
        aws_sdk_cloudwatch::Client::new(&sdk).delete_alarms().alarm_names(alarm).send().await.unwrap();
    });
    project.edit("dev", "memory_mb = 1024", "memory_mb = 2048");
    let page = |options: &[&str]| {
        let page = project.local(&[&["graph", "dev", "--format", "html"], options].concat()).ends_with(0).stdout;
        let data = page.split_once("id=\"data\">").unwrap().1.split_once("</script>").unwrap().0;
        (serde_json::from_str::<Value>(data).unwrap(), page)
    };
    let (data, drawn) = page(&["--changes"]);
    let drifted = data["nodes"].as_array().unwrap().iter().filter(|node| node["drifted"] == true);
    let drifted: Vec<(&str, String)> =
        drifted.map(|node| (node["address"].as_str().unwrap(), node["detail"].to_string())).collect();
    let [(function, told), (alarm, gone)] = drifted.as_slice() else { panic!("{drifted:?}") };
    assert_eq!((*function, *alarm), ("functions.model-evaluation", "monitoring.pipeline-failures"));
    for row in [
        r#"["change","memory_mb: 3008 → 2048"]"#,
        r#"["outside","memory_mb: 1024 → 3008, changed outside of mlopsctl"]"#,
    ] {
        assert!(told.contains(row), "{told}");
    }
    assert!(gone.contains("deleted outside of mlopsctl"), "{gone}");
    assert_eq!(drawn.matches("class=\"flag\"").count(), 3, "two resources and their switch");
    // Without a plan, AWS is not compared.
    assert!(!page(&[]).1.contains("class=\"flag\""));
}

#[test]
fn every_format_draws_every_environment() {
    let project = Project::new();
    for environment in ["dev", "staging", "prod"] {
        let nodes = picture(&project, environment, &[]);
        let addresses: Vec<&str> =
            nodes["nodes"].as_array().unwrap().iter().map(|node| node["address"].as_str().unwrap()).collect();
        for (format, begins) in
            [("dot", "digraph"), ("mermaid", "flowchart"), ("svg", "<svg"), ("html", "<!doctype html>")]
        {
            let drawn = project.local(&["graph", environment, "--format", format]).ends_with(0).stdout;
            assert!(drawn.starts_with(begins), "{format}: {drawn:.200}");
            let missing: Vec<_> =
                addresses.iter().filter(|address| !drawn.contains(address.split_once('.').unwrap().1)).collect();
            assert_eq!(missing, Vec::<&&str>::new(), "{format} of {environment}");
        }
    }
    project.local(&["graph", "dev", "--format", "svg", "--out", "dev.svg"]).ends_with(0);
    assert!(std::fs::read_to_string(project.path().join("dev.svg")).unwrap().starts_with("<svg"));
    project.local(&["graph", "dev", "--format", "crayon"]).ends_with(64);
    project.local(&["graph", "dev", "--out", "nowhere/dev.dot"]).ends_with(1);
}

#[test]
fn graph_file_holds_what_its_name_says() {
    let project = Project::new();
    let written = |name: &str| std::fs::read_to_string(project.path().join(name)).unwrap();
    for (name, begins) in [
        ("dev.dot", "digraph"),
        ("dev.gv", "digraph"),
        ("dev.mmd", "flowchart"),
        ("dev.svg", "<svg"),
        ("dev.HTML", "<!doctype html>"),
        ("picture", "digraph"),
    ] {
        project.local(&["graph", "dev", "--out", name]).ends_with(0);
        assert!(written(name).starts_with(begins), "{name}: {:.40}", written(name));
    }
    project.local(&["graph", "dev", "--out", "dev.md", "--format", "mermaid"]).ends_with(0);
    assert!(written("dev.md").starts_with("flowchart"));
    for arguments in [&["--out", "dev.png"] as &[&str], &["--out", "other.svg", "--format", "html"]] {
        let refused = project.local(&[&["graph", "dev"], arguments].concat()).ends_with(64);
        assert!(refused.stderr.contains(arguments[1]), "{}", refused.stderr);
        assert!(refused.stderr.contains("nothing was written"), "{}", refused.stderr);
        assert!(!project.path().join(arguments[1]).exists());
    }
}

#[test]
fn page_shows_the_last_run_and_what_each_resource_costs() {
    let project = Project::new();
    let page = || project.local(&["graph", "dev", "--format", "html"]).ends_with(0).stdout;
    let before = page();
    assert!(!before.contains("Last run:") && before.contains("40.88 USD a month"), "{before:.2000}");
    let up = project.local(&["up", "dev", "--json"]).ends_with(0).stdout;
    let summary: Value = serde_json::from_str(up.lines().last().unwrap()).unwrap();
    let chain: Vec<&str> =
        summary["longest_chain"].as_array().unwrap().iter().map(|link| link["address"].as_str().unwrap()).collect();
    let after = page();
    assert!(after.contains("Last run: up on "), "{after:.2000}");
    assert_eq!(after.matches("class=\"bar critical\"").count(), chain.len(), "{chain:?}");
    let created = usize::try_from(summary["created"].as_u64().unwrap()).unwrap();
    assert_eq!(after.matches("<g class=\"bar").count(), created);
    // The next run changes nothing, and so has no times.
    project.local(&["up", "dev"]).ends_with(0);
    assert!(page().contains(&format!("{created} steps")));
    project.edit("dev", "region = \"ap-south-1\"", "region = \"eu-west-1\"");
    project.local(&["local", "reset"]).ends_with(0);
    assert!(!page().contains("Last run:"), "that was elsewhere");
}

#[test]
fn up_says_what_to_do_next_with_the_options_of_the_command() {
    let project = Project::new();
    let first = project.local(&["up", "dev"]).ends_with(0).stderr;
    for command in [
        "`mlopsctl pipeline dev upload pipeline/sample/churn.csv --local`",
        "`mlopsctl pipeline dev run --follow --local`",
        "`mlopsctl graph dev --out dev.html --local`",
        "On AWS it would cost",
    ] {
        assert!(first.contains(command), "{command} is not in {first}");
    }
    assert!(!first.contains("console.aws.amazon.com/states"), "an emulator has no console");
    project.edit("dev", "log_retention_days = 7", "log_retention_days = 14");
    assert!(!project.local(&["up", "dev"]).ends_with(0).stderr.contains("next:"));
}

/// `UPDATE_PICTURE=1` draws it anew.
#[test]
fn the_picture_in_the_readme_is_of_dev() {
    let project = Project::new();
    let drawn = project.local(&["graph", "dev", "--format", "svg"]).ends_with(0).stdout;
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/dev.svg");
    if std::env::var_os("UPDATE_PICTURE").is_some() {
        std::fs::write(&file, &drawn).unwrap();
    }
    assert!(std::fs::read_to_string(&file).unwrap() == drawn, "docs/dev.svg is of another platform");
}
