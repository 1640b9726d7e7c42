//! The data that people keep in a platform: objects, images, log events, versions of models. Without consent no run
//! deletes any of it or makes it unreadable.

use super::chance::Chance;
use aws_config::SdkConfig;
use aws_sdk_ecr::types::ImageIdentifier;
use resource::Address;
use state::Phase;
use std::{
    collections::BTreeSet,
    future::Future,
    time::{SystemTime, UNIX_EPOCH},
};
use testkit::{Aws, Platform};

/// The name of the objects: each put adds a version.
const OBJECT: &str = "people/rows.csv";

/// The begin of the names of everything but versions, which AWS names.
const PEOPLE: &str = "people-";

/// The data that people have put into a platform and that is still there.
#[derive(Default)]
pub(super) struct Data {
    items: Vec<Item>,
    /// The resources that people have put something into, even if AWS's answer was lost.
    used: BTreeSet<(Kind, String)>,
    /// The number of items that were ever put, so that each gets a name of its own.
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Object,
    Image,
    LogEvents,
    Model,
}

impl Kind {
    /// The kind of data that people put into a resource of this kind.
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
                self.used.insert((kind, within.clone()));
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
        self.items.clear();
        let used = std::mem::take(&mut self.used);
        aws.run(async |sdk| {
            for (kind, within) in used {
                // It may be gone with its resource.
                clear(kind, &within, &sdk).await;
            }
        });
    }
}

/// Puts something; answers its name if AWS takes it and keeps it when the next one comes.
async fn put(kind: Kind, within: &str, number: usize, sdk: &SdkConfig) -> Option<String> {
    let name = format!("{PEOPLE}{number}");
    match kind {
        Kind::Object => {
            let call =
                aws_sdk_s3::Client::new(sdk).put_object().bucket(within).key(OBJECT).body(b"1,2".to_vec().into());
            // A bucket that keeps no versions yet names none, and the next put replaces the object.
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

/// The error of a failed call, as text.
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
                let image = ImageIdentifier::builder().image_tag(name).build();
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
}

/// Removes whatever people have put into a resource, if it is there.
async fn clear(kind: Kind, within: &str, sdk: &SdkConfig) -> Option<()> {
    match kind {
        Kind::Object => {
            let s3 = aws_sdk_s3::Client::new(sdk);
            let listed = s3.list_object_versions().bucket(within).prefix(OBJECT).send().await.ok()?;
            let versions = listed.versions().iter().filter_map(|version| version.version_id());
            let markers = listed.delete_markers().iter().filter_map(|marker| marker.version_id());
            for version in versions.chain(markers) {
                s3.delete_object().bucket(within).key(OBJECT).version_id(version).send().await.ok()?;
            }
        }
        Kind::Image => {
            let ecr = aws_sdk_ecr::Client::new(sdk);
            let images = ecr.list_images().repository_name(within).send().await.ok()?.image_ids.unwrap_or_default();
            let is_put = |image: &ImageIdentifier| image.image_tag().is_some_and(|tag| tag.starts_with(PEOPLE));
            let images: Vec<ImageIdentifier> = images.into_iter().filter(is_put).collect();
            if !images.is_empty() {
                let call = ecr.batch_delete_image().repository_name(within).set_image_ids(Some(images));
                call.send().await.ok()?;
            }
        }
        Kind::LogEvents => {
            let logs = aws_sdk_cloudwatchlogs::Client::new(sdk);
            let call = logs.describe_log_streams().log_group_name(within).log_stream_name_prefix(PEOPLE);
            for stream in call.send().await.ok()?.log_streams() {
                let call = logs.delete_log_stream().log_group_name(within);
                call.set_log_stream_name(stream.log_stream_name.clone()).send().await.ok()?;
            }
        }
        Kind::Model => {
            let sagemaker = aws_sdk_sagemaker::Client::new(sdk);
            let call = sagemaker.list_model_packages().model_package_group_name(within);
            for model in call.send().await.ok()?.model_package_summary_list() {
                let call = sagemaker.delete_model_package();
                call.set_model_package_name(model.model_package_arn.clone()).send().await.ok()?;
            }
        }
    }
    Some(())
}
