//! Disks that are full, and places that cannot be written.

use crate::project::{Project, Ran};
use std::{
    fs::File,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

/// Commands that print data, as text and as JSON where they have both.
const PRINTERS: &[&[&str]] = &[
    &["plan", "dev"],
    &["plan", "dev", "--json"],
    &["plan", "dev", "--exit-code"],
    &["up", "dev"],
    &["up", "dev", "--json"],
    &["output", "dev"],
    &["output", "dev", "--json"],
    &["output", "dev", "vpc_id"],
    &["drift", "dev"],
    &["drift", "dev", "--json"],
    &["cost", "dev"],
    &["cost", "dev", "--json"],
    &["cost", "--print-prices"],
    &["doctor", "dev"],
    &["graph", "dev"],
    &["permissions", "dev"],
    &["permissions", "dev", "--split", "policies"],
    &["state", "list", "dev"],
    &["state", "list", "dev", "--json"],
    &["state", "show", "network.vpc", "dev"],
    &["state", "pull", "dev"],
    &["state", "history", "dev"],
    &["pipeline", "dev", "image"],
    &["completions", "bash"],
    &["man"],
    &["--help"],
    &["--version"],
];

/// The program, with a stdout that takes nothing.
fn into_a_full_disk(project: &Project, arguments: &[&str]) -> Ran {
    let mut command = project.command(&[arguments, &["--local"]].concat());
    command.stdout(File::options().write(true).open("/dev/full").unwrap()).stderr(Stdio::piped());
    Ran::of(command.output().unwrap())
}

#[test]
fn data_that_cannot_be_written_is_a_failure() {
    let project = Project::new();
    project.local(&["up", "dev"]).ends_with(0);
    for arguments in PRINTERS {
        eprintln!("{arguments:?}");
        let ran = into_a_full_disk(&project, arguments).ends_with(1);
        // clap writes its own pages, and ends the program.
        if !arguments[0].starts_with("--") {
            ran.says(&["writing to stdout: No space left on device"]);
        }
    }
    let invalid = into_a_full_disk(&project, &["plan", "nowhere"]);
    invalid.ends_with(64).says(&["there is no environment `nowhere`"]);
    into_a_full_disk(&project, &["destroy", "dev", "--delete-data", "--json"]).ends_with(1);
    let state = project.local(&["state", "list", "dev"]).ends_with(0);
    assert_eq!(state.stdout, "", "what was to be done was done");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let project = Project::new();
    let mut child = project.command(&["cost", "--print-prices"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn readers_that_go_away_in_the_middle_of_a_run_end_nothing() {
    let project = Project::new();
    for arguments in
        [&["up", "dev", "--json", "--local"][..], &["destroy", "dev", "--delete-data", "--json", "--local"]]
    {
        let mut child = project.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut events = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        events.read_line(&mut first).unwrap();
        assert!(first.starts_with('{'), "{first}");
        drop((events, child.stderr.take()));
        assert_eq!(child.wait().unwrap().code(), Some(0), "{arguments:?}");
        let done = if arguments[0] == "up" { ["plan", "dev", "--exit-code"] } else { ["state", "list", "dev"] };
        project.local(&done).ends_with(0);
    }
    assert_eq!(project.local(&["state", "list", "dev"]).stdout, "", "what was to be deleted was deleted");
}

#[test]
fn a_plan_that_cannot_be_saved_is_a_failure_and_leaves_nothing() {
    let project = Project::new();
    let full = project.local(&["plan", "dev", "--out", "/dev/full"]).ends_with(1);
    full.says(&["saving the plan to /dev/full: No space left on device"]);
    project.local(&["plan", "dev", "--out", "nowhere/plan.json"]).ends_with(1).says(&["nowhere/plan.json"]);
    project.local(&["plan", "dev", "--out", "environments"]).ends_with(1).says(&["saving the plan to environments"]);
    limited(&project, 1, &["plan", "dev", "--out", "plan.json"]).says(&["File too large"]);
    let left = std::fs::read_dir(project.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(left.into_iter().all(|name| !name.to_string_lossy().contains("plan.json")));
}

/// On the embedded AWS, with files of so many blocks at most: what is written beyond that fails, as on a full disk.
fn limited(project: &Project, blocks: usize, arguments: &[&str]) -> Ran {
    let plain = project.command(&[arguments, &["--local"]].concat());
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\"", &blocks.to_string()]);
    shell.arg(plain.get_program()).args(plain.get_args()).current_dir(project.path()).stdin(Stdio::null());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    Ran::of(shell.output().unwrap())
}

#[test]
fn a_full_disk_under_the_embedded_aws_is_told_in_plain_words_and_gone_on_from() {
    let project = Project::new();
    let full = limited(&project, 16, &["up", "dev"]).ends_with(1);
    assert!(!full.stderr.contains("an error code of AWS"), "{}", full.stderr);
    assert!(!full.stderr.contains("ERROR aws"), "{}", full.stderr);
    full.says(&["cannot write ", "state/local/", "File too large"]);
    project.local(&["up", "dev"]).ends_with(0);
    project.local(&["plan", "dev", "--exit-code"]).ends_with(0);
}

#[test]
fn a_disk_that_fills_up_at_any_moment_of_a_run_or_a_removal_loses_nothing() {
    for blocks in [1, 4, 64, 128, 256] {
        eprintln!("{blocks} blocks");
        let project = Project::new();
        limited(&project, blocks, &["up", "dev"]).ends_with(1).says(&["File too large"]);
        project.local(&["up", "dev"]).ends_with(0);
        project.local(&["plan", "dev", "--exit-code"]).ends_with(0);
        limited(&project, blocks, &["destroy", "dev", "--delete-data"]).ends_with(1).says(&["File too large"]);
        project.local(&["destroy", "dev", "--delete-data"]).ends_with(0);
        let state = project.local(&["state", "list", "dev"]).ends_with(0);
        assert_eq!(state.stdout, "", "{blocks} blocks: what was to be deleted was deleted");
    }
}

#[test]
fn a_new_project_that_cannot_be_written_whole_is_not_begun() {
    let project = Project::new();
    let full = limited(&project, 2, &["init", "new"]).ends_with(1);
    full.says(&["new/environments/", "File too large"]);
    project.run(&["init", "new"]).ends_with(0);
}

#[test]
fn files_that_cannot_be_written_keep_what_they_held() {
    let project = Project::new();
    project.append("dev", "\n\n\n# The end.   \n");
    for (name, arguments) in [
        ("environments/dev.toml", &["fmt"][..]),
        ("graph.html", &["graph", "dev", "--format", "html", "--out", "graph.html"][..]),
    ] {
        if name == "graph.html" {
            project.local(arguments).ends_with(0);
        }
        let before = std::fs::read_to_string(project.path().join(name)).unwrap();
        limited(&project, 1, arguments).ends_with(1).says(&[name, "File too large"]);
        assert_eq!(std::fs::read_to_string(project.path().join(name)).unwrap(), before, "{name}");
    }
}

#[test]
fn a_folder_that_cannot_hold_the_embedded_aws_is_told_with_the_reason() {
    let project = Project::new();
    project.write("state", "a file");
    let ran = project.local(&["plan", "dev"]).ends_with(1);
    assert!(!ran.stderr.contains("that command"), "{}", ran.stderr);
    ran.says(&["cannot create ./state/local/objects: Not a directory"]);
}
