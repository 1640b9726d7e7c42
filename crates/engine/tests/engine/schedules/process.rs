//! Runs of mlopsctl, one after the other, on one account: each may be stopped or killed.

use super::{cloud::Cloud as World, thing::Thing};
use aws_client::Boxed;
use bytes::Bytes;
use engine::{Applied, Apply, Event, MeasuredTimes, PlannedChange, Planning, Purpose, StopMode, apply, plan};
use fastrand::Rng;
use resource::{Address, Cloud, Context, KindRegistry, Stack, Tags};
use state::{Entry, Error, MemoryStore, State, StateIdentity, Store, Stored, Version, Writer};
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, time::Instant};
use vocabulary::Place;

const STATE: &str = "state.json";

pub(crate) fn identity() -> Tags {
    [("Project", "p"), ("Environment", "dev"), ("ManagedBy", "mlopsctl")].into_iter().collect()
}

fn state_identity() -> StateIdentity {
    StateIdentity::new(&identity(), &Place::new("123456789012", "eu-west-1"), "states")
}

/// The end of a run.
#[derive(Debug)]
pub(crate) enum Ended {
    Well,
    Badly(Vec<String>),
    Killed,
}

impl Ended {
    /// It must have ended well.
    #[track_caller]
    pub(crate) fn well(self, what: &str) {
        match self {
            Self::Well => {}
            Self::Badly(why) => panic!("{what}: {why:#?}"),
            Self::Killed => panic!("{what} was killed"),
        }
    }
}

/// The cloud and the state, which outlive every process.
pub(crate) struct Account {
    cloud: Arc<Cloud>,
    registry: KindRegistry,
    store: Arc<MemoryStore>,
}

impl Account {
    pub(crate) fn new(rng: Rng) -> Self {
        let config = aws_types::SdkConfig::builder().build();
        let cloud = Arc::new(Cloud::new(config, Place::new("123456789012", "eu-west-1"), []));
        let registry = KindRegistry::default().with::<Thing<true>>().with::<Thing<false>>();
        let account = Self { cloud, registry, store: Arc::default() };
        account.cx().shared::<World>().seed(rng);
        account
    }

    pub(crate) fn cx(&self) -> Context {
        Context::new(self.cloud.clone(), Address::new("x", "y"), Tags::default(), String::new(), false)
    }

    /// The state, which must be valid at every instant.
    async fn state(&self) -> (State, Option<Version>) {
        match self.store.get(STATE).await.unwrap() {
            Some(stored) => (State::read(&stored.bytes, "memory", &state_identity()).unwrap(), Some(stored.version)),
            None => (State::new(&state_identity()), None),
        }
    }

    pub(crate) async fn remembered(&self) -> Vec<String> {
        self.state().await.0.resources.keys().map(ToString::to_string).collect()
    }

    async fn planned(&self, stack: &Stack, state: &State) -> Planning {
        plan(stack, state, &self.registry, &self.cloud, &identity(), &Purpose::default()).await
    }

    pub(crate) async fn has_nothing_to_do(&self, stack: &Stack) {
        let planning = self.planned(stack, &self.state().await.0).await;
        assert_eq!((planning.plan.changes, planning.refusals), (vec![], vec![]), "the plan afterwards");
    }

    /// A process that brings the stack up, until it has ended, is stopped or is killed.
    pub(crate) async fn run(&self, stack: &Stack, stop: Option<(StopMode, Duration)>) -> Ended {
        let world = self.cx().shared::<World>();
        let process = world.begin();
        let ended = tokio::select! {
            biased;
            () = world.killed() => Ended::Killed,
            ended = self.up(stack, stop, process) => ended,
        };
        tell(|| format!("process {process}: {ended:?} at {:?}", Instant::now()));
        // Valid at every instant.
        self.state().await;
        ended
    }

