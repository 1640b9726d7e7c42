//! Random schedules: whatever is edited, goes wrong, is killed and completes in whatever order, the last run
//! leaves exactly what is declared, and a destruction nothing. What another team made its own on the way is never
//! touched.
//!
//! Every number below follows from the seed. A failure names it, and says how to run that one again.

mod cloud;
mod declared;
mod found;
mod process;
#[path = "../../../../tests/fixture/seeds.rs"]
mod seeds;
mod thing;

use cloud::{Cloud, Weather};
use declared::Declared;
use engine::StopMode;
use fastrand::Rng;
use process::Account;
use std::time::Duration;

/// The number of seeds that are run.
const SCHEDULES: u64 = 10_000;

#[test]
fn whatever_happens_on_the_way_what_is_declared_is_there_in_the_end_and_nothing_else() {
    seeds::each(SCHEDULES, "engine", run);
}

/// The whole schedule of a seed, on a clock of its own.
fn run(seed: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(schedule(Rng::with_seed(seed)));
}

async fn schedule(mut rng: Rng) {
    let account = Account::new(rng.fork());
    let mut declared = Declared::random(&mut rng);
    for _ in 0..rng.u8(1..=4) {
        account.cloud().weather(Weather::random(&mut rng));
        let stop = match rng.u8(0..8) {
            0 => Some((StopMode::Soft, Duration::from_millis(rng.u64(0..60_000)))),
            1 => Some((StopMode::Hard, Duration::from_millis(rng.u64(0..60_000)))),
            _ => None,
        };
        if rng.u8(0..4) == 0 {
            account.cloud().invade();
        }
        let up = rng.u8(0..10) > 0;
        let stack = if up { declared.stack() } else { Declared::default().stack() };
        account.run(&stack, stop).await;
        account.cloud().theirs_is_untouched();
        if rng.bool() {
            declared.edit(&mut rng);
        }
        // Another command reads the state some time later, or at once.
        tokio::time::sleep(Duration::from_millis(rng.u64(0..5_000) * rng.u64(0..3))).await;
    }

    account.cloud().weather(Weather::default());
    account.cloud().theirs_goes();
    let stack = declared.stack();
    account.run(&stack, None).await.well("the last run");
    assert_eq!(account.cloud().there(), declared.expected(), "what is there");
    assert_eq!(account.remembered().await, declared.addresses(), "what is remembered");
    account.has_nothing_to_do(&stack).await;

    account.cloud().weather(Weather::random(&mut rng));
    let nothing = Declared::default();
    account.run(&nothing.stack(), None).await;
    account.cloud().theirs_is_untouched();
    account.cloud().theirs_goes();
    account.cloud().weather(Weather::default());
    account.run(&nothing.stack(), None).await.well("the destruction");
    assert_eq!(account.cloud().there(), nothing.expected(), "what is left");
    assert_eq!(account.remembered().await, nothing.addresses(), "what is still remembered");
}

/// The account's cloud, for tests.
impl Account {
    fn cloud(&self) -> std::sync::Arc<Cloud> {
        self.cx().shared::<Cloud>()
    }
}
