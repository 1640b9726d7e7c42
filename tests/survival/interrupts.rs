//! Signals, without a terminal, as CI sends them.

use crate::{
    aftermath::UP,
    project::{Project, Ran},
    running::{Running, signal},
    served::{Moment, Served, makes},
};
use local::Call;
use rustix::process::Signal;
use serde_json::json;
use std::{thread, time::Duration};

/// The time by which each call is longer while something happens.
const SLOW: Duration = Duration::from_millis(300);
/// A moment well after a call has come and before it is answered.
const MEANWHILE: Duration = Duration::from_millis(100);

/// A run that hears these signals, a little apart, when so many calls that make something have come.
fn interrupted(
    served: &Served,
    project: &Project,
    arguments: &[&str],
    after: usize,
    signals: &'static [Signal],
) -> Ran {
    let running = Running::start(served, project, arguments);
    let (pid, door) = (running.pid(), served.door().clone());
    served.door().trap(makes, after, Moment::Beside, move || {
        // There is always a call under way from here on.
        door.delay(SLOW);
        thread::spawn(move || {
            for each in signals {
                signal(pid, *each);
                thread::sleep(MEANWHILE);
            }
        });
    });
    let ran = running.end();
    assert!(served.door().has_sprung());
    served.door().delay(Duration::ZERO);
    ran
}

#[test]
fn the_first_signal_lets_calls_under_way_finish_and_says_what_is_left() {
    for each in [&[Signal::INT], &[Signal::TERM], &[Signal::HUP]] {
        let (project, served) = (Project::new(), Served::start());
        let ran = interrupted(&served, &project, UP, 15, each).ends_with(1);
        ran.says(&[
            "stopping: calls under way are finished",
            "the run ended early: it was interrupted",
            "because the run was stopped",
            "the same command goes on from here",
            "not started",
        ]);
        served.was_left_in_order(&project);
        served.converges_to_dev(&project, &format!("{each:?}"));
    }
}

#[test]
fn the_second_signal_abandons_calls_and_still_records_what_is_known() {
    let (project, served) = (Project::new(), Served::start());
    let ran = interrupted(&served, &project, UP, 15, &[Signal::INT, Signal::TERM]).ends_with(1);
    ran.says(&["abandoning calls under way", "the run ended early", "not finished"]);
    assert!(served.stored("lock.json").is_none(), "the lock is still there");
    served.converges_to_dev(&project, "two signals");
}

#[test]
fn the_third_signal_ends_it_and_the_next_run_takes_over_at_once() {
    let (project, served) = (Project::new(), Served::start());
    interrupted(&served, &project, UP, 15, &[Signal::INT, Signal::INT, Signal::INT]).ends_with(130);
    served.converges_to_dev(&project, "three signals");
}

#[test]
fn a_hangup_that_comes_again_is_still_the_first() {
    let (project, served) = (Project::new(), Served::start());
    let ran = interrupted(&served, &project, UP, 15, &[Signal::HUP, Signal::HUP, Signal::HUP]).ends_with(1);
    assert!(!ran.stderr.contains("abandoning"), "{}", ran.stderr);
    served.was_left_in_order(&project);
    served.converges_to_dev(&project, "three hangups");
}

/// As CI ends a job.
#[test]
fn killed_two_and_a_half_seconds_after_it_was_asked_to_stop() {
    let (project, served) = (Project::new(), Served::start());
    let running = Running::start(&served, &project, UP);
    let (pid, door) = (running.pid(), served.door().clone());
    served.door().trap(makes, 5, Moment::Beside, move || {
        // Some steps are longer than the time they are given.
        door.delay(Duration::from_secs(2));
        thread::spawn(move || {
            signal(pid, Signal::INT);
            thread::sleep(Duration::from_millis(2500));
            signal(pid, Signal::KILL);
        });
    });
    running.end().ends_with(-1);
    served.door().delay(Duration::ZERO);
    served.converges_to_dev(&project, "SIGINT and SIGKILL");
}

#[test]
fn a_removal_that_is_interrupted_goes_on_later() {
    let (project, served) = (Project::new(), Served::start());
    served.run(&project, UP).ends_with(0);
    let destroy = ["destroy", "dev", "--yes", "--delete-data"];
    let ran = interrupted(&served, &project, &destroy, 10, &[Signal::INT]).ends_with(1);
    ran.says(&["the run ended early", "not deleted"]);
    assert!(served.stored("lock.json").is_none());
    served.run(&project, &destroy).ends_with(0);
    assert_eq!(served.state().unwrap().resources.len(), 0);
}

/// A run that is told to stop at the first call of a sort.
fn stopped_at(served: &Served, project: &Project, arguments: &[&str], at: fn(&Call) -> bool, spared: usize) -> Ran {
    let running = Running::start(served, project, arguments);
    let (pid, door) = (running.pid(), served.door().clone());
    served.door().trap(at, spared, Moment::Beside, move || {
        door.delay(SLOW);
        signal(pid, Signal::INT);
    });
    let ran = running.end().ends_with(1);
    assert!(served.door().has_sprung());
    served.door().delay(Duration::ZERO);
    ran
}

#[test]
fn nothing_is_done_if_it_is_stopped_while_it_plans() {
    let (project, served) = (Project::new(), Served::start());
    let reads = |call: &Call| call.operation.starts_with("Describe");
    stopped_at(&served, &project, UP, reads, 5).says(&["stopped; nothing was done"]);
    assert_eq!(served.door().changing_calls(), 0);
}

#[test]
fn a_bucket_half_made_is_completed_by_the_next_run() {
    let (project, served) = (Project::new(), Served::start());
    let versioning = |call: &Call| call.operation == "PUT bucket?versioning";
    stopped_at(&served, &project, UP, versioning, 0).says(&["stopped; nothing was made but, at most, the bucket"]);
    served.converges_to_dev(&project, "an interrupted making of the state bucket");
}

#[test]
fn waiting_for_somebody_elses_lock_can_be_given_up() {
    let (project, served) = (Project::new(), Served::start());
    served.run(&project, &["up", "dev", "--yes", "--target", "network.vpc"]).ends_with(0);
    let made = served.door().changes().len();
    let lock = json!({"id": "1", "who": "ann@laptop", "operation": "up", "started": "2026-01-01T00:00:00Z",
        "renewed": "2026-01-01T00:00:00Z"});
    served.store("lock.json", lock.to_string().into_bytes());
    let reads_lock = |call: &Call| call.operation == "GET object" && call.request.uri.contains("lock.json");
    let patient = [UP, &["--lock-timeout", "10h"]].concat();
    stopped_at(&served, &project, &patient, reads_lock, 1).says(&["stopped; nothing was done"]);
    assert_eq!(served.stored("lock.json").unwrap(), lock.to_string().into_bytes());
    assert_eq!(served.door().changes().len(), made, "only the lock was touched");
}
