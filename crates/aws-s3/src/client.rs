//! The S3 client of the platform: every request says which account must own the bucket.

use aws_sdk_s3::{
    Client,
    config::{Builder, ConfigBag, Intercept, RuntimeComponents},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{interceptors::context::BeforeTransmitInterceptorContextMut, orchestrator::Metadata},
};
use aws_types::{SdkConfig, service_config::ServiceConfigKey};
use resource::Context;

/// S3 answers 403 when another account owns the bucket.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html>
const EXPECTED_OWNER: &str = "x-amz-expected-bucket-owner";
/// The same for the bucket that a copy reads from.
const EXPECTED_SOURCE_OWNER: &str = "x-amz-source-expected-bucket-owner";
const COPY_SOURCE: &str = "x-amz-copy-source";
/// Requests about no bucket, or about one that does not exist yet.
const WITHOUT_OWNER: [&str; 2] = ["CreateBucket", "ListBuckets"];

/// An S3 client whose requests S3 refuses for every bucket that `account` does not own. A bucket's name is free once
/// the bucket is deleted, so a recorded name alone does not say whose bucket it is.
pub fn client_for(config: &SdkConfig, account: &str) -> Client {
    let owner = ExpectedOwner(account.to_owned());
    Client::from_conf(settings(config).interceptor(owner).build())
}

/// An S3 client that names no owner: for callers that also read buckets of other accounts. The platform's own calls
/// are made with [`client_for`].
pub fn client(config: &SdkConfig) -> Client {
    Client::from_conf(settings(config).build())
}

/// The client of a reconciler, in the stack's region.
pub(crate) fn of_stack(cx: &Context) -> Client {
    in_region(cx, None)
}

/// The client of a reconciler, in another region than the stack's.
pub(crate) fn in_region(cx: &Context, region: Option<&str>) -> Client {
    cx.client_in(region, |config| client_for(config, &cx.place().account))
}

/// Path-style where the endpoint is not AWS's own, since nothing resolves `bucket.localhost` there.
fn settings(config: &SdkConfig) -> Builder {
    let elsewhere = config.endpoint_url().is_some() || has_own_endpoint(config);
    Builder::from(config).force_path_style(elsewhere)
}

/// True if `AWS_ENDPOINT_URL_S3`, or `endpoint_url` among the profile's services, is set. The SDK resolves both where
/// it makes the client, so `SdkConfig::endpoint_url` does not show them.
fn has_own_endpoint(config: &SdkConfig) -> bool {
    let key = ServiceConfigKey::builder().service_id("S3").env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    match (config.service_config(), key) {
        (Some(settings), Ok(key)) => settings.load_config(key).is_some(),
        _ => false,
    }
}

/// Adds the owner to each request before it is signed.
#[derive(Debug)]
struct ExpectedOwner(String);

impl Intercept for ExpectedOwner {
    fn name(&self) -> &'static str {
        "expected-bucket-owner"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        settings: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = settings.load::<Metadata>().map(Metadata::name).unwrap_or_default();
        if WITHOUT_OWNER.contains(&operation) {
            return Ok(());
        }
        let headers = context.request_mut().headers_mut();
        headers.insert(EXPECTED_OWNER, self.0.clone());
        if headers.contains_key(COPY_SOURCE) {
            headers.insert(EXPECTED_SOURCE_OWNER, self.0.clone());
        }
        Ok(())
    }
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
    fn endpoint_of_s3_is_used_and_that_of_another_service_is_not() {
        let with = |service| SdkConfig::builder().service_config(Settings(service)).build();
        assert!(has_own_endpoint(&with("S3")));
        assert!(!has_own_endpoint(&with("KMS")));
        assert!(!has_own_endpoint(&SdkConfig::builder().build()));
    }
}
