//! SIGKILL at calls spread over a whole life: the next run takes over at once, and in the end nothing is missing,
//! nothing left over, nothing there twice.

use crate::{
    project::Project,
    running::{Running, signal},
    served::{Moment, Served, changes},
    terraform,
};
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use rustix::process::Signal;

/// A command on a platform.
struct Deed {
    /// Done before, to the whole of it.
    edit: fn(&Project),
    arguments: &'static [&'static str],
    /// At how many calls it is killed.
    points: usize,
}

const UP: &[&str] = &["up", "dev", "--yes", "--delete-data"];
const RECONCILE: &[&str] = &["reconcile", "dev"];
const DESTROY: &[&str] = &["destroy", "dev", "--yes", "--delete-data"];

#[test]
fn a_first_run_that_is_killed() {
    let nothing = Served::start();
    let deed = Deed { edit: |_| (), arguments: UP, points: 12 };
    survives(&deed, &nothing);
}

#[test]
fn an_update_that_is_killed() {
    let edit = |project: &Project| {
        project.edit("dev", "log_retention_days = 7", "log_retention_days = 14");
        project.edit("dev", "Owner = \"DataTeam\"", "Owner = \"Platform\"");
        project.edit("dev", "nat = \"single\"", "nat = \"per-zone\"");
    };
    survives(&Deed { edit, arguments: UP, points: 8 }, &up());
}

#[test]
fn a_replacement_that_is_killed() {
    let edit = |project: &Project| {
        // The network with all that stands in it, a bucket's neighbour, and a name that is deleted first.
        project.edit("dev", "cidr = \"10.0.0.0/16\"", "cidr = \"10.8.0.0/16\"");
        project.edit("dev", "  { name = \"weekly_hours\", type = \"Fractional\" },\n", "");
    };
    survives(&Deed { edit, arguments: UP, points: 10 }, &up());
}

#[test]
fn a_removal_that_is_killed() {
    survives(&Deed { edit: |_| (), arguments: DESTROY, points: 10 }, &up());
}

#[test]
fn a_reconciliation_that_is_killed() {
    let tampered = up();
    let expected = tampered.inventory();
    tampered.behind_its_back(async |sdk| {
        let bucket = format!("mlops-pipeline-dev-data-{}", local::ACCOUNT);
        let suspended = VersioningConfiguration::builder().status(BucketVersioningStatus::Suspended).build();
        let call = aws_s3::client(&sdk).put_bucket_versioning().bucket(bucket).versioning_configuration(suspended);
        call.send().await.unwrap();
        let open = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
        let call = aws_sdk_iam::Client::new(&sdk).put_role_policy().role_name("mlops-pipeline-dev-glue");
        call.policy_name("more").policy_document(open).send().await.unwrap();
        let group = "/aws/lambda/mlops-pipeline-dev-data-validation";
        let call = aws_sdk_cloudwatchlogs::Client::new(&sdk).put_retention_policy().log_group_name(group);
        call.retention_in_days(30).send().await.unwrap();
    });
    let project = Project::new();
    let clean = tampered.copy();
    clean.run(&project, RECONCILE).ends_with(0);
    let mut missed = 0;
    for call in 0..clean.door().changing_calls() {
        for moment in [Moment::Before, Moment::After] {
            let served = tampered.copy();
            missed += usize::from(!killed(&served, &project, RECONCILE, call, moment));
            served.run(&project, RECONCILE).ends_with(0);
            served.run(&project, &["drift", "dev"]).ends_with(0);
            // If no drift was left, the lock of the killed run stays until another run needs it.
            served.converges(&project, UP, &expected, &format!("{moment:?} call {call}"));
        }
    }
    assert!(missed <= 4, "{missed} runs ended before they could be killed");
}

#[test]
fn an_adoption_that_is_killed() {
    let project = Project::new();
    terraform::build(project.path());
    std::fs::copy(terraform::state(), project.path().join("terraform.tfstate")).unwrap();
    let built = Served::of_project(&project);
    let adopt = &["adopt", "dev", "--yes", "--from-tfstate", "terraform.tfstate"];
    let deed = Deed { edit: |_| (), arguments: adopt, points: 12 };
    survives_in(&project, &deed, &built);
}

/// dev, as its file has it.
fn up() -> Served {
    let served = Served::start();
    served.run(&Project::new(), UP).ends_with(0);
    served
}

/// Kills the deed at calls spread evenly over it, before and after they take effect, each time from the beginning.
fn survives(deed: &Deed, before: &Served) {
    survives_in(&Project::new(), deed, before);
}

fn survives_in(project: &Project, deed: &Deed, before: &Served) {
    (deed.edit)(project);
    let clean = before.copy();
    clean.run(project, deed.arguments).ends_with(0);
    let (calls, expected) = (clean.door().changing_calls(), clean.inventory());
    assert!(calls > deed.points, "{calls} calls");
    for point in 0..deed.points {
        let moment = if point % 2 == 0 { Moment::Before } else { Moment::After };
        let call = point * calls / deed.points;
        let served = before.copy();
        assert!(killed(&served, project, deed.arguments, call, moment), "it made fewer calls than before");
        served.converges(project, deed.arguments, &expected, &format!("{moment:?} call {call} of {calls}"));
    }
}

/// Kills a run at its changing call of this number. Returns whether it made so many: states of changes that end at the
/// same time are written once.
fn killed(served: &Served, project: &Project, arguments: &[&str], call: usize, moment: Moment) -> bool {
    let running = Running::start(served, project, arguments);
    let pid = running.pid();
    served.door().trap(changes, call, moment, move || signal(pid, Signal::KILL));
    let (run, has_sprung) = (running.end(), served.door().has_sprung());
    run.ends_with(if has_sprung { -1 } else { 0 });
    has_sprung
}
