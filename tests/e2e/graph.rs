//! Pictures of a platform, before it is there, while it is, and with what would change.

use crate::project::Project;
use serde_json::Value;

fn picture(project: &Project, environment: &str, more: &[&str]) -> Value {
    project.local(&[&["graph", environment, "--json"], more].concat()).ends_with(0).json()
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
