//! The engine over a cloud of boxes in memory: what it creates, changes, replaces and deletes, in which order.

use engine::{Action, Applied, Apply, Drift, DriftChange, Planning, Purpose, StopMode, apply, drift, plan};
use resource::{
    As, Cloud, Cx, Deletion, Diff, Failure, FailureKind, Found, Naming, Observed, Owner, Place, Registry, Resource,
    Result, Stack, Tags,
};
use serde::{Deserialize, Serialize};
use state::{MemoryStore, Phase, State, Store, Writer};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};
use tokio::sync::watch;

/// What is in the cloud, by id, and what was done to it, in order.
#[derive(Default)]
struct World {
    boxes: Mutex<BTreeMap<String, Box>>,
    log: Mutex<Vec<String>>,
    failing: Mutex<Vec<String>>,
    made: Mutex<usize>,
}

impl World {
    fn boxes(&self) -> MutexGuard<'_, BTreeMap<String, Box>> {
        self.boxes.lock().unwrap()
    }
    fn note(&self, what: String) {
        self.log.lock().unwrap().push(what);
    }
    fn fails(&self, name: &str) -> Result<()> {
        match self.failing.lock().unwrap().iter().any(|failing| failing == name) {
            true => Err(Failure::of(FailureKind::Final, "it was told to fail")),
            false => Ok(()),
        }
    }
    fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap())
    }
}

/// A thing that contains another by id; AWS cannot change what contains it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Box {
    name: String,
    inside: Option<String>,
    label: String,
    #[serde(default)]
    parts: Vec<String>,
    tags: Tags,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct BoxOutputs {
    id: String,
}

impl Resource for Box {
    const KIND: &'static str = "test:box";
    const NOUN: &'static str = "box";
    const REPLACE_ON: &'static [&'static str] = &["inside", "name"];
    const COMPARE: &'static [(&'static str, As)] = &[("parts", As::Set)];
    const NAMING: Naming = Naming::Assigned;
    type Outputs = BoxOutputs;

    async fn find(&self, cx: &Cx) -> Result<Option<Found>> {
        let world = cx.shared::<World>();
        let boxes = world.boxes();
        let ours = boxes.iter().find(|(_, one)| cx.owns(&one.tags));
        Ok(ours.map(|(id, one)| Found { id: id.clone(), owner: Owner::Tags(one.tags.clone()) }))
    }
    async fn create(&self, cx: &Cx) -> Result<String> {
        let world = cx.shared::<World>();
        world.fails(&self.name)?;
        let mut made = world.made.lock().unwrap();
        *made += 1;
        let id = format!("box-{made}");
        world.note(format!("create {}", self.name));
        // Settings come by convergence, as with most of AWS.
        world.boxes().insert(id.clone(), Box { label: String::new(), parts: Vec::new(), ..self.clone() });
        Ok(id)
    }
    async fn observe(&self, id: &str, cx: &Cx) -> Result<Observed<Self>> {
        let world = cx.shared::<World>();
        Ok(match world.boxes().get(id).cloned() {
            Some(live) => Observed::Ready { live, outputs: BoxOutputs { id: id.to_owned() } },
            None => Observed::Absent,
        })
    }
    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Cx) -> Result<()> {
        let world = cx.shared::<World>();
        world.note(format!("update {}", self.name));
        let mut tags = live.tags.clone();
        tags.0.extend(self.tags.0.clone());
        for key in self.tags.removed_by(diff) {
            tags.0.remove(&key);
        }
        world.boxes().insert(id.to_owned(), Box { tags, ..self.clone() });
        Ok(())
    }
    async fn delete(&self, id: &str, cx: &Cx) -> Result<Deletion> {
        let world = cx.shared::<World>();
        world.fails(&format!("delete {}", self.name))?;
        if world.boxes().values().any(|other| other.inside.as_deref() == Some(id)) {
            return Err(Failure::of(FailureKind::Final, format!("{id} is not empty")));
        }
        world.note(format!("delete {}", self.name));
        world.boxes().remove(id);
        Ok(Deletion::Gone)
    }
}

struct Bench {
    cloud: Arc<Cloud>,
    registry: Registry,
    store: Arc<MemoryStore>,
}

fn identity() -> Tags {
    [("Project", "p"), ("Environment", "dev"), ("ManagedBy", "mlopsctl")].into_iter().collect()
}

