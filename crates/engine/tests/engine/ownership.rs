//! A foreign resource is never changed or deleted, whatever the state says.

use crate::{
    boxes::{Bench, Box, identity, nested},
    repairs::find_repairs,
};
use aws_client::Remedy;
use engine::{Action, DriftChange, Planning, Purpose, RepairScope};
use resource::{Address, Stack, Tags};
use state::{Deposed, Entry, Phase, State, Store};
use std::time::Duration;

const THEIRS: [(&str, &str); 2] = [("Project", "billing"), ("Owner", "team-b")];

fn nothing() -> Stack {
    Stack::new(identity(), Tags::default())
}

async fn built() -> (Bench, Stack) {
    let bench = Bench::new();
    let stack = nested("outer", ["1", "2", "3"]);
    bench.up(&stack).await;
    bench.world().take_log();
    (bench, stack)
}

fn tag(bench: &Bench, id: &str, tags: &[(&str, &str)]) {
    bench.world().boxes().get_mut(id).unwrap().tags = tags.iter().copied().collect();
}

fn refusals(planning: &Planning) -> Vec<(&str, &str)> {
    let said = planning.refusals.iter();
    said.map(|refusal| (refusal.address.as_str(), refusal.failure.message.as_str())).collect()
}

fn is_only(refusals: &[(&str, &str)], address: &str, words: &str) {
    assert!(matches!(refusals, [(one, said)] if *one == address && said.contains(words)), "{refusals:?}");
}

