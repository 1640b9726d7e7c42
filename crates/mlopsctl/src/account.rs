//! Which cloud: AWS with the credentials at hand, or the embedded one.

use crate::{cli::Global, fault::Fault};
use aws_config::{AppName, BehaviorVersion, Region, retry::RetryConfig};
use aws_types::SdkConfig;
use config::Environment;
use resource::{Attempt as _, Place};
use std::path::Path;

/// A way into one account and region.
pub(crate) struct Account {
    pub(crate) sdk: SdkConfig,
    pub(crate) place: Place,
}

impl Account {
    /// Finds out where the credentials at hand lead, and refuses what the environment file forbids.
    pub(crate) async fn open(global: &Global, environment: &Environment, root: &Path) -> Result<Self, Fault> {
        if global.local {
            return embedded(global, &environment.region, root).await;
        }
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(environment.region.clone()))
            .retry_config(RetryConfig::adaptive().with_max_attempts(8));
        if let Ok(name) = AppName::new("mlopsctl") {
            loader = loader.app_name(name);
        }
        let sdk = loader.load().await;
        let call = aws_sdk_sts::Client::new(&sdk).get_caller_identity().send().await.during("GetCallerIdentity");
        let identity = call.map_err(|failure| {
            Fault::failed(format!("no way into AWS: {failure}")).help(
                "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in with `aws sso login`; \
                 `--local` needs no credentials",
            )
        })?;
        let account = identity.account().unwrap_or_default().to_owned();
        allowed(environment, &account)?;
        Ok(Self { sdk, place: Place::new(account, &environment.region) })
    }
}

fn allowed(environment: &Environment, account: &str) -> Result<(), Fault> {
    let list = &environment.allowed_accounts;
    if list.is_empty() || list.iter().any(|one| one == account) {
        return Ok(());
    }
    let name = &environment.environment;
    Err(Fault::failed(format!(
        "the credentials lead to account {account}, but `{name}` may only be built in {}; nothing was touched",
        list.join(", ")
    ))
    .help("use other credentials, or add the account to `allowed_accounts`"))
}

#[cfg(feature = "local")]
async fn embedded(global: &Global, region: &str, root: &Path) -> Result<Account, Fault> {
    let cloud = open_local(root, region, global.lock_timeout).await?;
    Ok(Account { sdk: cloud.sdk_config(), place: Place::new(cloud.account(), region) })
}

#[cfg(not(feature = "local"))]
async fn embedded(_: &Global, _: &str, _: &Path) -> Result<Account, Fault> {
    Err(Fault::usage("this mlopsctl was built without the embedded AWS"))
}

/// Opens the project's embedded AWS, waiting as for any lock while another command uses it.
#[cfg(feature = "local")]
pub(crate) async fn open_local(root: &Path, region: &str, wait: std::time::Duration) -> Result<local::Cloud, Fault> {
    use std::time::Duration;
    let dir = root.join("state/local");
    let give_up = tokio::time::Instant::now() + wait;
    loop {
        match local::Cloud::open(Some(&dir), region, local::ACCOUNT) {
            Ok(cloud) => return Ok(cloud),
            Err(local::Error::Busy { .. }) if tokio::time::Instant::now() < give_up => {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Err(error) => return Err(local_fault(&error)),
        }
    }
}

/// Says why the embedded AWS does not work.
#[cfg(feature = "local")]
pub(crate) fn local_fault(error: &local::Error) -> Fault {
    let mut message = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        message = format!("{message}: {next}");
        cause = next.source();
    }
    match error {
        local::Error::Busy { .. } => {
            Fault::locked(message).help("wait for it with `--lock-timeout 5m`, or reach it through AWS_ENDPOINT_URL")
        }
        local::Error::Corrupt { .. } | local::Error::State { .. } => {
            Fault::failed(message).help("`mlopsctl local reset` forgets what the embedded AWS holds")
        }
        _ => Fault::failed(message),
    }
}
