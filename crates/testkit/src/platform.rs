//! A platform for tests that plans, applies and destroys like `mlopsctl`.

mod runs;

use crate::Aws;
use app::{Frontend, Workspace, WorkspaceParts};
use aws_config::SdkConfig;
use config::Environment;
use engine::{Claims, Drift, Event, Planning, Purpose, RepairInput, RepairScope, Repairs};
use local::ACCOUNT;
use permissions::{Policy, PolicyInputs};
use resource::{Address, Cloud, KindRegistry, Stack, Tags};
use serde_json::Value;
use state::{State, StateBucket, StateIdentity, StateKeys, Store, Version};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use vocabulary::{Permission, Place};

/// The key of the state in its bucket.
pub(crate) const STATE: &str = "state.json";
/// The time to wait for the lock of a killed run: a little longer than it lasts.
const LOCK_TIMEOUT: Duration = Duration::from_secs(70);

/// A platform, brought up and destroyed the way `mlopsctl` does it.
pub struct Platform {
    name: String,
    bucket: String,
    place: Place,
    identity: Tags,
    /// The tags that the file gives to everything, the state bucket included.
    tags: Tags,
    stack: Arc<Stack>,
    registry: KindRegistry,
    targets: Vec<String>,
    delete_data: bool,
    unprotect: bool,
    /// The permissions on existing resources outside of the stack.
    existing: Vec<Permission>,
    said: Arc<Said>,
}

impl Platform {
    /// The platform that an environment file of this repository describes.
    pub fn named(name: &str) -> Self {
        Self::with(name, |_| {})
    }

    /// The same, changed.
    pub fn with(name: &str, change: impl FnOnce(&mut Environment)) -> Self {
        let root = root();
        let file = root.join(format!("environments/{name}.toml"));
        let mut environment = config::load(&file, &root).unwrap_or_else(|invalid| panic!("{invalid:?}"));
        change(&mut environment);
        let place = Place::new(ACCOUNT, &environment.region);
        let placement =
            blueprint::Placement::in_zones(["a", "b", "c"].map(|zone| format!("{}{zone}", environment.region)));
        let inputs = blueprint::Inputs {
            environment: &environment,
            name,
            place: &place,
            placement: &placement,
            root: &root,
            is_state_at_root: false,
            program: None,
        };
        let stack = blueprint::stack(&inputs).unwrap_or_else(|error| panic!("{error}"));
        let identity = blueprint::identity(&environment.project, name);
        let bucket = environment.state_bucket_name(ACCOUNT);
        let existing = blueprint::existing_permissions(&inputs);
        let platform = Self::new(environment.prefix(), bucket, place, identity, stack);
        Self { existing, tags: environment.tags.into_iter().collect(), ..platform }
    }

    /// A platform of one's own, for what the environments do not have.
    pub fn made_of(region: &str, build: impl FnOnce(&mut Stack)) -> Self {
        let identity = blueprint::identity("mine", "test");
        let mut stack = Stack::new(identity.clone(), Tags::default());
        build(&mut stack);
        Self::new("mine-test".into(), "mine-test-state".into(), Place::new(ACCOUNT, region), identity, stack)
    }

    fn new(name: String, bucket: String, place: Place, identity: Tags, stack: Stack) -> Self {
        let registry = blueprint::registry();
        let (targets, said, stack) = (Vec::new(), Arc::default(), Arc::new(stack));
        let existing = Vec::new();
        Self {
            name,
            bucket,
            place,
            identity,
            tags: Tags::default(),
            stack,
            registry,
            targets,
            delete_data: true,
            unprotect: true,
            existing,
            said,
        }
    }

    /// Brings up only what matches this glob, and what that needs.
    #[must_use]
    pub fn only(mut self, target: &str) -> Self {
        self.targets.push(target.to_owned());
        self
    }

    /// Without permission to delete data.
    #[must_use]
    pub fn keeping_data(self) -> Self {
        Self { delete_data: false, ..self }
    }

    /// Without permission to delete or replace what is protected.
    #[must_use]
    pub fn keeping_protection(self) -> Self {
        Self { unprotect: false, ..self }
    }

