//! An environment, opened: its file, its cloud, its state.

use crate::{
    cli::Global,
    connection,
    end::End,
    environments::{self, Site},
    printer::Printer,
    state_access,
};
use aws_config::{
    BehaviorVersion, Region, SdkConfig, meta::region::RegionProviderChain, retry::RetryConfig, timeout::TimeoutConfig,
};
use config::Environment;
use futures::FutureExt;
use resource::{Address, Attempt, Cloud, Guard, Meter, Place, Registry, Stack, Tags, sha256_hex};
use state::{Lock, S3Store, State, StateBucket, StateIdentity, StateKeys, Store as _, Version};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    pin::pin,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

/// How long AWS may take to take a connection, and to answer what only reads. What changes something, and what has to
/// be sent, adds to it (`resource::bounded`).
const CONNECTS_WITHIN: Duration = Duration::from_secs(5);
const ANSWERS_WITHIN: Duration = Duration::from_secs(20);
/// How often a call is sent before the engine hears that it failed.
const ATTEMPTS: u32 = 5;
/// The same for the first call of all: an endpoint that is none is to be told at once.
const REPLIES_WITHIN: Duration = Duration::from_secs(5);
const FIRST_ATTEMPTS: u32 = 3;
/// Where to ask what is the same everywhere.
const ANY_REGION: &str = "us-east-1";

/// Everything a command needs of an environment.
pub(crate) struct Session {
    pub(crate) name: String,
    pub(crate) identity: Tags,
    pub(crate) registry: Registry,
    pub(crate) stack: Stack,
    pub(crate) cloud: Arc<Cloud>,
    /// Stands between the cloud and whoever is not certain to hold the lock.
    pub(crate) guard: Guard,
    pub(crate) meter: Arc<Meter>,
    pub(crate) bucket: StateBucket,
    pub(crate) store: Arc<S3Store>,
    /// Where in the bucket state and lock are.
    pub(crate) keys: StateKeys,
    /// Digest of everything the stack was made from.
    pub(crate) inputs: String,
    /// What the environment wants to be done about drift.
    pub(crate) drift: config::environment::Drift,
    /// What its file says of the pipeline.
    pub(crate) pipeline: Option<config::environment::Pipeline>,
    /// What its state must be of.
    pub(crate) state_identity: StateIdentity,
    /// The state as it was read when the lock was taken, for whoever asks first.
    read_under_lock: Mutex<Option<(State, Option<Version>)>>,
    /// The state's serial before this run fenced a predecessor, if it did.
    serial_before_fence: OnceLock<u64>,
}

impl Session {
    /// Whether the drift of an address is nobody's business.
    pub(crate) fn ignores(&self, address: &Address) -> bool {
        self.drift.ignore.iter().any(|glob| address.matches(glob))
    }

    /// Where in the data bucket raw data is.
    pub(crate) fn raw_prefix(&self) -> String {
        self.pipeline.clone().unwrap_or_default().raw_prefix
    }

    /// Opens an environment to read, with the platform it describes.
    pub(crate) async fn open(global: &Global, named: Option<&str>) -> Result<Self, End> {
        Self::build(global, environments::choose(global, named).await?, true).await
    }

    /// Opens an environment to change, with the platform it describes.
    pub(crate) async fn open_to_change(global: &Global, named: Option<&str>) -> Result<Self, End> {
        Self::build(global, environments::choose_to_change(global, named)?, true).await
    }

    /// Opens an environment to read its state, without the platform it describes.
    pub(crate) async fn open_state(global: &Global, named: Option<&str>) -> Result<Self, End> {
        Self::build(global, environments::choose(global, named).await?, false).await
    }

    /// Opens an environment to change its state, or what that holds, without the platform it describes.
    pub(crate) async fn open_state_to_change(global: &Global, named: Option<&str>) -> Result<Self, End> {
        Self::build(global, environments::choose_to_change(global, named)?, false).await
    }

