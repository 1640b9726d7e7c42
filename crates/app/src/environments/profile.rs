//! The profile that `AWS_PROFILE` names, and the files of settings and credentials that the SDK reads.

use crate::Error;
use aws_config::profile;
use aws_types::os_shim_internal::{Env, Fs};
use std::{ffi::OsStr, fs};

/// More profiles are counted only.
const MOST_NAMED: usize = 10;

/// The variables that name files which the SDK reads whole.
/// <https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html>
const FILES: [&str; 4] = [
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

/// Refuses settings with which the SDK would wait for ever, or look for credentials everywhere else.
pub(super) async fn refuse_unusable() -> Result<(), Error> {
    refuse_endless_files()?;
    refuse_unknown().await
}

/// Refuses devices and pipes, which may never end or be read only once: the SDK reads a file whole, and several times.
fn refuse_endless_files() -> Result<(), Error> {
    for variable in FILES {
        let Some(file) = std::env::var_os(variable).filter(|file| file != OsStr::new("/dev/null")) else { continue };
        // The SDK says what is wrong with one that is not there.
        if fs::metadata(&file).is_ok_and(|there| !there.is_file()) {
            let what = format!("{variable} names {}, which is no file", file.display());
            return Err(Error::usage(what, "name a file, or /dev/null for none"));
        }
    }
    Ok(())
}

/// Refuses a profile that is named and not there. The SDK would look for credentials everywhere else, and then list where
/// it looked. Keys in the environment go before any profile.
async fn refuse_unknown() -> Result<(), Error> {
    let named = std::env::var("AWS_PROFILE").ok().filter(|name| !name.is_empty());
    let has_keys = std::env::var_os("AWS_ACCESS_KEY_ID").is_some_and(|key| !key.is_empty());
    let Some(name) = named.filter(|_| !has_keys) else { return Ok(()) };
    // The SDK reads these files too, and reports unreadable ones.
    let Ok(known) = profile::load(&Fs::real(), &Env::real(), &Default::default(), None).await else { return Ok(()) };
    if known.get_profile(&name).is_some() {
        return Ok(());
    }
    let mut names: Vec<&str> = known.profiles().collect();
    names.sort_unstable();
    let help = match names.as_slice() {
        [] => {
            "`aws configure` writes one, or `aws configure sso`; without AWS_PROFILE the default one is used".to_owned()
        }
        few if few.len() <= MOST_NAMED => format!("there are: {}", few.join(", ")),
        many => format!("there are {}; `aws configure list-profiles` shows them", many.len()),
    };
    let file = std::env::var("AWS_CONFIG_FILE").unwrap_or_else(|_| "~/.aws/config".to_owned());
    Err(Error::usage(format!("there is no profile `{}` in {file} (AWS_PROFILE)", name.escape_debug()), help))
}
