//! The embedded AWS that this process works on. One process at a time has it, and its data.

use crate::{App, Error};
use aws_config::SdkConfig;

#[cfg(feature = "local")]
pub(crate) use with::sdk_config;
#[cfg(feature = "local")]
pub use with::{cache_folder, embedded, keep_local};

#[cfg(feature = "local")]
mod with {
    use super::{App, Error, SdkConfig};
    use std::{
        path::PathBuf,
        sync::OnceLock,
        time::{Duration, Instant},
    };

    /// The time between two checks whether another command has released the embedded AWS.
    const POLL_INTERVAL: Duration = Duration::from_millis(200);

    static EMBEDDED: OnceLock<local::Cloud> = OnceLock::new();

    pub(crate) async fn sdk_config(app: &App, region: &str) -> Result<SdkConfig, Error> {
        let cloud = match EMBEDDED.get() {
            Some(cloud) => cloud,
            None => {
                let cloud = open(app, region).await?;
                EMBEDDED.get_or_init(|| cloud)
            }
        };
        Ok(cloud.sdk_config())
    }

    /// Opens it, and waits for another command to leave it as long as for a lock.
    async fn open(app: &App, region: &str) -> Result<local::Cloud, Error> {
        let (began, mut told) = (Instant::now(), false);
        loop {
            match local::Cloud::open(Some(&app.settings.data_folder()), region, local::ACCOUNT) {
                Err(error @ local::Error::Busy { .. }) if began.elapsed() < app.settings.lock_timeout => {
                    if !std::mem::replace(&mut told, true) {
                        app.frontend.note(&format!("waiting: {error}"));
                    }
                    tokio::time::sleep(POLL_INTERVAL).await;
                }
                opened => return Ok(opened?),
            }
        }
    }

    /// The embedded AWS, if this process works on it.
    pub fn embedded() -> Option<&'static local::Cloud> {
        EMBEDDED.get()
    }

    /// Keeps the last changes of the embedded AWS, if this process works on it.
    ///
    /// # Errors
    /// When its data cannot be written.
    pub async fn keep_local() -> Result<(), Error> {
        match EMBEDDED.get() {
            Some(cloud) => Ok(cloud.save().await?),
            None => Ok(()),
        }
    }

    /// The folder that all projects share for files that can be made again, such as the Python that executions need.
    ///
    /// # Errors
    /// When neither a variable nor a home folder names it.
    pub fn cache_folder() -> Result<PathBuf, Error> {
        let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let of_home = || Some(named("HOME")?.join(".cache"));
        let of_user = || named("XDG_CACHE_HOME").or_else(of_home).or_else(|| named("LOCALAPPDATA"));
        let folder = named("MLOPSCTL_CACHE").or_else(|| Some(of_user()?.join("mlopsctl")));
        folder.ok_or_else(|| Error::failed_with("there is no folder for a cache", "name one in MLOPSCTL_CACHE"))
    }
}

/// Keeps nothing: there is no embedded AWS.
///
/// # Errors
/// Never.
#[cfg(not(feature = "local"))]
pub async fn keep_local() -> Result<(), Error> {
    Ok(())
}

#[cfg(not(feature = "local"))]
pub(crate) async fn sdk_config(_: &App, _: &str) -> Result<SdkConfig, Error> {
    Err(Error::usage("this mlopsctl was built without the embedded AWS", "build it with the feature `local`"))
}
