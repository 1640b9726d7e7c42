mod driver;
mod entries;
mod remakes;

use crate::{
    Action, Event, Planning, moves::after_moves, order::order, recorded::current_state, schedule::Schedule, step::Run,
};
use driver::{Driver, Outputs, failed};
use entries::entries;
use remakes::Remakes;
use resource::{Address, Failure, FailureKind, Registry, Stack};
use serde_json::Value;
use state::{Entry, Phase, State, Writer};
use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

/// Whether a run goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StopMode {
    /// It does.
    #[default]
    Go,
    /// Nothing new is started; calls under way are finished and recorded.
    Soft,
    /// Calls under way are abandoned; what is known is recorded.
    Hard,
}

/// What [`apply`] works with.
pub struct Apply<'a> {
    /// What is declared.
    pub stack: &'a Stack,
    /// What the plan was made on.
    pub state: &'a State,
    /// The kinds there are.
    pub registry: &'a Registry,
    /// Records what happens. The caller holds the lock.
    pub writer: &'a Writer,
    /// Steps under way at once.
    pub parallelism: usize,
    /// End when nothing more has to be started.
    pub no_wait: bool,
    /// The factor for the time that each resource may take to settle. 1 is the usual time.
    pub wait_factor: u32,
    /// Tells when to stop.
    pub stop: watch::Receiver<StopMode>,
    /// Hears what happens.
    pub events: &'a (dyn Fn(Event) + Send + Sync),
}

/// What a run did.
#[derive(Debug, Default)]
pub struct Applied {
    /// Steps that are done.
    pub done: Vec<(Address, Action)>,
    /// Steps that failed.
    pub failed: Vec<Failed>,
    /// Steps that were not started.
    pub skipped: Vec<Skipped>,
    /// Steps that were left unfinished on purpose: stopped, or not waited for.
    pub left: Vec<(Address, Action)>,
    /// Why the run ended early, if it did.
    pub stopped: Option<String>,
    /// What the platform gives back, as far as it is known.
    pub outputs: BTreeMap<String, Value>,
}

/// A step that failed.
#[derive(Clone, Debug)]
pub struct Failed {
    /// Which resource.
    pub address: Address,
    /// Its kind.
    pub kind: String,
    /// What was attempted.
    pub action: Action,
    /// Why it failed.
    pub failure: Failure,
}

/// A step that was not started.
#[derive(Clone, Debug)]
pub struct Skipped {
    /// Which resource.
    pub address: Address,
    /// What was to be done.
    pub action: Action,
    /// The resource that failed before it; `None` when the run was stopped.
    pub because: Option<Address>,
}

/// Carries a plan out. Records everything through the writer; the caller finishes that.
pub async fn apply(planning: &Planning, with: Apply<'_>) -> Applied {
    let current = current_state(with.state, with.registry, planning.workshop.cloud.place());
    let after = after_moves(with.stack, &current);
    let remembered = planning.made.remembered(&after.state);
    let with = Apply { state: &remembered, ..with };
    let order = order(planning, with.stack, with.state, with.registry);
    let mut applied = Applied::default();
    if *with.stop.borrow() != StopMode::Go {
        applied.stopped = Some("it was interrupted before it began".to_owned());
        return applied;
    }
    let schedule = match Schedule::new(&order.durations, &order.edges, &order.preferred) {
        Ok(schedule) => schedule,
        Err(cycle) => {
            let step = &order.steps[cycle.0];
            let failure =
                Failure::of(FailureKind::Final, "it can neither come before nor after what it is replaced with");
            applied.failed.push(failed(step, failure));
            return applied;
        }
    };
    for (address, entry) in planning.made.addresses().filter_map(|address| with.state.resources.get_key_value(address))
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
        workshop: &planning.workshop,
        writer: with.writer,
        began: Instant::now(),
        stop: with.stop.clone(),
        events: with.events,
        no_wait: with.no_wait,
        wait_factor: with.wait_factor.max(1),
        made: RefCell::default(),
    };
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
        paces: HashMap::new(),
        ends: watch::Sender::new(run.began),
    };
    driver.drive(announced, applied).await
}
