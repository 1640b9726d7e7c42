//! Random schedules of a real platform: dev's file, edited at random and brought up again and again, over AWS's laws,
//! with faults, outages and creations that fail late, killed at any moment, while other teams delete resources and take
//! some over, and people fill it with data. The last run leaves exactly what a run of the same file makes that nothing
//! has disturbed, the plan after it is empty, and a destruction leaves nothing. No run changes what another team has
//! taken over. No run without consent loses data of people or makes it unreadable.
//!
//! Everything follows from the seed. A failure names it, and says how to run that one again.

mod chance;
mod data;
mod edits;
mod history;
mod others;
#[path = "../../../../tests/fixture/seeds.rs"]
mod seeds;

use crate::crash::{differences, settled};
use app::NotDone;
use aws_config::SdkConfig;
use chance::Chance;
use config::Environment;
use data::Data;
use edits::edit;
use engine::{Applied, Refusal};
use history::without_history;
use std::{
    sync::{LazyLock, Mutex},
    time::Duration,
};
use testkit::{Aws, Kill, Platform};

/// The number of seeds that are run.
const SCHEDULES: u64 = 30;
/// Among how many calls one is a run's last: those of a plan, of a small change, of most runs.
const CALLS: [usize; 3] = [150, 400, 1000];
/// The durations of outages.
const OUTAGES: [Duration; 3] = [Duration::from_secs(5), Duration::from_secs(60), Duration::from_secs(600)];
/// The operations that AWS may accept and then fail.
const FAILING: [&str; 3] = ["CreateNatGateway", "CreateDomain", "CreateFeatureGroup"];

#[test]
fn however_dev_is_edited_and_whatever_happens_on_the_way_its_last_file_is_what_there_is() {
    seeds::each(SCHEDULES, "hostile", schedule);
}

/// The whole schedule of a seed.
fn schedule(seed: u64) {
    let mut chance = Chance::new(seed);
    // A separate source of chance, so that a schedule is the same with and without other versions.
    let mut versions = Chance::new(!seed);
    let (mut file, mut data) = (dev(), Data::default());
    file.encryption.kms = chance.one_in(2);
    let mut aws = match chance.one_in(3) {
        true => Aws::brisk(&file.region, chance.number()),
        false => built(file.encryption.kms),
    };
    for _ in 0..=chance.below(3) {
        edited(&mut file, &mut chance);
        let overtakes = versions.one_in(3).then(|| Duration::from_millis(versions.number() % 90_000));
        disturbed(seed, &file, &mut aws, &mut data, overtakes, &mut chance);
        aws.wait(Duration::from_millis(chance.number() % 20_000));
    }
    if chance.one_in(2) {
        edited(&mut file, &mut chance);
    }
    let platform = of(&file);
    data.take_away(&mut aws);
    well(&format!("seed {seed}: the last run"), &mut aws, async |sdk| platform.try_up(&sdk).await);
    let again = aws.run(async |sdk| platform.plan(&sdk).await);
    assert!(again.plan.is_empty() && again.refusals.is_empty(), "seed {seed}: the plan afterwards: {:#?}", again.plan);
    let mut clean = Aws::brisk(&file.region, chance.number());
    well(&format!("seed {seed}: a run of the last file alone"), &mut clean, async |sdk| platform.try_up(&sdk).await);
    let [expected, there] = [&mut clean, &mut aws].map(|aws| without_history(&settled(&platform, aws)));
    let differ = differences(&expected, &there);
    assert!(differ.is_empty(), "seed {seed}: what is there: {differ:#?}");

    data.put(&platform, &mut aws, &mut chance);
    if !data.is_empty() {
        let refused = aws.run(async |sdk| of(&file).keeping_data().try_destroy(&sdk).await);
        assert!(refused.is_err(), "seed {seed}: a destruction without consent: {refused:#?}");
        data.assert_readable(&format!("seed {seed}: a destruction"), &mut aws);
    }
    well(&format!("seed {seed}: the destruction"), &mut aws, async |sdk| platform.try_destroy(&sdk).await);
    aws.wait(Duration::from_secs(3600));
    assert_eq!(platform.left(&aws), Vec::<String>::new(), "seed {seed}: what is left");
}

/// A run that nothing disturbs: it must end well.
#[track_caller]
fn well(what: &str, aws: &mut Aws, run: impl AsyncFnOnce(SdkConfig) -> Result<Applied, Vec<Refusal>>) {
    match aws.run(run) {
        Ok(applied) => assert!(applied.failed.is_empty() && applied.stopped.is_none(), "{what}: {:#?}", applied.failed),
        Err(refusals) => panic!("{what} was refused: {refusals:#?}"),
    }
}

