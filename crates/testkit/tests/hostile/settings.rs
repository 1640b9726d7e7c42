//! Settings that AWS has accepted show late, and flap between old and new.

use crate::{
    destroy,
    permissions::{declared, edited, with_settings},
    times, up, up_without_drift,
};
use std::{collections::BTreeSet, time::Duration};
use testkit::{Aws, Platform};

/// By then every read shows the last write.
const SHOWN: Duration = Duration::from_secs(60);

/// The reads that no life of the tests makes soon enough after a write, with the reasons.
const NEVER_LATE: [(&str, &str, &str); 4] = [
    ("iam", "ListRolePolicies", "plans read the names from the list of the whole account, and deletions come later"),
    ("kms", "DescribeKey", "keys are found by their aliases, and the write names the id"),
    ("logs", "DescribeResourcePolicies", "no life changes one: its text follows from names that stay"),
    ("sns", "GetSubscriptionAttributes", "no life changes a subscription in place"),
];

#[test]
fn settings_that_lag_and_flap_after_a_write_fail_no_run() {
    for (environment, seed) in [("dev", 91), ("dev", 92), ("prod", 93)] {
        let platform = Platform::named(environment);
        let mut aws = Aws::flapping(platform.region(), seed);
        up(&platform, &mut aws);
        let versioned = times(&aws, "s3", "PUT bucket?versioning");
        let buckets = times(&aws, "s3", "PUT bucket");
        assert!(versioned <= buckets * 3, "{environment}: {versioned} writes of the versioning of {buckets} buckets");
    }
}

#[test]
fn old_answer_soon_after_a_run_is_no_drift() {
    let platform = Platform::named("dev");
    for seed in 94..=96 {
        let mut aws = Aws::flapping(platform.region(), seed);
        up(&platform, &mut aws);
        let planned = aws.run(async |sdk| platform.plan(&sdk).await);
        assert!(planned.plan.is_empty(), "{:#?}", planned.plan.changes);
    }
}

#[test]
fn settings_of_all_services_show_late_and_no_run_fails_for_it() {
    let (platform, edited) = (declared("prod"), edited("prod"));
    let mut old = BTreeSet::new();
    for mut aws in [Aws::lagging(platform.region(), 97), Aws::flapping(platform.region(), 98)] {
        up(&platform, &mut aws);
        up_twice(&edited, &mut aws);
        aws.run(async |sdk| with_settings(&sdk, platform.prefix(), platform.region()).await);
        aws.wait(SHOWN);
        up_twice(&edited, &mut aws);
        aws.wait(SHOWN);
        up_without_drift(&edited, &mut aws);
        destroy(&edited, &mut aws);
        old.extend(aws.late_reads());
    }
    let of_buckets = |(service, _): &&(String, String)| service == "s3";
    let unknown: Vec<_> =
        old.iter().filter(|read| !of_buckets(read) && !Aws::lagging_reads().contains(*read)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    let never: Vec<_> = Aws::lagging_reads().into_iter().filter(|read| !old.contains(read)).collect();
    let expected: Vec<_> = NEVER_LATE.iter().map(|(of, read, _)| ((*of).to_owned(), (*read).to_owned())).collect();
    assert_eq!(never, expected);
}

/// Brings it up, and again at once, when much of the change shows late.
fn up_twice(platform: &Platform, aws: &mut Aws) {
    up(platform, aws);
    up(platform, aws);
}
