//! Glue. Roles and crawls are laws; the words Glue has for a role that is too new are put in by rule.

use crate::{destroy, failure, last, times, up};
use aws_sdk_glue::types::DatabaseInput;
use engine::Applied;
use std::time::Duration;
use testkit::{Aws, Fault, Platform};

const CRAWLER: &str = "mlops-pipeline-dev-raw";
const DATABASE: &str = "mlops_pipeline_dev";

fn crawler() -> Platform {
    Platform::named("dev").only("catalog.crawler-raw")
}

fn start(aws: &mut Aws) {
    aws.run(async |sdk| aws_sdk_glue::Client::new(&sdk).start_crawler().name(CRAWLER).send().await.unwrap());
}

#[test]
fn a_crawler_is_created_and_updated_once_its_role_propagates_in_whatever_words() {
    let messages = [
        "Service is unable to assume role arn:aws:iam::123456789012:role/glue. Please verify role's TrustPolicy",
        "Service is unable to assume provided role. Please verify role's TrustPolicy.",
        "Service is unable to assume the role arn:aws:iam::123456789012:role/glue",
        "User: arn:aws:sts::123456789012:assumed-role/glue/AWS-Crawler is not authorized to perform: glue:GetDatabase",
        "Insufficient Lake Formation permission(s) on mlops_pipeline_dev",
    ];
    let platform = crawler();
    let mut aws = Aws::lenient(platform.region());
    for message in messages {
        aws.strike(("glue", "CreateCrawler"), 0, 2, Fault::refused("InvalidInputException", message));
        aws.strike(("glue", "UpdateCrawler"), 0, 2, Fault::refused("InvalidInputException", message));
    }
    up(&platform, &mut aws);
    assert_eq!(times(&aws, "glue", "CreateCrawler"), 11);
    let other = Platform::with("dev", |dev| dev.catalog.crawlers[0].prefix = "other/".into());
    up(&other.only("catalog.crawler-raw"), &mut aws);
    assert_eq!(times(&aws, "glue", "UpdateCrawler"), 11);
}

/// The advice of the one failure of a run.
#[track_caller]
fn advice(applied: &Applied) -> String {
    failure(applied);
    applied.failed[0].failure.help.as_ref().map(|help| help.advice().to_owned()).unwrap_or_default()
}

#[test]
fn refusal_of_lake_formation_says_what_its_administrator_grants() {
    const CODES: [&str; 2] = ["AccessDeniedException", "InvalidInputException"];
    let refused = |code: &str| {
        Fault::refused(code, "Insufficient Lake Formation permission(s): Required Create Database on Catalog")
    };
    let says = "data lake administrator";
    for code in CODES {
        let platform = crawler();
        let mut aws = Aws::lenient(platform.region());
        aws.strike(("glue", "GetDatabase"), 0, u64::MAX, refused(code));
        let planning = aws.run(async |sdk| platform.plan(&sdk).await);
        let helps: Vec<_> = planning.refusals.iter().filter_map(|one| one.failure.help.as_ref()).collect();
        assert!(helps.iter().any(|help| help.advice().contains(says)), "{:#?}", planning.refusals);
        aws.calm();
        for operation in ["CreateDatabase", "CreateCrawler"] {
            aws.strike(("glue", operation), 0, u64::MAX, refused(code));
            let applied = aws.run(async |sdk| platform.up(&sdk).await);
            assert!(advice(&applied).contains(says), "{operation}: {}", failure(&applied));
            aws.calm();
        }
        up(&platform, &mut aws);
        aws.run(async |sdk| {
            let input = DatabaseInput::builder().name(DATABASE).description("of others").build().unwrap();
            let call = aws_sdk_glue::Client::new(&sdk).update_database().name(DATABASE).database_input(input);
            call.send().await.unwrap();
        });
        aws.strike(("glue", "UpdateDatabase"), 0, u64::MAX, refused(code));
        let applied = aws.run(async |sdk| platform.up(&sdk).await);
        assert!(advice(&applied).contains(says), "UpdateDatabase: {}", failure(&applied));
        aws.calm();
        let other = Platform::with("dev", |dev| dev.catalog.crawlers[0].prefix = "other/".into());
        let other = other.only("catalog.crawler-raw");
        aws.strike(("glue", "UpdateCrawler"), 0, u64::MAX, refused(code));
        let applied = aws.run(async |sdk| other.up(&sdk).await);
        assert!(advice(&applied).contains(says), "UpdateCrawler: {}", failure(&applied));
        aws.calm();
        aws.strike(("glue", "DeleteDatabase"), 0, u64::MAX, refused(code));
        let applied = aws.run(async |sdk| platform.destroy(&sdk).await);
        assert!(advice(&applied).contains(says), "DeleteDatabase: {}", failure(&applied));
    }
}

#[test]
fn a_crawler_that_runs_is_changed_when_its_crawl_has_ended() {
    let platform = crawler();
    let mut aws = Aws::lawful(platform.region(), 81);
    up(&platform, &mut aws);
    start(&mut aws);
    let began = aws.now();
    let other = Platform::with("dev", |dev| dev.catalog.crawlers[0].prefix = "other/".into());
    up(&other.only("catalog.crawler-raw"), &mut aws);
    assert!(aws.now() - began > Duration::from_secs(30), "the crawl takes a minute at least");
    assert_eq!(times(&aws, "glue", "StopCrawler"), 0, "a change does not end it");
}

#[test]
fn a_crawler_that_runs_is_stopped_and_deleted_when_it_has_stopped() {
    let platform = crawler();
    let mut aws = Aws::lawful(platform.region(), 82);
    up(&platform, &mut aws);
    start(&mut aws);
    destroy(&platform, &mut aws);
    assert!(times(&aws, "glue", "StopCrawler") > 1, "once, and then it was stopping");
    assert!(last(&aws, "glue", "StopCrawler") < last(&aws, "glue", "DeleteCrawler"));
    assert_eq!(platform.left(&aws), Vec::<String>::new());
}
