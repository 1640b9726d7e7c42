//! Questions to a person, and changes by others while the person thinks about one.

use crate::{
    aftermath::UP,
    project::Project,
    running::Running,
    served::{Moment, Served, makes},
    terminal::Seated,
};
use std::sync::mpsc;

const DESTROY: &[&str] = &["destroy", "dev", "--delete-data"];
const QUESTION: &str = "Type dev to destroy it:";

/// A platform with two objects in its data bucket.
fn platform() -> (Project, Served) {
    let (project, served) = (Project::new(), Served::start());
    served.run(&project, UP).ends_with(0);
    served.behind_its_back(async |sdk| {
        let bucket = format!("mlops-pipeline-dev-data-{}", local::ACCOUNT);
        for key in ["raw/one.csv", "raw/two.csv"] {
            let call = aws_s3::client(&sdk).put_object().bucket(&bucket).key(key);
            call.body(vec![b'x'; 1500].into()).send().await.unwrap();
        }
    });
    (project, served)
}

#[test]
fn destroy_names_account_region_and_data_and_takes_only_the_name_for_yes() {
    let (project, served) = platform();
    let (resources, changes) = (served.state().unwrap().resources.len(), served.door().changing_calls());
    for answer in ["\n", "y\n", "yes\n", "DEV\n", "prod\n", "\x04"] {
        let mut run = Seated::at_a_terminal(&served, &project, DESTROY);
        run.shows(QUESTION, 1);
        run.types(answer.as_bytes());
        let shown = run.ends_with(1);
        let place =
            format!("This deletes {resources} resources of dev in account {}, region ap-south-1.", local::ACCOUNT);
        for part in [place.as_str(), "storage.data: 2 objects, 3.0 kB", "back:", "nothing was done"] {
            assert!(shown.contains(part), "{part:?} is not in {shown}");
        }
    }
    assert_eq!(served.door().changing_calls(), changes, "not even a lock was taken");
    let mut run = Seated::at_a_terminal(&served, &project, DESTROY);
    run.shows(QUESTION, 1);
    run.types(b"dev\n");
    run.ends_with(0);
    assert!(served.state().unwrap().resources.is_empty());
}

