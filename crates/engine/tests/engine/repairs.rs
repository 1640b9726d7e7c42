//! The drift that a reconciliation repairs, the drift that it leaves to a person, and the changes that wait for `up`.

use crate::{
    boxes::{Bench, nested},
    parcels::Parcel,
};
use aws_client::{Operation, Remedy};
use engine::{Action, Planning, Purpose, RepairInput, RepairScope, Repairs, applied_stack, plan_repairs};
use resource::{Address, Stack, Tags};

async fn built() -> (Bench, Stack) {
    let bench = Bench::new();
    let stack = nested("outer", ["1", "2", "3"]);
    bench.up(&stack).await;
    (bench, stack)
}

fn tamper(bench: &Bench, id: &str) {
    bench.world().boxes().get_mut(id).unwrap().label = "tampered".to_owned();
}

pub(crate) async fn find_repairs(bench: &Bench, stack: &Stack, scope: RepairScope) -> Repairs {
    find_repairs_past(bench, stack, scope, "").await
}

async fn find_repairs_past(bench: &Bench, stack: &Stack, scope: RepairScope, ignored: &str) -> Repairs {
    let (applied, planning) = planned(bench, stack, &Purpose::default()).await;
    let state = bench.state().await.0;
    let judged = RepairInput {
        planning: &planning,
        applied: &applied,
        declared: stack,
        state: &state,
        registry: &bench.registry,
    };
    plan_repairs(&judged, scope, |address| address.matches(ignored))
}

/// The stack that was applied, and a plan of it.
async fn planned(bench: &Bench, declared: &Stack, purpose: &Purpose) -> (Stack, Planning) {
    let applied = applied_stack(declared, &bench.state().await.0, &bench.registry, bench.cloud.place());
    let planning = bench.plan_for(&applied, purpose).await;
    (applied, planning)
}

/// Repairs the drift that `far` allows. Returns the log of the calls.
async fn repair(bench: &Bench, stack: &Stack, far: RepairScope) -> Vec<String> {
    let repairs = find_repairs(bench, stack, far).await;
    bench.world().take_log();
    let targets = repairs.planned.iter().map(|(address, _)| address.to_string()).collect();
    let (applied, planning) = planned(bench, stack, &Purpose { targets, alone: true, ..Purpose::default() }).await;
    assert_eq!(planning.refusals, []);
    let changes = planning.plan.changes.iter().map(|change| (change.address.clone(), change.action));
    assert_eq!(changes.collect::<Vec<_>>(), repairs.planned);
    let applied = bench.apply(&applied, &planning).await;
    assert!(applied.failed.is_empty() && applied.skipped.is_empty(), "{applied:?}");
    bench.world().take_log()
}

fn repairs_of(repairs: &Repairs) -> Vec<(&str, Action)> {
    repairs.planned.iter().map(|(address, action)| (address.as_str(), *action)).collect()
}

fn left(repairs: &Repairs) -> Vec<(&str, &str)> {
    repairs.left.iter().map(|left| (left.address.as_str(), left.reason.as_str())).collect()
}

