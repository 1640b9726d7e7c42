//! The cloud and the state of one platform.

use crate::{Error, Frontend, connection};
use aws_client::{CallMeter, Guard, HttpLayer as _, Remedy};
use aws_config::SdkConfig;
use jiff::Timestamp;
use resource::{Cloud, KindRegistry, Stack, Tags};
use review::LockView;
use state::{Holder, Lock, S3Store, State, StateBucket, StateIdentity, StateKeys, Version};
use std::{
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};
use vocabulary::Place;

/// The parts of a [`Workspace`].
pub struct WorkspaceParts {
    /// The name of the environment.
    pub name: String,
    /// The tags by which ownership is judged.
    pub identity: Tags,
    /// The identity that the state must have.
    pub state_identity: StateIdentity,
    /// The ARN of the AWS identity that does the work; empty if nobody knows it.
    pub caller: String,
    /// The kinds of resources.
    pub registry: KindRegistry,
    /// The AWS SDK's settings before the guard.
    pub sdk: SdkConfig,
    /// The account, region and partition.
    pub place: Place,
    /// The count of requests.
    pub meter: Arc<CallMeter>,
    /// The bucket of the state.
    pub bucket: StateBucket,
    /// The keys of state and lock in the bucket.
    pub keys: StateKeys,
    /// True if no other process can use the bucket, as with the embedded AWS.
    pub is_exclusive: bool,
    /// The time to wait for the lock of another run.
    pub lock_timeout: Duration,
    /// The program around this library.
    pub frontend: Arc<dyn Frontend>,
}

/// Everything that planning and applying need of one platform: its cloud, its state, its lock. It needs no environment
/// file.
pub struct Workspace {
    /// The name of the environment.
    pub name: String,
    /// The tags by which ownership is judged.
    pub identity: Tags,
    /// The ARN of the AWS identity that does the work.
    pub caller: String,
    /// The kinds of resources.
    pub registry: Arc<KindRegistry>,
    /// The clients of AWS's services.
    pub cloud: Arc<Cloud>,
    /// Blocks changes as soon as the run is not certain to hold the lock.
    pub guard: Guard,
    /// The count of requests.
    pub meter: Arc<CallMeter>,
    /// The bucket of the state.
    pub bucket: StateBucket,
    /// The objects of that bucket.
    pub store: Arc<S3Store>,
    /// The keys of state and lock in the bucket.
    pub keys: StateKeys,
    /// The identity that the state must have.
    pub state_identity: StateIdentity,
    /// The program around this library.
    pub frontend: Arc<dyn Frontend>,
    pub(crate) lock_timeout: Duration,
    /// The state as it was read when the lock was taken. The first reader takes it.
    pub(crate) read_under_lock: Mutex<Option<(State, Option<Version>)>>,
    /// The state's serial before this run fenced an earlier lock holder, if it did.
    pub(crate) serial_before_fence: OnceLock<u64>,
}

impl Workspace {
    /// Connects to the cloud and the state of a platform. Sends nothing.
    pub fn new(parts: WorkspaceParts) -> Self {
        let WorkspaceParts { name, identity, state_identity, caller, registry, sdk, place, .. } = parts;
        let guard = Guard::default();
        let index = Arc::new(aws_tagging::Index::new(&sdk));
        let listener = connection::failure_listener(parts.frontend.clone());
        let cloud = Cloud::new(guard.clone().before(sdk), place, []).with_listener(listener);
        let cloud = cloud.with_tag_index(index).for_environment(name.as_str());
        Self {
            name,
            identity,
            caller,
            registry: Arc::new(registry),
            cloud: Arc::new(cloud),
            guard,
            meter: parts.meter,
            store: Arc::new(parts.bucket.store().exclusive(parts.is_exclusive)),
            bucket: parts.bucket,
            keys: parts.keys,
            state_identity,
            frontend: parts.frontend,
            lock_timeout: parts.lock_timeout,
            read_under_lock: Mutex::default(),
            serial_before_fence: OnceLock::new(),
        }
    }

    /// The name of the bucket for the state, if the bucket does not exist yet. The first run creates it.
    pub async fn missing_bucket(&self) -> Option<String> {
        matches!(self.bucket.exists().await, Ok(false)).then(|| self.bucket.name().to_owned())
    }

    /// The run that holds the lock of the environment. A plan needs no lock, so an unreadable lock is no failure.
    pub async fn run_at_work(&self) -> Option<LockView> {
        let holder = Lock::holder_of(&*self.store, &self.keys.lock).await.ok().flatten()?;
        let Holder { who, operation, started, .. } = holder.is_at_work(Timestamp::now()).then_some(holder)?;
        Some(LockView { who, operation, since: format!("{started:.0}") })
    }

    /// Refuses a target that matches no resource: with a misspelt target, a command would silently do less.
    pub fn refuse_unknown_targets(&self, targets: &[String], stack: &Stack, state: &State) -> Result<(), Error> {
        match unmatched(targets, stack, state).next() {
            None => Ok(()),
            Some(target) => Err(Error::usage(
                format!("there is no resource `{}`", target.escape_debug()),
                Remedy::Several(vec![
                    "an address is <area>.<name>, with `*` for anything".into(),
                    Remedy::ListAddresses,
                ]),
            )),
        }
    }

    /// Warns of a pattern of addresses to unprotect that matches nothing. It is no failure: a second run of the same command may
    /// find the resource gone.
    pub fn warn_of_unmatched(&self, unprotect: &[String], stack: &Stack, state: &State) {
        for pattern in unmatched(unprotect, stack, state) {
            self.frontend.show_unmatched(pattern);
        }
    }

    /// Tells with -v what AWS was asked.
    pub fn trace_calls(&self) {
        for (service, operations) in self.meter.calls() {
            let operations: Vec<String> =
                operations.iter().map(|(operation, times)| format!("{times} {operation}")).collect();
            tracing::info!("{service}: {}", operations.join(", "));
        }
    }
}

/// The patterns that match no address, declared or recorded.
fn unmatched<'p>(patterns: &'p [String], stack: &Stack, state: &State) -> impl Iterator<Item = &'p String> {
    let known = move |pattern: &str| {
        let declared = stack.nodes().iter().map(|node| &node.address);
        declared.chain(state.resources.keys()).any(|address| address.matches(pattern))
    };
    patterns.iter().filter(move |pattern| !known(pattern))
}
