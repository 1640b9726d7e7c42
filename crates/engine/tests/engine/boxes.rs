//! A cloud of boxes in memory, for what can be shown without the weather of `schedules`.

use crate::parcels::Parcel;
use aws_client::{Failure, FailureKind, Result};
use engine::{Applied, Apply, Drift, MeasuredTimes, Planning, Purpose, StopMode, apply, drift, plan};
use resource::{
    As, Asset, Cloud, Context, Deletion, Diff, Found, IdForm, IgnoreRules, KindRegistry, Observed, Owner, ReplaceOrder,
    Resource, Stack, Tags,
};
use serde::{Deserialize, Serialize};
use state::{MemoryStore, State, StateIdentity, Store, Writer};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::{sync::watch, time::Instant};
use vocabulary::{Permission, Place};

/// The content of the cloud, by id, and the calls that changed it, in order.
#[derive(Default)]
pub(crate) struct World {
    boxes: Mutex<BTreeMap<String, Box>>,
    log: Mutex<Vec<String>>,
    pub(crate) failing: Mutex<Vec<String>>,
    /// The time that a new box takes until it is ready.
    pub(crate) slowness: Mutex<Duration>,
    ready_at: Mutex<BTreeMap<String, Instant>>,
    breaks_at: Mutex<BTreeMap<String, Instant>>,
    /// Names that AWS refuses as taken.
    pub(crate) taken: Mutex<Vec<String>>,
    made: Mutex<usize>,
}

impl World {
    pub(crate) fn boxes(&self) -> MutexGuard<'_, BTreeMap<String, Box>> {
        self.boxes.lock().unwrap()
    }
    /// Has a box be pending for a while.
    pub(crate) fn delay(&self, id: &str, time: Duration) {
        self.ready_at.lock().unwrap().insert(id.to_owned(), Instant::now() + time);
    }
    /// Has a box fail after a while, for a transient reason.
    pub(crate) fn breaks(&self, id: &str, time: Duration) {
        self.breaks_at.lock().unwrap().insert(id.to_owned(), Instant::now() + time);
    }
    pub(crate) fn note(&self, what: String) {
        self.log.lock().unwrap().push(what);
    }
    pub(crate) fn fails(&self, name: &str) -> Result<()> {
        match self.failing.lock().unwrap().iter().any(|failing| failing == name) {
            true => Err(Failure::new(FailureKind::Final, "it was told to fail")),
            false => Ok(()),
        }
    }
    pub(crate) fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap())
    }
}

/// A thing that contains another by id; AWS cannot change what contains it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Box {
    pub(crate) name: String,
    pub(crate) inside: Option<String>,
    pub(crate) label: String,
    #[serde(default)]
    pub(crate) parts: Vec<String>,
    pub(crate) tags: Tags,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BoxOutputs {
    pub(crate) id: String,
}

impl Resource for Box {
    const KIND: &'static str = "test:box";
    const NOUN: &'static str = "box";
    const TERRAFORM: Option<resource::Terraform> = None;
    const REPLACE_ON: &'static [&'static str] = &["inside", "name"];
    const COMPARE: &'static [(&'static str, As)] = &[("parts", As::Set)];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::CreateFirst;
    type Outputs = BoxOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::StartsWith("box-")
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        let world = cx.shared::<World>();
        let boxes = world.boxes();
        let ours = boxes.iter().filter(|(id, one)| cx.owns(&one.tags) && !cx.deletes(id));
        let found = ours.map(|(id, one)| Found { id: id.clone(), owner: Owner::Tags(one.tags.clone()) });
        Found::only(found, Self::NOUN, cx)
    }
    async fn create(&self, cx: &Context) -> Result<String> {
        let world = cx.shared::<World>();
        world.fails(&self.name)?;
        if world.taken.lock().unwrap().contains(&self.name) {
            return Err(Failure::new(FailureKind::Exists, format!("{} is taken", self.name)));
        }
        let mut made = world.made.lock().unwrap();
        *made += 1;
        let id = format!("box-{made}");
        world.note(format!("create {}", self.name));
        // Settings come by convergence, as with most of AWS.
        world.boxes().insert(id.clone(), Box { label: String::new(), parts: Vec::new(), ..self.clone() });
        let ready_at = Instant::now() + *world.slowness.lock().unwrap();
        world.ready_at.lock().unwrap().insert(id.clone(), ready_at);
        Ok(id)
    }
    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let world = cx.shared::<World>();
        let is_broken = world.breaks_at.lock().unwrap().get(id).is_some_and(|breaks_at| *breaks_at <= Instant::now());
        let is_new = world.ready_at.lock().unwrap().get(id).is_some_and(|ready_at| *ready_at > Instant::now());
        Ok(match world.boxes().get(id).cloned() {
            Some(_) if is_broken => Observed::Broken { reason: "it failed".to_owned(), transient: true },
            Some(_) if is_new => {
                Observed::Settling { status: "pending".to_owned(), outputs: Some(BoxOutputs { id: id.to_owned() }) }
            }
            Some(live) => Observed::Ready { live, outputs: BoxOutputs { id: id.to_owned() } },
            None => Observed::Absent,
        })
    }
    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        let world = cx.shared::<World>();
        world.fails(&format!("update {}", self.name))?;
        world.note(format!("update {}", self.name));
        let mut tags = live.tags.clone();
        tags.0.extend(self.tags.0.clone());
        for key in diff.removed_tags() {
            tags.0.remove(&key);
        }
        world.boxes().insert(id.to_owned(), Box { tags, ..self.clone() });
        Ok(())
    }
    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let world = cx.shared::<World>();
        world.fails(&format!("delete {}", self.name))?;
        if world.boxes().values().any(|other| other.inside.as_deref() == Some(id)) {
            return Err(Failure::new(FailureKind::Final, format!("{id} is not empty")));
        }
        world.note(format!("delete {}", self.name));
        world.boxes().remove(id);
        Ok(Deletion::Gone)
    }

    fn permissions(&self, _: &Place) -> Vec<Permission> {
        Vec::new()
    }

    fn usage(&self) -> resource::usage::Usage {
        resource::usage::Usage::free("nothing")
    }
}

