//! The hostile AWS, and the product on it: one module for each service, one test for each row of the known behaviour of
//! AWS, named by its sentence.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails where it unwraps, and tells a replay")]

mod alarms;
mod broken;
mod bucket_owners;
mod budgets;
mod crash;
mod early;
mod everywhere;
mod existing;
mod existing_company;
mod existing_keys;
mod glue;
mod iam;
mod keys;
mod lambda;
mod logs;
mod makespan;
mod network;
mod object_lock;
mod own_state_bucket;
mod owners;
mod pages;
mod permissions;
mod platform;
mod policies;
mod removal;
mod rights;
mod s3;
mod sagemaker;
mod schedules;
mod settings;
mod state_buckets;
mod state_history;
mod states;
mod tags;
mod versions;

use engine::{Applied, RepairScope};
use testkit::{Aws, MadeCall, Platform};

/// Every step was done.
#[track_caller]
fn went_well(applied: &Applied) {
    let failed: Vec<_> =
        applied.failed.iter().map(|failed| format!("{} {}: {}", failed.address, failed.kind, failed.failure)).collect();
    assert!(failed.is_empty() && applied.stopped.is_none(), "{failed:#?} {:?}", applied.stopped);
}

/// The one failure of a run.
#[track_caller]
fn failure(applied: &Applied) -> String {
    match applied.failed.as_slice() {
        [failed] => format!("{}: {}", failed.address, failed.failure),
        failed => panic!("{} steps failed: {failed:#?}", failed.len()),
    }
}

fn up(platform: &Platform, aws: &mut Aws) {
    let applied = aws.run(async |sdk| platform.up(&sdk).await);
    went_well(&applied);
}

/// Brings a platform up. Plan, drift and reconcile then find nothing to do.
#[track_caller]
fn up_without_drift(platform: &Platform, aws: &mut Aws) {
    up(platform, aws);
    let again = aws.run(async |sdk| platform.plan(&sdk).await);
    assert!(again.plan.is_empty() && again.refusals.is_empty(), "{:?} {:?}", again.plan.changes, again.refusals);
    let drift = aws.run(async |sdk| platform.drift(&sdk).await);
    assert!(drift.drifted.is_empty() && drift.failed.is_empty(), "{:?} {:?}", drift.drifted, drift.failed);
    let repairs = aws.run(async |sdk| platform.repairs(RepairScope::Everything, &sdk).await);
    assert!(repairs.planned.is_empty() && repairs.failed.is_empty(), "{repairs:?}");
}

fn destroy(platform: &Platform, aws: &mut Aws) {
    let applied = aws.run(async |sdk| platform.destroy(&sdk).await);
    went_well(&applied);
}

/// The number of calls of an operation.
fn times(aws: &Aws, service: &str, operation: &str) -> usize {
    aws.made().iter().filter(|made| is(made, service, operation)).count()
}

/// The position of an operation's first call among all calls.
#[track_caller]
fn first(aws: &Aws, service: &str, operation: &str) -> usize {
    let at = aws.made().iter().position(|made| is(made, service, operation));
    at.unwrap_or_else(|| panic!("{operation} was never asked for"))
}

/// The position of an operation's last call among all calls.
#[track_caller]
fn last(aws: &Aws, service: &str, operation: &str) -> usize {
    let at = aws.made().iter().rposition(|made| is(made, service, operation));
    at.unwrap_or_else(|| panic!("{operation} was never asked for"))
}

fn is(made: &MadeCall, service: &str, operation: &str) -> bool {
    made.service == service && made.operation == operation
}
