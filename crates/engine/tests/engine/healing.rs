//! What a reconciliation heals, what it leaves to a person, and what is none of its business.

use crate::boxes::{Bench, nested};
use engine::{Action, Heal, Healing, Purpose, healing};
use resource::Stack;

async fn built() -> (Bench, Stack) {
    let bench = Bench::new();
    let stack = nested("outer", ["1", "2", "3"]);
    bench.up(&stack).await;
    (bench, stack)
}

fn tamper(bench: &Bench, id: &str) {
    bench.world().boxes().get_mut(id).unwrap().label = "tampered".to_owned();
}

async fn look(bench: &Bench, stack: &Stack, heal: Heal) -> Healing {
    look_past(bench, stack, heal, "").await
}

async fn look_past(bench: &Bench, stack: &Stack, heal: Heal, ignored: &str) -> Healing {
    let planning = bench.plan(stack).await;
    let state = bench.state().await.0;
    healing(&planning, stack, &state, &bench.registry, heal, |address| address.matches(ignored))
}

/// Heals what may be healed. Tells what was done.
async fn heal(bench: &Bench, stack: &Stack, far: Heal) -> Vec<String> {
    let healing = look(bench, stack, far).await;
    bench.world().take_log();
    let targets = healing.heals.iter().map(|(address, _)| address.to_string()).collect();
    let planning = bench.plan_for(stack, &Purpose { targets, alone: true, ..Purpose::default() }).await;
    assert_eq!(planning.refusals, []);
    let changes = planning.plan.changes.iter().map(|change| (change.address.clone(), change.action));
    assert_eq!(changes.collect::<Vec<_>>(), healing.heals);
    let applied = bench.apply(stack, &planning).await;
    assert!(applied.failed.is_empty() && applied.skipped.is_empty(), "{applied:?}");
    bench.world().take_log()
}

fn heals(healing: &Healing) -> Vec<(&str, Action)> {
    healing.heals.iter().map(|(address, action)| (address.as_str(), *action)).collect()
}

fn left(healing: &Healing) -> Vec<(&str, &str)> {
    healing.left.iter().map(|left| (left.address.as_str(), left.reason.as_str())).collect()
}

