//! The work of mlopsctl that needs no cloud: reading, wiring, comparing, planning, and driving thousands of resources.

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench ends where it unwraps")]

use criterion::{Criterion, criterion_group, criterion_main};
use engine::{Apply, MeasuredTimes, Planning, Purpose, StopMode, apply, plan};
use resource::{
    Cloud, Context, Deletion, Diff, Found, IdForm, KindRegistry, Observed, ReplaceOrder, Resource, Stack, Tags, compare,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use state::{MemoryStore, State, StateIdentity, Writer};
use std::{hint::black_box, path::Path, sync::Arc};
use testkit::{Aws, Platform};
use tokio::{runtime::Runtime, sync::watch};
use vocabulary::{Permission, Place, same_policy};

const SIZES: [usize; 2] = [500, 5000];

/// Something that works as soon as it is made, in a cloud that costs nothing.
#[derive(Clone, Serialize, Deserialize)]
struct Thing {
    name: String,
    inside: Option<String>,
    tags: Tags,
}

#[derive(Clone, Serialize, Deserialize)]
struct ThingOutputs {
    id: String,
}

impl Resource for Thing {
    const KIND: &'static str = "bench:thing";
    const NOUN: &'static str = "thing";
    const TERRAFORM: Option<resource::Terraform> = None;
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;
    type Outputs = ThingOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Assigned
    }

    async fn find(&self, _: &Context) -> aws_client::Result<Option<Found>> {
        Ok(None)
    }

    async fn create(&self, _: &Context) -> aws_client::Result<String> {
        Ok(self.name.clone())
    }

    async fn observe(&self, id: &str, _: &Context) -> aws_client::Result<Observed<Self>> {
        Ok(Observed::Ready { live: self.clone(), outputs: ThingOutputs { id: id.to_owned() } })
    }

    async fn update(&self, _: &str, _: &Self, _: &Diff, _: &Context) -> aws_client::Result<()> {
        Ok(())
    }

    async fn delete(&self, _: &str, _: &Context) -> aws_client::Result<Deletion> {
        Ok(Deletion::Gone)
    }

    fn permissions(&self, _: &Place) -> Vec<Permission> {
        Vec::new()
    }

    fn usage(&self) -> resource::usage::Usage {
        resource::usage::Usage::free("nothing")
    }
}

/// A stack of things, ten in each of those that are in nothing.
struct Many {
    stack: Stack,
    registry: KindRegistry,
    cloud: Arc<Cloud>,
}

impl Many {
    fn new(things: usize) -> Self {
        let mut stack = Stack::new(identity(), Tags::default());
        let mut around = None;
        for number in 0..things {
            let name = format!("thing-{number:05}");
            let thing = move |inside: Option<String>| Thing { name: name.clone(), inside, tags: Tags::default() };
            let address = format!("t{number:05}");
            match around {
                Some(around) if number % 11 != 0 => {
                    stack.add("things", &address, around, move |around: ThingOutputs| thing(Some(around.id)));
                }
                _ => around = Some(stack.add("things", &address, (), move |()| thing(None))),
            }
        }
        let config = aws_config::SdkConfig::builder().build();
        let cloud = Arc::new(Cloud::new(config, Place::new("123456789012", "eu-west-1"), []));
        Self { stack, registry: KindRegistry::default().with::<Thing>(), cloud }
    }

    async fn plan(&self, state: &State) -> Planning {
        plan(&self.stack, state, &self.registry, &self.cloud, &identity(), &Purpose::default()).await
    }

    fn state_identity(&self) -> StateIdentity {
        StateIdentity::new(&identity(), self.cloud.place(), "states")
    }

    /// From nothing; gives the state it ends with.
    async fn up(&self) -> State {
        let state = State::new(&self.state_identity());
        let planning = self.plan(&state).await;
        let writer = Writer::start(Arc::new(MemoryStore::default()), "state.json", state.clone(), None);
        let (_go, stop) = watch::channel(StopMode::Go);
        let with = Apply {
            stack: &self.stack,
            state: &state,
            registry: &self.registry,
            writer: &writer,
            parallelism: 32,
            no_wait: false,
            wait_factor: 1,
            measured: &MeasuredTimes::default(),
            stop,
            events: &|_| {},
        };
        assert!(apply(&planning, with).await.failed.is_empty());
        writer.finish().await.0
    }
}

fn identity() -> Tags {
    Tags::from_iter([("Project", "p"), ("Environment", "dev"), ("ManagedBy", "mlopsctl")])
}

fn reading(c: &mut Criterion) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let file = root.join("environments/dev.toml");
    c.bench_function("read and check dev.toml", |b| b.iter(|| config::load(black_box(&file), &root).unwrap()));
    c.bench_function("read dev.toml and wire its platform", |b| b.iter(|| Platform::named("dev")));
}

fn comparing(c: &mut Criterion) {
    let platform = Platform::named("dev");
    let planning = Aws::lenient(platform.region()).run(async |sdk| platform.plan(&sdk).await);
    let specs: Vec<Value> = planning.plan.changes.into_iter().map(|change| change.spec).collect();
    c.bench_function("compare every declaration of dev", |b| {
        b.iter(|| specs.iter().map(|spec| compare(spec, Some(spec), spec, &[]).changes.len()).sum::<usize>());
    });
    let policies: Vec<&Value> =
        specs.iter().filter_map(|spec| spec["inline_policies"].as_object()).flat_map(|all| all.values()).collect();
    assert!(policies.len() > 10);
    c.bench_function("compare every role policy of dev by meaning", |b| {
        b.iter(|| policies.iter().all(|policy| same_policy(policy, black_box(policy))));
    });
}

fn many(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    for things in SIZES {
        let many = Many::new(things);
        let state = runtime.block_on(many.up());
        let bytes = state.write();
        let mut group = c.benchmark_group(format!("{things} resources"));
        group.sample_size(10);
        group.bench_function("write the state", |b| b.iter(|| state.write()));
        group.bench_function("read the state", |b| {
            b.iter(|| State::read(black_box(&bytes), "here", &many.state_identity()).unwrap())
        });
        group.bench_function("plan with nothing to do", |b| {
            b.iter(|| runtime.block_on(many.plan(&state)));
        });
        group.bench_function("plan and create", |b| b.iter(|| runtime.block_on(many.up())));
        group.finish();
    }
}

criterion_group!(pure, reading, comparing, many);
criterion_main!(pure);
