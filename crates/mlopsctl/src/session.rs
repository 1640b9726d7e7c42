//! An environment, opened: its file, its cloud, its state.

use crate::{cli::Global, end::End};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use config::Environment;
use resource::{Attempt, Cloud, Place, Registry, Stack, Tags, sha256_hex};
use state::{Lock, S3Store, State, StateBucket, Store, Version};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// The key of the state in its bucket.
pub(crate) const STATE: &str = "state.json";
/// The key of the lock beside it.
pub(crate) const LOCK: &str = "lock.json";

/// Everything a command needs of an environment.
pub(crate) struct Session {
    pub(crate) name: String,
    pub(crate) identity: Tags,
    pub(crate) registry: Registry,
    pub(crate) stack: Stack,
    pub(crate) cloud: Arc<Cloud>,
    pub(crate) bucket: StateBucket,
    pub(crate) store: Arc<S3Store>,
    pub(crate) inputs: String,
    place: Place,
}

/// The folder that the paths of environment files start from.
pub(crate) fn root(global: &Global) -> PathBuf {
    match global.environments.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// The environment that was named, or the only one there is.
pub(crate) fn choose(global: &Global, named: Option<&str>) -> Result<String, End> {
    let names = config::discover(&global.environments);
    let list = if names.is_empty() { "there are none".to_owned() } else { format!("there are: {}", names.join(", ")) };
    let from = std::env::var("MLOPSCTL_ENV").ok().filter(|name| !name.is_empty());
    match named.map(str::to_owned).or(from) {
        Some(name) if names.contains(&name) => Ok(name),
        Some(name) => {
            let file = global.environments.join(format!("{name}.toml"));
            Err(End::usage(format!("there is no environment `{name}`: {} does not exist", file.display()), list))
        }
        None => match names.as_slice() {
            [only] => Ok(only.clone()),
            _ => Err(End::usage("which environment?", format!("name one, or set MLOPSCTL_ENV; {list}"))),
        },
    }
}

/// Reads an environment file.
pub(crate) fn read(global: &Global, name: &str) -> Result<Environment, End> {
    let file = global.environments.join(format!("{name}.toml"));
    config::load(&file, &root(global)).map_err(|invalid| End::Invalid(Box::new(invalid)))
}

impl Session {
    /// Opens an environment, with the platform it describes.
    pub(crate) async fn open(global: &Global, named: Option<&str>) -> Result<Self, End> {
        Self::build(global, named, true).await
    }

    /// Opens an environment for work on what is remembered of it, without the platform it describes.
    pub(crate) async fn open_state(global: &Global, named: Option<&str>) -> Result<Self, End> {
        Self::build(global, named, false).await
    }

    async fn build(global: &Global, named: Option<&str>, with_stack: bool) -> Result<Self, End> {
        let name = choose(global, named)?;
        let environment = read(global, &name)?;
        let sdk = sdk_config(global, &environment).await?;
        let account = account(&sdk).await?;
        let allowed = &environment.allowed_accounts;
        if !allowed.is_empty() && !allowed.contains(&account) {
            return Err(End::usage(
                format!("these credentials are for account {account}, but {name} allows only {}", allowed.join(", ")),
                "use other credentials (AWS_PROFILE), or change `allowed_accounts`",
            ));
        }
        let place = Place::new(account, environment.region.clone());
        let identity = blueprint::identity(&environment, &name);
        let stack = match with_stack {
            true => stack(global, &environment, &name, &place, &sdk).await?,
            false => Stack::new(identity.clone(), Tags::default()),
        };
        let client = aws_s3::client(&sdk);
        let bucket = StateBucket::new(client, &environment.state_bucket_name(&place.account), &place);
        let store = Arc::new(bucket.store());
        let inputs = digest(&environment, &stack);
        let cloud = Arc::new(Cloud::new(sdk, place.clone(), stack.assets().iter().cloned()));
        Ok(Self { name, identity, registry: blueprint::registry(), stack, cloud, bucket, store, inputs, place })
    }

    /// The state as stored, or a new one.
    pub(crate) async fn state(&self) -> Result<(State, Option<Version>), End> {
        let Some(stored) = self.store.get(STATE).await? else {
            return Ok((State::new(&self.name, &self.place.account, &self.place.region), None));
        };
        let state = State::read(&stored.bytes, &self.store.place(STATE))?;
        let ours = [
            ("environment", &state.environment, &self.name),
            ("account", &state.account, &self.place.account),
            ("region", &state.region, &self.place.region),
        ];
        for (what, theirs, ours) in ours {
            if theirs != ours {
                return Err(End::failed_with(
                    format!("the state in {} is of {what} {theirs}, not {ours}", self.bucket.name()),
                    "a platform cannot be moved: destroy it where it is, or give this environment another `[state] bucket`",
                ));
            }
        }
        Ok((state, Some(stored.version)))
    }

    /// Makes the state bucket if it is not there, or not complete.
    pub(crate) async fn ensure_bucket(&self) -> Result<(), End> {
        let complete = self.bucket.exists().await? && self.store.get(STATE).await?.is_some();
        if !complete {
            self.bucket.make(&self.identity).await?;
        }
        Ok(())
    }

    /// Takes the lock.
    pub(crate) async fn lock(&self, global: &Global, operation: &str) -> Result<Lock, End> {
        Ok(Lock::acquire(self.store.clone(), LOCK, &self.name, operation, global.lock_timeout).await?)
    }
}

async fn sdk_config(global: &Global, environment: &Environment) -> Result<SdkConfig, End> {
    if global.local {
        return local_config(global, &environment.region);
    }
    let loader = aws_config::defaults(BehaviorVersion::latest()).region(Region::new(environment.region.clone()));
    Ok(loader.load().await)
}

#[cfg(feature = "local")]
fn local_config(global: &Global, region: &str) -> Result<SdkConfig, End> {
    let cloud = local::Cloud::open(Some(&data_folder(global)), region, local::ACCOUNT)
        .map_err(|error| End::failed_with(error.to_string(), "wait until that command has ended"))?;
    Ok(cloud.sdk_config())
}

#[cfg(not(feature = "local"))]
fn local_config(_: &Global, _: &str) -> Result<SdkConfig, End> {
    Err(End::usage("this mlopsctl was built without the embedded AWS", "build it with the feature `local`"))
}

/// Where the embedded AWS keeps its data.
pub(crate) fn data_folder(global: &Global) -> PathBuf {
    root(global).join("state/local")
}

async fn account(sdk: &SdkConfig) -> Result<String, End> {
    let answer = aws_sdk_sts::Client::new(sdk).get_caller_identity().send().await.during("GetCallerIdentity");
    match answer {
        Ok(identity) => identity.account.ok_or_else(|| End::failed("GetCallerIdentity: the answer names no account")),
        Err(failure) => Err(End::failed_with(
            format!("the AWS account could not be found out: {failure}"),
            "check the credentials (AWS_PROFILE, `aws sso login`) and the endpoint; or try the platform without AWS: --local",
        )),
    }
}

async fn stack(
    global: &Global,
    environment: &Environment,
    name: &str,
    place: &Place,
    sdk: &SdkConfig,
) -> Result<Stack, End> {
    let zones = aws_ec2::availability_zones(&aws_sdk_ec2::Client::new(sdk)).await?;
    let root = root(global);
    let inputs = blueprint::Inputs { environment, name, place, zones: &zones, root: Path::new(&root) };
    blueprint::stack(&inputs).map_err(|error| End::usage(error.to_string(), ""))
}

/// Of everything a plan is made from: the environment file and the files the platform ships.
fn digest(environment: &Environment, stack: &Stack) -> String {
    let mut text = serde_json::to_string(environment).unwrap_or_default();
    for asset in stack.assets() {
        text.push_str(&sha256_hex(&asset.bytes));
    }
    sha256_hex(text.as_bytes())
}
