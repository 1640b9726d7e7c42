//! The engine over a cloud of boxes in memory: what it creates, changes, replaces and deletes, in which order.

use crate::boxes::{Bench, Box, identity, nested};
use engine::{Action, DriftChange, Planning, Purpose, plan};
use resource::{KindRegistry, Stack, Tags};
use state::Phase;
use std::sync::Arc;

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
    let lost =
        Bench { cloud: bench.cloud.clone(), registry: KindRegistry::default().with::<Box>(), store: Arc::default() };
    let planning = lost.plan(&stack).await;
    assert!(actions(&planning).iter().all(|(_, action)| *action == Action::Update), "{:?}", actions(&planning));
    lost.up(&stack).await;
    assert_eq!(lost.world().boxes().len(), 3);
    assert!(lost.plan(&stack).await.plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn creations_of_an_earlier_run_are_searched_for_once_and_not_again_inside_each_other() {
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
async fn drift_is_found_and_up_repairs_it() {
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
async fn drift_compares_what_a_failed_update_left_and_says_that_a_run_left_it() {
    let bench = Bench::new();
    bench.up(&nested("outer", ["1", "2", "3"])).await;
    bench.world().failing.lock().unwrap().push("update middle".to_owned());
    assert_eq!(bench.up(&nested("outer", ["1", "new", "3"])).await.failed.len(), 1);
    assert!(bench.drift().await.is_none());
    bench.world().boxes().get_mut("box-2").unwrap().label = "tampered".to_owned();
    let found = bench.drift().await;
    assert_eq!((found.checked, found.drifted.len()), (3, 1));
    assert!(found.drifted[0].unfinished && !found.is_none(), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn drift_names_what_it_cannot_compare_and_does_not_count_it() {
    let bench = Bench::new();
    bench.world().failing.lock().unwrap().push("middle".to_owned());
    bench.up(&nested("outer", ["1", "2", "3"])).await;
    let found = bench.drift().await;
    let skipped: Vec<&str> = found.skipped().map(|one| one.address.as_str()).collect();
    assert_eq!((found.checked, skipped.as_slice()), (1, ["boxes.b", "boxes.c"].as_slice()));
    assert!(found.drifted.is_empty() && !found.is_none(), "{found:?}");
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
