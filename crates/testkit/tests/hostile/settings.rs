//! Settings that AWS has accepted show late, and flap between old and new.

use crate::{times, up};
use testkit::{Aws, Platform};

#[test]
fn settings_that_lag_and_flap_after_a_write_fail_no_run() {
    for (environment, seed) in [("dev", 91), ("dev", 92), ("prod", 93)] {
        let platform = Platform::of(environment);
        let mut aws = Aws::flapping(platform.region(), seed);
        up(&platform, &mut aws);
        let versioned = times(&aws, "s3", "PUT bucket?versioning");
        let buckets = times(&aws, "s3", "PUT bucket");
        assert!(versioned <= buckets * 3, "{environment}: {versioned} writes of the versioning of {buckets} buckets");
    }
}

#[test]
fn old_answer_soon_after_a_run_is_no_drift() {
    let platform = Platform::of("dev");
    for seed in 94..=96 {
        let mut aws = Aws::flapping(platform.region(), seed);
        up(&platform, &mut aws);
        let planned = aws.run(async |sdk| platform.plan(&sdk).await);
        assert!(planned.plan.is_empty(), "{:#?}", planned.plan.changes);
    }
}
