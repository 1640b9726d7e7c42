//! The time that a run waits for a resource that AWS still creates, with the options of `up`.

use crate::boxes::{Bench, Waiting, nested};
use std::time::Duration;

const LABELS: [&str; 3] = ["1", "2", "3"];

/// A cloud in which each new box takes some minutes.
fn slow(minutes: u64) -> Bench {
    let bench = Bench::new();
    *bench.world().slowness.lock().unwrap() = Duration::from_secs(60 * minutes);
    bench
}

#[tokio::test(start_paused = true)]
async fn wait_factor_lengthens_the_time_within_which_a_resource_has_to_be_ready() {
    for (factor, is_done) in [(1, false), (3, true)] {
        let bench = slow(10);
        let stack = nested("outer", LABELS);
        let planning = bench.plan(&stack).await;
        let applied = bench.apply_waiting(&stack, &planning, Waiting { factor, no_wait: false }).await;
        assert_eq!(applied.failed.is_empty(), is_done, "{factor}: {:?}", applied.failed);
        if let [failed, ..] = applied.failed.as_slice() {
            assert!(failed.failure.message.contains("pending"), "{}", failed.failure.message);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn run_without_waiting_leaves_what_nothing_else_needs_and_the_next_run_finishes_it() {
    let bench = slow(3);
    let stack = nested("outer", LABELS);
    let planning = bench.plan(&stack).await;
    let applied = bench.apply_waiting(&stack, &planning, Waiting { factor: 1, no_wait: true }).await;
    assert!(applied.failed.is_empty(), "{:?}", applied.failed);
    let left = bench.plan(&stack).await.plan;
    let addresses: Vec<&str> = left.changes.iter().map(|change| change.address.as_str()).collect();
    // `c` needs `b` to be ready, and `b` only the id of `a`.
    assert_eq!(addresses, ["boxes.a", "boxes.c"]);
    let applied = bench.up(&stack).await;
    assert!(applied.failed.is_empty(), "{:?}", applied.failed);
    assert!(bench.plan(&stack).await.plan.is_empty());
}
