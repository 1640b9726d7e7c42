//! The profile that `AWS_PROFILE` names.

use crate::Error;
use aws_config::profile;
use aws_types::os_shim_internal::{Env, Fs};

/// More profiles are counted only.
const MOST_NAMED: usize = 10;

/// Refuses a profile that is named and not there. The SDK would look for credentials everywhere else, and then list where
/// it looked. Keys in the environment go before any profile.
pub(super) async fn refuse_unknown() -> Result<(), Error> {
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