#[test]
fn plan_is_shown_before_a_run_without_a_terminal_is_refused() {
    let (project, served) = (Project::new(), Served::start());
    served.behind_its_back(async |sdk| {
        let call = aws_sdk_iam::Client::new(&sdk).create_role().role_name("mlops-pipeline-dev-glue");
        call.assume_role_policy_document(r#"{"Version":"2012-10-17","Statement":[]}"#).send().await.unwrap();
    });
    let adopt = (&["adopt", "dev", "identity.glue"] as &[&str], "because it is taken over");
    for (command, shows) in [(&["up", "dev", "--target", "network.vpc"] as &[&str], "+ vpc (VPC)"), adopt] {
        let refused = served.run(&project, command).ends_with(64).says(&["there is no terminal", "--yes"]);
        assert!(refused.stderr.contains(shows), "{shows:?} is not in {}", refused.stderr);
    }
    assert_eq!(served.door().changing_calls(), 0, "not even a lock was taken");
}

#[test]
fn question_holds_no_lock_and_a_plan_that_others_overtook_is_refused() {
    let (project, served) = platform();
    for (command, question, answer) in [(DESTROY, QUESTION, "dev\n"), (&["up", "dev"] as &[&str], "[y/N]", "y\n")] {
        project.edit("dev", "log_retention_days = 7", "log_retention_days = 14");
        let mut run = Seated::at_a_terminal(&served, &project, command);
        run.shows(question, 1);
        assert!(served.stored("lock.json").is_none(), "the question holds the lock");
        served.run(&project, UP).ends_with(0);
        let serial = served.state().unwrap().serial;
        run.types(answer.as_bytes());
        let shown = run.ends_with(1);
        for part in ["the plan that you confirmed cannot be applied", "the state has changed", "nothing was touched"] {
            assert!(shown.contains(part), "{part:?} is not in {shown}");
        }
        assert_eq!(served.state().unwrap().serial, serial);
        assert!(served.stored("lock.json").is_none());
        project.edit("dev", "log_retention_days = 14", "log_retention_days = 7");
        served.run(&project, UP).ends_with(0);
    }
}

#[test]
fn change_in_aws_behind_a_question_is_seen_before_anything_is_deleted() {
    let (project, served) = platform();
    project.edit("dev", "log_retention_days = 7", "log_retention_days = 14");
    let mut run = Seated::at_a_terminal(&served, &project, &["up", "dev"]);
    run.shows("[y/N]", 1);
    served.behind_its_back(async |sdk| {
        let logs = aws_sdk_cloudwatchlogs::Client::new(&sdk);
        for group in logs.describe_log_groups().send().await.unwrap().log_groups() {
            let call = logs.put_retention_policy().log_group_name(group.log_group_name().unwrap());
            call.retention_in_days(30).send().await.unwrap();
        }
    });
    run.types(b"y\n");
    let shown = run.ends_with(1);
    assert!(shown.contains("the cloud has changed:") && shown.contains("is 30 in AWS, and was 7"), "{shown}");
}

#[test]
fn nobody_is_asked_while_another_run_is_at_work() {
    let (project, served) = (Project::new(), Served::start());
    let ((go_on, wait), (begun, began)) = (mpsc::channel(), mpsc::channel());
    served.door().trap(makes, 0, Moment::Beside, move || {
        begun.send(()).unwrap();
        tokio::task::block_in_place(|| wait.recv()).unwrap();
    });
    let at_work = Running::start(&served, &project, UP);
    began.recv().unwrap();
    let shown = Seated::at_a_terminal(&served, &project, &["up", "dev"]).ends_with(3);
    assert!(shown.contains("running `up`") && !shown.contains("[y/N]"), "{shown}");
    go_on.send(()).unwrap();
    at_work.end().ends_with(0);
}

#[test]
fn removal_of_an_empty_state_is_confirmed_with_the_name() {
    let (project, served) = platform();
    served.run(&project, &[DESTROY, &["--yes"]].concat()).ends_with(0);
    let arguments = [DESTROY, &["--with-state"]].concat();
    for (answer, code) in [("y\n", 1), ("dev\n", 0)] {
        let mut run = Seated::at_a_terminal(&served, &project, &arguments);
        run.shows("Type dev to remove its state and history:", 1);
        assert!(served.stored("lock.json").is_none(), "the question holds the lock");
        run.types(answer.as_bytes());
        assert!(run.ends_with(code).contains("region ap-south-1"));
        assert_eq!(served.stored("state.json").is_some(), code == 1);
    }
}

#[test]
fn new_project_asks_for_its_name_and_region_until_both_are_right() {
    let (project, served) = (Project::new(), Served::start());
    let mut run = Seated::at_a_terminal(&served, &project, &["init", "new"]);
    run.shows("Name of the project, which begins all names in AWS [mlops-pipeline]:", 1);
    run.types(b"churn\n");
    run.shows("Region of AWS [ap-south-1]:", 1);
    run.types(b"us-east1\n");
    run.shows("did you mean `us-east-1`?", 1);
    run.shows("Name of the project", 2);
    run.types(b"churn\n");
    run.shows("Region of AWS", 2);
    run.types(b"us-east-1\n");
    run.ends_with(0);
    let text = std::fs::read_to_string(project.path().join("new/environments/prod.toml")).unwrap();
    assert!(text.contains("project = \"churn\"\n") && text.contains("region = \"us-east-1\"\n"), "{text}");
}

#[test]
fn new_project_on_a_closed_terminal_has_the_usual_name_and_region() {
    let (project, served) = (Project::new(), Served::start());
    let mut run = Seated::at_a_terminal(&served, &project, &["init", "new", "--region", "eu-west-1"]);
    run.shows("[mlops-pipeline]:", 1);
    run.types(b"\x04");
    let shown = run.ends_with(0);
    assert!(!shown.contains("Region of AWS"), "{shown}");
    assert!(project.path().join("new/environments/dev.toml").exists());
}
