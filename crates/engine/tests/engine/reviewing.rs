//! Facts for a reviewer of a plan besides the changes: drift apart from the file's changes, and causes of deletions.

use crate::boxes::{Bench, identity, nested};
use engine::{Action, AppliedField, ChangeDrift, DESTROYED, OverrideOption, Planning, Purpose};
use resource::{Stack, Tags};
use serde_json::json;
use state::Phase;

fn drift(planning: &Planning) -> Vec<(&str, &ChangeDrift)> {
    planning.plan.changes.iter().map(|change| (change.address.as_str(), &change.drift)).collect()
}

fn tamper(bench: &Bench, id: &str) {
    bench.world().boxes().get_mut(id).unwrap().label = "tampered".to_owned();
}

#[tokio::test(start_paused = true)]
async fn drift_is_told_apart_from_what_the_file_changes() {
    let bench = Bench::new();
    bench.up(&nested("outer", ["1", "2", "3"])).await;
    tamper(&bench, "box-2");
    tamper(&bench, "box-3");
    let planning = bench.plan(&nested("outer", ["new", "new", "3"])).await;
    let applied =
        |value: &str| ChangeDrift::Fields(vec![AppliedField { path: "label".to_owned(), applied: json!(value) }]);
    let expected = [("boxes.a", &ChangeDrift::None), ("boxes.b", &applied("2")), ("boxes.c", &applied("3"))];
    assert_eq!(drift(&planning), expected);
}

#[tokio::test(start_paused = true)]
async fn drift_of_a_deleted_resource_is_told_and_nobody_is_blamed_while_a_destruction_is_half_done() {
    let bench = Bench::new();
    let stack = nested("outer", ["1", "2", "3"]);
    bench.up(&stack).await;
    bench.world().boxes().remove("box-3");
    tamper(&bench, "box-2");
    let planning = bench.plan(&stack).await;
    assert_eq!(drift(&planning)[1], ("boxes.c", &ChangeDrift::Missing));
    let mut state = bench.state().await.0;
    state.resources.values_mut().last().unwrap().phase = Phase::Deleting;
    let purpose = Purpose::default();
    let planning = engine::plan(&stack, &state, &bench.registry, &bench.cloud, &identity(), &purpose).await;
    assert!(drift(&planning).iter().all(|(_, drift)| drift.is_none()), "{:?}", drift(&planning));
}

#[tokio::test(start_paused = true)]
async fn deletions_always_have_a_cause() {
    let bench = Bench::new();
    let mut stack = nested("outer", ["1", "2", "3"]);
    stack.protect("boxes.c");
    bench.up(&stack).await;
    let causes = async |stack: &Stack| {
        let planning = bench.plan(stack).await;
        let deletions = planning.plan.changes.iter().filter(|change| change.action == Action::Delete);
        let causes: Vec<String> = deletions.map(|change| change.cause.clone().unwrap_or_default()).collect();
        (causes, planning)
    };
    let (destroyed, planning) = causes(&Stack::new(stack.identity().clone(), Tags::default())).await;
    assert_eq!(destroyed, [DESTROYED; 3]);
    assert_eq!(planning.refusals[0].lifted_by, Some(OverrideOption::Unprotect));
}
