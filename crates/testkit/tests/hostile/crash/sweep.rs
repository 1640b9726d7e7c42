//! Every moment of a run, on as many copies of the same cloud.

use aws_config::SdkConfig;
use engine::Applied;
use serde_json::{Map, Value};
use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};
use testkit::{Aws, Kill, Platform};

/// The command of the killed run and of the one after it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Up,
    Destroy,
}

impl Act {
    async fn on(self, platform: &Platform, sdk: &SdkConfig) -> Applied {
        match self {
            Self::Up => platform.up(sdk).await,
            Self::Destroy => platform.destroy(sdk).await,
        }
    }

    /// Does it, and all of it must be done.
    pub(crate) fn done(self, platform: &Platform, aws: &mut Aws) {
        if let Err(why) = self.tried(platform, aws) {
            panic!("{self:?}: {why}");
        }
    }

    fn tried(self, platform: &Platform, aws: &mut Aws) -> Result<(), String> {
        let applied = aws.run(async |sdk| self.on(platform, &sdk).await);
        let failed: Vec<String> =
            applied.failed.iter().map(|failed| format!("{}: {}", failed.address, failed.failure)).collect();
        match failed.is_empty() && applied.stopped.is_none() {
            true => Ok(()),
            false => Err(format!("{failed:#?} {:?}", applied.stopped)),
        }
    }
}

/// Kills the act at every moment on a cloud that begins like `begin`, and does it again.
///
/// Moments between which nothing was changed leave the same cloud: they are one, unless `SWEEP=every`.
pub(crate) fn sweep(platform: &Platform, act: Act, begin: &Aws) {
    let every = std::env::var("SWEEP").is_ok_and(|moments| moments == "every");
    let mut clean = begin.copy();
    act.done(platform, &mut clean);
    let expected = settled(platform, &mut clean);
    let (sender, moments) = mpsc::sync_channel::<(Kill, Aws)>(2);
    let (moments, wrong, count) = (Mutex::new(moments), Mutex::new(Vec::new()), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let next = || moments.lock().unwrap().recv();
                while let Ok((kill, mut left)) = next() {
                    count.fetch_add(1, Ordering::Relaxed);
                    if let Err(why) = recovers(platform, act, &mut left, &expected) {
                        wrong.lock().unwrap().push(format!("{kill:?}: {why}"));
                    }
                }
            });
        }
        let show = move |kill, left| sender.send((kill, left)).expect("the receiver takes every moment");
        begin.copy().watch(every, show, async |sdk| act.on(platform, &sdk).await);
    });
    let (wrong, count) = (wrong.into_inner().unwrap(), count.into_inner());
    assert!(count > 50, "only {count} moments");
    let shown = wrong.iter().take(5).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of {count} moments:\n{shown}", wrong.len());
}

/// Does it on what a killed run has left.
fn recovers(platform: &Platform, act: Act, left: &mut Aws, expected: &Value) -> Result<(), String> {
    // Reading a state asserts that it is valid.
    left.run(async |sdk| platform.state(&sdk).await);
    act.tried(platform, left)?;
    let there = settled(platform, left);
    match there == *expected {
        true => Ok(()),
        false => Err(format!("the cloud is another: {:#?}", differences(expected, &there))),
    }
}

/// The inventory after AWS has removed everything that it removes in its own time, such as Lambda's interfaces.
pub(crate) fn settled(platform: &Platform, aws: &mut Aws) -> Value {
    aws.wait(Duration::from_secs(3600));
    platform.inventory(aws)
}

/// The lines in which two inventories differ.
pub(crate) fn differences(expected: &Value, there: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    compare("", expected, there, &mut lines);
    lines.truncate(20);
    lines
}

fn compare(path: &str, expected: &Value, there: &Value, lines: &mut Vec<String>) {
    match (expected, there) {
        (Value::Object(expected), Value::Object(there)) => {
            let names: BTreeSet<&String> = expected.keys().chain(there.keys()).collect();
            for name in names {
                let of = |members: &Map<String, Value>| members.get(name).cloned().unwrap_or_default();
                compare(&format!("{path}/{name}"), &of(expected), &of(there), lines);
            }
        }
        (Value::Array(expected), Value::Array(there)) => {
            let missing = without(expected, there).map(|item| format!("missing in {path}: {item}"));
            let surplus = without(there, expected).map(|item| format!("surplus in {path}: {item}"));
            lines.extend(missing.chain(surplus));
        }
        _ if expected == there => {}
        _ => lines.push(format!("{path} is {there}, not {expected}")),
    }
}

/// The items of one list that have no counterpart in the other.
fn without<'a>(items: &'a [Value], others: &[Value]) -> impl Iterator<Item = &'a Value> {
    let mut others: Vec<&Value> = others.iter().collect();
    items.iter().filter(move |item| match others.iter().position(|other| other == item) {
        Some(at) => {
            others.swap_remove(at);
            false
        }
        None => true,
    })
}
