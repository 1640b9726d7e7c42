//! The files of the embedded AWS: what a new process finds, also after a kill.

use async_trait::async_trait;
use aws_sdk_s3::primitives::ByteStream;
use local::{Call, Cloud, Error, Layer, LostAnswer, Next, Response};
use std::path::Path;
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
    let part = s3.get_object().bucket("bkt").key("a/b").range("bytes=1-").send().await.unwrap();
    assert_eq!(part.body.collect().await.unwrap().to_vec(), b"wo");
    let iam = aws_sdk_iam::Client::new(&config);
    assert_eq!(iam.get_role().role_name("r").send().await.unwrap().role.unwrap().role_name(), "r");
}

#[tokio::test]
async fn contents_no_object_names_leave_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let cloud = Cloud::open(Some(dir.path()), REGION, ACCOUNT).unwrap();
    let s3 = aws_sdk_s3::Client::new(&cloud.sdk_config());
    s3.create_bucket().bucket("bkt").create_bucket_configuration(region()).send().await.unwrap();
    cloud.save().await.unwrap();
    let kept = || std::fs::read_dir(dir.path().join("objects")).unwrap().count();
    let before = kept();
    let body = ByteStream::from_static(b"content");
    s3.put_object().bucket("bkt").key("k").body(body).send().await.unwrap();
    cloud.save().await.unwrap();
    assert!(kept() > before);
    s3.delete_object().bucket("bkt").key("k").send().await.unwrap();
    cloud.save().await.unwrap();
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

/// Creates a topic and then, in another service, a log group of the same number.
async fn numbered(config: &aws_config::SdkConfig, number: usize) {
    let name = format!("n{number}");
    aws_sdk_sns::Client::new(config).create_topic().name(&name).send().await.unwrap();
    aws_sdk_cloudwatchlogs::Client::new(config).create_log_group().log_group_name(&name).send().await.unwrap();
}

async fn numbers(config: &aws_config::SdkConfig) -> [usize; 2] {
    let topics = aws_sdk_sns::Client::new(config).list_topics().send().await.unwrap();
    let groups = aws_sdk_cloudwatchlogs::Client::new(config).describe_log_groups().send().await.unwrap();
    [topics.topics().len(), groups.log_groups().len()]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_leaves_all_services_as_of_one_moment() {
    let dir = tempfile::tempdir().unwrap();
    let cloud = Cloud::open(Some(dir.path()), REGION, ACCOUNT).unwrap();
    let config = cloud.sdk_config();
    let copies = tempfile::tempdir().unwrap();
    for number in 0..40 {
        numbered(&config, number).await;
        let copy = copies.path().join(number.to_string());
        copied_as_by_a_kill(dir.path(), &copy);
    }
    for number in 0..40 {
        let killed = Cloud::open(Some(&copies.path().join(number.to_string())), REGION, ACCOUNT).unwrap();
        let [topics, groups] = numbers(&killed.sdk_config()).await;
        assert!(topics == groups || topics == groups + 1, "{topics} topics, {groups} log groups");
        assert!(topics <= number + 1);
    }
    cloud.save().await.unwrap();
    copied_as_by_a_kill(dir.path(), &copies.path().join("last"));
    let last = Cloud::open(Some(&copies.path().join("last")), REGION, ACCOUNT).unwrap();
    assert_eq!(numbers(&last.sdk_config()).await, [40, 40]);
}

/// Copies the index first and what it names then, until nothing was replaced meanwhile.
fn copied_as_by_a_kill(from: &Path, to: &Path) {
    let index = || std::fs::read(from.join("index.json")).unwrap();
    loop {
        let before = index();
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            let is_data = path.extension().is_some_and(|extension| extension == "json");
            if is_data && let Ok(bytes) = std::fs::read(&path) {
                std::fs::write(to.join(path.file_name().unwrap()), bytes).unwrap();
            }
        }
        if index() == before {
            return;
        }
        std::fs::remove_dir_all(to).unwrap();
    }
}

#[tokio::test]
async fn files_that_no_index_names_yet_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let cloud = Cloud::open(Some(dir.path()), REGION, ACCOUNT).unwrap();
    numbered(&cloud.sdk_config(), 0).await;
    drop(cloud);
    let index: serde_json::Value =
        serde_json::from_slice(&std::fs::read(dir.path().join("index.json")).unwrap()).unwrap();
    let named: Vec<&str> = index["files"].as_array().unwrap().iter().map(|entry| entry[2].as_str().unwrap()).collect();
    let topics = named.iter().find(|name| name.starts_with("sns.")).unwrap();
    let next = if topics.ends_with(".a.json") { topics.replace(".a.", ".b.") } else { topics.replace(".b.", ".a.") };
    std::fs::write(dir.path().join(&next), "half of a sta").unwrap();
    let cloud = Cloud::open(Some(dir.path()), REGION, ACCOUNT).unwrap();
    assert_eq!(numbers(&cloud.sdk_config()).await, [1, 1]);
    assert!(!dir.path().join(next).exists());
}