/// A run that may meet faults, may be killed, and may end in any way. `overtakes` is the time until a later version of
/// mlopsctl writes the state.
fn disturbed(
    seed: u64,
    file: &Environment,
    aws: &mut Aws,
    data: &mut Data,
    overtakes: Option<Duration>,
    chance: &mut Chance,
) {
    let consents = chance.one_in(2);
    let platform = if consents { of(file) } else { of(file).keeping_data() };
    if chance.one_in(2) {
        data.put(&platform, aws, chance);
    }
    let taken = if chance.one_in(4) { others::take_over(&platform, aws, chance) } else { None };
    if chance.one_in(2) {
        aws.storm(chance.number(), 20 + chance.number() % 40);
    }
    if chance.one_in(3) {
        let lasting = chance.of(&OUTAGES);
        aws.outage(chance.number(), Duration::from_millis(chance.number() % 30_000), lasting);
    }
    if chance.one_in(3) {
        aws.fail_next(chance.of(&FAILING), 1 + chance.number() % 3);
    }
    let calls = chance.of(&CALLS);
    let at = 1 + chance.below(calls);
    let kill = chance.of(&[None, Some(Kill::Before(at)), Some(Kill::After(at))]);
    let up = !chance.one_in(10);
    let mut later = |one_in| {
        let after = Duration::from_millis(chance.number() % 60_000);
        chance.one_in(one_in).then(|| (after, others::about_one_in(10, chance)))
    };
    let (deletes, fills) = (later(3), later(4));
    let ended = aws.run_until(kill, async |sdk| {
        let run = async {
            match up {
                true => platform.up_amid_faults(&sdk).await,
                false => platform.destroy_amid_faults(&sdk).await,
            }
        };
        let other_team = async {
            let (after, chosen) = deletes?;
            tokio::time::sleep(after).await;
            let is_theirs = |address: &_| taken.as_ref().is_some_and(|taken| taken.has(address));
            let may_go = |address: &_| others::may_be_deleted(address) && chosen(address) && !is_theirs(address);
            platform.delete_behind(may_go, &sdk).await
        };
        let people = async {
            let (after, chosen) = fills?;
            tokio::time::sleep(after).await;
            data.put_into(&platform, chosen, &sdk).await;
            Some(())
        };
        let other_version = async {
            tokio::time::sleep(overtakes?).await;
            Some(platform.overtake(&sdk).await)
        };
        let (ended, deleted, _, overtook) = tokio::join!(run, other_team, people, other_version);
        tell(|| format!("another team deleted {deleted:?}; a later version wrote the state: {overtook:?}"));
        ended
    });
    aws.calm();
    if let Some(Err(not_done)) = &ended {
        assert!(is_an_end(not_done), "seed {seed}: a run that met faults ended with {not_done:#?}");
    }
    tell(|| match ended {
        None => format!("killed: {kill:?}, up: {up}"),
        Some(Err(not_done)) => format!("not begun: {not_done:#?}"),
        Some(Ok(applied)) => format!("up: {up}, done: {}, failed: {:#?}", applied.done.len(), applied.failed),
    });
    match consents {
        true => data.forget_lost(aws),
        false => data.assert_readable(&format!("seed {seed}: a run"), aws),
    }
    if let Some(taken) = taken {
        taken.hand_back(seed, &platform, aws);
    }
    // Reading a state asserts that it is valid.
    aws.run(async |sdk| platform.state(&sdk).await);
}

/// True if a run may end so before it changes anything, while AWS is out of order: its plan is refused, or AWS does not
/// answer in time. The next run goes on.
fn is_an_end(not_done: &NotDone) -> bool {
    matches!(not_done, NotDone::Refused(_) | NotDone::Error(app::Error::Failed { .. }))
}

fn edited(file: &mut Environment, chance: &mut Chance) {
    let edits = edit(file, chance);
    tell(|| format!("edited: {}", edits.join(", ")));
}

/// An AWS in which dev is up, with keys of its own or without.
fn built(kms: bool) -> Aws {
    static BUILT: [LazyLock<Mutex<Aws>>; 2] = [LazyLock::new(|| up(false)), LazyLock::new(|| up(true))];
    fn up(kms: bool) -> Mutex<Aws> {
        let mut file = dev();
        file.encryption.kms = kms;
        let mut aws = Aws::brisk(&file.region, 1);
        well("dev", &mut aws, async |sdk| of(&file).try_up(&sdk).await);
        Mutex::new(aws)
    }
    BUILT[usize::from(kms)].lock().unwrap().copy()
}

fn dev() -> Environment {
    let mut dev = None;
    Platform::with("dev", |file| dev = Some(file.clone()));
    dev.expect("there is a file of dev")
}

fn of(file: &Environment) -> Platform {
    Platform::with("dev", |dev| dev.clone_from(file))
}

/// Says what happens, where one schedule is replayed.
fn tell(what: impl FnOnce() -> String) {
    if seeds::is_replay() {
        eprintln!("{}", what());
    }
}
