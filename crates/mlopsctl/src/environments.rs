//! Finding an environment: by its file, or by the state that it left behind.

mod profile;

use crate::{
    cli::Global,
    end::End,
    one_account,
    sdk::{self, Caller},
    state_access,
};
use aws_config::SdkConfig;
use config::Environment;
use resource::{Meter, Place, Tags};
use state::{State, StateBucket, StateIdentity, StateKeys, Store};
use std::{
    env::VarError,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What must be known of an environment to work on its state.
pub(crate) struct Site {
    pub(crate) region: String,
    pub(crate) account: String,
    /// The ARN of the AWS identity of the credentials.
    pub(crate) caller: String,
    /// The state bucket.
    pub(crate) bucket: String,
    /// Whether the environment file names that bucket.
    pub(crate) names_bucket: bool,
    pub(crate) identity: Tags,
    pub(crate) project: String,
    /// The environment's name.
    name: String,
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

/// The file of an environment.
pub(crate) fn file(global: &Global, name: &str) -> PathBuf {
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

/// The error for settings of a file that AWS would refuse, with their lines.
pub(crate) fn refused(file: &Path, root: &Path, findings: Vec<blueprint::Finding>) -> End {
    let problem = |finding: blueprint::Finding| config::SettingProblem {
        setting: finding.setting,
        message: finding.message,
        help: finding.help,
    };
    let problems = findings.into_iter().map(problem).collect();
    End::Invalid(Box::new(config::at_settings(file, root, problems)))
}

/// The environment to read: the one that was named, or the only one with a file, or the only one with a state.
///
/// # Errors
/// When that is not one, or cannot be told because a state cannot be read.
pub(crate) async fn choose(global: &Global, named: Option<&str>) -> Result<String, End> {
    if let Some(name) = told(global, named)? {
        return Ok(name);
    }
    let mut up = Vec::new();
    for name in config::discover(&global.environments) {
        if has_state(global, &name).await? {
            up.push(name);
        }
    }
    match up.as_slice() {
        [only] => Ok(only.clone()),
        _ => Err(which(global)),
    }
}

/// The environment to change: the one that was named, or the only one with a file. Which one has a state does not
/// count, since that changes, and with it what would be meant.
pub(crate) fn choose_to_change(global: &Global, named: Option<&str>) -> Result<String, End> {
    told(global, named)?.ok_or_else(|| which(global))
}

/// The environment that was named, or the only one with a file: as far as can be told without asking AWS.
pub(crate) fn told(global: &Global, named: Option<&str>) -> Result<Option<String>, End> {
    let from_variable = match std::env::var("MLOPSCTL_ENV") {
        // Files and the secrets of pipelines bring line breaks along.
        Ok(name) => Some(name.trim().to_owned()).filter(|name| !name.is_empty()),
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

/// Whether an environment has a state in the account of the credentials. Another account that its file allows is not
/// asked, as nothing can be done there.
async fn has_state(global: &Global, name: &str) -> Result<bool, End> {
    let unknown = |end: End| match end {
        End::Usage { what, .. } | End::Failed { what, .. } => End::failed_with(
            format!("which environment is meant cannot be told, as the state of {name} cannot be read: {what}"),
            format!("name the environment, or set MLOPSCTL_ENV; {}", list(global)),
        ),
        other => other,
    };
    let environment = read(global, name)?;
    let (sdk, meter, caller) = reach(global, &environment).await.map_err(unknown)?;
    if allows(&environment, name, &caller.account).is_err() {
        return Ok(false);
    }
    let site = Site::at(name, environment, caller, sdk, meter);
    let found = async {
        let keys = site.state_keys().await?;
        site.state_bucket().store().get(&keys.state).await
    };
    match found.await {
        Ok(stored) => Ok(stored.is_some()),
        Err(error) => Err(unknown(state_access::unreachable(&site.state_bucket(), error).await)),
    }
}

/// How the cloud of an environment is reached, and whose the credentials are.
async fn reach(global: &Global, environment: &Environment) -> Result<(SdkConfig, Arc<Meter>, Caller), End> {
    refuse_unreachable(global, &environment.region).await?;
    let meter = Arc::new(Meter::default());
    let sdk = meter.measure(sdk::sdk_config(global, Some(&environment.region)).await?);
    let (sdk, caller) = one_account::settle(sdk).await?;
    Ok((sdk, meter, caller))
}

/// Refuses a profile that there is not, and regions that the embedded AWS does not have.
async fn refuse_unreachable(global: &Global, region: &str) -> Result<(), End> {
    let partition = Place::new("", region).partition;
    match (global.local, partition.as_str()) {
        (false, _) => profile::refuse_unknown().await,
        (true, "aws") => Ok(()),
        (true, _) => Err(End::usage(
            format!("the embedded AWS has no regions of the partition {partition}, such as {region}"),
            "try the platform with another `region`; `validate` and `permissions --account` need no AWS at all",
        )),
    }
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
        let (sdk, meter, caller) = reach(global, &environment).await?;
        allows(&environment, name, &caller.account)?;
        Ok(Self::at(name, environment, caller, sdk, meter))
    }

    fn at(name: &str, environment: Environment, caller: Caller, sdk: SdkConfig, meter: Arc<Meter>) -> Self {
        let Caller { account, arn } = caller;
        Self {
            region: environment.region.clone(),
            bucket: environment.state_bucket_name(&account),
            names_bucket: environment.names_state_bucket(&account),
            identity: blueprint::identity_of(&environment),
            project: environment.project.clone(),
            name: name.to_owned(),
            account,
            caller: arn,
            sdk,
            meter,
            environment: Some(environment),
        }
    }

    /// An environment whose file is gone, found by the name of its state bucket.
    pub(crate) async fn left_behind(global: &Global, name: &str) -> Result<Self, End> {
        if !global.local {
            profile::refuse_unknown().await?;
        }
        let meter = Arc::new(Meter::default());
        let sdk = meter.measure(sdk::sdk_config(global, None).await?);
        let (sdk, Caller { account, arn }) = one_account::settle(sdk).await?;
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
            Some(region) => sdk::in_region(sdk, region),
            None => sdk,
        };
        let asked = sdk.region().map(ToString::to_string).unwrap_or_default();
        let store = StateBucket::new(
            aws_s3::client_for(&sdk, &account),
            &bucket.name,
            &Place::new(account.as_str(), asked.as_str()),
        )
        .store();
        let key = StateKeys::at_root().state;
        // Without a state the bucket tells the region: resources may have outlived it.
        let region = match store.get(&key).await? {
            Some(stored) => State::read_region(&stored.bytes, &store.place(&key))?,
            None => bucket.region.clone().unwrap_or(asked),
        };
        let sdk = sdk::in_region(sdk, &region);
        Ok(Self {
            region,
            bucket: bucket.name.clone(),
            names_bucket: false,
            identity: blueprint::identity(&bucket.project, name),
            project: bucket.project.clone(),
            name: name.to_owned(),
            account,
            caller: arn,
            sdk,
            meter,
            environment: None,
        })
    }

    fn place(&self) -> Place {
        Place::new(self.account.as_str(), self.region.as_str())
    }

    /// What its state must be of.
    pub(crate) fn state_identity(&self) -> StateIdentity {
        StateIdentity::of(&self.project, &self.name, &self.place(), &self.bucket)
    }

    /// The bucket of its state.
    pub(crate) fn state_bucket(&self) -> StateBucket {
        let (client, place) = (aws_s3::client_for(&self.sdk, &self.account), self.place());
        let bucket = match self.names_bucket {
            true => StateBucket::named(client, &self.bucket, &place),
            false => StateBucket::new(client, &self.bucket, &place),
        };
        let Some(environment) = &self.environment else { return bucket };
        bucket
            .tagged(environment.tags.clone().into_iter().collect())
            .encrypted_with(environment.state.kms_key_arn.clone())
    }

    /// Where in the bucket its state and lock are.
    pub(crate) async fn state_keys(&self) -> Result<StateKeys, state::Error> {
        // The bucket of one environment, although another file names it.
        let is_one_environments =
            self.bucket.ends_with(&format!("-{}-{}", config::environment::storage::STATE, self.account));
        if !self.names_bucket || is_one_environments {
            return Ok(StateKeys::at_root());
        }
        let prefix = self.environment.as_ref().and_then(|environment| environment.state.key_prefix.as_deref());
        StateKeys::find(&self.state_bucket().store(), &self.state_identity(), prefix).await
    }
}
