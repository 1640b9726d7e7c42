//! Whole platforms under all laws at once.

use crate::{destroy, up, up_without_drift, went_well};
use std::{ops::RangeInclusive, time::Duration};
use testkit::{Aws, Platform};

/// From nothing to the platform, without drift, to nothing.
fn lives_and_goes(environment: &str, seeds: RangeInclusive<u64>) {
    let platform = Platform::named(environment);
    for seed in seeds {
        let mut aws = Aws::lawful(platform.region(), seed);
        up_without_drift(&platform, &mut aws);
        assert!(!platform.left(&aws).is_empty());
        destroy(&platform, &mut aws);
        aws.wait(Duration::from_secs(3600));
        assert_eq!(platform.left(&aws), Vec::<String>::new(), "{environment}, seed {seed}");
    }
}

#[test]
fn dev_converges_under_all_laws_without_drift_and_its_destruction_leaves_nothing() {
    lives_and_goes("dev", 1..=3);
}

#[test]
fn staging_converges_under_all_laws_without_drift_and_its_destruction_leaves_nothing() {
    lives_and_goes("staging", 401..=402);
}

#[test]
fn prod_converges_under_all_laws_without_drift_and_its_destruction_leaves_nothing() {
    lives_and_goes("prod", 501..=502);
}

#[test]
fn a_platform_that_was_destroyed_is_brought_up_again_at_once() {
    let platform = Platform::named("dev");
    let mut aws = Aws::lawful(platform.region(), 6);
    up(&platform, &mut aws);
    let first = platform.inventory(&aws);
    destroy(&platform, &mut aws);
    up(&platform, &mut aws);
    assert_eq!(platform.inventory(&aws), first);
}

#[test]
fn how_fast_aws_is_makes_no_difference_to_what_comes_of_a_platform() {
    let platform = Platform::named("dev");
    let mut lawful = Aws::lawful(platform.region(), 7);
    let mut brisk = Aws::brisk(platform.region(), 8);
    up(&platform, &mut lawful);
    up(&platform, &mut brisk);
    assert_eq!(platform.inventory(&lawful), platform.inventory(&brisk));
    let mut copy = lawful.copy();
    assert_eq!(platform.inventory(&copy), platform.inventory(&lawful));
    went_well(&copy.run(async |sdk| platform.destroy(&sdk).await));
    assert_ne!(platform.inventory(&copy), platform.inventory(&lawful), "each goes its own way");
}
