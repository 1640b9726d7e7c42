//! Ignored fields keep their live values.

use crate::{
    boxes::{Bench, Box, identity, nested},
    repairs::find_repairs,
};
use engine::{Action, RepairScope};
use resource::{IgnoreRules, Stack, Tags};

fn rules(rules: &[(&str, &str)]) -> IgnoreRules {
    let mut ignored = IgnoreRules::default();
    rules.iter().for_each(|(addresses, path)| ignored.add(*addresses, *path));
    ignored
}

fn ignoring(labels: [&'static str; 3], paths: &[(&str, &str)]) -> Stack {
    let mut stack = nested("outer", labels);
    stack.ignore(rules(paths));
    stack
}

fn label(bench: &Bench, id: &str) -> String {
    bench.world().boxes()[id].label.clone()
}

async fn tampered() -> Bench {
    let bench = Bench::new();
    bench.up(&nested("outer", ["1", "2", "3"])).await;
    bench.world().boxes().get_mut("box-2").unwrap().label = "tampered".to_owned();
    bench.world().take_log();
    bench
}

#[tokio::test(start_paused = true)]
async fn ignored_difference_is_no_change_and_is_counted_apart() {
    let bench = tampered().await;
    let stack = ignoring(["1", "2", "3"], &[("boxes.*", "label")]);
    let plan = bench.plan(&stack).await.plan;
    assert!(plan.is_empty() && plan.unchanged == 3, "{plan:?}");
    let ignored: Vec<_> = plan.ignored.iter().map(|one| (one.address.as_str(), one.field.path.as_str())).collect();
    assert_eq!(ignored, [("boxes.b", "label")]);
    assert_eq!((&plan.ignored[0].field.before, &plan.ignored[0].field.after), (&"tampered".into(), &"2".into()));
    bench.up(&stack).await;
    assert!(bench.world().take_log().is_empty());
}

/// The update of a box replaces the whole box, like PutBucketPolicy or UpdateFunctionConfiguration.
#[tokio::test(start_paused = true)]
async fn update_of_another_field_keeps_the_live_value_of_an_ignored_one() {
    let bench = tampered().await;
    let stack = ignoring(["1", "2", "3"], &[("boxes.b", "label")]);
    bench.world().boxes().get_mut("box-2").unwrap().parts.clear();
    let plan = bench.plan(&stack).await.plan;
    let fields: Vec<_> = plan.changes.iter().flat_map(|change| &change.fields).map(|field| &field.path).collect();
    assert_eq!(fields, ["parts"]);
    bench.up(&stack).await;
    assert_eq!(label(&bench, "box-2"), "tampered");
    assert_eq!(bench.world().boxes()["box-2"].parts.len(), 2);
    assert!(bench.plan(&stack).await.plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn value_that_changes_between_plan_and_apply_is_kept_as_well() {
    let bench = tampered().await;
    let stack = ignoring(["1", "2", "3"], &[("boxes.b", "label")]);
    bench.world().boxes().get_mut("box-2").unwrap().parts.clear();
    let planning = bench.plan(&stack).await;
    bench.world().boxes().get_mut("box-2").unwrap().label = "again".to_owned();
    let applied = bench.apply(&stack, &planning).await;
    assert!(applied.failed.is_empty(), "{applied:?}");
    assert_eq!(label(&bench, "box-2"), "again");
}

#[tokio::test(start_paused = true)]
async fn change_of_the_file_in_an_ignored_field_is_not_applied() {
    let bench = tampered().await;
    let plan = bench.plan(&ignoring(["1", "other", "3"], &[("boxes.b", "label")])).await.plan;
    assert!(plan.is_empty() && plan.ignored.len() == 1, "{plan:?}");
}

#[tokio::test(start_paused = true)]
async fn replacement_carries_the_live_value_of_an_ignored_field_over() {
    let bench = tampered().await;
    let mut stack = Stack::new(identity(), Tags::default());
    let make = |name: &'static str, label: &'static str, inside| Box {
        name: name.to_owned(),
        inside,
        label: label.to_owned(),
        parts: vec!["b".into(), "a".into()],
        tags: Tags::default(),
    };
    let a = stack.add("boxes", "a", (), move |()| make("outer", "1", None));
    let b = stack.add("boxes", "b", a, move |a| make("renamed", "2", Some(a.id)));
    stack.add("boxes", "c", b.ready(), move |b| make("inner", "3", Some(b.id)));
    stack.ignore(rules(&[("boxes.b", "label")]));
    let plan = bench.plan(&stack).await.plan;
    let replaced = plan.changes.iter().find(|change| change.address.as_str() == "boxes.b").unwrap();
    assert_eq!((replaced.action, &replaced.spec["label"]), (Action::Replace, &"tampered".into()));
    assert_eq!(plan.ignored.len(), 1, "the plan tells that the value stays");
    bench.up(&stack).await;
    let labels: Vec<_> = bench.world().boxes().values().map(|one| (one.name.clone(), one.label.clone())).collect();
    assert!(labels.contains(&("renamed".into(), "tampered".into())), "{labels:?}");
}

#[tokio::test(start_paused = true)]
async fn ignored_field_that_makes_a_replacement_necessary_makes_none() {
    let bench = tampered().await;
    let mut stack = nested("renamed", ["1", "2", "3"]);
    stack.ignore(rules(&[("boxes.a", "name"), ("boxes.b", "label")]));
    let plan = bench.plan(&stack).await.plan;
    assert!(plan.is_empty() && plan.ignored.len() == 2, "{plan:?}");
}

#[tokio::test(start_paused = true)]
async fn resource_that_is_gone_is_made_as_declared() {
    let bench = tampered().await;
    bench.world().boxes().remove("box-3");
    let stack = ignoring(["1", "2", "3"], &[("boxes.c", "label")]);
    bench.up(&stack).await;
    assert!(bench.world().boxes().values().any(|one| one.name == "inner" && one.label == "3"));
}

#[tokio::test(start_paused = true)]
async fn drift_and_reconcile_count_ignored_differences_apart() {
    let bench = tampered().await;
    let stack = ignoring(["1", "2", "3"], &[("boxes.*", "label")]);
    let drift = bench.drift_beside(stack.ignored()).await;
    assert!(drift.is_none() && drift.checked == 3, "{drift:?}");
    assert_eq!(drift.ignored.len(), 1);
    let repairs = find_repairs(&bench, &stack, RepairScope::Everything).await;
    assert!(repairs.planned.is_empty() && repairs.left.is_empty() && repairs.pending.is_empty(), "{repairs:?}");
    assert_eq!(bench.drift().await.drifted.len(), 1, "without the rule it is drift");
}

#[tokio::test(start_paused = true)]
async fn pending_change_of_an_ignored_field_is_none() {
    let bench = tampered().await;
    let repairs =
        find_repairs(&bench, &ignoring(["1", "other", "3"], &[("boxes.*", "label")]), RepairScope::Safely).await;
    assert!(repairs.pending.is_empty(), "{repairs:?}");
}

#[tokio::test(start_paused = true)]
async fn field_that_is_ignored_no_longer_goes_back_to_what_is_declared() {
    let bench = tampered().await;
    bench.up(&ignoring(["1", "2", "3"], &[("boxes.b", "label")])).await;
    bench.up(&nested("outer", ["1", "2", "3"])).await;
    assert_eq!(label(&bench, "box-2"), "2");
}
