//! Resources with a new address in the environment file.

use crate::boxes::{Bench, Box, identity, nested};
use engine::{Action, RepairScope};
use resource::{Address, Stack, Tags};

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

/// The nested boxes. The middle one has another address, and perhaps another name.
fn renamed(name: &'static str) -> Stack {
    let mut stack = Stack::new(identity(), Tags::default());
    let make = |name: &'static str, label: &'static str, inside| Box {
        name: name.to_owned(),
        inside,
        label: label.to_owned(),
        parts: vec!["b".into(), "a".into()],
        tags: Tags::default(),
    };
    let a = stack.add("boxes", "a", (), move |()| make("outer", "1", None));
    let b = stack.add("boxes", "new", a, move |a| make(name, "2", Some(a.id)));
    stack.add("boxes", "c", b.ready(), move |b| make("inner", "3", Some(b.id)));
    stack.output("outer", a, |a| a.id);
    stack.rename([(address("boxes.b"), address("boxes.new"))]);
    stack
}

async fn built() -> Bench {
    let bench = Bench::new();
    bench.up(&nested("outer", ["1", "2", "3"])).await;
    bench.world().take_log();
    bench
}

#[tokio::test(start_paused = true)]
async fn moved_resource_keeps_its_id_and_changes_its_address_tag_alone() {
    let bench = built().await;
    let plan = bench.plan(&renamed("middle")).await.plan;
    let moved: Vec<_> = plan.moved.iter().map(|one| (one.from.as_str(), one.to.as_str(), one.id.as_deref())).collect();
    assert_eq!(moved, [("boxes.b", "boxes.new", Some("box-2"))]);
    let [change] = &plan.changes[..] else { panic!("{plan:?}") };
    let paths: Vec<_> = change.fields.iter().map(|field| field.path.as_str()).collect();
    assert_eq!((change.action, paths), (Action::Update, vec!["tags.mlopsctl:address"]));
    assert_eq!(change.cause.as_deref(), Some("it was at boxes.b"));
    bench.up(&renamed("middle")).await;
    assert_eq!(bench.world().take_log(), ["update middle"]);
    let state = bench.state().await.0;
    assert!(!state.resources.contains_key(&address("boxes.b")));
    assert_eq!(state.resources[&address("boxes.new")].id.as_deref(), Some("box-2"));
    assert_eq!(state.resources[&address("boxes.c")].depends_on[0].address, address("boxes.new"));
}

#[tokio::test(start_paused = true)]
async fn move_that_was_made_is_harmless() {
    let bench = built().await;
    bench.up(&renamed("middle")).await;
    let plan = bench.plan(&renamed("middle")).await.plan;
    assert!(plan.is_empty() && plan.moved.is_empty(), "{plan:?}");
}

#[tokio::test(start_paused = true)]
async fn moved_resource_whose_name_follows_its_address_is_replaced_and_the_plan_says_why() {
    let bench = built().await;
    let plan = bench.plan(&renamed("other")).await.plan;
    let change = plan.changes.iter().find(|change| change.address.as_str() == "boxes.new").unwrap();
    assert_eq!(change.action, Action::Replace);
    assert_eq!(change.cause.as_deref(), Some("it was at boxes.b, and AWS cannot change name in place"));
    bench.up(&renamed("other")).await;
    assert!(bench.plan(&renamed("other")).await.plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn move_is_recorded_where_the_plan_leaves_the_resource_out() {
    let bench = built().await;
    let stack = renamed("middle");
    let planning =
        bench.plan_for(&stack, &engine::Purpose { targets: vec!["boxes.a".into()], ..Default::default() }).await;
    let applied = bench.apply(&stack, &planning).await;
    assert!(applied.failed.is_empty(), "{applied:?}");
    let state = bench.state().await.0;
    assert_eq!(state.resources[&address("boxes.new")].id.as_deref(), Some("box-2"));
    assert_eq!(state.resources.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn move_to_an_address_that_is_recorded_is_refused() {
    let bench = built().await;
    let mut stack = nested("outer", ["1", "2", "3"]);
    stack.rename([(address("boxes.b"), address("boxes.c"))]);
    let planning = bench.plan(&stack).await;
    let said: Vec<_> = planning.refusals.iter().map(|refusal| refusal.failure.message.as_str()).collect();
    assert_eq!(said, ["boxes.b cannot move to boxes.c: the state records a resource at both"]);
}

#[tokio::test(start_paused = true)]
async fn reconcile_repairs_what_was_applied_and_leaves_the_move_to_up() {
    let bench = built().await;
    bench.world().boxes().get_mut("box-2").unwrap().label = "tampered".to_owned();
    let repairs = crate::repairs::find_repairs(&bench, &renamed("middle"), RepairScope::Safely).await;
    let planned: Vec<_> = repairs.planned.iter().map(|(address, action)| (address.as_str(), *action)).collect();
    assert_eq!(planned, [("boxes.b", Action::Update)]);
    assert!(repairs.pending.contains(&address("boxes.new")), "{repairs:?}");
}
