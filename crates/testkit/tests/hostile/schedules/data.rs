//! What people keep in a platform: objects, images, log events, versions of models. Without consent no run deletes any
//! of it or makes it unreadable.

use super::chance::Chance;
use aws_config::SdkConfig;
use resource::Address;
use state::Phase;
use std::{
    future::Future,
    time::{SystemTime, UNIX_EPOCH},
};
use testkit::{Aws, Platform};

/// The name of the objects: each put adds a version.
const OBJECT: &str = "people/rows.csv";

/// The data that people have put into a platform and that is still there.
#[derive(Default)]
pub(super) struct Data {
    items: Vec<Item>,
    /// How many were ever put, so that each gets a name of its own.
    put: usize,
}

/// Something that people have put into a resource.
#[derive(Debug)]
struct Item {
    kind: Kind,
    /// The bucket, repository, group of logs or of models.
    within: String,
    /// The version of the object, the tag of the image, the log stream, the ARN of the model's version.
    name: String,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Object,
    Image,
    LogEvents,
    Model,
}

impl Kind {
    /// What people put into a resource of this kind.
    fn within(kind: &str) -> Option<Self> {
        Some(match kind {
            "s3:bucket" => Self::Object,
            "ecr:repository" => Self::Image,
            "logs:log-group" => Self::LogEvents,
            "sagemaker:model-package-group" => Self::Model,
            _ => return None,
        })
    }
}

impl Data {
    /// People put something into about half of the resources that hold data.
    pub(super) fn put(&mut self, platform: &Platform, aws: &mut Aws, chance: &mut Chance) {
        aws.run(async |sdk| self.put_into(platform, |_| chance.one_in(2), &sdk).await);
    }

    /// The same while a run is at work: AWS may refuse it.
    pub(super) async fn put_into(
        &mut self,
        platform: &Platform,
        mut chosen: impl FnMut(&Address) -> bool,
        sdk: &SdkConfig,
    ) {
        let Ok(Some((state, _))) = platform.try_state(sdk).await else { return };
        for (address, entry) in state.resources.iter().filter(|(_, entry)| entry.phase == Phase::Ready) {
            if let (Some(kind), Some(within)) = (Kind::within(&entry.kind), entry.id.clone())
                && chosen(address)
            {
                self.put += 1;
                if let Some(name) = put(kind, &within, self.put, sdk).await {
                    self.items.push(Item { kind, within, name });
                }
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// A run had no consent: everything can be read.
    #[track_caller]
    pub(super) fn assert_readable(&self, what: &str, aws: &mut Aws) {
        let lost = aws.run(async |sdk| {
            let mut lost = Vec::new();
            for item in &self.items {
                if let Err(why) = item.read(&sdk).await {
                    lost.push(format!("{item:?}: {why}"));
                }
            }
            lost
        });
        assert!(lost.is_empty(), "{what}: unreadable without consent: {lost:#?}");
    }

    /// A run had consent: only what can still be read is there.
    pub(super) fn forget_lost(&mut self, aws: &mut Aws) {
        let items = std::mem::take(&mut self.items);
        aws.run(async |sdk| {
            for item in items {
                if item.read(&sdk).await.is_ok() {
                    self.items.push(item);
                }
            }
        });
    }

    /// People take away what they have put there.
    pub(super) fn take_away(&mut self, aws: &mut Aws) {
        let items = std::mem::take(&mut self.items);
        aws.run(async |sdk| {
            for item in items {
                item.remove(&sdk).await;
            }
        });
    }
}

/// Puts something; answers its name if AWS takes it.
async fn put(kind: Kind, within: &str, number: usize, sdk: &SdkConfig) -> Option<String> {
    let name = format!("people-{number}");
    match kind {
        Kind::Object => {
            let call =
                aws_sdk_s3::Client::new(sdk).put_object().bucket(within).key(OBJECT).body(b"1,2".to_vec().into());
            call.send().await.ok()?.version_id
        }
        Kind::Image => {
            let manifest = format!(r#"{{"schemaVersion":2,"config":{{"digest":"sha256:{number:064x}"}}}}"#);
            let call = aws_sdk_ecr::Client::new(sdk).put_image().repository_name(within).image_manifest(manifest);
            call.image_tag(&name).send().await.ok().map(|_| name)
        }
        Kind::LogEvents => {
            let logs = aws_sdk_cloudwatchlogs::Client::new(sdk);
            logs.create_log_stream().log_group_name(within).log_stream_name(&name).send().await.ok()?;
            let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_millis().try_into().ok()?;
            let event = aws_sdk_cloudwatchlogs::types::InputLogEvent::builder().message("a line").timestamp(now);
            let call = logs.put_log_events().log_group_name(within).log_stream_name(&name);
            call.log_events(event.build().ok()?).send().await.ok().map(|_| name)
        }
        Kind::Model => {
            let call = aws_sdk_sagemaker::Client::new(sdk).create_model_package().model_package_group_name(within);
            call.send().await.ok()?.model_package_arn
        }
    }
}

/// Why a call failed.
async fn why<T, E: std::fmt::Debug>(call: impl Future<Output = Result<T, E>>) -> Result<T, String> {
    call.await.map_err(|error| format!("{error:?}"))
}

impl Item {
    async fn read(&self, sdk: &SdkConfig) -> Result<(), String> {
        let Self { within, name, .. } = self;
        let is_there = match self.kind {
            Kind::Object => {
                let call = aws_sdk_s3::Client::new(sdk).get_object().bucket(within).key(OBJECT).version_id(name);
                why(why(call.send()).await?.body.collect()).await?.to_vec() == b"1,2"
            }
            Kind::Image => {
                let image = aws_sdk_ecr::types::ImageIdentifier::builder().image_tag(name).build();
                let call = aws_sdk_ecr::Client::new(sdk).batch_get_image().repository_name(within).image_ids(image);
                why(call.send()).await?.images().len() == 1
            }
            Kind::LogEvents => {
                let logs = aws_sdk_cloudwatchlogs::Client::new(sdk);
                let call = logs.get_log_events().log_group_name(within).log_stream_name(name);
                why(call.send()).await?.events().len() == 1
            }
            Kind::Model => {
                let call = aws_sdk_sagemaker::Client::new(sdk).describe_model_package().model_package_name(name);
                why(call.send()).await.is_ok()
            }
        };
        is_there.then_some(()).ok_or_else(|| "it is not there".to_owned())
    }

    /// It may be gone with its resource.
    async fn remove(&self, sdk: &SdkConfig) {
        let Self { within, name, .. } = self;
        match self.kind {
            Kind::Object => {
                let call = aws_sdk_s3::Client::new(sdk).delete_object().bucket(within).key(OBJECT).version_id(name);
                drop(call.send().await);
            }
            Kind::Image => {
                let image = aws_sdk_ecr::types::ImageIdentifier::builder().image_tag(name).build();
                let call = aws_sdk_ecr::Client::new(sdk).batch_delete_image().repository_name(within).image_ids(image);
                drop(call.send().await);
            }
            Kind::LogEvents => {
                let logs = aws_sdk_cloudwatchlogs::Client::new(sdk);
                drop(logs.delete_log_stream().log_group_name(within).log_stream_name(name).send().await);
            }
            Kind::Model => {
                let call = aws_sdk_sagemaker::Client::new(sdk).delete_model_package().model_package_name(name);
                drop(call.send().await);
            }
        }
    }
}