    async fn up(&self, stack: &Stack, stop: Option<(StopMode, Duration)>, process: u32) -> Ended {
        let (state, version) = self.state().await;
        let planning = self.planned(stack, &state).await;
        if !planning.refusals.is_empty() {
            return Ended::Badly(
                planning.refusals.iter().map(|one| format!("{}: {}", one.address, one.failure)).collect(),
            );
        }
        if self.cx().shared::<World>().is_ambushed() {
            self.cx().shared::<World>().invade();
        }
        for (address, Entry { phase, id, spec, deposed, .. }) in &state.resources {
            tell(|| format!("  {address} is remembered: {phase:?} {id:?} {spec} {deposed:?}"));
        }
        for PlannedChange { address, action, id, cause, deposed, .. } in &planning.plan.changes {
            tell(|| format!("  {address}: {action:?} {id:?} {cause:?} deposed: {deposed}"));
        }
        let store = Arc::new(Remote { store: self.store.clone(), world: self.cx().shared::<World>(), process });
        let writer = Writer::start(store, STATE, state.clone(), version);
        let (go, stopped) = watch::channel(StopMode::Go);
        let with = Apply {
            stack,
            state: &state,
            registry: &self.registry,
            writer: &writer,
            parallelism: 8,
            no_wait: false,
            wait_factor: 1,
            measured: &MeasuredTimes::default(),
            stop: stopped,
            events: &|Event { address, action, phase, elapsed, .. }| {
                tell(|| format!("    {address}: {action:?} {phase:?} after {elapsed:?}"));
            },
        };
        let stopping = async {
            if let Some((mode, after)) = stop {
                tokio::time::sleep(after).await;
                go.send_replace(mode);
            }
            std::future::pending::<()>().await;
        };
        let applied = tokio::select! {
            applied = apply(&planning, with) => applied,
            () = stopping => unreachable!("it waits for ever"),
        };
        match writer.finish().await.1 {
            Err(overtaken @ Error::MovedBy { .. }) => Ended::Badly(vec![overtaken.to_string()]),
            written => {
                written.unwrap();
                ended(&applied)
            }
        }
    }
}

/// Says what happens, where one schedule is replayed.
fn tell(what: impl FnOnce() -> String) {
    if super::seeds::is_replay() {
        eprintln!("{}", what());
    }
}

fn ended(applied: &Applied) -> Ended {
    let failed = applied.failed.iter().map(|one| format!("{} {:?}: {}", one.address, one.action, one.failure));
    let mut failed: Vec<String> = failed.collect();
    failed.extend(applied.stopped.clone());
    if failed.is_empty() { Ended::Well } else { Ended::Badly(failed) }
}

/// The store as a process sees it: far away, and out of reach once the process is dead.
struct Remote {
    store: Arc<MemoryStore>,
    world: Arc<World>,
    process: u32,
}

impl Remote {
    /// Lets another version of mlopsctl write the state, if there is one, without any change of resources.
    async fn overtake(&self) {
        let Some(stored) = self.store.get(STATE).await.unwrap() else { return };
        let state = State::read(&stored.bytes, "memory", &state_identity()).unwrap();
        let later = State { serial: state.serial + 1, tool: "7.8.9".into(), changing: None, ..state };
        self.store.put(STATE, later.write().into(), Some(&stored.version)).await.unwrap();
    }
}

impl Store for Remote {
    fn place(&self, key: &str) -> String {
        self.store.place(key)
    }

    fn get<'a>(&'a self, key: &'a str) -> Boxed<'a, Result<Option<Stored>, Error>> {
        self.store.get(key)
    }

    fn put<'a>(&'a self, key: &'a str, bytes: Bytes, on: Option<&'a Version>) -> Boxed<'a, Result<Version, Error>> {
        Box::pin(async move {
            self.world.arrive_from(self.process).await;
            if self.world.is_overtaken() {
                self.overtake().await;
            }
            let written = self.store.put(key, bytes, on).await;
            self.world.leave().await;
            written
        })
    }

    fn delete<'a>(&'a self, key: &'a str, on: &'a Version) -> Boxed<'a, Result<(), Error>> {
        self.store.delete(key, on)
    }
}