fn pending(repairs: &Repairs) -> Vec<&str> {
    repairs.pending.iter().map(|address| address.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_somebody_changed_or_took_away_is_put_back() {
    let (bench, stack) = built().await;
    tamper(&bench, "box-2");
    bench.world().boxes().remove("box-3");
    let found = find_repairs(&bench, &stack, RepairScope::Safely).await;
    assert_eq!(repairs_of(&found), [("boxes.b", Action::Update), ("boxes.c", Action::Create)]);
    assert!(found.left.is_empty() && found.pending.is_empty() && found.failed.is_empty(), "{found:?}");
    assert_eq!(repair(&bench, &stack, RepairScope::Safely).await, ["update middle", "create inner", "update inner"]);
    assert!(bench.plan(&stack).await.plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn pending_change_of_a_field_does_not_keep_another_field_from_its_repair() {
    let bench = Bench::new();
    bench.up(&nested("outer", ["1", "2", "3"])).await;
    // The file declares another label; another program changes the parts of the same box, and the label of the next.
    bench.world().boxes().get_mut("box-2").unwrap().parts = vec!["c".to_owned()];
    tamper(&bench, "box-3");
    let moved = nested("outer", ["1", "two", "3"]);
    let found = find_repairs(&bench, &moved, RepairScope::Safely).await;
    assert_eq!(repairs_of(&found), [("boxes.b", Action::Update), ("boxes.c", Action::Update)]);
    assert_eq!((pending(&found), left(&found)), (vec!["boxes.b"], vec![]));
    assert_eq!(repair(&bench, &moved, RepairScope::Safely).await, ["update middle", "update inner"]);
    let repaired = bench.world().boxes()["box-2"].clone();
    assert_eq!((repaired.label.as_str(), repaired.parts), ("2", vec!["b".to_owned(), "a".to_owned()]));
    let plan = bench.plan(&moved).await.plan;
    assert_eq!(plan.changes.iter().map(|change| change.fields[0].path.as_str()).collect::<Vec<_>>(), ["label"]);
}

#[tokio::test(start_paused = true)]
async fn pending_field_that_has_drifted_goes_back_to_its_applied_value() {
    let bench = Bench::new();
    bench.up(&nested("outer", ["1", "2", "3"])).await;
    tamper(&bench, "box-2");
    let moved = nested("outer", ["1", "two", "3"]);
    assert_eq!(repair(&bench, &moved, RepairScope::Safely).await, ["update middle"]);
    assert_eq!(bench.world().boxes()["box-2"].label, "2");
    assert_eq!(bench.plan(&moved).await.plan.changes.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn pending_resource_that_is_gone_comes_back_as_applied_and_what_is_in_it_moves_along() {
    let bench = Bench::new();
    bench.up(&nested("outer", ["1", "2", "3"])).await;
    bench.world().boxes().remove("box-2");
    let moved = nested("outer", ["1", "two", "three"]);
    let found = find_repairs(&bench, &moved, RepairScope::Everything).await;
    assert_eq!(repairs_of(&found), [("boxes.b", Action::Create), ("boxes.c", Action::Replace)]);
    repair(&bench, &moved, RepairScope::Everything).await;
    let boxes = bench.world().boxes().clone();
    let inner = boxes.values().find(|one| one.name == "inner").unwrap();
    let (id, middle) = boxes.iter().find(|(_, one)| one.name == "middle").unwrap();
    assert_eq!((inner.inside.as_ref(), inner.label.as_str(), middle.label.as_str()), (Some(id), "3", "2"));
    assert!(find_repairs(&bench, &moved, RepairScope::Everything).await.planned.is_empty());
}

#[tokio::test(start_paused = true)]
async fn undeclared_resource_is_repaired_as_long_as_it_is_there() {
    let (bench, _) = built().await;
    tamper(&bench, "box-2");
    let nothing = Stack::new(crate::boxes::identity(), Tags::default());
    assert_eq!(repair(&bench, &nothing, RepairScope::Safely).await, ["update middle"]);
    bench.world().boxes().remove("box-3");
    let found = find_repairs(&bench, &nothing, RepairScope::Safely).await;
    let why = "the file asks for it no longer, so it is not created again";
    assert_eq!((repairs_of(&found), left(&found)), (vec![], vec![("boxes.c", why)]));
    assert_eq!(found.left[0].help, Some(Remedy::perform(Operation::Up, None, "forgets it")));
    assert_eq!(pending(&found), ["boxes.a", "boxes.b", "boxes.c"]);
}

fn parcel_with(content: &'static [u8]) -> Stack {
    let mut stack = Stack::new(crate::boxes::identity(), Tags::default());
    let content = resource::sha256_hex(content);
    stack.add("parcels", "a", (), move |()| Parcel { name: "a".into(), content: content.clone(), weight: 1 });
    stack
}

#[tokio::test(start_paused = true)]
async fn content_that_the_project_no_longer_holds_is_left_and_other_fields_are_repaired() {
    let bench = Bench::shipping(&[b"new"]);
    bench.up(&parcel_with(b"old")).await;
    let moved = parcel_with(b"new");
    bench.alter("a", |parcel| parcel.weight = 7);
    repair(&bench, &moved, RepairScope::Safely).await;
    assert_eq!((bench.parcel("a").weight, bench.parcel("a").content), (1, resource::sha256_hex(b"old")));
    bench.alter("a", |parcel| parcel.content = "tampered".to_owned());
    let found = find_repairs(&bench, &moved, RepairScope::Safely).await;
    assert!(found.planned.is_empty() && found.left.len() == 1, "{found:?}");
    assert!(found.left[0].reason.starts_with("the file asks for another value of content"), "{found:?}");
    assert_eq!(pending(&found), ["parcels.a"]);
}

/// A reconciliation repairs everything that `drift` reports, or leaves it to a person, also if the file has pending changes.
#[tokio::test(start_paused = true)]
async fn drift_is_repaired_or_left_and_never_passed_over() {
    let nothing = Stack::new(crate::boxes::identity(), Tags::default());
    let files = [
        nested("outer", ["1", "2", "3"]),
        nested("renamed", ["1", "2", "3"]),
        nested("outer", ["one", "two", "three"]),
        nothing,
    ];
    for (file, far) in files
        .iter()
        .flat_map(|file| [RepairScope::Nothing, RepairScope::Safely, RepairScope::Everything].map(|far| (file, far)))
    {
        for harmed in ["box-1", "box-2", "box-3"] {
            for harm in 0..3 {
                let (bench, _) = built().await;
                match harm {
                    0 => tamper(&bench, harmed),
                    1 => bench.world().boxes().get_mut(harmed).unwrap().name = "another".to_owned(),
                    _ => drop(bench.world().boxes().remove(harmed)),
                }
                let drifted: Vec<Address> = bench.drift().await.drifted.into_iter().map(|one| one.address).collect();
                assert_eq!(drifted.len(), 1);
                let found = find_repairs(&bench, file, far).await;
                let judged =
                    found.planned.iter().map(|(address, _)| address).chain(found.left.iter().map(|one| &one.address));
                let judged: Vec<&Address> = judged.collect();
                assert!(drifted.iter().all(|address| judged.contains(&address)), "{harmed} {harm} {far:?} {found:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_follows_from_a_declared_replacement_is_no_drift_either() {
    let bench = Bench::new();
    bench.up(&nested("outer", ["1", "2", "3"])).await;
    let found = find_repairs(&bench, &nested("renamed", ["1", "2", "3"]), RepairScope::Everything).await;
    assert_eq!(pending(&found), ["boxes.a", "boxes.b", "boxes.c"]);
    assert!(found.planned.is_empty() && found.left.is_empty(), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_longer_declared_stays_until_it_is_asked_for() {
    let bench = Bench::new();
    bench.up(&nested("outer", ["1", "2", "3"])).await;
    let nothing = Stack::new(crate::boxes::identity(), Tags::default());
    let found = find_repairs(&bench, &nothing, RepairScope::Everything).await;
    assert_eq!(pending(&found), ["boxes.a", "boxes.b", "boxes.c"]);
    assert!(found.planned.is_empty() && found.left.is_empty(), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn replacement_is_left_to_a_person_unless_everything_may_be_repaired() {
    let (bench, stack) = built().await;
    // Another box has taken its place: only a new one can have the declared name.
    bench.world().boxes().get_mut("box-2").unwrap().name = "another".to_owned();
    let found = find_repairs(&bench, &stack, RepairScope::Safely).await;
    assert_eq!(left(&found), [("boxes.b", "it would have to be replaced: AWS cannot change name in place")]);
    assert!(found.planned.is_empty() && found.pending.is_empty(), "{found:?}");
    assert_eq!(
        repair(&bench, &stack, RepairScope::Everything).await,
        ["create middle", "update middle", "create inner", "update inner", "delete inner", "delete middle"]
    );
    assert!(bench.plan(&stack).await.plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn protected_resource_is_not_replaced_even_if_everything_may_be_repaired() {
    let bench = Bench::new();
    let mut stack = nested("outer", ["1", "2", "3"]);
    stack.protect("boxes.c");
    bench.up(&stack).await;
    bench.world().boxes().get_mut("box-3").unwrap().name = "another".to_owned();
    tamper(&bench, "box-1");
    let found = find_repairs(&bench, &stack, RepairScope::Everything).await;
    assert_eq!(repairs_of(&found), [("boxes.a", Action::Update)]);
    assert_eq!(left(&found), [("boxes.c", "it is protected, and this would replace it")]);
    assert!(found.failed.is_empty(), "{:?}", found.failed);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_repaired_if_the_scope_is_nothing() {
    let (bench, stack) = built().await;
    tamper(&bench, "box-2");
    let found = find_repairs(&bench, &stack, RepairScope::Nothing).await;
    assert_eq!(left(&found), [("boxes.b", "repairs are switched off")]);
    assert!(found.planned.is_empty(), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn ignored_drift_is_neither_repaired_nor_reported() {
    let (bench, stack) = built().await;
    tamper(&bench, "box-2");
    tamper(&bench, "box-3");
    let found = find_repairs_past(&bench, &stack, RepairScope::Safely, "boxes.b").await;
    assert_eq!(repairs_of(&found), [("boxes.c", Action::Update)]);
    assert!(found.left.is_empty() && found.pending.is_empty(), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn what_an_interrupted_run_may_have_made_is_left_and_told() {
    let bench = Bench::new();
    let stack = nested("outer", ["1", "2", "3"]);
    bench.world().failing.lock().unwrap().push("inner".to_owned());
    assert_eq!(bench.up(&stack).await.failed.len(), 1);
    bench.world().failing.lock().unwrap().clear();
    let found = find_repairs(&bench, &stack, RepairScope::Everything).await;
    assert_eq!(left(&found), [("boxes.c", "an interrupted run left it unfinished")]);
    assert_eq!(found.left[0].help, Some(Remedy::perform(Operation::Up, None, "goes on from there")));
    assert!(found.unfinished && found.planned.is_empty() && found.pending.is_empty(), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn interrupted_repair_is_continued() {
    let (bench, stack) = built().await;
    tamper(&bench, "box-2");
    bench.world().failing.lock().unwrap().push("update middle".to_owned());
    assert_eq!(bench.up(&stack).await.failed.len(), 1);
    bench.world().failing.lock().unwrap().clear();
    assert_eq!(bench.state().await.0.resources[&Address::new("boxes", "b")].phase, state::Phase::Identified);
    assert_eq!(repair(&bench, &stack, RepairScope::Safely).await, ["update middle"]);
    assert!(bench.plan(&stack).await.plan.is_empty());
}
