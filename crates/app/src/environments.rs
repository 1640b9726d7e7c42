//! Finding an environment in AWS: by its file, or by the state bucket that it left behind.

mod profile;

use crate::{
    App, Error, one_account,
    sdk::{self, Caller},
    settings::refuse_other_account,
    state_access,
};
use aws_client::{CallMeter, Operation, PolicyOf, Remedy};
use aws_config::SdkConfig;
use config::Environment;
use resource::Tags;
use state::{State, StateBucket, StateIdentity, StateKeys, Store};
use std::sync::Arc;
use vocabulary::Place;

/// The facts about an environment that work on its state needs.
pub struct EnvironmentAccess {
    /// The region of the platform.
    pub region: String,
    /// The account of the credentials.
    pub account: String,
    /// The ARN of the AWS identity of the credentials.
    pub caller: String,
    /// The state bucket.
    pub bucket: String,
    /// True if the environment file names that bucket.
    pub names_bucket: bool,
    /// The tags by which ownership is judged.
    pub identity: Tags,
    /// The project that the environment belongs to.
    pub project: String,
    /// The environment's name.
    name: String,
    /// The AWS SDK's settings.
    pub sdk: SdkConfig,
    /// Counts what is sent.
    pub meter: Arc<CallMeter>,
    /// The content of its file; `None` if there is no file any more.
    pub environment: Option<Environment>,
}

impl App {
    /// True if there are credentials for AWS, whatever they are worth. The embedded AWS needs none.
    ///
    /// # Errors
    /// When the settings of the AWS SDK cannot be read.
    pub async fn has_credentials(&self) -> Result<bool, Error> {
        sdk::has_credentials(self).await
    }

    /// The environment to read: the one that was named, or the only one with a file, or the only one with a state.
    ///
    /// # Errors
    /// When that is not one, or cannot be told because a state cannot be read.
    pub async fn choose(&self, named: Option<&str>) -> Result<String, Error> {
        if let Some(name) = self.settings.named_or_only(named)? {
            return Ok(name);
        }
        let mut up = Vec::new();
        for name in config::discover(&self.settings.environments) {
            if self.has_state(&name).await? {
                up.push(name);
            }
        }
        match up.as_slice() {
            [only] => Ok(only.clone()),
            _ => Err(self.settings.ask_which()),
        }
    }

    /// True if an environment has a state in the account of the credentials. Another account that its file allows is
    /// not asked, as nothing can be done there.
    async fn has_state(&self, name: &str) -> Result<bool, Error> {
        let unknown = |error: Error| match error {
            Error::Usage { what, .. } | Error::Failed { what, .. } => Error::failed_with(
                format!("which environment is meant cannot be told, as the state of {name} cannot be read: {what}"),
                Remedy::Several(vec!["name the environment, or set MLOPSCTL_ENV".into(), self.settings.list()]),
            ),
            other => other,
        };
        let environment = self.settings.read(name)?;
        let (sdk, meter, caller) = self.connect(&environment).await.map_err(unknown)?;
        if !self.settings.local && refuse_other_account(&environment, name, &caller.account).is_err() {
            return Ok(false);
        }
        let access = EnvironmentAccess::new(name, environment, caller, sdk, meter);
        let found = async {
            let keys = access.state_keys().await?;
            access.state_bucket().store().get(&keys.state).await
        };
        match found.await {
            Ok(stored) => Ok(stored.is_some()),
            Err(error) => Err(unknown(state_access::unreachable(&access.state_bucket(), error).await)),
        }
    }

    /// The way to the cloud of an environment, and the identity of the credentials.
    async fn connect(&self, environment: &Environment) -> Result<(SdkConfig, Arc<CallMeter>, Caller), Error> {
        self.refuse_unreachable(&environment.region).await?;
        let meter = Arc::new(CallMeter::default());
        let sdk = meter.measure(sdk::sdk_config(self, Some(&environment.region)).await?);
        let (sdk, caller) = one_account::settle(sdk).await?;
        Ok((sdk, meter, caller))
    }

    /// Refuses a profile that does not exist, and regions that the embedded AWS does not have.
    async fn refuse_unreachable(&self, region: &str) -> Result<(), Error> {
        let partition = Place::new("", region).partition;
        match (self.settings.local, partition.as_str()) {
            (false, _) => profile::refuse_unusable().await,
            (true, "aws") => Ok(()),
            (true, _) => Err(Error::usage(
                format!("the embedded AWS has no regions of the partition {partition}, such as {region}"),
                Remedy::Several(vec![
                    "try the platform with another `region`".into(),
                    Remedy::perform(Operation::Validate, None, "needs no AWS"),
                    Remedy::perform(Operation::PrintPolicy(PolicyOf::NamedAccount), None, "needs none either"),
                ]),
            )),
        }
    }
}

/// True if a state bucket is that of one environment, by its name. Another file may name it.
pub fn is_one_environments(bucket: &str, account: &str) -> bool {
    bucket.ends_with(&format!("-{}-{account}", config::environment::storage::STATE))
}

impl EnvironmentAccess {
    /// The environment that a file describes. Refused if the credentials are for another account.
    pub async fn open(app: &App, name: &str, environment: Environment) -> Result<Self, Error> {
        let (sdk, meter, caller) = app.connect(&environment).await?;
        if !app.settings.local {
            refuse_other_account(&environment, name, &caller.account)?;
        }
        Ok(Self::new(name, environment, caller, sdk, meter))
    }

    fn new(name: &str, environment: Environment, caller: Caller, sdk: SdkConfig, meter: Arc<CallMeter>) -> Self {
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
    pub async fn find_state_buckets(app: &App, name: &str) -> Result<Self, Error> {
        if !app.settings.local {
            profile::refuse_unusable().await?;
        }
        let meter = Arc::new(CallMeter::default());
        let sdk = meter.measure(sdk::sdk_config(app, None).await?);
        let (sdk, Caller { account, arn }) = one_account::settle(sdk).await?;
        let suffix = format!("-{name}-{}-{account}", config::environment::storage::STATE);
        let found = StateBucket::find_state_buckets(&aws_s3::client_for(&sdk, &account), &suffix).await?;
        let [bucket] = found.as_slice() else {
            let help = match found.len() {
                0 => Remedy::Several(vec![
                    format!("account {account} has no state of this environment either").into(),
                    app.settings.list(),
                ]),
                _ => {
                    let names: Vec<&str> = found.iter().map(|bucket| bucket.name.as_str()).collect();
                    format!(
                        "account {account} has several states for this name: {}; write a file that says which project",
                        names.join(", ")
                    )
                    .into()
                }
            };
            return Err(Error::usage(app.settings.missing(name), help));
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

    /// The identity that its state must have.
    pub fn state_identity(&self) -> StateIdentity {
        StateIdentity::for_environment(&self.project, &self.name, &self.place(), &self.bucket)
    }

    /// The bucket of its state.
    pub fn state_bucket(&self) -> StateBucket {
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

    /// The keys of its state and lock in the bucket.
    pub async fn state_keys(&self) -> Result<StateKeys, state::Error> {
        if !self.names_bucket || is_one_environments(&self.bucket, &self.account) {
            return Ok(StateKeys::at_root());
        }
        let prefix = self.environment.as_ref().and_then(|environment| environment.state.key_prefix.as_deref());
        StateKeys::find(&self.state_bucket().store(), &self.state_identity(), prefix).await
    }
}
