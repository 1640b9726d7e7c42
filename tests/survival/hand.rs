//! Interventions by hand in the lock or the state of a run that is at work.

use crate::{
    aftermath::UP,
    project::Project,
    running::Running,
    served::{Moment, STATE_BUCKET, Served, makes},
};
use std::sync::mpsc::{self, Sender};

/// A run that is in the middle of its work until it is told to go on. The call that it waits for has no effect.
fn held_up(served: &Served, project: &Project) -> (Running, Sender<()>) {
    let ((go_on, wait), (begun, began)) = (mpsc::channel(), mpsc::channel());
    served.door().trap(makes, 12, Moment::Before, move || {
        begun.send(()).unwrap();
        tokio::task::block_in_place(|| wait.recv()).unwrap();
    });
    let running = Running::start(served, project, UP);
    began.recv().unwrap();
    (running, go_on)
}

fn lock_id(served: &Served) -> String {
    let lock: serde_json::Value = serde_json::from_slice(&served.stored("lock.json").unwrap()).unwrap();
    lock["id"].as_str().unwrap().to_owned()
}

/// The successor has ended well; whatever the other run does from here on changes nothing.
fn changes_nothing(served: &Served, project: &Project, lost: Running, go_on: &Sender<()>) -> String {
    let (inventory, state) = (served.inventory(), served.stored("state.json"));
    go_on.send(()).unwrap();
    let lost = lost.end().ends_with(1);
    assert!(served.inventory() == inventory && served.stored("state.json") == state, "something was changed");
    served.run(project, &["plan", "dev", "--exit-code"]).ends_with(0);
    assert!(served.stored("lock.json").is_none());
    lost.stderr
}

#[test]
fn unlock_of_a_run_at_work_needs_force_and_lets_nobody_in_before_that_run_has_stopped() {
    let (project, served) = (Project::new(), Served::start());
    let (at_work, go_on) = held_up(&served, &project);
    let id = lock_id(&served);
    let words = ["that run is at work", "is alive on this host", "the lock was left alone", "--force"];
    served.run(&project, &["unlock", "dev", &id]).ends_with(1).says(&words);
    let unlock = served.run(&project, &["unlock", "dev", &id, "--force"]).ends_with(0);
    for words in ["waiting until it has surely stopped", "removed the lock of"] {
        assert!(unlock.stderr.contains(words), "{}", unlock.stderr);
    }
    let changes = served.door().changes();
    served.run(&project, UP).ends_with(0);
    assert!(served.door().changes().len() > changes.len());
    let said = changes_nothing(&served, &project, at_work, &go_on);
    assert!(said.contains("removed the lock; stopping") || said.contains("took the lock over"), "{said}");
}

#[test]
fn lock_deleted_by_hand_lets_nobody_in_before_its_holder_has_stopped() {
    let (project, served) = (Project::new(), Served::start());
    let (at_work, go_on) = held_up(&served, &project);
    served.behind_its_back(async |sdk| {
        let call = aws_s3::client(&sdk).delete_object().bucket(STATE_BUCKET).key("lock.json");
        call.send().await.unwrap();
    });
    let successor = served.run(&project, UP).ends_with(0);
    assert!(successor.stderr.contains("there is no lock, because it was deleted; waiting"), "{}", successor.stderr);
    changes_nothing(&served, &project, at_work, &go_on);
}

#[test]
fn run_whose_last_write_of_the_state_fails_reports_what_it_made_and_what_is_not_recorded() {
    let (project, served) = (Project::new(), Served::start());
    let (at_work, go_on) = held_up(&served, &project);
    // The state is restored as it was, with another serial.
    let mut state = served.state().unwrap();
    state.serial += 1000;
    served.store("state.json", state.write());
    go_on.send(()).unwrap();
    let words = [
        "the state could not be written: the state changed",
        "not recorded: ",
        "run the same command again",
        "API calls.",
    ];
    at_work.end().ends_with(1).says(&words);
    served.converges_to_dev(&project, "a state that another run wrote");
}

/// Writes the state as another version of mlopsctl.
fn overtake(served: &Served, change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    let mut state: serde_json::Value = serde_json::from_slice(&served.stored("state.json").unwrap()).unwrap();
    state["serial"] = (state["serial"].as_u64().unwrap() + 1).into();
    state["tool"] = "7.8.9".into();
    state.as_object_mut().unwrap().remove("changing");
    change(&mut state);
    let bytes = serde_json::to_vec(&state).unwrap();
    served.store("state.json", bytes.clone());
    bytes
}

#[test]
fn run_that_another_version_overtakes_names_it_and_the_next_run_takes_over_what_was_made() {
    let (project, served) = (Project::new(), Served::start());
    let (at_work, go_on) = held_up(&served, &project);
    overtake(&served, |_| ());
    go_on.send(()).unwrap();
    let this = env!("CARGO_PKG_VERSION");
    let overtaken = format!("mlopsctl 7.8.9 wrote the state while this command of mlopsctl {this} was at work");
    at_work.end().ends_with(1).says(&[&overtaken, "not recorded: ", "with the later of the two versions"]);
    served.converges_to_dev(&project, "a state that a later version wrote");
}

#[test]
fn run_that_a_later_version_overtakes_leaves_what_only_that_version_can_read() {
    let (project, served) = (Project::new(), Served::start());
    let (at_work, go_on) = held_up(&served, &project);
    let newer = overtake(&served, |state| state["resources"]["network.vpc"]["horizon"] = 1.into());
    go_on.send(()).unwrap();
    at_work.end().ends_with(1).says(&["mlopsctl 7.8.9 wrote the state"]);
    let this = env!("CARGO_PKG_VERSION");
    let refusal = format!("was written by mlopsctl 7.8.9, and this is {this}, which cannot read it");
    let changes = served.door().changes().len();
    for command in [UP, &["destroy", "dev", "--yes", "--delete-data"], &["reconcile", "dev"], &["plan", "dev"]] {
        served.run(&project, command).ends_with(1).says(&[&refusal, "use mlopsctl 7.8.9 or a newer one"]);
    }
    assert_eq!(served.door().changes().len(), changes, "something was changed");
    assert_eq!(served.stored("state.json"), Some(newer));
    // The later version drops the field that this version does not know.
    overtake(&served, |state| drop(state["resources"]["network.vpc"].as_object_mut().unwrap().remove("horizon")));
    served.converges_to_dev(&project, "a later version that came and went");
}