#[tokio::test]
async fn data_of_version_0_1_is_read_and_kept() {
    let dir = tempfile::tempdir().unwrap();
    let cloud = Cloud::open(Some(dir.path()), REGION, ACCOUNT).unwrap();
    numbered(&cloud.sdk_config(), 0).await;
    drop(cloud);
    as_version_0_1_kept_it(dir.path());
    let cloud = Cloud::open(Some(dir.path()), REGION, ACCOUNT).unwrap();
    let config = cloud.sdk_config();
    assert_eq!(numbers(&config).await, [1, 1]);
    aws_sdk_sns::Client::new(&config).create_topic().name("another").send().await.unwrap();
    drop((config, cloud));
    let cloud = Cloud::open(Some(dir.path()), REGION, ACCOUNT).unwrap();
    assert_eq!(numbers(&cloud.sdk_config()).await, [2, 1]);
}

/// One file per service and region, and no index.
fn as_version_0_1_kept_it(dir: &Path) {
    let read =
        |name: &str| -> serde_json::Value { serde_json::from_slice(&std::fs::read(dir.join(name)).unwrap()).unwrap() };
    for entry in read("index.json")["files"].as_array().unwrap() {
        let [service, region, name] = [0, 1, 2].map(|at| entry[at].as_str().unwrap());
        let mut file = read(name);
        file["format"] = 1.into();
        std::fs::remove_file(dir.join(name)).unwrap();
        std::fs::write(dir.join(format!("{service}.{region}.json")), file.to_string()).unwrap();
    }
    std::fs::remove_file(dir.join("index.json")).unwrap();
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
    async fn answer(&self, call: Call, next: Next<'_>) -> Result<Response, LostAnswer> {
        let answer = next.run(call).await;
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0 => Err(LostAnswer::Reset),
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
    let arn = caller.arn().unwrap();
    assert_eq!(arn, format!("arn:aws:iam::{ACCOUNT}:user/local"), "AWS has users in IAM alone");
    let iam = aws_sdk_iam::Client::new(&cloud().sdk_config());
    let asked = iam.simulate_principal_policy().policy_source_arn(arn).action_names("s3:GetObject").send().await;
    assert_eq!(asked.unwrap().evaluation_results()[0].eval_decision().as_str(), "allowed");
    let other = Cloud::open(None, REGION, "210987654321");
    assert!(matches!(other, Err(Error::Account { .. })), "one account per process");
}

fn region() -> aws_sdk_s3::types::CreateBucketConfiguration {
    aws_sdk_s3::types::CreateBucketConfiguration::builder().location_constraint(REGION.into()).build()
}

#[tokio::test]
async fn the_events_of_logs_are_kept_until_their_stream_or_group_is_deleted() {
    use aws_sdk_cloudwatchlogs::{Client, types::InputLogEvent};
    let folder = tempfile::tempdir().unwrap();
    let open = || Cloud::open(Some(folder.path()), REGION, ACCOUNT).unwrap();
    let messages = async |cloud: &Cloud, limit: i32| -> Vec<String> {
        let logs = Client::new(&cloud.sdk_config());
        let call = logs.get_log_events().log_group_name("g").log_stream_name("s").limit(limit).start_from_head(false);
        let events = call.send().await.unwrap().events.unwrap_or_default();
        events.into_iter().filter_map(|event| event.message).collect()
    };
    let cloud = open();
    let logs = Client::new(&cloud.sdk_config());
    logs.create_log_group().log_group_name("g").send().await.unwrap();
    logs.create_log_stream().log_group_name("g").log_stream_name("s").send().await.unwrap();
    for (at, text) in [(1000, "one"), (2000, "two"), (3000, "three")] {
        let event = InputLogEvent::builder().timestamp(at).message(text).build().unwrap();
        logs.put_log_events().log_group_name("g").log_stream_name("s").log_events(event).send().await.unwrap();
    }
    drop((logs, cloud));
    let cloud = open();
    assert_eq!(messages(&cloud, 100).await, ["one", "two", "three"]);
    assert_eq!(messages(&cloud, 2).await, ["two", "three"]);
    let logs = Client::new(&cloud.sdk_config());
    let within = logs.filter_log_events().log_group_name("g").start_time(1500).end_time(3000).send().await.unwrap();
    let found: Vec<_> = within.events().iter().map(|event| (event.message(), event.log_stream_name())).collect();
    assert_eq!(found, [(Some("two"), Some("s"))]);
    logs.delete_log_stream().log_group_name("g").log_stream_name("s").send().await.unwrap();
    logs.create_log_stream().log_group_name("g").log_stream_name("s").send().await.unwrap();
    assert!(messages(&cloud, 100).await.is_empty(), "a stream takes its events with it");
    let event = InputLogEvent::builder().timestamp(4000).message("four").build().unwrap();
    logs.put_log_events().log_group_name("g").log_stream_name("s").log_events(event).send().await.unwrap();
    assert_eq!(messages(&cloud, 100).await, ["four"]);
    logs.delete_log_group().log_group_name("g").send().await.unwrap();
    logs.create_log_group().log_group_name("g").send().await.unwrap();
    logs.create_log_stream().log_group_name("g").log_stream_name("s").send().await.unwrap();
    assert!(messages(&cloud, 100).await.is_empty());
}