    async fn build(global: &Global, name: String, with_stack: bool) -> Result<Self, End> {
        let site = match with_stack || environments::is_described(global, &name) {
            true => Site::of(global, &name, environments::read(global, &name)?).await?,
            false => Site::left_behind(global, &name).await?,
        };
        let (state_identity, bucket) = (site.state_identity(), site.state_bucket());
        let keys = match site.state_keys().await {
            Ok(keys) => keys,
            Err(error) => return Err(state_access::unreachable(&bucket, error).await),
        };
        let place = Place::new(site.account, site.region);
        let stack = match &site.environment {
            Some(environment) if with_stack => stack(global, environment, &name, &place, &site.sdk).await?,
            _ => Stack::new(site.identity.clone(), Tags::default()),
        };
        let store = Arc::new(bucket.store().exclusive(global.local));
        let guard = Guard::default();
        let index = Arc::new(aws_tagging::Index::new(&site.sdk));
        let cloud = Cloud::new(guard.before(site.sdk), place, stack.assets().iter().cloned());
        let cloud = cloud.with_tag_index(index);
        Ok(Self {
            name,
            identity: site.identity,
            registry: blueprint::registry(),
            inputs: digest(site.environment.as_ref(), &stack),
            pipeline: site.environment.as_ref().and_then(|environment| environment.pipeline.clone()),
            drift: site.environment.map(|environment| environment.drift).unwrap_or_default(),
            cloud: Arc::new(cloud),
            guard,
            stack,
            meter: site.meter,
            bucket,
            store,
            keys,
            state_identity,
            read_under_lock: Mutex::default(),
            serial_before_fence: OnceLock::new(),
        })
    }

    /// Refuses a target that means nothing: a slip would do less than was asked for, and not say so.
    pub(crate) fn knows(&self, targets: &[String], state: &State) -> Result<(), End> {
        let known = || self.stack.nodes().iter().map(|node| &node.address).chain(state.resources.keys());
        match targets.iter().find(|target| !known().any(|address| address.matches(target))) {
            None => Ok(()),
            Some(target) => Err(End::usage(
                format!("there is no resource `{}`", target.escape_debug()),
                "an address is <area>.<name>, with `*` for anything; `mlopsctl plan` and `mlopsctl state list` show them",
            )),
        }
    }

    /// Tells with -v what AWS was asked.
    pub(crate) fn trace_calls(&self) {
        for (service, operations) in self.meter.calls() {
            let operations: Vec<String> =
                operations.iter().map(|(operation, times)| format!("{times} {operation}")).collect();
            tracing::info!("{service}: {}", operations.join(", "));
        }
    }

    /// Takes the lock. Waits for somebody else's no longer than it was told to, nor after `stop`.
    pub(crate) async fn lock(
        &self,
        global: &Global,
        operation: &str,
        stop: impl Future<Output = ()>,
    ) -> Result<Lock, End> {
        let mut stop = pin!(stop.fuse());
        let patience = async {
            tokio::select! {
                () = tokio::time::sleep(global.lock_timeout) => {}
                () = stop.as_mut() => {}
            }
        };
        let lock = Lock::acquire(self.store.clone(), &self.keys.lock, &self.name, operation, patience).await?;
        let shut_out = tokio::select! {
            done = self.shut_out_others(&lock) => done,
            () = stop => Err(End::failed("stopped; nothing was done")),
        };
        match shut_out {
            Ok(()) => Ok(lock),
            Err(end) => {
                // It expires by itself if it cannot be given back.
                let _ = lock.release().await;
                Err(end)
            }
        }
    }

    /// Sees to it that nobody else writes the state or changes the platform any more. Costs a read of the state, which
    /// the caller needs anyway; a write and the time of a lease only after a lock was deleted by hand; a write after
    /// one was taken over; two where there is no state yet, to see that the store honours conditions.
    async fn shut_out_others(&self, lock: &Lock) -> Result<(), End> {
        if lock.succeeds().is_some() {
            return self.fence(None).await;
        }
        match self.state().await {
            Ok((state, _)) if state.changing.is_some() => {
                self.fence(Some(state.serial)).await?;
                if !self.store.is_exclusive() {
                    tracing::warn!(
                        "the state says that a run is changing {}, but there is no lock: somebody deleted it; waiting \
                         until that run has surely stopped",
                        self.name
                    );
                    lock.outwait_predecessor().await?;
                }
                Ok(())
            }
            Ok(read) => {
                if read.1.is_none() {
                    self.store.refuse_unconditional(&self.keys.lock).await?;
                }
                *self.read_under_lock.lock().unwrap_or_else(PoisonError::into_inner) = Some(read);
                Ok(())
            }
            // Whoever needs the state hears of it; `state push` replaces it.
            Err(_) => Ok(()),
        }
    }

