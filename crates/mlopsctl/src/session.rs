//! An environment, opened: its file, its cloud, its state.

use crate::{
    cli::Global,
    connection,
    end::End,
    environments::{self, Site},
    existing_network::Network,
    printer::Printer,
    state_access,
};
use config::Environment;
use futures::FutureExt;
use jiff::Timestamp;
use resource::{Address, Cloud, Guard, Meter, Place, Registry, Stack, Tags};
use review::{LockView, Names};
use state::{Holder, Lock, S3Store, State, StateBucket, StateIdentity, StateKeys, Store as _, Version};
use std::{
    path::PathBuf,
    pin::pin,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};
use tokio::sync::OnceCell;

/// Everything a command needs of an environment.
pub(crate) struct Session {
    pub(crate) name: String,
    pub(crate) identity: Tags,
    pub(crate) project: String,
    /// The ARN of the AWS identity that runs the command.
    pub(crate) caller: String,
    pub(crate) registry: Registry,
    pub(crate) cloud: Arc<Cloud>,
    /// Stands between the cloud and whoever is not certain to hold the lock.
    pub(crate) guard: Guard,
    pub(crate) meter: Arc<Meter>,
    pub(crate) bucket: StateBucket,
    pub(crate) store: Arc<S3Store>,
    /// Where in the bucket state and lock are.
    pub(crate) keys: StateKeys,
    /// The content of its file; `None` if the file is gone.
    pub(crate) environment: Option<Environment>,
    /// The file, and the folder that its relative paths start from.
    pub(crate) file: PathBuf,
    pub(crate) root: PathBuf,
    /// What its state must be of.
    pub(crate) state_identity: StateIdentity,
    /// The state as it was read when the lock was taken, for whoever asks first.
    read_under_lock: Mutex<Option<(State, Option<Version>)>>,
    /// The existing network that the environment file names, once it was read.
    pub(crate) existing_network: OnceCell<Option<Network>>,
    /// The state's serial before this run fenced a predecessor, if it did.
    serial_before_fence: OnceLock<u64>,
}

impl Session {
    /// The environment's settings about drift.
    pub(crate) fn drift(&self) -> config::environment::Drift {
        self.environment.as_ref().map(|environment| environment.drift.clone()).unwrap_or_default()
    }

    /// Whether the drift of an address is nobody's business.
    pub(crate) fn ignores(&self, address: &Address) -> bool {
        self.environment.iter().flat_map(|environment| &environment.drift.ignore).any(|glob| address.matches(glob))
    }

    /// The common parts of the names of its resources.
    pub(crate) fn names(&self) -> Names {
        let place = self.cloud.place();
        let prefix = self.environment.as_ref().map(|environment| format!("{}-", environment.prefix()));
        Names { prefix: prefix.unwrap_or_default(), account: place.account.clone(), region: place.region.clone() }
    }

    /// The name of the bucket for the state, if the bucket does not exist yet. The first run creates it.
    pub(crate) async fn missing_bucket(&self) -> Option<String> {
        matches!(self.bucket.exists().await, Ok(false)).then(|| self.bucket.name().to_owned())
    }

    /// The run that holds the lock of the environment. A plan needs no lock, so an unreadable lock is no failure.
    pub(crate) async fn run_at_work(&self) -> Option<LockView> {
        let holder = Lock::holder_of(&*self.store, &self.keys.lock).await.ok().flatten()?;
        let Holder { who, operation, started, .. } = holder.is_at_work(Timestamp::now()).then_some(holder)?;
        Some(LockView { who, operation, since: format!("{started:.0}") })
    }

    /// Where in the data bucket raw data is.
    pub(crate) fn raw_prefix(&self) -> String {
        let pipeline = self.environment.as_ref().and_then(|environment| environment.pipeline.clone());
        pipeline.unwrap_or_default().raw_prefix
    }

    /// Opens an environment that has a file, to read.
    pub(crate) async fn open(global: &Global, named: Option<&str>) -> Result<Self, End> {
        Self::build(global, environments::choose(global, named).await?, true).await
    }

    /// Opens an environment that has a file, to change.
    pub(crate) async fn open_to_change(global: &Global, named: Option<&str>) -> Result<Self, End> {
        Self::build(global, environments::choose_to_change(global, named)?, true).await
    }

    /// Opens an environment to read its state; its file may be lost.
    pub(crate) async fn open_state(global: &Global, named: Option<&str>) -> Result<Self, End> {
        Self::build(global, environments::choose(global, named).await?, false).await
    }

    /// Opens an environment to change its state, or what that holds; its file may be lost.
    pub(crate) async fn open_state_to_change(global: &Global, named: Option<&str>) -> Result<Self, End> {
        Self::build(global, environments::choose_to_change(global, named)?, false).await
    }

    async fn build(global: &Global, name: String, needs_file: bool) -> Result<Self, End> {
        let site = match needs_file || environments::is_described(global, &name) {
            true => Site::of(global, &name, environments::read(global, &name)?).await?,
            false => Site::left_behind(global, &name).await?,
        };
        let (state_identity, bucket) = (site.state_identity(), site.state_bucket());
        let keys = match site.state_keys().await {
            Ok(keys) => keys,
            Err(error) => return Err(state_access::unreachable(&bucket, error).await),
        };
        let place = Place::new(site.account, site.region);
        let store = Arc::new(bucket.store().exclusive(global.local));
        let guard = Guard::default();
        let index = Arc::new(aws_tagging::Index::new(&site.sdk));
        let cloud = Cloud::new(guard.before(site.sdk), place, [])
            .with_listener(connection::tell_failures(Printer::new(global)));
        let cloud = cloud.with_tag_index(index).for_environment(name.as_str());
        Ok(Self {
            file: environments::file(global, &name),
            root: environments::root(global),
            name,
            identity: site.identity,
            project: site.project,
            caller: site.caller,
            registry: blueprint::registry(),
            environment: site.environment,
            cloud: Arc::new(cloud),
            guard,
            meter: site.meter,
            bucket,
            store,
            keys,
            state_identity,
            read_under_lock: Mutex::default(),
            existing_network: OnceCell::new(),
            serial_before_fence: OnceLock::new(),
        })
    }

    /// Refuses a target that means nothing: a slip would do less than was asked for, and not say so.
    pub(crate) fn knows(&self, targets: &[String], stack: &Stack, state: &State) -> Result<(), End> {
        let known = || stack.nodes().iter().map(|node| &node.address).chain(state.resources.keys());
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
        let holder = Holder::new(operation, Some(self.caller.as_str()).filter(|arn| !arn.is_empty()));
        let lock = Lock::acquire(self.store.clone(), &self.keys.lock, &self.name, holder, patience).await?;
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
