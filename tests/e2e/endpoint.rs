//! Against an endpoint, as against AWS: without `--local`, several processes at once.

use crate::project::{Project, Ran};
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

/// `local serve` on a free port, until dropped.
struct Served {
    process: Child,
    endpoint: String,
}

impl Served {
    fn start(project: &Project) -> Self {
        let mut process = project
            .command(&["local", "serve", "--port", "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let endpoint = first.trim().strip_prefix("export AWS_ENDPOINT_URL=").unwrap().to_owned();
        Self { process, endpoint }
    }

    fn command(&self, project: &Project, arguments: &[&str]) -> Command {
        let mut command = project.command(arguments);
        command.env("AWS_ENDPOINT_URL", &self.endpoint);
        command.env("AWS_ACCESS_KEY_ID", "local").env("AWS_SECRET_ACCESS_KEY", "local");
        command
    }

    fn run(&self, project: &Project, arguments: &[&str]) -> Ran {
        Ran::of(self.command(project, arguments).output().unwrap())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn any_endpoint_will_do() {
    let project = Project::new();
    let served = Served::start(&project);
    served.run(&project, &["up", "dev", "--yes"]).ends_with(0);
    served.run(&project, &["plan", "dev", "--exit-code"]).ends_with(0);
    served.run(&project, &["drift", "dev"]).ends_with(0);
    served.run(&project, &["destroy", "dev", "--yes", "--delete-data"]).ends_with(0);
    let again = served.run(&project, &["destroy", "dev", "--yes"]).ends_with(0);
    assert!(again.stderr.contains("nothing to do"), "{}", again.stderr);
}

#[test]
fn nothing_is_made_before_somebody_said_yes() {
    let project = Project::new();
    let served = Served::start(&project);
    let unasked = served.run(&project, &["up", "dev"]).ends_with(64);
    assert!(unasked.stderr.contains("--yes"), "{}", unasked.stderr);
    served.run(&project, &["output", "dev"]).ends_with(1);
    served.run(&project, &["plan", "dev", "--out", "saved.json"]).ends_with(0);
    served.run(&project, &["up", "dev", "--plan", "saved.json"]).ends_with(0);
}

#[test]
fn of_two_at_once_one_works_and_the_other_says_who_does() {
    let project = Project::new();
    let served = Served::start(&project);
    let start = || {
        let mut command = served.command(&project, &["up", "dev", "--yes"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let both = [start(), start()];
    let mut ran = both.map(|process| Ran::of(process.wait_with_output().unwrap()));
    ran.sort_by_key(|ran| ran.code);
    let [works, refused] = ran;
    works.ends_with(0);
    let refused = refused.ends_with(3);
    for part in ["locked by", "`up`", "since"] {
        assert!(refused.stderr.contains(part), "{part} is not in {}", refused.stderr);
    }
    served.run(&project, &["plan", "dev", "--exit-code"]).ends_with(0);
}
