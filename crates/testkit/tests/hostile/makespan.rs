//! No second is spent waiting for nothing: a platform is up hardly later than AWS itself allows.

use crate::{destroy, up};
use resource::{Dependency, Edge};
use std::{collections::BTreeMap, time::Duration};
use testkit::{Aws, Platform};

/// There and back, as from another continent.
const DISTANCE: Duration = Duration::from_millis(80);

/// Kinds whose creation is refused until their role can be assumed.
const ASSUMING: [&str; 6] = [
    "lambda:function",
    "states:state-machine",
    "glue:crawler",
    "sagemaker:domain",
    "sagemaker:user-profile",
    "sagemaker:feature-group",
];

/// When a thing can exist at the earliest, and when it can work.
#[derive(Clone, Copy, Default)]
struct Earliest {
    exists: Duration,
    works: Duration,
    /// Of a role: from when on services can assume it.
    assumable: Duration,
}

/// The longest chain of what needs what: each link is at least one call, the time AWS takes to make a thing
/// work, and the read that shows it.
fn bound(platform: &Platform, aws: &mut Aws) -> Duration {
    let (state, _) = aws.run(async |sdk| platform.state(&sdk).await).unwrap();
    let spans: BTreeMap<String, Duration> = aws.spans().into_iter().collect();
    let mut earliest: Vec<Earliest> = Vec::new();
    for node in platform.stack().nodes() {
        let entry = &state.resources[&node.address];
        // A state machine's ARN and a role's id end in their names.
        let id = entry.id.as_deref().unwrap_or_default();
        let span = spans.get(id.rsplit([':', '/']).next().unwrap_or(id)).copied().unwrap_or_default();
        let reached = |needed: &Dependency| {
            let needs = earliest[needed.node];
            let kind = platform.stack().nodes()[needed.node].kind;
            let there = if needed.edge == Edge::Ready { needs.works } else { needs.exists };
            let assumes = kind == "iam:role" && ASSUMING.contains(&node.kind);
            if assumes { there.max(needs.assumable) } else { there }
        };
        let starts = node.dependencies.iter().map(reached).max().unwrap_or_default();
        let exists = starts + DISTANCE;
        let is_role = node.kind == "iam:role";
        let works = if is_role { exists + DISTANCE } else { exists + span + DISTANCE };
        earliest.push(Earliest { exists, works, assumable: if is_role { exists + span } else { Duration::ZERO } });
    }
    earliest.iter().map(|one| one.works).max().unwrap_or_default()
}

#[test]
fn every_environment_is_up_within_five_percent_of_what_aws_itself_needs() {
    for (environment, seed) in [("dev", 81), ("dev", 82), ("dev", 83), ("staging", 84), ("prod", 85)] {
        let platform = Platform::named(environment);
        let mut aws = Aws::prompt(platform.region(), seed);
        aws.distance(DISTANCE);
        up(&platform, &mut aws);
        let (first, last) = span_of_changes(&aws);
        let took = last - first;
        let bound = bound(&platform, &mut aws);
        let percent = 100.0 * (took.as_secs_f64() / bound.as_secs_f64() - 1.0);
        println!("{environment} {seed}: {took:.1?}, {bound:.1?} at the least, {percent:.1} % more");
        assert!(took >= bound, "{environment} {seed}: the bound is none: {took:?} is less than {bound:?}");
        assert!(percent <= 5.0, "{environment} {seed}: {percent:.1} % more than {bound:?}");
    }
}

/// A cloud of other speeds than those that are usual.
const QUICK: &[(&str, u64)] = &[
    ("CreateNatGateway", 60),
    ("CreateDomain", 120),
    ("CreateUserProfile", 20),
    ("DeleteNatGateway", 45),
    ("DeleteDomain", 60),
    ("DeleteUserProfile", 10),
];

#[test]
fn slow_resources_are_polled_only_as_often_as_the_run_waits_for_them() {
    let platform = Platform::named("dev");
    let mut aws = Aws::timed(platform.region(), QUICK);
    let at_least = |chain: &[&str]| {
        let span = |operation: &&str| QUICK.iter().find(|(known, _)| known == operation).unwrap().1;
        Duration::from_secs(chain.iter().map(span).sum())
    };
    let mut calls = 0;
    let mut run = |aws: &mut Aws, goes: bool, chain: &[&str], most: usize| {
        let began = aws.now();
        if goes {
            destroy(&platform, aws)
        } else {
            up(&platform, aws)
        }
        let (took, bound) = (aws.now() - began, at_least(chain));
        let made = aws.made().len() - calls;
        calls = aws.made().len();
        let percent = 100.0 * (took.as_secs_f64() / bound.as_secs_f64() - 1.0);
        println!("{took:.1?}, {bound:.1?} at the least, {percent:.1} % more, with {made} calls");
        assert!(took >= bound && percent <= 2.0, "{took:?} is {percent:.1} % more than {bound:?}");
        assert!(made <= most, "{made} calls, {most} are enough");
    };
    run(&mut aws, false, &["CreateDomain", "CreateUserProfile"], UP_CALLS);
    run(&mut aws, true, &["DeleteUserProfile", "DeleteDomain"], DESTROY_CALLS);
}

/// The run makes 310 calls and the removal 354. This test prints the numbers with `--nocapture`. The limit is a tenth
/// higher.
const UP_CALLS: usize = 340;
const DESTROY_CALLS: usize = 390;

/// From the first creation of the platform's own to the last call for it.
fn span_of_changes(aws: &Aws) -> (tokio::time::Instant, tokio::time::Instant) {
    let made = aws.made();
    let own = |service: &str| service != "s3" && service != "sts";
    let first = made.iter().find(|made| own(&made.service) && !made.reads).map(|made| made.at).unwrap();
    let last = made.iter().rev().find(|made| own(&made.service)).map(|made| made.at).unwrap();
    (first, last + DISTANCE)
}