async fn edit_state(bench: &Bench, edit: impl FnOnce(&mut State)) {
    let (mut state, version) = bench.state().await;
    edit(&mut state);
    bench.store.put("state.json", state.write().into(), version.as_ref()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn foreign_resource_is_refused_by_plan_and_by_destruction() {
    let (bench, stack) = built().await;
    tag(&bench, "box-2", &THEIRS);
    is_only(
        &refusals(&bench.plan(&stack).await),
        "boxes.b",
        "belongs to another owner (tags Owner=team-b, Project=billing)",
    );
    is_only(&refusals(&bench.plan(&nothing()).await), "boxes.b", "belongs to another owner");
    let DriftChange::Missing(why) = &bench.drift().await.drifted[0].change else { panic!("it is not ours") };
    assert!(why.contains("belongs to"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn foreign_resource_is_left_to_a_person_by_reconcile_while_the_rest_is_repaired() {
    let (bench, stack) = built().await;
    tag(&bench, "box-2", &THEIRS);
    bench.world().boxes().get_mut("box-1").unwrap().label = "tampered".to_owned();
    let repairs = find_repairs(&bench, &stack, RepairScope::Everything).await;
    assert_eq!(repairs.planned, [(Address::new("boxes", "a"), Action::Update)]);
    assert!(repairs.left[0].reason.contains("belongs to"), "{:?}", repairs.left);
    assert!(repairs.failed.is_empty(), "{:?}", repairs.failed);
}

#[tokio::test(start_paused = true)]
async fn foreign_resource_that_takes_the_place_after_the_plan_is_not_changed() {
    let (bench, _) = built().await;
    let stack = nested("outer", ["1", "new", "3"]);
    let planning = bench.plan(&stack).await;
    assert_eq!(refusals(&planning), []);
    tag(&bench, "box-2", &THEIRS);
    let applied = bench.apply(&stack, &planning).await;
    assert!(applied.failed[0].failure.message.contains("belongs to"), "{:?}", applied.failed);
    assert_eq!(bench.world().take_log(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn untagged_resource_that_takes_the_place_after_the_plan_is_not_changed() {
    let (bench, _) = built().await;
    let stack = nested("outer", ["1", "new", "3"]);
    let planning = bench.plan(&stack).await;
    tag(&bench, "box-2", &[("Owner", "team-b")]);
    let applied = bench.apply(&stack, &planning).await;
    assert!(applied.failed[0].failure.message.contains("has none of this environment's tags"), "{applied:?}");
    assert_eq!(bench.world().take_log(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn foreign_resource_that_takes_the_place_after_the_plan_is_not_deleted() {
    let (bench, _) = built().await;
    let planning = bench.plan(&nothing()).await;
    assert_eq!(refusals(&planning), []);
    tag(&bench, "box-2", &THEIRS);
    let applied = bench.apply(&nothing(), &planning).await;
    assert!(applied.failed[0].failure.message.contains("belongs to"), "{:?}", applied.failed);
    assert_eq!(bench.world().take_log(), ["delete inner"]);
}

#[tokio::test(start_paused = true)]
async fn removed_tags_are_drift_and_are_repaired() {
    let (bench, stack) = built().await;
    tag(&bench, "box-2", &[("Environment", "dev")]);
    tag(&bench, "box-3", &[]);
    let planning = bench.plan(&stack).await;
    assert_eq!(refusals(&planning), []);
    bench.apply(&stack, &planning).await;
    assert!(bench.plan(&stack).await.plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn untagged_resource_gets_its_tags_back_and_nothing_else_without_adopt() {
    let (bench, _) = built().await;
    tag(&bench, "box-3", &[]);
    let changed = nested("outer", ["1", "2", "new"]);
    is_only(&refusals(&bench.plan(&changed).await), "boxes.c", "has none of this environment's tags");
    is_only(&refusals(&bench.plan(&nothing()).await), "boxes.c", "has none of this environment's tags");
    let claims = [(Address::new("boxes", "c"), engine::Claim::Id("box-3".to_owned()))].into_iter().collect();
    let adopting = bench.plan_for(&changed, &Purpose { claims, ..Purpose::default() }).await;
    assert_eq!(refusals(&adopting), []);
    bench.apply(&changed, &adopting).await;
    assert!(bench.plan(&changed).await.plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn interrupted_adoption_is_left_to_a_person_by_reconcile_and_named_by_the_next_plan() {
    let (bench, stack) = built().await;
    tag(&bench, "box-3", &THEIRS);
    bench.world().boxes().get_mut("box-3").unwrap().label = "theirs".to_owned();
    edit_state(&bench, |state| state.resources.get_mut(&Address::new("boxes", "c")).unwrap().adopting = true).await;
    let repairs = find_repairs(&bench, &stack, RepairScope::Everything).await;
    assert_eq!(repairs.planned, []);
    assert!(repairs.unfinished && repairs.left[0].reason.contains("interrupted"), "{:?}", repairs.left);
    let drift = bench.drift().await;
    assert!(drift.drifted.is_empty(), "nothing was applied to it: {:?}", drift.drifted);
    assert!(drift.not_compared[0].reason.contains("its adoption was interrupted"), "{:?}", drift.not_compared);
    let planning = bench.plan(&stack).await;
    assert_eq!(planning.plan.changes[0].cause.as_deref(), Some("its adoption was interrupted: it is taken over"));
}

#[tokio::test(start_paused = true)]
async fn edited_state_cannot_delete_a_foreign_resource_as_deposed() {
    let (bench, stack) = built().await;
    let theirs =
        Box { name: "thesis".to_owned(), inside: None, label: String::new(), parts: Vec::new(), tags: Tags::default() };
    bench.world().boxes().insert("box-theirs".to_owned(), theirs.clone());
    edit_state(&bench, |state| {
        let deposed = Deposed {
            kind: "test:box".to_owned(),
            id: "box-theirs".to_owned(),
            spec: serde_json::to_value(&theirs).unwrap(),
            depends_on: Vec::new(),
        };
        state.resources.get_mut(&Address::new("boxes", "a")).unwrap().deposed.push(deposed);
    })
    .await;
    is_only(&refusals(&bench.plan(&stack).await), "boxes.a", "has none of this environment's tags");
    assert!(bench.world().boxes().contains_key("box-theirs"));
}

/// The recorded resource of an address, as its own deposed one.
fn deposed(entry: &Entry) -> Deposed {
    Deposed {
        kind: entry.kind.clone(),
        id: entry.id.clone().unwrap(),
        spec: entry.spec.clone(),
        depends_on: Vec::new(),
    }
}

#[tokio::test(start_paused = true)]
async fn edited_state_cannot_delete_a_resource_as_deposed_by_itself() {
    let (bench, stack) = built().await;
    edit_state(&bench, |state| {
        let entry = state.resources.get_mut(&Address::new("boxes", "c")).unwrap();
        entry.deposed.push(deposed(entry));
    })
    .await;
    is_only(&refusals(&bench.plan(&stack).await), "boxes.c", "as deposed, and boxes.c has it");
}

#[tokio::test(start_paused = true)]
async fn deposed_resource_is_as_protected_as_its_successor() {
    let (bench, stack) = built().await;
    edit_state(&bench, |state| {
        let entry = state.resources.get_mut(&Address::new("boxes", "c")).unwrap();
        entry.protected = true;
        entry.deposed.push(deposed(entry));
        (entry.id, entry.phase) = (None, Phase::Intent);
    })
    .await;
    let planning = bench.plan(&stack).await;
    let refusals = refusals(&planning);
    assert!(
        refusals.iter().any(|(address, said)| *address == "boxes.c" && said.contains("delete the deposed resource")),
        "{refusals:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn recorded_id_that_does_not_fit_its_spec_is_refused() {
    let (bench, stack) = built().await;
    edit_state(&bench, |state| {
        state.resources.get_mut(&Address::new("boxes", "a")).unwrap().id = Some("crate-1".to_owned());
    })
    .await;
    is_only(&refusals(&bench.plan(&stack).await), "boxes.a", "the state records crate-1 for it");
}

#[tokio::test(start_paused = true)]
async fn one_resource_at_two_addresses_is_refused_with_the_move_that_helps() {
    let (bench, stack) = built().await;
    edit_state(&bench, |state| {
        let entry: Entry = state.resources.remove(&Address::new("boxes", "c")).unwrap();
        assert_eq!(entry.phase, Phase::Ready);
        state.resources.insert(Address::new("boxes", "moved"), entry);
    })
    .await;
    let planning = bench.plan(&stack).await;
    is_only(&refusals(&planning), "boxes.moved", "stands at boxes.c as well");
    let (from, to) = ("boxes.moved".to_owned(), "boxes.c".to_owned());
    assert_eq!(planning.refusals[0].failure.help, Some(Remedy::MoveRecord { from, to }));
}

#[tokio::test(start_paused = true)]
async fn two_resources_that_match_one_address_are_refused() {
    let (bench, stack) = built().await;
    let copy = bench.world().boxes()["box-3"].clone();
    bench.world().boxes().insert("box-copy".to_owned(), copy);
    edit_state(&bench, |state| drop(state.resources.remove(&Address::new("boxes", "c")))).await;
    is_only(&refusals(&bench.plan(&stack).await), "boxes.c", "several resources have the tags");
}

#[tokio::test(start_paused = true)]
async fn unrecorded_resource_whose_tags_lack_the_lineage_is_taken_over_neither_ready_nor_pending() {
    let (bench, stack) = built().await;
    edit_state(&bench, |state| state.resources.clear()).await;
    let anybodys =
        [("Project", "p"), ("Environment", "dev"), ("ManagedBy", "mlopsctl"), ("mlopsctl:address", "boxes.a")];
    tag(&bench, "box-1", &anybodys);
    let refused = async |words: &str| {
        let planning = bench.plan(&stack).await;
        let refusals = refusals(&planning);
        let said = refusals.iter().find(|(address, _)| *address == "boxes.a").map(|(_, said)| *said);
        assert!(said.is_some_and(|said| said.contains(words) && said.contains("no tags that prove")), "{refusals:?}");
    };
    refused("is not as declared (tags.mlopsctl:lineage)").await;
    bench.world().delay("box-1", Duration::from_secs(3600));
    refused("is still pending").await;
}
