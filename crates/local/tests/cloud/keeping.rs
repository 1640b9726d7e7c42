use async_trait::async_trait;
use aws_sdk_s3::primitives::ByteStream;
use local::{Call, Cloud, Durability, Error, Layer, Lost, Next, Response};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::TcpListener;

use crate::{ACCOUNT, REGION, cloud};

#[tokio::test]
async fn a_new_process_finds_what_the_last_one_made() {
    let dir = tempfile::tempdir().unwrap();
    let cloud = Cloud::open(Some(dir.path()), REGION, ACCOUNT).unwrap();
    let config = cloud.sdk_config();
    let ec2 = aws_sdk_ec2::Client::new(&config);
    let vpc = ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap().vpc.unwrap();
    let sagemaker = aws_sdk_sagemaker::Client::new(&config);
    sagemaker.create_model_package_group().model_package_group_name("g").send().await.unwrap();
    let s3 = aws_sdk_s3::Client::new(&config);
    s3.create_bucket().bucket("bkt").create_bucket_configuration(region()).send().await.unwrap();
    for content in ["one", "two"] {
        s3.put_object()
            .bucket("bkt")
            .key("a/b")
            .body(ByteStream::from_static(content.as_bytes()))
            .send()
            .await
            .unwrap();
    }
    let iam = aws_sdk_iam::Client::new(&config);
    iam.create_role().role_name("r").assume_role_policy_document("{}").send().await.unwrap();
    // No farewell: every call was on disk before it was answered.
    drop((ec2, sagemaker, s3, iam, config, cloud));

    let cloud = Cloud::open(Some(dir.path()), REGION, ACCOUNT).unwrap();
    let config = cloud.sdk_config();
    let ec2 = aws_sdk_ec2::Client::new(&config);
    let vpcs = ec2.describe_vpcs().vpc_ids(vpc.vpc_id().unwrap()).send().await.unwrap();
    assert_eq!(vpcs.vpcs()[0].cidr_block(), Some("10.0.0.0/16"));
    let sagemaker = aws_sdk_sagemaker::Client::new(&config);
    sagemaker.describe_model_package_group().model_package_group_name("g").send().await.unwrap();
    let s3 = aws_sdk_s3::Client::new(&config);
    let object = s3.get_object().bucket("bkt").key("a/b").send().await.unwrap();
    assert_eq!(object.body.collect().await.unwrap().to_vec(), b"two");
    let iam = aws_sdk_iam::Client::new(&config);
    assert_eq!(iam.get_role().role_name("r").send().await.unwrap().role.unwrap().role_name(), "r");
}

#[tokio::test]
async fn contents_no_object_names_leave_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let cloud = Cloud::open(Some(dir.path()), REGION, ACCOUNT).unwrap();
    let s3 = aws_sdk_s3::Client::new(&cloud.sdk_config());
    s3.create_bucket().bucket("bkt").create_bucket_configuration(region()).send().await.unwrap();
    let kept = || std::fs::read_dir(dir.path().join("objects")).unwrap().count();
    let before = kept();
    let body = ByteStream::from_static(b"content");
    s3.put_object().bucket("bkt").key("k").body(body).send().await.unwrap();
    assert!(kept() > before);
    s3.delete_object().bucket("bkt").key("k").send().await.unwrap();
    assert_eq!(kept(), before);
}

#[tokio::test]
async fn contents_a_killed_process_left_unnamed_go_when_the_cloud_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    let stray = dir.path().join("objects").join("0".repeat(64));
    drop(Cloud::open(Some(dir.path()), REGION, ACCOUNT).unwrap());
    std::fs::write(&stray, "written, but the state that would name it was not").unwrap();
    drop(Cloud::open(Some(dir.path()), REGION, ACCOUNT).unwrap());
    assert!(!stray.exists());
}

#[tokio::test]
async fn a_directory_in_use_is_refused_with_the_owners_id() {
    let dir = tempfile::tempdir().unwrap();
    let cloud = Cloud::open(Some(dir.path()), REGION, ACCOUNT).unwrap();
    match Cloud::open(Some(dir.path()), REGION, ACCOUNT) {
        Err(Error::Busy { pid, .. }) => assert_eq!(pid, Some(std::process::id())),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("two owners"),
    }
    assert!(matches!(Cloud::reset(dir.path()), Err(Error::Busy { .. })));
    drop(cloud);
    Cloud::reset(dir.path()).unwrap();
    Cloud::open(Some(dir.path()), REGION, ACCOUNT).unwrap();
}

