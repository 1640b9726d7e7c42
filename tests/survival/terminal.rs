//! A person at a terminal, and a terminal that goes away.

use crate::{aftermath::UP, project::Project, served::Served};
use pty_process::{
    Size,
    blocking::{Command, Pty, open},
};
use std::{
    fs::{self, File},
    io::{Read, Write},
    process::{Child, ExitStatus},
    time::Duration,
};

const SLOW: Duration = Duration::from_millis(300);
const CTRL_C: &[u8] = b"\x03";

/// A run that has a terminal for itself.
pub(crate) struct Seated {
    process: Child,
    terminal: Pty,
    shown: String,
}

impl Seated {
    pub(crate) fn at_a_terminal(served: &Served, project: &Project, arguments: &[&str]) -> Self {
        Self::with_output(served, project, arguments, None)
    }

    /// With stdout going into a file, if one is named.
    fn with_output(served: &Served, project: &Project, arguments: &[&str], output: Option<&str>) -> Self {
        Self::start(served.command(project, arguments), project, 150, output)
    }

    /// Starts a run at a terminal of so many columns.
    pub(crate) fn start(plain: std::process::Command, project: &Project, columns: u16, output: Option<&str>) -> Self {
        let (terminal, end) = open().unwrap();
        terminal.resize(Size::new(50, columns)).unwrap();
        let mut command = Command::new(plain.get_program()).args(plain.get_args()).current_dir(project.path());
        for (name, value) in plain.get_envs() {
            command = match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(file) = output {
            command = command.stdout(File::create(project.path().join(file)).unwrap());
        }
        Self { process: command.spawn(end).unwrap(), terminal, shown: String::new() }
    }

    /// Reads what is shown, until it has a text so often.
    #[track_caller]
    pub(crate) fn shows(&mut self, text: &str, times: usize) {
        while self.shown.matches(text).count() < times {
            assert!(self.read(), "{text:?} was not shown: {}", self.shown);
        }
    }

    fn read(&mut self) -> bool {
        let mut bytes = [0; 4096];
        // A terminal whose other end is closed is an error and an end.
        let length = self.terminal.read(&mut bytes).unwrap_or(0);
        self.shown += &String::from_utf8_lossy(&bytes[..length]);
        length > 0
    }

    pub(crate) fn types(&mut self, text: &[u8]) {
        self.terminal.write_all(text).unwrap();
    }

    /// Everything that was shown, when it has ended with this code.
    #[track_caller]
    pub(crate) fn ends_with(mut self, code: i32) -> String {
        while self.read() {}
        let status = self.process.wait().unwrap();
        assert_eq!(status.code(), Some(code), "{}", self.shown);
        assert!(!self.shown.contains("panicked"), "{}", self.shown);
        self.shown
    }

    /// The window is closed.
    fn goes_away(self) -> ExitStatus {
        let Self { mut process, terminal, .. } = self;
        drop(terminal);
        process.wait().unwrap()
    }
}

const ASKING: &[&str] = &["up", "dev"];

#[test]
fn only_yes_is_yes() {
    let (project, served) = (Project::new(), Served::start());
    for answer in ["\n", "n\n", "no\n", "yess\n", "ja\n", "\x04"] {
        let mut run = Seated::at_a_terminal(&served, &project, ASKING);
        run.shows("Apply this to dev? [y/N]", 1);
        run.types(answer.as_bytes());
        assert!(run.ends_with(1).contains("nothing was done"), "{answer:?}");
    }
    assert_eq!(served.door().changing_calls(), 0);
    let mut run = Seated::at_a_terminal(&served, &project, ASKING);
    run.shows("[y/N]", 1);
    run.types(b"y\n");
    assert!(run.ends_with(0).contains("created"));
}

#[test]
fn ctrl_c_at_the_question_is_no() {
    let (project, served) = (Project::new(), Served::start());
    let mut run = Seated::at_a_terminal(&served, &project, ASKING);
    run.shows("[y/N]", 1);
    run.types(CTRL_C);
    assert!(run.ends_with(1).contains("stopped; nothing was done"));
    assert_eq!(served.door().changing_calls(), 0);
}

#[test]
fn a_terminal_that_is_closed_at_the_question_is_no() {
    let (project, served) = (Project::new(), Served::start());
    let mut run = Seated::at_a_terminal(&served, &project, ASKING);
    run.shows("[y/N]", 1);
    assert_eq!(run.goes_away().code(), Some(1));
    assert_eq!(served.door().changing_calls(), 0);
}

#[test]
fn ctrl_c_lets_calls_finish_and_again_abandons_them() {
    for (times, says) in [(1, "calls under way are finished"), (2, "abandoning calls under way")] {
        let (project, served) = (Project::new(), Served::start());
        served.door().delay(SLOW);
        let mut run = Seated::at_a_terminal(&served, &project, UP);
        run.shows("created", 5);
        run.types(CTRL_C);
        run.shows("stopping:", 1);
        if times == 2 {
            run.types(CTRL_C);
        }
        let shown = run.ends_with(1);
        assert!(shown.contains(says) && shown.contains("the run ended early"), "{shown}");
        served.door().delay(Duration::ZERO);
        assert!(served.stored("lock.json").is_none());
        served.converges_to_dev(&project, says);
    }
}

#[test]
fn a_terminal_that_is_closed_takes_nothing_with_it() {
    let (project, served) = (Project::new(), Served::start());
    served.door().delay(SLOW);
    // With -v it has more to say than a closed terminal takes.
    let mut run = Seated::at_a_terminal(&served, &project, &[UP, &["-v"]].concat());
    run.shows("created", 5);
    assert_eq!(run.goes_away().code(), Some(1));
    served.door().delay(Duration::ZERO);
    served.was_left_in_order(&project);
    served.converges_to_dev(&project, "a closed terminal");
}

#[test]
fn a_page_is_in_colour_on_a_terminal_and_plain_in_a_file() {
    let (project, served) = (Project::new(), Served::start());
    let escape = '\u{1b}';
    let shown = Seated::at_a_terminal(&served, &project, &["plan", "dev"]).ends_with(0);
    assert!(shown.contains(escape) && shown.contains("Plan for dev"), "{shown}");
    Seated::with_output(&served, &project, &["plan", "dev"], Some("plan.txt")).ends_with(0);
    let written = fs::read_to_string(project.path().join("plan.txt")).unwrap();
    assert!(!written.contains(escape) && written.contains("Plan for dev"), "{written}");
    let plain = Seated::at_a_terminal(&served, &project, &["plan", "dev", "--no-color"]).ends_with(0);
    assert!(!plain.contains(escape), "{plain}");
}

#[test]
fn remaining_time_is_that_of_earlier_runs_and_left_out_where_nothing_was_measured() {
    let (project, served) = (Project::new(), Served::start());
    served.door().delay(Duration::from_millis(100));
    let first = Seated::at_a_terminal(&served, &project, UP).ends_with(0);
    assert!(first.contains(" done") && !first.contains(", about "), "{first}");
    // As if the VPC had taken three minutes.
    let file = fs::read_dir(project.path().join("state/runs")).unwrap().next().unwrap().unwrap().path();
    let mut run: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let steps = run["steps"].as_array_mut().unwrap();
    let vpc = steps.iter_mut().find(|step| step["address"] == "network.vpc").unwrap();
    vpc["ended_ms"] = (vpc["began_ms"].as_u64().unwrap() + 180_000).into();
    fs::write(&file, run.to_string()).unwrap();
    served.run(&project, &["destroy", "dev", "--yes", "--delete-data"]).ends_with(0);
    let again = Seated::at_a_terminal(&served, &project, UP).ends_with(0);
    assert!(again.contains(", about 3 min") && again.contains("left: waits for network.vpc"), "{again}");
}