    fn unprotected(&self) -> Vec<String> {
        self.unprotect.then(|| "*".to_owned()).into_iter().collect()
    }

    fn globs_of_data(&self) -> Vec<String> {
        self.delete_data.then(|| "*".to_owned()).into_iter().collect()
    }

    /// The region.
    pub fn region(&self) -> &str {
        &self.place.region
    }

    /// The prefix of its names.
    pub fn prefix(&self) -> &str {
        &self.name
    }

    /// The declared stack, for tests of the wiring.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// The policies of `mlopsctl permissions`, each small enough for AWS: for everything, or only for reads.
    ///
    /// # Panics
    /// When a kind does not say what it needs of what is declared or recorded.
    pub fn policies(&self, state: Option<&State>, is_read_only: bool) -> Vec<Value> {
        self.policy(state, is_read_only).split()
    }

    fn policy(&self, state: Option<&State>, is_read_only: bool) -> Policy {
        let declared = self.stack.declarations(&self.registry, &self.place).expect("the wiring is right");
        let inputs = PolicyInputs {
            also: Vec::new(),
            declared: declared.iter().map(|one| (one.kind, &one.spec)).collect(),
            state,
            state_bucket: &self.bucket,
            names_state_bucket: false,
            project: self.identity.get("Project").unwrap_or_default(),
            environment: self.identity.get("Environment").unwrap_or_default(),
            state_prefix: None,
            is_state_at_root: false,
            existing: self.existing.clone(),
            registry: &self.registry,
            place: &self.place,
        };
        inputs.policy(&self.name, &self.identity, is_read_only).expect("every kind says what it needs")
    }

