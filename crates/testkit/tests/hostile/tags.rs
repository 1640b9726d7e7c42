//! Tags of a whole stack come from the Resource Groups Tagging API, which lags behind, does not know everything and
//! may be forbidden.

use crate::{times, up};
use testkit::{Aws, Fault, Platform};

/// The operations that read the tags of one resource.
const ONE_BY_ONE: [(&str, &str); 10] = [
    ("ecr", "ListTagsForResource"),
    ("events", "ListTagsForResource"),
    ("glue", "GetTags"),
    ("logs", "ListTagsForResource"),
    ("monitoring", "ListTagsForResource"),
    ("s3", "GET bucket?tagging"),
    ("s3", "GET bucket?tagging="),
    ("sagemaker", "ListTags"),
    ("sns", "ListTagsForResource"),
    ("states", "ListTagsForResource"),
];

fn read_one_by_one(aws: &Aws) -> usize {
    ONE_BY_ONE.iter().map(|(service, operation)| times(aws, service, operation)).sum()
}

fn dev(owner: &str) -> Platform {
    Platform::with("dev", |environment| {
        environment.tags.insert("Reviewer".to_owned(), owner.to_owned());
    })
}

#[track_caller]
fn nothing_to_do(platform: &Platform, aws: &mut Aws) {
    let again = aws.run(async |sdk| platform.plan(&sdk).await);
    assert!(again.plan.is_empty() && again.refusals.is_empty(), "{:#?}", again.plan.changes);
}

#[test]
fn a_plan_reads_the_tags_of_everything_by_one_call() {
    let platform = dev("anna");
    let mut aws = Aws::lawful(platform.region(), 91);
    up(&platform, &mut aws);
    let (before, index) = (read_one_by_one(&aws), times(&aws, "tagging", "GetResources"));
    nothing_to_do(&platform, &mut aws);
    assert_eq!(times(&aws, "tagging", "GetResources") - index, 1);
    assert_eq!(read_one_by_one(&aws) - before, 0);
}

#[test]
fn a_plan_right_after_a_change_of_tags_is_not_misled_by_an_index_that_does_not_show_it_yet() {
    let (first, second) = (dev("anna"), dev("ben"));
    let mut aws = Aws::lawful(first.region(), 92);
    up(&first, &mut aws);
    nothing_to_do(&first, &mut aws);
    up(&second, &mut aws);
    let before = read_one_by_one(&aws);
    nothing_to_do(&second, &mut aws);
    assert!(read_one_by_one(&aws) - before >= 30, "what the index does not show is asked of its service");
}

#[test]
fn whoever_may_not_read_the_index_reads_tags_one_by_one() {
    let platform = dev("anna");
    let mut aws = Aws::lawful(platform.region(), 93);
    let words = "User is not authorized to perform: tag:GetResources";
    aws.strike(("tagging", "GetResources"), 0, u64::MAX, Fault::refused("AccessDeniedException", words));
    up(&platform, &mut aws);
    let before = read_one_by_one(&aws);
    nothing_to_do(&platform, &mut aws);
    assert!(read_one_by_one(&aws) - before >= 30);
}
