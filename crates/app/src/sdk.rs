//! The SDK's settings: region, endpoints, time limits and credentials.

mod unidentified;

use crate::{App, Error, connection, embedded};
use aws_client::Attempt;
use aws_config::{
    AppName, BehaviorVersion, Region, SdkConfig, meta::region::RegionProviderChain, retry::RetryConfig,
    timeout::TimeoutConfig,
};
use aws_credential_types::provider::ProvideCredentials as _;
use std::{ffi::OsString, time::Duration};

/// The time limits of a connection and of the answer to a read. Changes and large requests get more time
/// (`aws_client::bounded`).
const CONNECTS_WITHIN: Duration = Duration::from_secs(5);
const ANSWERS_WITHIN: Duration = Duration::from_secs(20);
/// The number of attempts of a call before it fails.
const ATTEMPTS: u32 = 5;
/// The same for the first call of all: an endpoint that is none is to be told at once.
const REPLIES_WITHIN: Duration = Duration::from_secs(5);
const FIRST_ATTEMPTS: u32 = 3;
/// The region for requests whose answers do not depend on the region.
const ANY_REGION: &str = "us-east-1";

/// The SDK's settings, for a region or for the one that the caller's AWS settings name.
pub(crate) async fn sdk_config(app: &App, region: Option<&str>) -> Result<SdkConfig, Error> {
    if app.settings.local {
        let region = region.unwrap_or(ANY_REGION);
        return Ok(in_region(embedded::sdk_config(app, region).await?, region));
    }
    // Measured from when a request is sent: before that it may have to wait its turn.
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECTS_WITHIN).read_timeout(ANSWERS_WITHIN);
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(connection::client(app.frontend.clone()).await?)
        // Not adaptive: the meter slows down each operation by itself, which that would do a second time for the
        // whole service.
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(timeouts.build());
    let loader = match AppName::new(aws_cloudtrail::APP_NAME) {
        Ok(name) => loader.app_name(name),
        // Letters are a valid name.
        Err(_) => loader,
    };
    let loader = match region {
        Some(region) => loader.region(Region::new(region.to_owned())),
        None => loader.region(RegionProviderChain::default_provider().or_else(ANY_REGION)),
    };
    match endpoints().find(|(_, endpoint)| !is_web_address(endpoint)) {
        None => Ok(loader.load().await),
        Some((name, endpoint)) => Err(Error::usage(
            format!("{name} is no web address: `{:.100}`", endpoint.escape_debug().to_string()),
            "it is written `http://localhost:4566`, or unset for AWS itself",
        )),
    }
}

/// The endpoints from environment variables. The SDK ignores invalid URLs and then fails at each call. An empty URL
/// makes it panic.
fn endpoints() -> impl Iterator<Item = (String, String)> {
    let text =
        |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned()));
    std::env::vars_os().filter_map(text).filter(|(name, _)| name.starts_with("AWS_ENDPOINT_URL"))
}

fn is_web_address(text: &str) -> bool {
    let Ok(uri) = text.parse::<http::Uri>() else { return false };
    let web = matches!(uri.scheme_str(), Some("http" | "https"));
    // A port that is no port is not read as one.
    let host = |authority: &http::uri::Authority| {
        let host = authority.host();
        !host.is_empty() && (authority.as_str().ends_with(host) || authority.port_u16().is_some())
    };
    web && uri.authority().is_some_and(host)
}

/// The same settings for another region.
pub(crate) fn in_region(sdk: SdkConfig, region: &str) -> SdkConfig {
    sdk.into_builder().region(Region::new(region.to_owned())).build()
}

/// An AWS identity.
pub(crate) struct Caller {
    pub(crate) account: String,
    pub(crate) arn: String,
}

/// True if the AWS SDK finds credentials, whatever they are worth.
pub(crate) async fn has_credentials(app: &App) -> Result<bool, Error> {
    let sdk = sdk_config(app, None).await?;
    Ok(match sdk.credentials_provider() {
        Some(provider) => provider.provide_credentials().await.is_ok(),
        None => false,
    })
}

/// The identity of the credentials.
pub(crate) async fn caller(sdk: &SdkConfig) -> Result<Caller, Error> {
    let timeouts = sdk.timeout_config().cloned().unwrap_or_else(TimeoutConfig::disabled).to_builder();
    let settings = aws_sdk_sts::config::Builder::from(sdk)
        .timeout_config(timeouts.read_timeout(REPLIES_WITHIN).build())
        .retry_config(RetryConfig::standard().with_max_attempts(FIRST_ATTEMPTS));
    let sts = aws_sdk_sts::Client::from_conf(settings.build());
    match sts.get_caller_identity().send().await.during("GetCallerIdentity") {
        Ok(identity) => match identity.account.filter(|account| is_account(account)) {
            Some(account) => Ok(Caller { account, arn: identity.arn.unwrap_or_default() }),
            None => Err(Error::failed_with(
                "the AWS account could not be determined: the answer to GetCallerIdentity names none",
                "check the endpoint (AWS_ENDPOINT_URL): is it AWS, or something that speaks like it?",
            )),
        },
        Err(failure) => Err(unidentified::error(&failure)),
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|digit| digit.is_ascii_digit())
}
