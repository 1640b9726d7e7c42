//! Virtual time: minutes pass in milliseconds, and go on from one run to the next.

use aws_smithy_async::time::TimeSource;
use std::time::SystemTime;
use tokio::{
    runtime::Builder,
    time::{Instant, advance},
};

/// Runs `work` on a runtime of its own, whose clock stands at `since` and moves only when everything
/// waits. Whatever the work has spawned ends with it, as with a process. Answers the time at its end.
pub(crate) fn run<T>(since: Instant, work: impl Future<Output = T>) -> (T, Instant) {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime without I/O needs nothing that could be missing");
    runtime.block_on(async {
        advance(since.saturating_duration_since(Instant::now())).await;
        (work.await, Instant::now())
    })
}

/// The SDK's clock, which runs with the runtime's.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    epoch: (Instant, SystemTime),
}

impl Calendar {
    pub(crate) fn starting(at: Instant) -> Self {
        Self { epoch: (at, SystemTime::now()) }
    }
}

impl TimeSource for Calendar {
    fn now(&self) -> SystemTime {
        let (then, date) = self.epoch;
        date + Instant::now().saturating_duration_since(then)
    }
}
