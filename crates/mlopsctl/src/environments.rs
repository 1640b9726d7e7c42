//! Finding an environment: by its file, or by the state that it left behind.

use crate::{
    cli::Global,
    end::End,
    session::{self, STATE},
};
use aws_config::SdkConfig;
use config::Environment;
use resource::{Meter, Tags};
use state::{S3Store, State, StateBucket, Store};
use std::{env::VarError, path::PathBuf, sync::Arc};

/// What must be known of an environment to work on its state.
pub(crate) struct Site {
    pub(crate) region: String,
    pub(crate) account: String,
    pub(crate) bucket: String,
    pub(crate) identity: Tags,
    pub(crate) sdk: SdkConfig,
    /// Counts what is sent.
    pub(crate) meter: Arc<Meter>,
    /// What its file says; `None` if there is no file any more.
    pub(crate) environment: Option<Environment>,
}

/// The folder that the paths of environment files start from.
pub(crate) fn root(global: &Global) -> PathBuf {
    match global.environments.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn file(global: &Global, name: &str) -> PathBuf {
    global.environments.join(format!("{name}.toml"))
}

/// Whether an environment has a file.
pub(crate) fn is_described(global: &Global, name: &str) -> bool {
    config::discover(&global.environments).iter().any(|known| known == name)
}

fn missing(global: &Global, name: &str) -> String {
    let file = file(global, name);
    // A link that leads nowhere is there as well.
    let what = if file.symlink_metadata().is_ok() { "is not a file" } else { "does not exist" };
    format!("there is no environment `{name}`: {} {what}", file.display())
}

/// Reads an environment file.
pub(crate) fn read(global: &Global, name: &str) -> Result<Environment, End> {
    if !is_described(global, name) {
        return Err(End::usage(missing(global, name), list(global)));
    }
    config::load(&file(global, name), &root(global)).map_err(|invalid| End::Invalid(Box::new(invalid)))
}

/// The environment that was named, or the only one with a file, or the only one with a state.
pub(crate) async fn choose(global: &Global, named: Option<&str>) -> Result<String, End> {
    if let Some(name) = told(global, named)? {
        return Ok(name);
    }
    let mut up = Vec::new();
    for name in config::discover(&global.environments) {
        if has_state(global, &name).await {
            up.push(name);
        }
    }
    match up.as_slice() {
        [only] => Ok(only.clone()),
        _ => Err(which(global)),
    }
}

/// The environment that was named, or the only one with a file: as far as can be told without asking AWS.
pub(crate) fn told(global: &Global, named: Option<&str>) -> Result<Option<String>, End> {
    let from_variable = match std::env::var("MLOPSCTL_ENV") {
        Ok(name) => Some(name).filter(|name| !name.is_empty()),
        Err(VarError::NotPresent) => None,
        Err(VarError::NotUnicode(name)) => {
            let what = format!("MLOPSCTL_ENV is not the name of an environment: {}", name.display());
            return Err(End::usage(what, list(global)));
        }
    };
    let names = config::discover(&global.environments);
    let only = || names.first().filter(|_| names.len() == 1).cloned();
    Ok(named.map(str::to_owned).or(from_variable).or_else(only))
}

/// None was named, and several or none could be meant.
pub(crate) fn which(global: &Global) -> End {
    End::usage("which environment?", format!("name one, or set MLOPSCTL_ENV; {}", list(global)))
}

/// Refuses an account that an environment does not allow, be it that of the credentials or one that is named.
pub(crate) fn allows(environment: &Environment, name: &str, account: &str) -> Result<(), End> {
    let allowed = &environment.allowed_accounts;
    if allowed.is_empty() || allowed.iter().any(|one| one == account) {
        return Ok(());
    }
    Err(End::usage(
        format!("the account is {account}, but {name} allows only {}", allowed.join(", ")),
        "use other credentials (AWS_PROFILE), or change `allowed_accounts`",
    ))
}

/// An environment without a valid file or out of reach has none.
async fn has_state(global: &Global, name: &str) -> bool {
    let Ok(environment) = read(global, name) else { return false };
    let Ok(site) = Site::of(global, name, environment).await else { return false };
    matches!(site.store().get(STATE).await, Ok(Some(_)))
}

fn list(global: &Global) -> String {
    let names = config::discover(&global.environments);
    match names.as_slice() {
        [] => format!("there are none in {}; `mlopsctl init` writes some", global.environments.display()),
        _ => format!("there are: {}", names.join(", ")),
    }
}

impl Site {
    /// The environment that a file describes. Refused if the credentials are for another account.
    pub(crate) async fn of(global: &Global, name: &str, environment: Environment) -> Result<Self, End> {
        let meter = Arc::new(Meter::default());
        let sdk = meter.measure(session::sdk_config(global, Some(&environment.region)).await?);
        let account = session::account(&sdk).await?;
        allows(&environment, name, &account)?;
        Ok(Self {
            region: environment.region.clone(),
            bucket: environment.state_bucket_name(&account),
            identity: blueprint::identity(&environment.project, name),
            account,
            sdk,
            meter,
            environment: Some(environment),
        })
    }

    /// An environment whose file is gone, found by the name of its state bucket.
    pub(crate) async fn left_behind(global: &Global, name: &str) -> Result<Self, End> {
        let meter = Arc::new(Meter::default());
        let sdk = meter.measure(session::sdk_config(global, None).await?);
        let account = session::account(&sdk).await?;
        let suffix = format!("-{name}-{}-{account}", config::environment::storage::STATE);
        let found = StateBucket::left_behind(&aws_s3::client_for(&sdk, &account), &suffix).await?;
        let [bucket] = found.as_slice() else {
            let help = match found.len() {
                0 => format!("and account {account} has no state of one; {}", list(global)),
                _ => {
                    let names: Vec<&str> = found.iter().map(|bucket| bucket.name.as_str()).collect();
                    format!(
                        "and several states could be meant: {}; write a file that says which project",
                        names.join(", ")
                    )
                }
            };
            return Err(End::usage(missing(global, name), help));
        };
        let sdk = match &bucket.region {
            Some(region) => session::in_region(sdk, region),
            None => sdk,
        };
        let store = S3Store::new(aws_s3::client_for(&sdk, &account), &bucket.name, &account);
        let Some(stored) = store.get(STATE).await? else {
            return Err(End::usage(missing(global, name), list(global)));
        };
        let state = State::read(&stored.bytes, &store.place(STATE))?;
        let sdk = session::in_region(sdk, &state.region);
        Ok(Self {
            region: state.region,
            bucket: bucket.name.clone(),
            identity: blueprint::identity(&bucket.project, name),
            account,
            sdk,
            meter,
            environment: None,
        })
    }

    pub(crate) fn store(&self) -> S3Store {
        S3Store::new(aws_s3::client_for(&self.sdk, &self.account), &self.bucket, &self.account)
    }
}
