//! Credentials that stay those of one account for a whole run.
//!
//! The SDK renews temporary credentials during a run. Their source may have changed meanwhile: another profile was
//! written, another role is handed out. Resources created from then on would be in an account that no state describes.

use crate::{
    Error,
    sdk::{self, Caller},
};
use aws_config::SdkConfig;
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, error::CredentialsError, future},
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The SDK's settings with credentials that stay those of one account, and the identity of the caller.
///
/// # Errors
/// When AWS does not say which account it is.
pub(crate) async fn settle(sdk: SdkConfig) -> Result<(SdkConfig, Caller), Error> {
    let Some(source) = sdk.credentials_provider() else {
        let caller = sdk::caller(&sdk).await?;
        return Ok((sdk, caller));
    };
    let known = Arc::<Mutex<Known>>::default();
    let provider = OneAccount { source, sdk: sdk.clone(), known: known.clone() };
    let sdk = sdk.into_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build();
    let caller = sdk::caller(&sdk).await?;
    lock(&known).account = Some(caller.account.clone());
    Ok((sdk, caller))
}

#[derive(Debug)]
struct OneAccount {
    source: SharedCredentialsProvider,
    /// To ask AWS whose new credentials are.
    sdk: SdkConfig,
    known: Arc<Mutex<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    /// `None` until AWS has said which account the first credentials are of.
    account: Option<String>,
    /// The last access key that is known to be of that account.
    key: String,
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

impl OneAccount {
    async fn provide(&self) -> Result<Credentials, CredentialsError> {
        let credentials = self.source.provide_credentials().await?;
        let key = credentials.access_key_id();
        let Some(expected) = lock(&self.known).account.clone() else {
            key.clone_into(&mut lock(&self.known).key);
            return Ok(credentials);
        };
        if lock(&self.known).key == key {
            return Ok(credentials);
        }
        let account = self.account_of(&credentials).await?;
        if account != expected {
            let words = format!(
                "the credentials changed from account {expected} to account {account} during the run; nothing was sent \
                 with the new ones"
            );
            return Err(CredentialsError::provider_error(words));
        }
        key.clone_into(&mut lock(&self.known).key);
        Ok(credentials)
    }

    async fn account_of(&self, credentials: &Credentials) -> Result<String, CredentialsError> {
        let provider = SharedCredentialsProvider::new(credentials.clone());
        let sdk = self.sdk.to_builder().credentials_provider(provider).build();
        let caller = sdk::caller(&sdk).await;
        caller.map(|caller| caller.account).map_err(|end| match end {
            Error::Failed { what, .. } => CredentialsError::provider_error(what),
            end => CredentialsError::provider_error(format!("{end:?}")),
        })
    }
}

impl ProvideCredentials for OneAccount {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.provide())
    }
}