    /// The events since the last call, in the words people read.
    pub fn said(&self) -> Vec<Event> {
        std::mem::take(&mut self.said.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The inventory of the platform and of everything else, apart from its state.
    pub fn inventory(&self, aws: &Aws) -> Value {
        aws.inventory(&self.bucket)
    }

    /// The leftovers of the platform, apart from its state.
    pub fn left(&self, aws: &Aws) -> Vec<String> {
        aws.left_of(&self.name, &self.bucket)
    }

    /// The state and its version. `None` while there is no state.
    ///
    /// # Panics
    /// When the object is not a valid state.
    pub async fn state(&self, sdk: &SdkConfig) -> Option<(State, Version)> {
        self.try_state(sdk).await.expect("the state can be looked for")
    }

    /// The same, where the store may be out of order.
    ///
    /// # Errors
    /// When the store fails.
    ///
    /// # Panics
    /// When the object is not a valid state.
    pub async fn try_state(&self, sdk: &SdkConfig) -> Result<Option<(State, Version)>, state::Error> {
        let stored = self.state_bucket(sdk).store().get(STATE).await?;
        let read = |bytes: &[u8]| State::read(bytes, STATE, &self.state_identity());
        Ok(stored.map(|stored| (read(&stored.bytes).expect("the state is valid at every instant"), stored.version)))
    }

    /// `mlopsctl state rm`.
    ///
    /// # Panics
    /// When nothing is recorded at the address, or the state cannot be written.
    pub async fn forget(&self, address: &str, sdk: &SdkConfig) {
        let (mut state, version) = self.state(sdk).await.expect("there is a state");
        let address = Address::parse(address).expect("it is an address");
        state.resources.remove(&address).expect("it is recorded");
        state.serial += 1;
        let store = self.state_bucket(sdk).store();
        store.put(STATE, state.write().into(), Some(&version)).await.expect("the state can be written");
    }

    /// The result of `mlopsctl plan`.
    pub async fn plan(&self, sdk: &SdkConfig) -> Planning {
        let (state, _) = self.state_or_new(sdk).await;
        self.planned(&self.stack, &state, sdk).await
    }

    /// The plan for a file that declares nothing any more.
    pub async fn plan_of_destruction(&self, sdk: &SdkConfig) -> Planning {
        let (state, _) = self.state_or_new(sdk).await;
        self.planned(&Stack::new(self.identity.clone(), Tags::default()), &state, sdk).await
    }

    /// The drift that `mlopsctl reconcile` would repair, and the drift that it would leave.
    ///
    /// # Panics
    /// When there is no state.
    pub async fn repairs(&self, scope: RepairScope, sdk: &SdkConfig) -> Repairs {
        let (state, _) = self.state(sdk).await.expect("there is a state");
        let applied = engine::applied_stack(&self.stack, &state, &self.registry, &self.place);
        let planning = self.planned(&applied, &state, sdk).await;
        let (declared, registry) = (&self.stack, &self.registry);
        let judged = RepairInput { planning: &planning, applied: &applied, declared, state: &state, registry };
        engine::plan_repairs(&judged, scope, |_| false)
    }

    /// `mlopsctl drift`.
    pub async fn drift(&self, sdk: &SdkConfig) -> Drift {
        let (state, _) = self.state_or_new(sdk).await;
        engine::drift(&state, &self.registry, &self.cloud(sdk), &self.identity, self.stack.ignored()).await
    }

    /// The end of `mlopsctl destroy --with-state`.
    ///
    /// # Panics
    /// When S3 refuses.
    pub async fn remove_state(&self, sdk: &SdkConfig) {
        let workspace = self.workspace(sdk);
        let lock = workspace.lock("destroy", std::future::pending()).await;
        let lock = lock.unwrap_or_else(|error| panic!("the lock cannot be had: {error:?}"));
        let removed = workspace.remove_state(lock).await.expect("the state bucket can be removed");
        assert!(removed.contains(&self.bucket), "{removed}");
    }

    /// The identity that its state must have.
    pub fn state_identity(&self) -> StateIdentity {
        StateIdentity::new(&self.identity, &self.place, &self.bucket)
    }

    /// Its state bucket, for what only people do with it.
    pub fn state_bucket(&self, sdk: &SdkConfig) -> StateBucket {
        let client = aws_s3::client_for(sdk, &self.place.account);
        StateBucket::new(client, &self.bucket, &self.place).tagged(self.tags.clone())
    }

    /// The tags by which its ownership is judged.
    pub(crate) fn identity(&self) -> &Tags {
        &self.identity
    }

    /// The kinds there are.
    pub(crate) fn registry(&self) -> &KindRegistry {
        &self.registry
    }

    pub(crate) fn cloud(&self, sdk: &SdkConfig) -> Arc<Cloud> {
        let cloud = Cloud::new(sdk.clone(), self.place.clone(), self.stack.assets().iter().cloned());
        Arc::new(cloud.with_tag_index(Arc::new(aws_tagging::Index::new(sdk))))
    }

    async fn state_or_new(&self, sdk: &SdkConfig) -> (State, Option<Version>) {
        match self.state(sdk).await {
            Some((state, version)) => (state, Some(version)),
            None => (State::new(&self.state_identity()), None),
        }
    }

    /// A destruction is about everything.
    fn targets(&self, stack: &Stack) -> Vec<String> {
        if stack.nodes().is_empty() { Vec::new() } else { self.targets.clone() }
    }

    async fn planned(&self, stack: &Stack, state: &State, sdk: &SdkConfig) -> Planning {
        let purpose = Purpose {
            targets: self.targets(stack),
            repairs: false,
            alone: false,
            unprotect: self.unprotected(),
            delete_data: self.globs_of_data(),
            is_read_only: false,
            lists_losses: false,
            keep: false,
            claims: Claims::new(),
            inputs: String::new(),
        };
        engine::plan(stack, state, &self.registry, &self.cloud(sdk), &self.identity, &purpose).await
    }

    fn workspace(&self, sdk: &SdkConfig) -> Workspace {
        Workspace::new(WorkspaceParts {
            name: self.name.clone(),
            identity: self.identity.clone(),
            state_identity: self.state_identity(),
            caller: String::new(),
            registry: blueprint::registry(),
            sdk: sdk.clone(),
            place: self.place.clone(),
            meter: Arc::default(),
            bucket: self.state_bucket(sdk),
            keys: StateKeys::at_root(),
            is_exclusive: false,
            lock_timeout: LOCK_TIMEOUT,
            frontend: self.said.clone(),
        })
    }
}

/// The events of a platform's runs.
#[derive(Default)]
struct Said(Mutex<Vec<Event>>);

impl Frontend for Said {
    fn event(&self, event: &Event) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
