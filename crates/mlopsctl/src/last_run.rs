//! The times of the last `up` of an environment, in a file of the project: for the timeline of `graph`, and for the
//! remaining time of the next `up`. Nothing else reads them, and nothing is lost without them.

use crate::{output, output::Readers, render::took::took};
use app::{Session, input};
use engine::{Action, MeasuredTimes, Timeline};
use jiff::{SignedDuration, Timestamp};
use report::Bar;
use resource::Address;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fs, path::PathBuf, time::Duration};

/// The version of the form of the file.
const FORMAT: u64 = 1;

#[derive(Serialize, Deserialize)]
struct LastRun {
    format: u64,
    /// The account and region of the platform: `--local` and AWS have the same addresses, in different times.
    account: String,
    region: String,
    /// When the run ended.
    at: Timestamp,
    steps: Vec<Step>,
    /// The latest steps of earlier runs that the last run did not repeat.
    #[serde(default)]
    earlier: Vec<Step>,
}

#[derive(Serialize, Deserialize)]
struct Step {
    address: String,
    action: Action,
    began_ms: u64,
    ended_ms: u64,
    is_critical: bool,
}

/// Keeps the times of a run. A project that cannot be written to goes without.
pub(crate) fn keep(session: &Session, timeline: &Timeline) {
    if timeline.steps.is_empty() {
        return;
    }
    let chain: BTreeSet<&str> = timeline.longest_chain.iter().map(|link| link.address.as_str()).collect();
    let steps = timeline.steps.iter().map(|step| Step {
        address: step.address.to_string(),
        action: step.action,
        began_ms: milliseconds(step.began),
        ended_ms: milliseconds(step.ended),
        is_critical: chain.contains(step.address.as_str()),
    });
    let place = session.cloud.place();
    let steps: Vec<Step> = steps.collect();
    let repeated: BTreeSet<_> = steps.iter().map(|step| (&step.address, step.action.as_str())).collect();
    let before = read(session).into_iter().flat_map(|run| run.steps.into_iter().chain(run.earlier));
    let earlier = before.filter(|step| !repeated.contains(&(&step.address, step.action.as_str()))).collect();
    let run = LastRun {
        format: FORMAT,
        account: place.account.clone(),
        region: place.region.clone(),
        at: Timestamp::now(),
        steps,
        earlier,
    };
    let file = file(session);
    let written = file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| {
        let text = serde_json::to_string(&run)?;
        output::write(&file, text.as_bytes(), Readers::AsBefore)
    });
    if let Err(error) = written {
        tracing::info!("{}: {error}", file.display());
    }
}

/// The durations of the steps of earlier runs on this account and region.
pub(crate) fn measured(session: &Session) -> MeasuredTimes {
    let steps = read(session).into_iter().flat_map(|run| run.earlier.into_iter().chain(run.steps));
    let times = steps.filter_map(|step| {
        let took = Duration::from_millis(step.ended_ms.saturating_sub(step.began_ms));
        Some((Address::parse(&step.address)?, step.action, took))
    });
    times.collect()
}

/// The last run, if there was one on this account and region.
fn read(session: &Session) -> Option<LastRun> {
    let run: LastRun = serde_json::from_slice(&input::read(&file(session)).ok()?).ok()?;
    let place = session.cloud.place();
    let is_here = run.format == FORMAT && (&run.account, &run.region) == (&place.account, &place.region);
    is_here.then_some(run)
}

/// The timeline of the last run, if there was one on this account and region.
pub(crate) fn timeline(session: &Session) -> Option<report::Timeline> {
    let run = read(session)?;
    let whole = run.steps.iter().map(|step| step.ended_ms).max()?;
    let span = SignedDuration::from_millis(i64::try_from(whole).ok()?);
    let title = format!("up on {}, {} steps in {}", run.at.strftime("%Y-%m-%d %H:%M UTC"), run.steps.len(), took(span));
    let bars = run.steps.into_iter().map(|step| Bar {
        address: step.address,
        began_ms: step.began_ms,
        ended_ms: step.ended_ms,
        is_critical: step.is_critical,
    });
    Some(report::Timeline { title, bars: bars.collect() })
}

fn file(session: &Session) -> PathBuf {
    session.root.join("state/runs").join(format!("{}-{}.json", session.name, session.cloud.place().account))
}

fn milliseconds(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
