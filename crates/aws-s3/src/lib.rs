//! Reconcilers for Amazon S3: buckets and the objects the platform ships.

mod allowed;
mod bucket;
mod emptying;
mod encryption;
mod holdings;
mod lifecycle;
mod object;
mod presence;
mod read;
mod replication;
mod write;

pub use bucket::{AccessLogs, Bucket, BucketOutputs};
pub use encryption::Encryption;
pub use lifecycle::{LifecycleRule, Transition};
pub use object::{Object, ObjectOutputs};
pub use replication::Replication;

use aws_types::{SdkConfig, service_config::ServiceConfigKey};
use resource::{Failure, FailureKind, Registry};

/// Adds every kind of this crate.
#[must_use]
pub fn register(registry: Registry) -> Registry {
    registry.with::<Bucket>().with::<Object>()
}

/// The S3 client for a configuration: path-style where the endpoint is not AWS's own, since nothing
/// resolves `bucket.localhost` there.
pub fn client(config: &SdkConfig) -> aws_sdk_s3::Client {
    let elsewhere = config.endpoint_url().is_some() || has_own_endpoint(config);
    let config = aws_sdk_s3::config::Builder::from(config).force_path_style(elsewhere).build();
    aws_sdk_s3::Client::from_conf(config)
}

/// Whether `AWS_ENDPOINT_URL_S3`, or `endpoint_url` among the profile's services, is set. The SDK
/// resolves both where it makes the client, so `SdkConfig::endpoint_url` does not show them.
fn has_own_endpoint(config: &SdkConfig) -> bool {
    let key = ServiceConfigKey::builder().service_id("S3").env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    match (config.service_config(), key) {
        (Some(settings), Ok(key)) => settings.load_config(key).is_some(),
        _ => false,
    }
}

fn unbuildable(error: aws_sdk_s3::error::BuildError) -> Failure {
    Failure::of(FailureKind::Final, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_types::service_config::LoadServiceConfig;

    #[derive(Debug)]
    struct Settings(&'static str);

    impl LoadServiceConfig for Settings {
        fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
            let found = key.service_id() == self.0 && key.env() == "AWS_ENDPOINT_URL";
            found.then(|| "http://localhost:9000".to_owned())
        }
    }

    #[test]
    fn an_endpoint_of_s3_alone_is_seen_and_that_of_another_service_is_not() {
        let with = |service| SdkConfig::builder().service_config(Settings(service)).build();
        assert!(has_own_endpoint(&with("S3")));
        assert!(!has_own_endpoint(&with("KMS")));
        assert!(!has_own_endpoint(&SdkConfig::builder().build()));
    }
}
