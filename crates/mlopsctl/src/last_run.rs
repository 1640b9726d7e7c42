//! The times of the last `up` of an environment, in a file of the project: for the timeline of `graph`. Nothing else reads
//! them, and nothing is lost without them.

use crate::{output, output::Readers, render::took::took};
use app::{Session, input};
use engine::{Action, Timeline};
use jiff::{SignedDuration, Timestamp};
use report::Bar;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fs, path::PathBuf, time::Duration};

/// The version of the form of the file.
const FORMAT: u64 = 1;

#[derive(Serialize, Deserialize)]
struct LastRun {
    format: u64,
    /// The account and region of the platform: `--local` and AWS have the same addresses.
    account: String,
    region: String,
    /// When the run ended.
    at: Timestamp,
    steps: Vec<Step>,
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
    let run = LastRun {
        format: FORMAT,
        account: place.account.clone(),
        region: place.region.clone(),
        at: Timestamp::now(),
        steps: steps.collect(),
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

/// The timeline of the last run, if there was one on this account and region.
pub(crate) fn timeline(session: &Session) -> Option<report::Timeline> {
    let run: LastRun = serde_json::from_slice(&input::read(&file(session)).ok()?).ok()?;
    let place = session.cloud.place();
    if run.format != FORMAT || (&run.account, &run.region) != (&place.account, &place.region) {
        return None;
    }
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
    session.root.join("state/runs").join(format!("{}.json", session.name))
}

fn milliseconds(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