/// A box in a box in a box.
fn nested(outer: &'static str, labels: [&'static str; 3]) -> Stack {
    let mut stack = Stack::new(identity(), Tags::default());
    let make = |name: &str, inside: Option<String>, label: &str| Box {
        name: name.to_owned(),
        inside,
        label: label.to_owned(),
        parts: vec!["b".into(), "a".into()],
        tags: Tags::default(),
    };
    let a = stack.add("boxes", "a", (), move |()| make(outer, None, labels[0]));
    let b = stack.add("boxes", "b", a, move |a| make("middle", Some(a.id), labels[1]));
    stack.add("boxes", "c", b.ready(), move |b| make("inner", Some(b.id), labels[2]));
    stack.output("outer", a, |a| a.id);
    stack
}

impl Bench {
    fn new() -> Self {
        let config = aws_types::SdkConfig::builder().build();
        let cloud = Arc::new(Cloud::new(config, Place::new("123456789012", "eu-west-1"), []));
        Self { cloud, registry: Registry::default().with::<Box>(), store: Arc::new(MemoryStore::default()) }
    }

    fn world(&self) -> Arc<World> {
        Cx::new(self.cloud.clone(), resource::Address::new("x", "y"), Tags::default(), String::new(), false)
            .shared::<World>()
    }

    async fn state(&self) -> (State, Option<state::Version>) {
        match self.store.get("state.json").await.unwrap() {
            Some(stored) => (State::read(&stored.bytes, "memory").unwrap(), Some(stored.version)),
            None => (State::new("dev", "123456789012", "eu-west-1"), None),
        }
    }

    async fn plan(&self, stack: &Stack) -> Planning {
        plan(stack, &self.state().await.0, &self.registry, &self.cloud, &identity(), &Purpose::default()).await
    }

    async fn up(&self, stack: &Stack) -> Applied {
        let planning = self.plan(stack).await;
        assert_eq!(planning.refusals, []);
        let (state, version) = self.state().await;
        let writer = Writer::start(self.store.clone(), "state.json", state.clone(), version);
        let (_keep, stop) = watch::channel(StopMode::Go);
        let with = Apply {
            stack,
            state: &state,
            registry: &self.registry,
            writer: &writer,
            parallelism: 8,
            no_wait: false,
            stop,
            events: &|_| {},
        };
        let applied = apply(&planning, with).await;
        writer.finish().await.1.unwrap();
        applied
    }

    async fn drift(&self) -> Drift {
        drift(&self.state().await.0, &self.registry, &self.cloud, &identity()).await
    }
}

