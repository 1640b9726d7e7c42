//! Many at once, and one that is paused while another takes over.

use crate::{
    aftermath::UP,
    project::{Project, Ran},
    running::{Running, signal},
    served::{Moment, Served, makes},
};
use rustix::process::Signal;
use std::{collections::BTreeMap, sync::mpsc, thread, time::Duration};

const CROWD: usize = 50;

/// Each member adds a bucket of its own to what all share.
fn member(number: usize) -> (Project, String) {
    let project = Project::new();
    project.append("dev", &format!("\n[[storage.buckets]]\nname = \"of-{number}\"\n"));
    (project, format!("storage.of-{number}"))
}

fn all_at_once(served: &Served, more: &[&str]) -> Vec<(String, Ran)> {
    let members: Vec<_> = (0..CROWD).map(member).collect();
    let start = |(project, target): &(Project, String)| {
        Running::start(served, project, &[UP, &["--target", target], more].concat())
    };
    let running: Vec<Running> = members.iter().map(start).collect();
    running.into_iter().zip(&members).map(|(run, (_, target))| (target.clone(), run.end())).collect()
}

#[test]
fn of_fifty_at_once_each_gets_its_turn_and_none_loses_what_it_did() {
    let served = Served::start();
    for (target, ran) in all_at_once(&served, &["--lock-timeout", "1h"]) {
        assert_eq!(ran.code, 0, "{target}: {}", ran.stderr);
    }
    let state = served.state().unwrap();
    let recorded = state.resources.keys().filter(|address| address.as_str().starts_with("storage.of-")).count();
    assert_eq!(recorded, CROWD);
    let buckets = served.behind_its_back(async |sdk| aws_s3::client(&sdk).list_buckets().send().await.unwrap());
    let made = buckets.buckets().iter().filter(|bucket| bucket.name().is_some_and(|name| name.contains("-of-")));
    assert_eq!(made.count(), CROWD);
    assert!(served.stored("lock.json").is_none());
    // One lineage, one write after the other: each version is the next of the one before.
    assert_eq!(served.writes_of_the_state(), one_after_the_other(state.serial));
}

/// Serials from the first to the last, each once.
fn one_after_the_other(last: u64) -> BTreeMap<u64, usize> {
    (1..=last).map(|serial| (serial, 1)).collect()
}

#[test]
fn while_one_is_at_work_forty_nine_others_are_refused() {
    let served = Served::start();
    let (project, target) = member(CROWD);
    let (go_on, wait) = mpsc::channel();
    let at_work = Running::start(&served, &project, &[UP, &["--target", &target]].concat());
    let (begun, began) = mpsc::channel();
    served.door().trap(makes, 0, Moment::Beside, move || {
        begun.send(()).unwrap();
        // Until all the others have ended.
        tokio::task::block_in_place(|| wait.recv()).unwrap();
    });
    began.recv().unwrap();
    let made = served.door().changes().len();
    for (_, ran) in all_at_once(&served, &[]).into_iter().skip(1) {
        ran.ends_with(3).says(&["is locked by", "running `up`", "mlopsctl unlock dev"]);
    }
    assert_eq!(served.door().changes().len(), made, "a run without the lock changed something");
    go_on.send(()).unwrap();
    at_work.end().ends_with(0);
}

/// Long enough that a holder is not certain of its lock any more.
const A_WHILE: Duration = Duration::from_secs(45);

#[test]
fn a_paused_holder_whose_lock_was_taken_over_changes_nothing_when_it_wakes() {
    let (project, served) = (Project::new(), Served::start());
    let paused = Running::start(&served, &project, UP);
    let pid = paused.pid();
    served.door().trap(makes, 12, Moment::Beside, move || signal(pid, Signal::STOP));
    while !served.door().has_sprung() {
        thread::sleep(Duration::from_millis(10));
    }
    // It is alive, and its lock is fresh.
    served.run(&project, UP).ends_with(3).says(&["is locked by"]);
    served.door().put_the_clock_forward(60);
    thread::sleep(A_WHILE);
    served.run(&project, UP).ends_with(0);
    served.door().put_the_clock_forward(0);
    let (changes, inventory) = (served.door().changes(), served.inventory());
    let state = served.stored("state.json");

    signal(pid, Signal::CONT);
    let woken = paused.end().ends_with(1);
    let refused: Vec<String> = served.door().changes().split_off(changes.len());
    // It may try to write the state, which is refused; it makes nothing.
    assert!(refused.iter().all(|change| change.ends_with("/state.json")), "{refused:?}");
    assert!(served.inventory() == inventory && served.stored("state.json") == state, "something was changed");
    // Whichever it hears of first.
    let heard = ["the lock was taken over", "the state changed while this command was at work"];
    assert!(heard.iter().any(|words| woken.stderr.contains(words)), "{}", woken.stderr);
    served.run(&project, &["plan", "dev", "--exit-code"]).ends_with(0);
}
