//! Resources of interrupted runs that fail late: only a creation of this state's runs is made again.

use crate::boxes::{Bench, Box, Waiting, identity};
use engine::{Applied, Planning, Purpose};
use resource::{Address, LINEAGE_TAG, Stack, Tags};
use state::{Phase, State, Store};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// A stack with one box.
fn alone() -> Stack {
    let mut stack = Stack::new(identity(), Tags::default());
    let make = |()| Box {
        name: "alone".to_owned(),
        inside: None,
        label: "1".to_owned(),
        parts: Vec::new(),
        tags: Tags::default(),
    };
    stack.add("boxes", "a", (), make);
    stack
}

fn address() -> Address {
    Address::new("boxes", "a")
}

async fn edit_state(bench: &Bench, edit: impl FnOnce(&mut State)) {
    let (mut state, version) = bench.state().await;
    edit(&mut state);
    bench.store.put("state.json", state.write().into(), version.as_ref()).await.unwrap();
}

/// Applies a plan, and ends before the box is ready.
async fn interrupt(bench: &Bench, stack: &Stack, planning: &Planning) {
    assert_eq!(planning.refusals, []);
    let applied = bench.apply_waiting(stack, planning, Waiting { no_wait: true, factor: 1 }).await;
    assert_eq!(applied.left.len(), 1, "{applied:?}");
    assert_eq!(bench.state().await.0.resources[&address()].phase, Phase::Identified);
    bench.world().take_log();
}

/// A box whose creation an interrupted run began and that is pending still.
async fn begun() -> (Bench, Stack) {
    let (bench, stack) = (Bench::new(), alone());
    *bench.world().slowness.lock().unwrap() = 10 * MINUTE;
    interrupt(&bench, &stack, &bench.plan(&stack).await).await;
    *bench.world().slowness.lock().unwrap() = Duration::ZERO;
    (bench, stack)
}

/// A box that works, of a run that ended.
async fn built() -> (Bench, Stack) {
    let (bench, stack) = (Bench::new(), alone());
    bench.up(&stack).await;
    bench.world().take_log();
    (bench, stack)
}

/// The next run, in which the box fails after a minute.
async fn fails_late(bench: &Bench, stack: &Stack) -> Applied {
    let planning = bench.plan(stack).await;
    assert_eq!(planning.refusals, []);
    bench.world().breaks("box-1", MINUTE);
    bench.apply(stack, &planning).await
}

/// The box failed and is still there.
#[track_caller]
fn is_kept(bench: &Bench, applied: &Applied) {
    assert!(applied.failed[0].failure.message.contains("does not work: it failed"), "{applied:?}");
    assert_eq!(bench.world().take_log(), Vec::<String>::new());
    assert_eq!(bench.world().boxes().keys().collect::<Vec<_>>(), ["box-1"]);
}

#[tokio::test(start_paused = true)]
async fn creation_of_an_interrupted_run_that_fails_late_is_made_again() {
    let (bench, stack) = begun().await;
    // A gateway has outputs long before it is available.
    edit_state(&bench, |state| {
        state.resources.get_mut(&address()).unwrap().outputs = serde_json::json!({ "id": "box-1" });
    })
    .await;
    let applied = fails_late(&bench, &stack).await;
    assert!(applied.failed.is_empty(), "{applied:?}");
    assert_eq!(bench.world().take_log(), ["delete alone", "create alone", "update alone"]);
    let state = bench.state().await.0;
    assert!(!state.resources[&address()].unfinished, "it works");
}

#[tokio::test(start_paused = true)]
async fn protected_creation_of_an_interrupted_run_is_not_made_again() {
    let (bench, mut stack) = begun().await;
    stack.protect("boxes.a");
    is_kept(&bench, &fails_late(&bench, &stack).await);
}

