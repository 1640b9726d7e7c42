//! Pages for people at a narrow terminal.

use crate::{project::Project, terminal::Seated};

const COLUMNS: u16 = 60;

/// The output of a command at a narrow terminal, without the escape sequences of progress.
#[track_caller]
fn shown(project: &Project, arguments: &[&str], code: i32) -> String {
    let command = project.command(&[arguments, &["--local", "--no-color"]].concat());
    let shown = Seated::start(command, project, COLUMNS, None).ends_with(code);
    let mut parts = shown.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    let end_of_sequence = |part: &str| part.find(|c: char| c.is_ascii_alphabetic()).map_or(part.len(), |at| at + 1);
    first + &parts.map(|part| &part[end_of_sequence(part)..]).collect::<String>()
}

/// True if a line cannot be broken: it has one word, such as an id, a path or a command between backticks, or it is a line
/// of a file, or the usage of a command.
fn is_whole(line: &str) -> bool {
    let line = line.trim();
    let is_code = line.trim_matches(|c: char| c.is_ascii_punctuation() && c != '`');
    !line.contains(' ')
        || line.starts_with("Usage: ")
        || line.contains(" │ ")
        || (is_code.starts_with('`') && is_code.ends_with('`') && is_code.matches('`').count() == 2)
}

/// The output of a command at a narrow terminal, no line of which the terminal breaks in the middle of a word.
#[track_caller]
fn fits(project: &Project, arguments: &[&str], code: i32) -> String {
    let shown = shown(project, arguments, code);
    let lines = shown.lines().map(str::trim_end);
    let wide: Vec<&str> = lines.filter(|line| line.chars().count() > usize::from(COLUMNS) && !is_whole(line)).collect();
    assert!(wide.is_empty(), "{arguments:?}: {wide:#?}\n{shown}");
    shown
}

#[test]
fn help_fits_a_narrow_terminal() {
    let project = Project::new();
    let commands: &[&[&str]] = &[
        &[],
        &["init"],
        &["validate"],
        &["fmt"],
        &["plan"],
        &["up"],
        &["destroy"],
        &["output"],
        &["wait"],
        &["drift"],
        &["reconcile"],
        &["doctor"],
        &["cost"],
        &["graph"],
        &["adopt"],
        &["permissions"],
        &["state"],
        &["state", "list"],
        &["state", "history"],
        &["unlock"],
        &["pipeline"],
        &["pipeline", "dev", "upload"],
        &["pipeline", "dev", "run"],
        &["pipeline", "dev", "status"],
        &["pipeline", "dev", "data"],
        &["pipeline", "dev", "logs"],
        &["local"],
        &["local", "serve"],
        &["mcp"],
        &["self"],
        &["completions"],
    ];
    for command in commands {
        fits(&project, &[*command, &["--help"]].concat(), 0);
    }
}

#[test]
fn pages_of_a_platform_fit_a_narrow_terminal() {
    let project = Project::new();
    fits(&project, &["init", "new", "--project", "shop", "--region", "eu-west-1"], 0);
    fits(&project, &["validate", "dev"], 0);
    fits(&project, &["plan", "prod"], 0);
    let plan = fits(&project, &["plan", "dev"], 0);
    let (_, end) = plan.split_once("Plan for dev").unwrap();
    let end = end.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(end.contains("On AWS it would cost 48.23 USD a month (list prices of"), "{end}");
    fits(&project, &["cost", "dev"], 0);
    fits(&project, &["doctor", "dev"], 0);
    fits(&project, &["up", "dev"], 0);
    fits(&project, &["up", "dev"], 0);
    fits(&project, &["doctor", "dev"], 0);
    let outputs = fits(&project, &["output", "dev"], 0);
    assert!(outputs.contains("data_bucket_name = mlops-pipeline-dev-data-"), "{outputs}");
    let listed = fits(&project, &["state", "list", "dev"], 0);
    assert!(listed.contains("network.vpc") && listed.contains("\n    ec2:vpc"), "{listed}");
    fits(&project, &["state", "history", "dev"], 0);
    fits(&project, &["permissions", "dev", "--split", "policies"], 0);
    fits(&project, &["graph", "dev", "--out", "platform.svg"], 0);
    fits(&project, &["drift", "dev"], 0);
    fits(&project, &["adopt", "dev", "network.vpc"], 0);
    fits(&project, &["pipeline", "dev", "models"], 0);
    fits(&project, &["pipeline", "dev", "data"], 0);
    fits(&project, &["pipeline", "dev", "upload", "pipeline/sample/churn.csv"], 0);
    let data = fits(&project, &["pipeline", "dev", "data"], 0);
    assert!(data.contains("churn.csv"), "{data}");
    fits(&project, &["destroy", "dev"], 1);
    project.edit("dev", "cidr = \"10.0.0.0/16\"", "cidr = \"10.8.0.0/16\"");
    project.edit("dev", "log_retention_days = 7", "log_retention_days = 14");
    fits(&project, &["plan", "dev"], 0);
    fits(&project, &["state", "rm", "dev", "monitoring.alerts"], 0);
    fits(&project, &["adopt", "dev", "network.vpc=vpc-00000000000000000"], 1);
    fits(&project, &["destroy", "dev", "--delete-data"], 0);
}

#[test]
fn problems_fit_a_narrow_terminal() {
    let project = Project::new();
    fits(&project, &["plan", "test"], 64);
    fits(&project, &["output", "dev"], 1);
    project.edit("dev", "zones = 2", "zones = 12");
    project.edit("dev", "nat = \"single\"", "nat = \"singel\"");
    fits(&project, &["validate", "dev"], 64);
}
