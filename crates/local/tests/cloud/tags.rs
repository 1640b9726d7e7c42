//! The Resource Groups Tagging API over all services.

use crate::{REGION, cloud};
use aws_sdk_resourcegroupstagging::{Client, types::TagFilter};

const PROJECT: (&str, &str) = ("Project", "p & q");

/// A bucket, a topic, a log group and a database of one project, and a topic of another.
async fn made(config: &aws_config::SdkConfig) {
    let tag = || aws_sdk_s3::types::Tag::builder().key(PROJECT.0).value(PROJECT.1).build().unwrap();
    let place =
        aws_sdk_s3::types::CreateBucketConfiguration::builder().location_constraint(REGION.into()).tags(tag()).build();
    aws_sdk_s3::Client::new(config)
        .create_bucket()
        .bucket("pandq")
        .create_bucket_configuration(place)
        .send()
        .await
        .unwrap();
    let topics = aws_sdk_sns::Client::new(config);
    for (name, value) in [("ours", PROJECT.1), ("theirs", "x")] {
        let tag = aws_sdk_sns::types::Tag::builder().key(PROJECT.0).value(value).build().unwrap();
        topics.create_topic().name(name).tags(tag).send().await.unwrap();
    }
    let logs = aws_sdk_cloudwatchlogs::Client::new(config);
    logs.create_log_group().log_group_name("/p").tags(PROJECT.0, PROJECT.1).send().await.unwrap();
    let database = aws_sdk_glue::types::DatabaseInput::builder().name("p").build().unwrap();
    let call = aws_sdk_glue::Client::new(config).create_database().database_input(database);
    call.tags(PROJECT.0, PROJECT.1).send().await.unwrap();
}

#[tokio::test]
async fn resources_with_a_tag_are_listed_page_by_page_for_all_services() {
    let config = cloud().sdk_config();
    made(&config).await;
    let ours = TagFilter::builder().key(PROJECT.0).values(PROJECT.1).build();
    let call = Client::new(&config).get_resources().tag_filters(ours).resources_per_page(1);
    let listed: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let listed = listed.unwrap();
    let mut arns: Vec<&str> = listed.iter().filter_map(|one| one.resource_arn()).collect();
    arns.sort_unstable();
    assert_eq!(
        arns,
        [
            "arn:aws:glue:ap-south-1:123456789012:database/p",
            "arn:aws:logs:ap-south-1:123456789012:log-group:/p",
            "arn:aws:s3:::pandq",
            "arn:aws:sns:ap-south-1:123456789012:ours",
        ]
    );
    for one in &listed {
        assert_eq!(one.tags().iter().map(|tag| (tag.key(), tag.value())).collect::<Vec<_>>(), [PROJECT]);
    }
}