#[tokio::test]
async fn saving_on_demand_keeps_what_was_there_at_the_last_save() {
    let dir = tempfile::tempdir().unwrap();
    let cloud = Cloud::open(Some(dir.path()), REGION, ACCOUNT).unwrap().with_durability(Durability::OnSave);
    let sns = aws_sdk_sns::Client::new(&cloud.sdk_config());
    sns.create_topic().name("saved").send().await.unwrap();
    cloud.save().await.unwrap();
    sns.create_topic().name("lost").send().await.unwrap();
    drop((sns, cloud));
    let cloud = Cloud::open(Some(dir.path()), REGION, ACCOUNT).unwrap();
    let sns = aws_sdk_sns::Client::new(&cloud.sdk_config());
    let topics = sns.list_topics().send().await.unwrap();
    let arns: Vec<_> = topics.topics().iter().filter_map(|topic| topic.topic_arn()).collect();
    assert_eq!(arns, [format!("arn:aws:sns:{REGION}:{ACCOUNT}:saved")]);
}

#[tokio::test]
async fn corrupt_data_is_named_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(format!("sns.{REGION}.json"));
    std::fs::write(&file, "{").unwrap();
    match Cloud::open(Some(dir.path()), REGION, ACCOUNT) {
        Err(Error::Corrupt { path, .. }) => assert_eq!(path, file),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("opened"),
    }
    assert_eq!(std::fs::read(&file).unwrap(), b"{");
}

/// Loses the answer of the first call.
#[derive(Default)]
struct LosesOne(AtomicUsize);

#[async_trait]
impl Layer for LosesOne {
    async fn answer(&self, call: Call, next: Next<'_>) -> Result<Response, Lost> {
        let answer = next.run(call).await;
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0 => Err(Lost::Reset),
            _ => answer,
        }
    }
}

#[tokio::test]
async fn a_layer_can_lose_an_answer_whose_call_took_effect() {
    let faults = Arc::new(LosesOne::default());
    let faulty = cloud().with_layer(faults.clone());
    let sagemaker = aws_sdk_sagemaker::Client::new(&faulty.sdk_config());
    let group = sagemaker.create_model_package_group().model_package_group_name("g");
    let retried = crate::code(group.send().await);
    assert_eq!(retried, "ValidationException", "the SDK's retry meets its own first success");
    assert_eq!(faults.0.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_client_over_http_meets_the_same_cloud() {
    let cloud = cloud();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn({
        let cloud = cloud.clone();
        async move { cloud.serve(listener, async { _ = stopped.await }).await }
    });
    let credentials = cloud.sdk_config().credentials_provider().unwrap();
    let http = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(REGION)
        .credentials_provider(credentials)
        .load()
        .await;
    let s3 = aws_sdk_s3::Client::new(&http);
    s3.create_bucket().bucket("bkt").create_bucket_configuration(region()).send().await.unwrap();
    let body = ByteStream::from_static(b"over http");
    s3.put_object().bucket("bkt").key("k").body(body).send().await.unwrap();
    let sagemaker = aws_sdk_sagemaker::Client::new(&http);
    sagemaker.create_model_package_group().model_package_group_name("g").send().await.unwrap();
    let iam = aws_sdk_iam::Client::new(&http);
    iam.create_role().role_name("r").assume_role_policy_document("{}").send().await.unwrap();
    let logs = aws_sdk_cloudwatchlogs::Client::new(&http);
    logs.create_log_group().log_group_name("/l").send().await.unwrap();

    let inside = aws_sdk_s3::Client::new(&cloud.sdk_config());
    let object = inside.get_object().bucket("bkt").key("k").send().await.unwrap();
    assert_eq!(object.body.collect().await.unwrap().to_vec(), b"over http");
    let group = aws_sdk_sagemaker::Client::new(&cloud.sdk_config());
    let group = group.describe_model_package_group().model_package_group_name("g");
    let arn = group.send().await.unwrap().model_package_group_arn.unwrap();
    assert!(arn.contains(&format!(":{REGION}:{ACCOUNT}:")), "{arn}");
    drop((s3, sagemaker, iam, logs, http));
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn only_loopback_addresses_are_served() {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let served = cloud().serve(listener, std::future::pending()).await;
    assert!(matches!(served, Err(Error::NotLoopback(_))));
}

#[tokio::test]
async fn the_caller_is_the_account_asked_for() {
    let sts = aws_sdk_sts::Client::new(&cloud().sdk_config());
    let caller = sts.get_caller_identity().send().await.unwrap();
    assert_eq!(caller.account(), Some(ACCOUNT));
    let other = Cloud::open(None, REGION, "210987654321");
    assert!(matches!(other, Err(Error::Account { .. })), "one account per process");
}

fn region() -> aws_sdk_s3::types::CreateBucketConfiguration {
    aws_sdk_s3::types::CreateBucketConfiguration::builder().location_constraint(REGION.into()).build()
}
