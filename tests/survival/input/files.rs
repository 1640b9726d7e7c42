//! Environment files. What is said of each mistake is tested where they are read; here, that the binary says it
//! and stops there.

use super::corpus;
use crate::project::Project;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    says: Vec<String>,
}

#[test]
fn a_broken_file_ends_a_run_before_anything_is_opened() {
    let project = Project::new();
    let file = project.path().join("environments/dev.toml");
    for (name, case) in corpus::index::<Case>("environments") {
        std::fs::copy(corpus::file(&format!("environments/{name}.toml")), &file).unwrap();
        eprintln!("{name}");
        // The corpus is of a file named otherwise, where that matters.
        let places = case.says.iter().map(|said| said.splitn(3, ':').take(2).collect::<Vec<_>>().join(":"));
        let places: Vec<String> = places.map(|place| format!("dev.toml:{place}")).collect();
        let words: Vec<&str> = places.iter().map(String::as_str).chain(["nothing was touched"]).collect();
        project.local(&["up", "dev"]).ends_with(64).says(&words);
        assert!(!project.path().join("state").exists(), "{name}");
    }
}

#[test]
fn thousands_of_problems_are_counted_and_the_first_shown() {
    let project = Project::new();
    let lines: String = (0..20_000).map(|number| format!("key{number} = 1\n")).collect();
    std::fs::write(project.path().join("environments/dev.toml"), lines).unwrap();
    let run =
        project.local(&["up", "dev"]).ends_with(64).says(&["lacks `project`", "20003 problems", "and 19953 more"]);
    assert!(run.stderr.len() < 100_000, "{} bytes", run.stderr.len());
}

#[test]
fn a_line_without_end_is_not_repeated() {
    let project = Project::new();
    let line = format!("project = \"{}\"\n", "x".repeat(1_000_000));
    std::fs::write(project.path().join("environments/dev.toml"), line).unwrap();
    let run = project.local(&["up", "dev"]).ends_with(64).says(&["dev.toml:1:11"]);
    assert!(run.stderr.len() < 100_000, "{} bytes", run.stderr.len());
}

#[test]
fn formatting_changes_no_file_that_is_broken() {
    let project = Project::new();
    let file = project.path().join("environments/dev.toml");
    for name in ["cut-in-a-list", "latin-1", "nul-byte", "binary", "merge-conflict"] {
        std::fs::copy(corpus::file(&format!("environments/{name}.toml")), &file).unwrap();
        let before = std::fs::read(&file).unwrap();
        project.run(&["fmt"]).ends_with(64).says(&["dev.toml:"]);
        assert_eq!(std::fs::read(&file).unwrap(), before, "{name}");
    }
}
