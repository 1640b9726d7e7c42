//! States whose specs and outputs another version recorded.

use crate::boxes::{Bench, nested};
use engine::{Action, Purpose, RepairInput, RepairScope, applied_stack, plan_repairs};
use resource::{Address, Stack, Tags};
use serde_json::{Map, Value, json};
use state::{State, Store};

/// A bench with boxes that another version recorded: `change` turns each spec and all outputs into what it wrote.
async fn recorded_by_another_version(
    change: impl Fn(&mut Map<String, Value>, &mut Map<String, Value>),
) -> (Bench, Stack) {
    let bench = Bench::new();
    let stack = nested("outer", ["1", "2", "3"]);
    bench.up(&stack).await;
    let (mut state, version) = bench.state().await;
    for entry in state.resources.values_mut() {
        change(entry.spec.as_object_mut().unwrap(), entry.outputs.as_object_mut().unwrap());
    }
    store(&bench, state, version).await;
    (bench, stack)
}

async fn store(bench: &Bench, state: State, version: Option<state::Version>) {
    let state = State { tool: "7.8.9".to_owned(), ..state };
    bench.store.put("state.json", state.write().into(), version.as_ref()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn recorded_spec_without_a_field_that_came_later_is_no_difference() {
    let (bench, stack) = recorded_by_another_version(|spec, _| drop(spec.remove("parts"))).await;
    let plan = bench.plan(&stack).await.plan;
    assert!(plan.is_empty(), "{:?}", plan.changes);
    // No parts were ever applied, so a change of them changes nothing that was applied.
    bench.world().boxes().get_mut("box-2").unwrap().parts = vec!["more".to_owned()];
    assert_eq!(bench.drift().await.drifted.len(), 0);
    let plan = bench.plan(&stack).await.plan;
    assert_eq!(plan.changes.iter().map(|change| change.action).collect::<Vec<_>>(), [Action::Update]);
    bench.up(&stack).await;
    assert_eq!(bench.state().await.0.resources[&Address::new("boxes", "b")].spec["parts"], json!(["b", "a"]));
    bench.world().boxes().get_mut("box-2").unwrap().parts = vec!["more".to_owned()];
    assert_eq!(bench.drift().await.drifted.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn recorded_outputs_without_one_that_came_later_do_not_keep_drift_from_its_repair() {
    let (bench, stack) = recorded_by_another_version(|_, outputs| drop(outputs.remove("id"))).await;
    assert!(bench.plan(&stack).await.plan.is_empty());
    bench.world().boxes().get_mut("box-3").unwrap().label = "tampered".to_owned();
    let state = bench.state().await.0;
    let applied = applied_stack(&stack, &state, &bench.registry, bench.cloud.place());
    let planning = bench.plan(&applied).await;
    let judged = RepairInput {
        planning: &planning,
        applied: &applied,
        declared: &stack,
        state: &state,
        registry: &bench.registry,
    };
    let found = plan_repairs(&judged, RepairScope::Safely, |_| false);
    assert_eq!(found.planned, [(Address::new("boxes", "c"), Action::Update)]);
}

#[tokio::test(start_paused = true)]
async fn recorded_spec_with_a_field_of_another_version_is_refused_before_anything_is_touched() {
    let (bench, stack) = recorded_by_another_version(|spec, _| drop(spec.insert("lid".into(), json!("hinged")))).await;
    bench.world().take_log();
    let nothing = Stack::new(crate::boxes::identity(), Tags::default());
    for stack in [&stack, &nothing] {
        let refusals = bench.plan(stack).await.refusals;
        assert_eq!(refusals.len(), 3, "{refusals:?}");
        for said in ["does not know the field `lid`", "mlopsctl 7.8.9", concat!("mlopsctl ", env!("CARGO_PKG_VERSION"))]
        {
            assert!(refusals[0].failure.message.contains(said), "{}", refusals[0].failure.message);
        }
    }
    let one = Purpose { targets: vec!["boxes.a".to_owned()], ..Purpose::default() };
    assert_eq!(bench.plan_for(&stack, &one).await.refusals.len(), 1);
    let drift = bench.drift().await;
    assert_eq!((drift.failed.len(), drift.drifted.len()), (3, 0));
    assert!(bench.world().take_log().is_empty());
}
