//! Carries out a plan.

mod driver;
mod entries;
mod inputs;
mod recorder;
mod remakes;
mod repeating;

use crate::{
    Action, Applied, Failed, Planning, StopMode, moves::after_moves, order::order, recorded::current_state, run::Run,
    schedule::Schedule,
};
use aws_client::{Failure, FailureKind};
use driver::{Driver, Outputs};
use entries::entries;
pub use inputs::Apply;
use recorder::Recorder;
use remakes::Remakes;
use resource::{Address, KindRegistry};
use state::{Entry, Phase};
use std::{cell::RefCell, collections::HashMap};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

/// Carries a plan out. Records everything through the writer; the caller finishes that.
pub async fn apply(planning: &Planning, with: Apply<'_>) -> Applied {
    let current = current_state(with.state, with.registry, planning.contexts.cloud.place());
    let after = after_moves(with.stack, &current);
    let recorded = planning.intents.applied_to(&after.state);
    let with = Apply { state: &recorded, ..with };
    let order = order(planning, with.stack, with.state, with.registry, with.measured);
    let mut applied = Applied::default();
    if *with.stop.borrow() != StopMode::Go {
        applied.stopped = Some("it was interrupted before it began".to_owned());
        return applied;
    }
    let schedule = match Schedule::new(&order.durations, &order.edges, &order.preferred) {
        Ok(schedule) => schedule,
        Err(cycle) => {
            let step = &order.steps[cycle.0];
            let failure = Failure::new(
                FailureKind::Final,
                "it depends on itself, by way of other resources or of its replacement, so no step can be the first",
            );
            applied.failed.push(Failed::step(step, failure));
            return applied;
        }
    };
    for (address, entry) in
        planning.intents.addresses().filter_map(|address| with.state.resources.get_key_value(address))
    {
        with.writer.record(address, Some(entry.clone()));
    }
    for one in &after.moved {
        with.writer.record(&one.from, None);
    }
    let is_moved = |(address, entry): &(&Address, &Entry)| current.resources.get(*address) != Some(*entry);
    for (address, entry) in after.state.resources.iter().filter(is_moved) {
        with.writer.record(address, Some(entry.clone()));
    }
    let entries = entries(planning, &with);
    for (address, entry) in &entries {
        let vanished =
            entry.phase == Phase::Intent && with.state.resources.get(address).is_some_and(|was| was.id.is_some());
        if vanished {
            with.writer.record(address, None);
        }
        with.writer.record(address, Some(entry.clone()));
    }
    for address in &planning.forgotten {
        with.writer.record(address, None);
    }
    // No change before the state says who makes it, and no create before its intent is durable.
    if !planning.plan.is_empty() {
        with.writer.begin();
    }
    if !with.writer.flush().await {
        applied.stopped = Some("the state could not be written, so nothing was done".to_owned());
        return applied;
    }
    let outputs = planning.known.iter().map(|known| known.outputs.clone()).collect();
    let (announcements, announced) = mpsc::unbounded_channel();
    let run = Run {
        registry: with.registry,
        contexts: &planning.contexts,
        writer: with.writer,
        began: Instant::now(),
        stop: with.stop.clone(),
        events: with.events,
        no_wait: with.no_wait,
        wait_factor: with.wait_factor.max(1),
        made: RefCell::default(),
        remade: RefCell::default(),
    };
    let recorder = Recorder::new(run.began, order.steps.len());
    let driver = Driver {
        planning,
        with: &with,
        run: &run,
        steps: order.steps,
        schedule,
        entries,
        outputs: Outputs(outputs),
        announcements,
        awaited: HashMap::new(),
        remakes: Remakes::default(),
        durations: order.durations,
        recorder,
        paces: HashMap::new(),
        ends: watch::Sender::new(run.began),
    };
    let applied = driver.drive(announced, applied).await;
    Applied { aftermath: aftermath(planning, with.registry, &applied), ..applied }
}

/// Facts about the finished deletions, other than those of deposed resources.
fn aftermath(planning: &Planning, registry: &KindRegistry, applied: &Applied) -> Vec<(Address, String)> {
    let deleted = planning.plan.changes.iter().filter(|change| {
        let is_done = |(address, action): &(Address, Action)| *address == change.address && *action == Action::Delete;
        change.action == Action::Delete && !change.deposed && applied.done.iter().any(is_done)
    });
    let facts = deleted.filter_map(|change| {
        let facts = registry.get(&change.kind).ok()?.after_deletion(&change.spec)?;
        Some((change.address.clone(), facts))
    });
    facts.collect()
}
