//! Command lines that mean nothing, or not enough.

use crate::project::Project;
use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

/// The arguments, and what is said of them.
const CASES: &[(&[&str], &str)] = &[
    (&["frobnicate"], "unrecognized subcommand 'frobnicate'"),
    (&["pla"], "a similar subcommand exists"),
    (&["Plan", "dev"], "unrecognized subcommand 'Plan'"),
    (&["--", "plan", "dev"], "unexpected argument 'plan'"),
    (&["plan", "dev", "prod"], "unexpected argument 'prod'"),
    (&["plan", "dev", "--no-such-flag"], "unexpected argument '--no-such-flag'"),
    (&["plan", "dev", "--exit-cod"], "unexpected argument '--exit-cod'"),
    (&["plan", "dev", "--target"], "a value is required"),
    (&["plan", "dev", "--out"], "a value is required"),
    (&["plan", "dev", "--json=yes"], "unexpected value 'yes'"),
    (&["plan", "dev", "--local", "--local"], "cannot be used multiple times"),
    (&["up", "dev", "--plan", "a", "--target", "network.vpc"], "cannot be used with"),
    (&["up", "dev", "--plan", "a", "--plan", "b"], "cannot be used multiple times"),
    (&["up", "dev", "--parallelism", "0"], "0 is not in 1..=65535"),
    (&["up", "dev", "--parallelism", "-1"], "unexpected argument '-1'"),
    (&["up", "dev", "--parallelism", "65536"], "65536 is not in 1..=65535"),
    (&["up", "dev", "--parallelism", "many"], "invalid digit"),
    (&["up", "dev", "--parallelism", "1.5"], "invalid digit"),
    (&["up", "dev", "--lock-timeout", "soon"], "expected a time with its unit"),
    (&["up", "dev", "--lock-timeout", "1w"], "expected a time with its unit"),
    (&["up", "dev", "--lock-timeout", "5"], "expected a time with its unit"),
    (&["up", "dev", "--lock-timeout", "-5s"], "unexpected argument"),
    (&["up", "dev", "--lock-timeout", "5 parsecs"], "expected a time with its unit"),
    (&["up", "dev", "--lock-timeout", "99999999999999999999s"], "expected a time with its unit"),
    (&["up", "dev", "--lock-timeout", ""], "expected a time with its unit"),
    (&["up", "dev", "--plan", "nowhere.json"], "nowhere.json is not a saved plan: there is no such file"),
    (&["up", "dev", "--plan", "environments"], "environments is not a saved plan: it is a folder"),
    (&["up", "dev", "--plan", "/dev/zero"], "larger than 64 MiB"),
    (&["up", "dev", "--plan", "/dev/null"], "is not a saved plan: EOF"),
    (&["destroy", "dev", "--unprotect"], "a value is required"),
    (&["state"], "Usage: mlopsctl state"),
    (&["state", "rm"], "required arguments were not provided"),
    (&["state", "mv", "network.vpc"], "2 values required"),
    (&["state", "push", "nowhere.json", "dev", "--local"], "there is no file or folder "),
    (&["state", "push", "/dev/zero", "dev", "--local"], "larger than 64 MiB"),
    (&["state", "show", "network.vpc", "dev", "--local"], "the state knows no `network.vpc`"),
    (&["state", "show", "../../etc/passwd", "dev", "--local"], "the state knows no"),
    (&["unlock", "dev"], "required arguments were not provided"),
    (&["local"], "Usage: mlopsctl local"),
    (&["local", "serve", "--port", "65536"], "65536 is not in 0..=65535"),
    (&["local", "serve", "--port", "http"], "invalid digit"),
    (&["completions", "cmd"], "invalid value 'cmd'"),
    (&["completions"], "required arguments were not provided"),
    (&["plan", "dev", "--local", "--target", "netwrok.vpc"], "there is no resource `netwrok.vpc`"),
    (&["plan", "dev", "--local", "--target", "NETWORK.*"], "there is no resource `NETWORK.*`"),
    (&["up", "dev", "--local", "--target", ""], "there is no resource ``"),
    (&["up", "dev", "--local", "--target", "a.\u{1b}[2J"], "there is no resource `a.\\u{1b}[2J`"),
];

#[test]
fn what_means_nothing_ends_with_64_and_says_why() {
    let project = Project::new();
    for (arguments, says) in CASES {
        eprintln!("{arguments:?}");
        let run = project.run(arguments).ends_with(64);
        assert!(run.stderr.contains(says) || run.stderr.contains(&says.to_lowercase()), "{says:?}: {}", run.stderr);
        assert!(!run.stderr.contains("panicked") && run.stdout.is_empty(), "{}{}", run.stderr, run.stdout);
    }
}

#[test]
fn bytes_that_are_no_text_are_no_argument() {
    let project = Project::new();
    let broken = OsStr::from_bytes(b"d\xffv");
    let mut plan = project.command(&["plan"]);
    let run = crate::project::Ran::of(plan.arg(broken).output().unwrap());
    run.ends_with(64).says(&["invalid UTF-8"]);
    let mut plan = project.command(&["plan", "--local"]);
    let run = crate::project::Ran::of(plan.env("MLOPSCTL_ENV", broken).output().unwrap());
    run.ends_with(64).says(&["MLOPSCTL_ENV is not the name of an environment"]);
}

#[test]
fn a_time_longer_than_any_run_is_a_time() {
    let project = Project::new();
    project.local(&["up", "dev", "--target", "network.vpc", "--lock-timeout", "1000000h"]).ends_with(0);
}

#[test]
fn a_thousand_arguments_are_as_wrong_as_one() {
    let project = Project::new();
    let targets = vec!["--target=nowhere.*"; 1000];
    let run = project.local(&[&["plan", "dev"], targets.as_slice()].concat());
    run.ends_with(64).says(&["there is no resource `nowhere.*`"]);
}

#[test]
fn what_cannot_be_written_is_named() {
    let project = Project::new();
    std::fs::write(project.path().join("file"), "").unwrap();
    project.run(&["init", "file"]).ends_with(1).says(&["file/environments: Not a directory"]);
    project.run(&["init", "."]).ends_with(64).says(&["environments exists already"]);
    project.local(&["plan", "dev", "--out", "nowhere/plan.json"]).ends_with(1).says(&["nowhere/plan.json: No such"]);
    project.local(&["plan", "dev", "--out", "."]).ends_with(1).says(&[".: Is a directory"]);
    let file = project.path().join("environments/dev.toml");
    let before = std::fs::read(&file).unwrap();
    for command in [&["plan", "dev"][..], &["graph", "dev"], &["graph", "dev", "--format", "html"]] {
        let out = [command, &["--out", "environments/dev.toml"]].concat();
        project.local(&out).ends_with(64).says(&["environments/dev.toml is there already", "name another file"]);
        assert_eq!(std::fs::read(&file).unwrap(), before, "{command:?}");
    }
    for _ in 0..2 {
        project.local(&["plan", "dev", "--out", "plan.json"]).ends_with(0);
        project.local(&["graph", "dev", "--format", "svg", "--out", "dev.svg"]).ends_with(0);
    }
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    project.run(&["local", "serve", "--port", &port]).ends_with(1).says(&[&format!("port {port}: Address already")]);
}
