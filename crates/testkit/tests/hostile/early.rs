//! Under the least policy, AWS may deny an action on a resource with new tags. The engine retries it.

use crate::{times, went_well};
use aws_client::FailureKind;
use testkit::{Aws, Fault, Platform};

#[test]
fn denial_of_what_was_tagged_a_moment_ago_is_borne() {
    for seed in 61..=62 {
        let platform = Platform::named("dev");
        let mut aws = Aws::lawful(platform.region(), seed);
        aws.allow_only(&platform.policies(None, false));
        let applied = aws.run(async |sdk| platform.up(&sdk).await);
        went_well(&applied);
        assert_eq!(aws.denied(), Vec::<String>::new());
    }
}

#[test]
fn denial_that_stays_is_told_as_what_it_is() {
    let platform = Platform::named("dev").only("network.private-1");
    let mut aws = Aws::lawful(platform.region(), 63);
    let denied = Fault::refused("UnauthorizedOperation", "You are not authorized to perform this operation.");
    aws.strike(("ec2", "CreateSubnet"), 0, u64::MAX, denied);
    let began = aws.now();
    let applied = aws.run(async |sdk| platform.up(&sdk).await);
    let [failed] = applied.failed.as_slice() else { panic!("{:#?}", applied.failed) };
    assert_eq!(failed.failure.kind, FailureKind::Denied);
    assert!(aws.now() - began < std::time::Duration::from_secs(120), "{:?}", aws.now() - began);
    assert!(times(&aws, "ec2", "CreateSubnet") > 1);
}

/// A temporary denial, with AWS's message.
fn denial() -> Fault {
    Fault::refused("AccessDeniedException", "User is not authorized to perform this action")
}

#[test]
fn denials_of_the_first_seconds_are_borne_by_plans_reconciliation_and_deletions() {
    let platform = Platform::named("dev").only("monitoring.alerts");
    let mut aws = Aws::lawful(platform.region(), 64);
    let applied = aws.run(async |sdk| platform.up(&sdk).await);
    went_well(&applied);
    aws.strike(("sns", "GetTopicAttributes"), 0, 3, denial());
    let planning = aws.run(async |sdk| platform.plan(&sdk).await);
    assert_eq!(planning.refusals.len(), 0, "{:#?}", planning.refusals);
    aws.strike(("sns", "GetTopicAttributes"), 0, 3, denial());
    let drift = aws.run(async |sdk| platform.drift(&sdk).await);
    assert!(drift.failed.is_empty(), "{:#?}", drift.failed);
    aws.strike(("sns", "DeleteTopic"), 0, 3, denial());
    let applied = aws.run(async |sdk| platform.destroy(&sdk).await);
    went_well(&applied);
    assert_eq!(times(&aws, "sns", "DeleteTopic"), 4);
}

#[test]
fn denial_of_a_deletion_that_stays_is_told_within_half_a_minute() {
    let platform = Platform::named("dev").only("monitoring.alerts");
    let mut aws = Aws::lawful(platform.region(), 65);
    let applied = aws.run(async |sdk| platform.up(&sdk).await);
    went_well(&applied);
    aws.strike(("sns", "DeleteTopic"), 0, u64::MAX, denial());
    let began = aws.now();
    let applied = aws.run(async |sdk| platform.destroy(&sdk).await);
    let [failed] = applied.failed.as_slice() else { panic!("{:#?}", applied.failed) };
    assert_eq!(failed.failure.kind, FailureKind::Denied);
    assert!(aws.now() - began < std::time::Duration::from_secs(30), "{:?}", aws.now() - began);
}