fn actions(planning: &Planning) -> Vec<(String, Action)> {
    planning.plan.changes.iter().map(|change| (change.address.to_string(), change.action)).collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_declared_is_built_in_order_and_then_there_is_nothing_to_do() {
    let bench = Bench::new();
    let stack = nested("outer", ["1", "2", "3"]);
    let applied = bench.up(&stack).await;
    assert!(applied.failed.is_empty(), "{:?}", applied.failed);
    assert_eq!(applied.outputs["outer"], "box-1");
    let creates: Vec<_> = bench.world().take_log().into_iter().filter(|line| line.starts_with("create")).collect();
    assert_eq!(creates, ["create outer", "create middle", "create inner"]);
    assert!(bench.plan(&stack).await.plan.is_empty());
    assert_eq!(bench.plan(&stack).await.plan.unchanged, 3);
    assert!(bench.drift().await.drifted.is_empty());
    assert!(bench.state().await.0.resources.values().all(|entry| entry.phase == Phase::Ready));
}

#[tokio::test(start_paused = true)]
async fn a_changed_label_is_updated_in_place() {
    let bench = Bench::new();
    bench.up(&nested("outer", ["1", "2", "3"])).await;
    let changed = nested("outer", ["1", "new", "3"]);
    let planning = bench.plan(&changed).await;
    assert_eq!(actions(&planning), [("boxes.b".to_owned(), Action::Update)]);
    assert_eq!(planning.plan.changes[0].fields[0].path, "label");
    bench.up(&changed).await;
    assert!(bench.plan(&changed).await.plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn replacing_the_outermost_replaces_what_is_inside_and_leaves_nothing_behind() {
    let bench = Bench::new();
    bench.up(&nested("outer", ["1", "2", "3"])).await;
    bench.world().take_log();
    let renamed = nested("renamed", ["1", "2", "3"]);
    let planning = bench.plan(&renamed).await;
    assert!(actions(&planning).iter().all(|(_, action)| *action == Action::Replace));
    assert!(planning.plan.changes[1].cause.as_deref().unwrap().contains("inside"));
    let applied = bench.up(&renamed).await;
    assert!(applied.failed.is_empty(), "{:?}", applied.failed);
    let log = bench.world().take_log();
    let at = |what: &str| log.iter().position(|line| line == what).unwrap();
    assert!(at("create renamed") < at("delete outer"));
    assert!(at("delete inner") < at("delete middle") && at("delete middle") < at("delete outer"));
    assert_eq!(bench.world().boxes().len(), 3);
    assert!(bench.plan(&renamed).await.plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_failure_blocks_only_its_dependants_and_the_next_run_goes_on() {
    let bench = Bench::new();
    let stack = nested("outer", ["1", "2", "3"]);
    bench.world().failing.lock().unwrap().push("middle".to_owned());
    let applied = bench.up(&stack).await;
    assert_eq!(applied.failed[0].address.as_str(), "boxes.b");
    assert_eq!(applied.skipped[0].because.as_ref().unwrap().as_str(), "boxes.b");
    assert_eq!(bench.world().boxes().len(), 1);
    bench.world().failing.lock().unwrap().clear();
    assert!(bench.up(&stack).await.failed.is_empty());
    assert_eq!(bench.world().boxes().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_lost_state_costs_reads_and_no_duplicates() {
    let bench = Bench::new();
    let stack = nested("outer", ["1", "2", "3"]);
    bench.up(&stack).await;
    let lost = Bench { cloud: bench.cloud.clone(), registry: Registry::default().with::<Box>(), store: Arc::default() };
    let planning = lost.plan(&stack).await;
    assert!(actions(&planning).iter().all(|(_, action)| *action == Action::Update), "{:?}", actions(&planning));
    lost.up(&stack).await;
    assert_eq!(lost.world().boxes().len(), 3);
    assert!(lost.plan(&stack).await.plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn creates_that_an_earlier_run_may_have_sent_are_looked_for_once_and_not_again_inside_each_other() {
    let bench = Bench::new();
    let stack = nested("outer", ["1", "2", "3"]);
    bench.world().failing.lock().unwrap().push("outer".to_owned());
    bench.up(&stack).await;
    assert!(bench.state().await.0.resources.values().all(|entry| entry.phase == Phase::Intent));
    bench.world().failing.lock().unwrap().clear();
    let began = tokio::time::Instant::now();
    assert!(bench.up(&stack).await.failed.is_empty());
    let seconds = began.elapsed().as_secs();
    assert!((10..20).contains(&seconds), "{seconds} s");
}

#[tokio::test(start_paused = true)]
async fn drift_is_found_and_up_heals_it() {
    let bench = Bench::new();
    let stack = nested("outer", ["1", "2", "3"]);
    bench.up(&stack).await;
    bench.world().boxes().get_mut("box-2").unwrap().label = "tampered".to_owned();
    bench.world().boxes().remove("box-3");
    let found = bench.drift().await;
    assert_eq!(found.drifted.len(), 2);
    let DriftChange::Modified(fields) = &found.drifted[0].change else { panic!("{:?}", found.drifted[0]) };
    assert_eq!((fields[0].path.as_str(), &fields[0].after), ("label", &"tampered".into()));
    assert!(matches!(found.drifted[1].change, DriftChange::Missing(_)));
    assert!(bench.up(&stack).await.failed.is_empty());
    assert!(bench.drift().await.drifted.is_empty());
    assert!(bench.plan(&stack).await.plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn destroy_goes_backwards_and_leaves_nothing() {
    let bench = Bench::new();
    bench.up(&nested("outer", ["1", "2", "3"])).await;
    bench.world().take_log();
    let nothing = Stack::new(identity(), Tags::default());
    let applied = bench.up(&nothing).await;
    assert!(applied.failed.is_empty(), "{:?}", applied.failed);
    assert_eq!(bench.world().take_log(), ["delete inner", "delete middle", "delete outer"]);
    assert!(bench.state().await.0.resources.is_empty());
    assert!(bench.plan(&nothing).await.plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn protected_resources_are_refused_before_anything_is_touched() {
    let bench = Bench::new();
    let mut stack = nested("outer", ["1", "2", "3"]);
    stack.protect("boxes.a");
    bench.up(&stack).await;
    let nothing = Stack::new(identity(), Tags::default());
    let planning = bench.plan(&nothing).await;
    assert_eq!(planning.refusals[0].address.as_str(), "boxes.a");
    let purpose = Purpose { unprotect: vec!["boxes.*".to_owned()], ..Purpose::default() };
    let state = bench.state().await.0;
    let allowed = plan(&nothing, &state, &bench.registry, &bench.cloud, &identity(), &purpose).await;
    assert_eq!(allowed.refusals, []);
}
