//! What AWS does to those who build on it, and that the product bears it.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod everywhere;
mod iam;
mod lambda;
mod network;
mod platform;

use engine::Applied;
use testkit::{Aws, Platform};

/// Every step was done.
#[track_caller]
fn went_well(applied: &Applied) {
    let failed: Vec<_> =
        applied.failed.iter().map(|failed| format!("{} {}: {}", failed.address, failed.kind, failed.failure)).collect();
    assert!(failed.is_empty() && applied.stopped.is_none(), "{failed:#?} {:?}", applied.stopped);
}

fn up(platform: &Platform, aws: &mut Aws) {
    let applied = aws.run(async |sdk| platform.up(&sdk).await);
    went_well(&applied);
}

fn destroy(platform: &Platform, aws: &mut Aws) {
    let applied = aws.run(async |sdk| platform.destroy(&sdk).await);
    went_well(&applied);
}
