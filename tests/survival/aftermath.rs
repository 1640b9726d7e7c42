//! The conditions that must hold after a run that was ended from outside.

use crate::{project::Project, served::Served};
use serde_json::Value;
use std::sync::OnceLock;

pub(crate) const UP: &[&str] = &["up", "dev", "--yes"];

/// Everything there is of dev, made in one go.
fn clean() -> &'static Value {
    static CLEAN: OnceLock<Value> = OnceLock::new();
    CLEAN.get_or_init(|| {
        let served = Served::start();
        served.run(&Project::new(), UP).ends_with(0);
        served.inventory()
    })
}

impl Served {
    /// The next run goes on from here without being told to wait, and ends where a clean one does.
    #[track_caller]
    pub(crate) fn converges(&self, project: &Project, arguments: &[&str], expected: &Value, after: &str) {
        let _ = self.state();
        self.run(project, arguments).ends_with(0);
        let found = self.inventory();
        assert!(found == *expected, "after {after}: {}", difference(expected, &found));
        assert!(self.stored("lock.json").is_none(), "after {after}: the lock is still there");
    }

    /// dev is brought up by the next run.
    #[track_caller]
    pub(crate) fn converges_to_dev(&self, project: &Project, after: &str) {
        self.converges(project, UP, clean(), after);
        self.run(project, &["plan", "dev", "--exit-code"]).ends_with(0);
    }

    /// The run released the lock, and recorded all that it made: the next plan finds nothing else.
    #[track_caller]
    pub(crate) fn was_left_in_order(&self, project: &Project) {
        assert!(self.stored("lock.json").is_none(), "the lock is still there");
        assert!(self.state().is_some_and(|state| !state.resources.is_empty()), "nothing is recorded");
        let plan = self.run(project, &["plan", "dev", "--json"]).ends_with(0).json();
        let found = plan["changes"].as_array().unwrap().iter().find(|change| {
            change["cause"].as_str().is_some_and(|cause| cause.contains("taken over") || cause.contains("interrupted"))
        });
        assert!(found.is_none(), "made, but not recorded as done: {found:?}");
    }
}

/// The first lines in which two inventories differ.
fn difference(expected: &Value, found: &Value) -> String {
    let (expected, found) = (format!("{expected:#}"), format!("{found:#}"));
    let missing = expected.lines().filter(|line| !found.lines().any(|other| other == *line));
    let surplus = found.lines().filter(|line| !expected.lines().any(|other| other == *line));
    let missing = missing.map(|line| format!("- {line}"));
    missing.chain(surplus.map(|line| format!("+ {line}"))).take(20).collect::<Vec<_>>().join("\n")
}
