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
    for seed in 97..=98 {
        let mut aws = Aws::flapping(platform.region(), seed);
        up(&platform, &mut aws);
        up(&edited, &mut aws);
        aws.run(async |sdk| with_settings(&sdk, platform.prefix(), platform.region()).await);
        aws.wait(SHOWN);
        up(&edited, &mut aws);
        aws.wait(SHOWN);
        up_without_drift(&edited, &mut aws);
        destroy(&edited, &mut aws);
        old.extend(aws.late_reads());
    }
    let unknown: Vec<_> = old.iter().filter(|(service, _)| service != "s3").collect();
    assert!(unknown.iter().all(|read| Aws::lagging_reads().contains(*read)), "{unknown:?}");
    for service in ["ecr", "events", "glue", "iam", "kms", "lambda", "logs", "monitoring", "sagemaker", "states"] {
        assert!(old.iter().any(|(of, _)| of == service), "no read of {service} was old: {old:?}");
    }
}