/// The options of `up` about waiting.
pub(crate) struct Waiting {
    pub(crate) no_wait: bool,
    pub(crate) factor: u32,
}

impl Default for Waiting {
    fn default() -> Self {
        Self { no_wait: false, factor: 1 }
    }
}

pub(crate) struct Bench {
    pub(crate) cloud: Arc<Cloud>,
    pub(crate) registry: KindRegistry,
    pub(crate) store: Arc<MemoryStore>,
}

pub(crate) fn identity() -> Tags {
    [("Project", "p"), ("Environment", "dev"), ("ManagedBy", "mlopsctl")].into_iter().collect()
}

/// A box in a box in a box.
pub(crate) fn nested(outer: &'static str, labels: [&'static str; 3]) -> Stack {
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
    pub(crate) fn new() -> Self {
        Self::shipping(&[])
    }

    /// A bench of a project that holds this content.
    pub(crate) fn shipping(contents: &[&'static [u8]]) -> Self {
        let config = aws_types::SdkConfig::builder().build();
        let assets = contents.iter().map(|bytes| Asset { origin: String::new(), bytes: (*bytes).into() });
        let cloud = Arc::new(Cloud::new(config, Place::new("123456789012", "eu-west-1"), assets));
        let registry = KindRegistry::default().with::<Box>().with::<Parcel>();
        Self { cloud, registry, store: Arc::new(MemoryStore::default()) }
    }

    pub(crate) fn world(&self) -> Arc<World> {
        Context::new(self.cloud.clone(), resource::Address::new("x", "y"), Tags::default(), String::new(), false)
            .shared::<World>()
    }

    pub(crate) async fn state(&self) -> (State, Option<state::Version>) {
        let expected = StateIdentity::new(&identity(), self.cloud.place(), "states");
        match self.store.get("state.json").await.unwrap() {
            Some(stored) => (State::read(&stored.bytes, "memory", &expected).unwrap(), Some(stored.version)),
            None => (State::new(&expected), None),
        }
    }

    pub(crate) async fn plan(&self, stack: &Stack) -> Planning {
        self.plan_for(stack, &Purpose::default()).await
    }

    pub(crate) async fn plan_for(&self, stack: &Stack, purpose: &Purpose) -> Planning {
        plan(stack, &self.state().await.0, &self.registry, &self.cloud, &identity(), purpose).await
    }

    pub(crate) async fn up(&self, stack: &Stack) -> Applied {
        let planning = self.plan(stack).await;
        assert_eq!(planning.refusals, []);
        self.apply(stack, &planning).await
    }

    pub(crate) async fn apply(&self, stack: &Stack, planning: &Planning) -> Applied {
        self.apply_waiting(stack, planning, Waiting::default()).await
    }

    pub(crate) async fn apply_waiting(&self, stack: &Stack, planning: &Planning, waiting: Waiting) -> Applied {
        let (state, version) = self.state().await;
        let writer = Writer::start(self.store.clone(), "state.json", state.clone(), version);
        let (_keep, stop) = watch::channel(StopMode::Go);
        let with = Apply {
            stack,
            state: &state,
            registry: &self.registry,
            writer: &writer,
            parallelism: 8,
            no_wait: waiting.no_wait,
            wait_factor: waiting.factor,
            measured: &MeasuredTimes::default(),
            stop,
            events: &|_| {},
        };
        let applied = apply(planning, with).await;
        writer.finish().await.1.unwrap();
        applied
    }

    pub(crate) async fn drift(&self) -> Drift {
        self.drift_beside(&IgnoreRules::default()).await
    }

    pub(crate) async fn drift_beside(&self, ignored: &IgnoreRules) -> Drift {
        drift(&self.state().await.0, &self.registry, &self.cloud, &identity(), ignored).await
    }
}
