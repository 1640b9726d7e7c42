//! Under the least policy, AWS may deny an action on a resource with new tags. The engine retries it.

use crate::{times, went_well};
use resource::FailureKind;
use testkit::{Aws, Fault, Platform};

#[test]
fn denial_of_what_was_tagged_a_moment_ago_is_borne() {
    for seed in 61..=62 {
        let platform = Platform::of("dev");
        let mut aws = Aws::lawful(platform.region(), seed);
        aws.allow_only(&platform.policies(None, false));
        let applied = aws.run(async |sdk| platform.up(&sdk).await);
        went_well(&applied);
        assert_eq!(aws.denied(), Vec::<String>::new());
    }
}

#[test]
fn denial_that_stays_is_told_as_what_it_is() {
    let platform = Platform::of("dev").only("network.private-1");
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