#[tokio::test(start_paused = true)]
async fn creation_that_worked_once_is_not_made_again() {
    let (bench, stack) = begun().await;
    bench.world().delay("box-1", Duration::ZERO);
    let planning = bench.plan(&stack).await;
    bench.world().failing.lock().unwrap().push("update alone".to_owned());
    let applied = bench.apply(&stack, &planning).await;
    assert_eq!(applied.failed.len(), 1, "{applied:?}");
    bench.world().failing.lock().unwrap().clear();
    bench.world().delay("box-1", 10 * MINUTE);
    is_kept(&bench, &fails_late(&bench, &stack).await);
}

#[tokio::test(start_paused = true)]
async fn found_resource_whose_taking_over_was_interrupted_is_not_made_again() {
    let (bench, stack) = built().await;
    // The state was lost. The tags prove whose it is, and no interrupted run created it.
    edit_state(&bench, |state| state.resources.clear()).await;
    bench.world().delay("box-1", 10 * MINUTE);
    interrupt(&bench, &stack, &bench.plan(&stack).await).await;
    is_kept(&bench, &fails_late(&bench, &stack).await);
}

#[tokio::test(start_paused = true)]
async fn resource_that_an_intent_found_without_the_lineage_is_not_made_again() {
    let (bench, stack) = built().await;
    edit_state(&bench, |state| {
        let entry = state.resources.get_mut(&address()).unwrap();
        (entry.phase, entry.id, entry.outputs) = (Phase::Intent, None, serde_json::Value::Null);
    })
    .await;
    bench.world().boxes().get_mut("box-1").unwrap().tags.0.remove(LINEAGE_TAG);
    bench.world().delay("box-1", 10 * MINUTE);
    is_kept(&bench, &fails_late(&bench, &stack).await);
}

#[tokio::test(start_paused = true)]
async fn adopted_resource_of_an_interrupted_run_is_neither_made_again_nor_replaced() {
    let (bench, stack) = built().await;
    edit_state(&bench, |state| state.resources.clear()).await;
    bench.world().boxes().get_mut("box-1").unwrap().tags = [("Owner", "team-b")].into_iter().collect();
    bench.world().delay("box-1", 10 * MINUTE);
    let claims = [(address(), engine::Claim::Id("box-1".to_owned()))].into_iter().collect();
    let adopting = bench.plan_for(&stack, &Purpose { claims, ..Purpose::default() }).await;
    interrupt(&bench, &stack, &adopting).await;
    is_kept(&bench, &fails_late(&bench, &stack).await);
    let planned = bench.plan(&stack).await;
    let [refusal] = planned.refusals.as_slice() else { panic!("{:#?}", planned.plan.changes) };
    assert!(refusal.failure.message.contains("box-1 does not work: it failed"), "{refusal:?}");
}

/// The tags of this environment as anybody may give them: without the lineage.
fn anybodys() -> Tags {
    [("Project", "p"), ("Environment", "dev"), ("ManagedBy", "mlopsctl"), ("mlopsctl:address", "boxes.a")]
        .into_iter()
        .collect()
}

#[tokio::test(start_paused = true)]
async fn resource_that_takes_the_name_after_the_plan_has_to_prove_that_it_is_ours() {
    let (bench, stack) = (Bench::new(), alone());
    let planning = bench.plan(&stack).await;
    let theirs =
        Box { name: "alone".to_owned(), inside: None, label: "theirs".to_owned(), parts: Vec::new(), tags: anybodys() };
    bench.world().boxes().insert("box-7".to_owned(), theirs.clone());
    bench.world().taken.lock().unwrap().push("alone".to_owned());
    let applied = bench.apply(&stack, &planning).await;
    let said = &applied.failed[0].failure.message;
    assert!(said.contains("is not as declared") && said.contains("no tags that prove whose it is"), "{said}");
    assert_eq!(bench.world().take_log(), Vec::<String>::new());
    assert_eq!(bench.world().boxes()["box-7"], theirs);
    // No create happened, so no intent speaks for it in the next run.
    let again = bench.plan(&stack).await;
    assert!(again.refusals[0].failure.message.contains("no tags that prove whose it is"), "{:?}", again.refusals);
}