fn pending(healing: &Healing) -> Vec<&str> {
    healing.pending.iter().map(|address| address.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_somebody_changed_or_took_away_is_put_back() {
    let (bench, stack) = built().await;
    tamper(&bench, "box-2");
    bench.world().boxes().remove("box-3");
    let found = look(&bench, &stack, Heal::Safely).await;
    assert_eq!(heals(&found), [("boxes.b", Action::Update), ("boxes.c", Action::Create)]);
    assert!(found.left.is_empty() && found.pending.is_empty() && found.failed.is_empty(), "{found:?}");
    assert_eq!(heal(&bench, &stack, Heal::Safely).await, ["update middle", "create inner", "update inner"]);
    assert!(bench.plan(&stack).await.plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_the_file_asks_for_anew_waits_for_a_run_of_its_own() {
    let bench = Bench::new();
    bench.up(&nested("outer", ["1", "2", "3"])).await;
    tamper(&bench, "box-3");
    let moved = nested("outer", ["1", "two", "3"]);
    let found = look(&bench, &moved, Heal::Everything).await;
    assert_eq!((heals(&found), pending(&found)), (vec![("boxes.c", Action::Update)], vec!["boxes.b"]));
    assert_eq!(heal(&bench, &moved, Heal::Everything).await, ["update inner"]);
    assert_eq!(bench.world().boxes()["box-2"].label, "2");
}

#[tokio::test(start_paused = true)]
async fn what_follows_from_a_declared_replacement_is_no_drift_either() {
    let bench = Bench::new();
    bench.up(&nested("outer", ["1", "2", "3"])).await;
    let found = look(&bench, &nested("renamed", ["1", "2", "3"]), Heal::Everything).await;
    assert_eq!(pending(&found), ["boxes.a", "boxes.b", "boxes.c"]);
    assert!(found.heals.is_empty() && found.left.is_empty(), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_longer_declared_stays_until_it_is_asked_for() {
    let bench = Bench::new();
    bench.up(&nested("outer", ["1", "2", "3"])).await;
    let nothing = Stack::new(crate::boxes::identity(), resource::Tags::default());
    let found = look(&bench, &nothing, Heal::Everything).await;
    assert_eq!(pending(&found), ["boxes.a", "boxes.b", "boxes.c"]);
    assert!(found.heals.is_empty() && found.left.is_empty(), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn a_replacement_is_left_to_a_person_unless_everything_may_be_healed() {
    let (bench, stack) = built().await;
    // Somebody has put another box in its place: only a new one can be called as declared.
    bench.world().boxes().get_mut("box-2").unwrap().name = "another".to_owned();
    let found = look(&bench, &stack, Heal::Safely).await;
    assert_eq!(
        left(&found),
        [
            ("boxes.b", "it would have to be replaced: AWS cannot change name in place"),
            ("boxes.c", "it needs boxes.b, which is not there to be used"),
        ]
    );
    assert!(found.heals.is_empty() && found.pending.is_empty(), "{found:?}");
    assert_eq!(
        heal(&bench, &stack, Heal::Everything).await,
        ["create middle", "update middle", "create inner", "update inner", "delete inner", "delete middle"]
    );
    assert!(bench.plan(&stack).await.plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_protected_is_not_replaced_even_if_everything_may_be_healed() {
    let bench = Bench::new();
    let mut stack = nested("outer", ["1", "2", "3"]);
    stack.protect("boxes.c");
    bench.up(&stack).await;
    bench.world().boxes().get_mut("box-3").unwrap().name = "another".to_owned();
    tamper(&bench, "box-1");
    let found = look(&bench, &stack, Heal::Everything).await;
    assert_eq!(heals(&found), [("boxes.a", Action::Update)]);
    assert_eq!(left(&found), [("boxes.c", "it is protected, and this would replace it")]);
    assert!(found.failed.is_empty(), "{:?}", found.failed);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_healed_where_nothing_is_to_be() {
    let (bench, stack) = built().await;
    tamper(&bench, "box-2");
    let found = look(&bench, &stack, Heal::Nothing).await;
    assert_eq!(left(&found), [("boxes.b", "nothing is to be healed")]);
    assert!(found.heals.is_empty(), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn drift_that_is_ignored_is_neither_healed_nor_told() {
    let (bench, stack) = built().await;
    tamper(&bench, "box-2");
    tamper(&bench, "box-3");
    let found = look_past(&bench, &stack, Heal::Safely, "boxes.b").await;
    assert_eq!(heals(&found), [("boxes.c", Action::Update)]);
    assert!(found.left.is_empty() && found.pending.is_empty(), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn what_an_interrupted_run_may_have_made_is_left_and_told() {
    let bench = Bench::new();
    let stack = nested("outer", ["1", "2", "3"]);
    bench.world().failing.lock().unwrap().push("inner".to_owned());
    assert_eq!(bench.up(&stack).await.failed.len(), 1);
    bench.world().failing.lock().unwrap().clear();
    let found = look(&bench, &stack, Heal::Everything).await;
    let why = "an interrupted run left it unfinished, and `mlopsctl up` goes on from there";
    assert_eq!(left(&found), [("boxes.c", why)]);
    assert!(found.unfinished && found.heals.is_empty() && found.pending.is_empty(), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn healing_that_was_interrupted_is_gone_on_with() {
    let (bench, stack) = built().await;
    tamper(&bench, "box-2");
    bench.world().failing.lock().unwrap().push("update middle".to_owned());
    assert_eq!(bench.up(&stack).await.failed.len(), 1);
    bench.world().failing.lock().unwrap().clear();
    assert_eq!(bench.state().await.0.resources[&resource::Address::new("boxes", "b")].phase, state::Phase::Identified);
    assert_eq!(heal(&bench, &stack, Heal::Safely).await, ["update middle"]);
    assert!(bench.plan(&stack).await.plan.is_empty());
}
