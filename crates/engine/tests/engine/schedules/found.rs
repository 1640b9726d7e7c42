//! The schedules that random search has found, each as small as possible and at every moment.

use super::{
    cloud::Weather,
    process::{Account, identity},
    thing::{Outputs, Thing},
};
use fastrand::Rng;
use resource::{Handle, Stack, Tags};

/// Ways in which chance may have it.
const SEEDS: u64 = 4;
/// More calls than a run of two things makes.
const CALLS: u32 = 30;

fn stack(build: impl FnOnce(&mut Stack)) -> Stack {
    let mut stack = Stack::new(identity(), Tags::default());
    build(&mut stack);
    stack
}

fn thing<const NAMED: bool>(name: &str, inside: Option<Outputs>, size: u8) -> Thing<NAMED> {
    let inside = inside.map(|outputs| outputs.id);
    Thing {
        name: name.to_owned(),
        inside,
        uses: vec![],
        size,
        label: "label".into(),
        extra: None,
        tags: Tags::default(),
    }
}

fn outer(stack: &mut Stack, size: u8) -> Handle<Thing<false>> {
    stack.add("things", "outer", (), move |()| thing("outer", None, size))
}

fn inner(stack: &mut Stack, outer: Option<Handle<Thing<false>>>) {
    stack.add("things", "inner", outer, |outer| thing::<false>("inner", outer, 0));
}

/// A run of the one that is killed at some call, and a quiet one of the other.
async fn kill_then_run(one: &Stack, other: &Stack) {
    for seed in 0..SEEDS {
        for call in (1..CALLS).flat_map(|call| [(call, false), (call, true)]) {
            let account = Account::new(Rng::with_seed(seed));
            account.cloud().weather(Weather { kill: Some(call), ..Weather::default() });
            account.run(one, None).await;
            account.cloud().weather(Weather::default());
            account.run(other, None).await.well(&format!("seed {seed}, killed at {call:?}: the run after it"));
            account.has_nothing_to_do(other).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_made_inside_something_and_is_declared_outside_before_anybody_knew_of_it() {
    let inside = stack(|stack| {
        let outer = outer(stack, 0);
        inner(stack, Some(outer));
    });
    let outside = stack(|stack| {
        outer(stack, 0);
        inner(stack, None);
    });
    kill_then_run(&inside, &outside).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_made_inside_something_that_is_replaced_before_anybody_knew_of_it() {
    let nested = |size| {
        stack(|stack| {
            let outer = outer(stack, size);
            inner(stack, Some(outer));
        })
    };
    kill_then_run(&nested(0), &nested(1)).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_made_inside_something_that_is_not_declared_any_more() {
    let nested = stack(|stack| {
        let outer = outer(stack, 0);
        inner(stack, Some(outer));
    });
    kill_then_run(&nested, &stack(|stack| inner(stack, None))).await;
}

#[tokio::test(start_paused = true)]
async fn what_had_a_name_inside_something_and_is_of_another_kind_outside_of_what_takes_its_place() {
    let named = stack(|stack| {
        let outer = stack.add("things", "outer", (), |()| thing::<true>("outer", None, 0));
        stack.add("things", "inner", outer, |outer| thing::<true>("inner", Some(outer), 0));
    });
    let retyped = stack(|stack| {
        let outer = stack.add("things", "outer", (), |()| thing::<true>("outer", None, 1));
        stack.add("things", "inner", outer, |outer| Thing { uses: vec![outer.id], ..thing::<false>("inner", None, 0) });
    });
    kill_then_run(&named, &retyped).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_replaced_and_is_still_there_when_its_successor_is_gone() {
    let assigned = stack(|stack| {
        outer(stack, 0);
    });
    let named = stack(|stack| {
        stack.add("things", "outer", (), |()| thing::<true>("outer", None, 0));
    });
    let nothing = stack(|_| {});
    for seed in 0..SEEDS {
        for (replacing, destroying) in (1..CALLS / 2).flat_map(|at| (1..CALLS / 2).map(move |other| (at, other))) {
            let account = Account::new(Rng::with_seed(seed));
            account.run(&assigned, None).await.well("a run that nothing disturbs");
            account.cloud().weather(Weather { kill: Some((replacing, true)), ..Weather::default() });
            account.run(&named, None).await;
            account.cloud().weather(Weather { kill: Some((destroying, true)), ..Weather::default() });
            account.run(&nothing, None).await;
            account.cloud().weather(Weather::default());
            let killed = format!("seed {seed}, killed at {replacing} and {destroying}");
            account.run(&nothing, None).await.well(&killed);
            assert_eq!(account.cloud().there(), [], "{killed}");
            assert_eq!(account.remembered().await, [""; 0], "{killed}");
        }
    }
}
