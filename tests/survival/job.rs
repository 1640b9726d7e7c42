//! The drift job, as Lambda runs it: with the project that `up` shipped, and until its time is over.

use crate::{
    aftermath::UP,
    lambda::Lambda,
    program::{X86_64, program},
    project::Project,
    served::{Moment, Served, makes},
};
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use serde_json::json;
use std::{fs, io::Cursor, thread, time::Duration};
use tempfile::TempDir;

const QUARTER_OF_AN_HOUR: Duration = Duration::from_secs(900);
/// So long before its time is over, a run is asked to stop.
const A_MINUTE: Duration = Duration::from_secs(60);
/// Long enough for a run to come to its first change.
const NEARLY_OVER: Duration = Duration::from_secs(15);

/// No boundary limits the job.
const ACCEPTED: &str = "accept_administration = true\n";

/// dev with the job, brought up, and what Lambda unpacks of it.
fn with_a_job(served: &Served, settings: &str) -> (Project, TempDir) {
    let project = Project::new();
    fs::create_dir(project.path().join("tools")).unwrap();
    fs::write(project.path().join("tools/mlopsctl"), program(X86_64)).unwrap();
    project.append("dev", &format!("\n[drift]\n{settings}\n[drift.job]\nbinary = \"tools/mlopsctl\"\n{ACCEPTED}"));
    served.run(&project, UP).ends_with(0);
    let unpacked = tempfile::tempdir().unwrap();
    let mut shipped = zip::ZipArchive::new(Cursor::new(shipped(&project))).unwrap();
    shipped.extract(unpacked.path()).unwrap();
    (project, unpacked)
}

/// The archive of the job, as the platform ships it.
fn shipped(project: &Project) -> Vec<u8> {
    let environment = config::load(&project.path().join("environments/dev.toml"), project.path()).unwrap();
    let place = vocabulary::Place::new(local::ACCOUNT, &environment.region);
    let placement = blueprint::Placement::in_zones(["a", "b"].map(|zone| format!("{}{zone}", environment.region)));
    let inputs = blueprint::Inputs {
        environment: &environment,
        name: "dev",
        place: &place,
        placement: &placement,
        root: project.path(),
        is_state_at_root: false,
        program: None,
    };
    let stack = blueprint::stack(&inputs).unwrap();
    let asset = stack.assets().iter().find(|asset| asset.origin == "tools/mlopsctl").unwrap();
    asset.bytes.to_vec()
}

fn somebody_suspends_versions(served: &Served) {
    served.behind_its_back(async |sdk| {
        let bucket = format!("mlops-pipeline-dev-data-{}", local::ACCOUNT);
        let suspended = VersioningConfiguration::builder().status(BucketVersioningStatus::Suspended).build();
        let call = aws_s3::client(&sdk).put_bucket_versioning().bucket(bucket).versioning_configuration(suspended);
        call.send().await.unwrap();
    });
}

#[test]
fn what_somebody_changed_is_put_back_with_the_project_that_was_shipped() {
    let served = Served::start();
    let (project, unpacked) = with_a_job(&served, "");
    let job = Lambda::start(&served, &project, unpacked.path());
    let idle = served.door().changes();
    let answer = job.call(QUARTER_OF_AN_HOUR);
    assert!(!answer.is_error && answer.body == json!({"exit_code": 0}), "{answer:?}");
    assert_eq!(served.door().changes(), idle, "without drift, nothing is changed");
    somebody_suspends_versions(&served);
    served.run(&project, &["drift", "dev"]).ends_with(2);
    let answer = job.call(QUARTER_OF_AN_HOUR);
    assert!(!answer.is_error && answer.body == json!({"exit_code": 0}), "{answer:?}");
    served.run(&project, &["drift", "dev"]).ends_with(0);
    // Seen from there nothing else is asked for, the job itself included.
    let mut there = served.command(&project, &["plan", "dev", "--exit-code"]);
    assert_eq!(there.current_dir(unpacked.path()).output().unwrap().status.code(), Some(0));
}

#[test]
fn what_is_left_to_a_person_is_an_error_that_says_what() {
    let served = Served::start();
    let (project, unpacked) = with_a_job(&served, "heal = \"nothing\"");
    let job = Lambda::start(&served, &project, unpacked.path());
    somebody_suspends_versions(&served);
    let answer = job.call(QUARTER_OF_AN_HOUR);
    assert!(answer.is_error && answer.body["errorType"] == "DriftIsLeft", "{answer:?}");
    let said = answer.body["errorMessage"].as_str().unwrap();
    assert!(said.contains("storage.data (s3:bucket): repairs are switched off"), "{said}");
}

#[test]
fn somebody_else_at_work_is_no_error() {
    let served = Served::start();
    let (project, unpacked) = with_a_job(&served, "");
    let job = Lambda::start(&served, &project, unpacked.path());
    somebody_suspends_versions(&served);
    let now = jiff::Timestamp::now();
    let holder = json!({"id": "1", "who": "ann@laptop", "operation": "up", "started": now, "renewed": now});
    served.store("lock.json", holder.to_string().into_bytes());
    let answer = job.call(QUARTER_OF_AN_HOUR);
    assert!(!answer.is_error && answer.body == json!({"exit_code": 3}), "{answer:?}");
}

#[test]
fn a_run_whose_time_is_nearly_over_stops_and_the_next_goes_on() {
    let served = Served::start();
    let (project, unpacked) = with_a_job(&served, "");
    let job = Lambda::start(&served, &project, unpacked.path());
    somebody_suspends_versions(&served);
    let door = served.door().clone();
    // The calls after the first change are under way when the time is nearly over, and all others are fast.
    served.door().trap(makes, 0, Moment::Beside, move || {
        door.delay(NEARLY_OVER + Duration::from_secs(5));
        thread::spawn(move || {
            thread::sleep(NEARLY_OVER);
            door.delay(Duration::ZERO);
        });
    });
    let answer = job.call(A_MINUTE + NEARLY_OVER);
    assert!(served.door().has_sprung());
    let said = answer.body["errorMessage"].as_str().unwrap_or_default();
    assert!(answer.is_error && said.contains("stopping: calls under way are finished"), "{answer:?}");
    assert!(served.stored("lock.json").is_none(), "the lock was given back");
    let answer = job.call(QUARTER_OF_AN_HOUR);
    assert!(!answer.is_error, "{answer:?}");
    served.run(&project, &["drift", "dev"]).ends_with(0);
}

#[test]
fn elsewhere_than_on_lambda_the_job_says_what_does_the_same() {
    let project = Project::new();
    project.run(&["job", "dev"]).ends_with(64).says(&["this is not Lambda", "`mlopsctl reconcile dev`"]);
}