    /// The state that was read when the lock was taken, once.
    pub(crate) fn take_read_under_lock(&self) -> Option<(State, Option<Version>)> {
        self.read_under_lock.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    async fn fence(&self, serial: Option<u64>) -> Result<(), End> {
        let before = match serial {
            Some(serial) => serial,
            None => self.state().await.map_or(0, |(state, _)| state.serial),
        };
        State::fence(&*self.store, &self.keys.state, &self.state_identity).await?;
        let _ = self.serial_before_fence.set(before);
        Ok(())
    }

    /// The serial that a state had before this run fenced a predecessor, which changed nothing else in it.
    pub(crate) fn unfenced(&self, serial: u64) -> u64 {
        match self.serial_before_fence.get() {
            Some(before) if before + State::FENCE == serial => *before,
            _ => serial,
        }
    }
}

/// The SDK's settings, for a region or for the one that the caller's AWS settings name.
pub(crate) async fn sdk_config(global: &Global, region: Option<&str>) -> Result<SdkConfig, End> {
    if global.local {
        return local_config(global, region.unwrap_or(ANY_REGION));
    }
    // Measured from when a request is sent: before that it may have to wait its turn.
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECTS_WITHIN).read_timeout(ANSWERS_WITHIN);
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(connection::client(Printer::new(global)).await?)
        // Not adaptive: the meter slows down each operation by itself, which that would do a second time for the
        // whole service.
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(timeouts.build());
    let loader = match region {
        Some(region) => loader.region(Region::new(region.to_owned())),
        None => loader.region(RegionProviderChain::default_provider().or_else(ANY_REGION)),
    };
    match endpoints().find(|(_, endpoint)| !is_web_address(endpoint)) {
        None => Ok(loader.load().await),
        Some((name, endpoint)) => Err(End::usage(
            format!("{name} is no web address: `{:.100}`", endpoint.escape_debug().to_string()),
            "it is written `http://localhost:4566`, or left out for AWS itself",
        )),
    }
}

/// The endpoints that the environment names. The SDK passes over those it cannot read, and then fails with each call.
fn endpoints() -> impl Iterator<Item = (String, String)> {
    let text =
        |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned()));
    std::env::vars_os()
        .filter_map(text)
        .filter(|(name, value)| name.starts_with("AWS_ENDPOINT_URL") && !value.is_empty())
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

#[cfg(feature = "local")]
fn local_config(global: &Global, region: &str) -> Result<SdkConfig, End> {
    let cloud = local::Cloud::open(Some(&data_folder(global)), region, local::ACCOUNT)?;
    Ok(cloud.sdk_config())
}

#[cfg(not(feature = "local"))]
fn local_config(_: &Global, _: &str) -> Result<SdkConfig, End> {
    Err(End::usage("this mlopsctl was built without the embedded AWS", "build it with the feature `local`"))
}

/// Where the embedded AWS keeps its data.
pub(crate) fn data_folder(global: &Global) -> PathBuf {
    environments::root(global).join("state/local")
}

/// Whose credentials these are.
pub(crate) async fn account(sdk: &SdkConfig) -> Result<String, End> {
    let timeouts = sdk.timeout_config().cloned().unwrap_or_else(TimeoutConfig::disabled).to_builder();
    let settings = aws_sdk_sts::config::Builder::from(sdk)
        .timeout_config(timeouts.read_timeout(REPLIES_WITHIN).build())
        .retry_config(RetryConfig::standard().with_max_attempts(FIRST_ATTEMPTS));
    let sts = aws_sdk_sts::Client::from_conf(settings.build());
    match sts.get_caller_identity().send().await.during("GetCallerIdentity") {
        Ok(identity) => match identity.account.filter(|account| is_account(account)) {
            Some(account) => Ok(account),
            None => Err(End::failed_with(
                "the AWS account could not be found out: the answer names none",
                "check the endpoint (AWS_ENDPOINT_URL): is it AWS, or something that speaks like it?",
            )),
        },
        Err(failure) => {
            let mut help = match failure.message.contains("invalid peer certificate") {
                true => {
                    "name the file with the certificates that your network uses: AWS_CA_BUNDLE, or `ca_bundle` in \
                         the profile"
                }
                false => {
                    "check the credentials (AWS_PROFILE, `aws sso login`) and the endpoint; or try the platform \
                          without AWS: --local"
                }
            }
            .to_owned();
            if let Some(proxy) = connection::proxy_in_words() {
                help += &format!("; {proxy}");
            }
            Err(End::failed_with(format!("the AWS account could not be found out: {failure}"), help))
        }
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|digit| digit.is_ascii_digit())
}

async fn stack(
    global: &Global,
    environment: &Environment,
    name: &str,
    place: &Place,
    sdk: &SdkConfig,
) -> Result<Stack, End> {
    let zones = aws_ec2::availability_zones(&aws_sdk_ec2::Client::new(sdk)).await?;
    let root = environments::root(global);
    let inputs = blueprint::Inputs { environment, name, place, zones: &zones, root: Path::new(&root) };
    blueprint::stack(&inputs).map_err(|error| End::usage(error.to_string(), ""))
}

/// Of everything a plan is made from: the environment file and the files the platform ships.
fn digest(environment: Option<&Environment>, stack: &Stack) -> String {
    let mut text = serde_json::to_string(&environment).unwrap_or_default();
    for asset in stack.assets() {
        text.push_str(&sha256_hex(&asset.bytes));
    }
    sha256_hex(text.as_bytes())
}
