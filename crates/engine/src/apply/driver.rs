//! Starts steps as the schedule allows, and hears how they end.

use super::{inputs::Apply, recorder::Recorder, remakes::Remakes};
use crate::{
    Action, Applied, Planning, Skipped, StopMode,
    order::{Removal, Step, Work},
    pace::Pace,
    removing::Removing,
    run::{Outcome, Run},
    schedule::{Progress, Schedule},
    step::{Applying, CreationNotice, intent},
};
use aws_client::{Failure, FailureKind, Result};
use futures::{StreamExt, future::LocalBoxFuture, stream::FuturesUnordered};
use resource::{Address, Lookup};
use serde_json::Value;
use state::{Deposed, Entry, Needed, Phase};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

/// Real outputs, where they are known.
pub(super) struct Outputs(pub(super) Vec<Option<Value>>);

impl Lookup for Outputs {
    fn outputs(&self, node: usize) -> Result<Value> {
        let missing = || Failure::new(FailureKind::Final, "something it needs does not exist yet");
        self.0.get(node).cloned().flatten().ok_or_else(missing)
    }
}

/// A step that has ended, with its last entry.
struct Ended {
    step: usize,
    outcome: Outcome,
    entry: Option<Entry>,
}

pub(super) struct Driver<'a> {
    pub(super) planning: &'a Planning,
    pub(super) with: &'a Apply<'a>,
    pub(super) run: &'a Run<'a>,
    pub(super) steps: Vec<Step>,
    pub(super) schedule: Schedule,
    pub(super) entries: BTreeMap<Address, Entry>,
    pub(super) outputs: Outputs,
    pub(super) announcements: mpsc::UnboundedSender<(usize, Value)>,
    pub(super) awaited: HashMap<usize, watch::Sender<bool>>,
    pub(super) remakes: Remakes,
    pub(super) recorder: Recorder,
    /// The expected duration of each step, and the pace of the running steps.
    pub(super) durations: Vec<Duration>,
    pub(super) paces: HashMap<usize, Pace>,
    /// When the run is expected to end.
    pub(super) ends: watch::Sender<Instant>,
}

impl<'a> Driver<'a> {
    pub(super) async fn drive(
        mut self,
        mut announced: mpsc::UnboundedReceiver<(usize, Value)>,
        mut applied: Applied,
    ) -> Applied {
        let mut under_way: FuturesUnordered<LocalBoxFuture<'a, Ended>> = FuturesUnordered::new();
        let mut stop = self.with.stop.clone();
        let mut stopping = false;
        loop {
            while let Ok((step, outputs)) = announced.try_recv() {
                self.exists(step, outputs);
            }
            for step in self.schedule.take_ready(self.with.parallelism.saturating_sub(under_way.len())) {
                under_way.push(self.start(step));
            }
            self.tell_who_is_awaited();
            self.tell_when_it_ends();
            if under_way.is_empty() {
                break;
            }
            tokio::select! {
                Some((step, outputs)) = announced.recv() => self.exists(step, outputs),
                Some(Ended { step, outcome, entry }) = under_way.next() => {
                    // Outputs announced on the way come before the end.
                    while let Ok((step, outputs)) = announced.try_recv() {
                        self.exists(step, outputs);
                    }
                    if let Some(entry) = entry {
                        self.entries.insert(self.steps[step].address.clone(), entry);
                    }
                    self.settle(step, outcome, &mut applied);
                }
                _ = stop.wait_for(|mode| *mode != StopMode::Go), if !stopping => {
                    stopping = true;
                    self.schedule.stop();
                    applied.stopped = Some("it was interrupted".to_owned());
                }
                () = hard(self.with.stop.clone()), if stopping => break,
                () = self.with.writer.failed() => {
                    self.schedule.stop();
                    applied.stopped = Some("the state could not be written".to_owned());
                    break;
                }
            }
        }
        drop(under_way);
        self.fail_held(&mut applied);
        self.report(&mut applied);
        applied
    }

    fn exists(&mut self, step: usize, outputs: Value) {
        if let Work::Apply { node } = self.steps[step].work {
            let is_another = self.remakes.is_another(step, &outputs);
            self.outputs.0[node] = Some(outputs);
            self.schedule.identified(step);
            self.recorder.identified(step);
            if is_another {
                self.repeat_dependants(step);
            }
        }
    }

    fn tell_who_is_awaited(&self) {
        for (step, awaited) in &self.awaited {
            awaited.send_if_modified(|was| std::mem::replace(was, self.schedule.is_awaited(*step)) != *was);
        }
    }

    fn tell_when_it_ends(&self) {
        if let Some(end) = self.paces.values().map(Pace::expected_end).max() {
            self.ends.send_if_modified(|was| std::mem::replace(was, end) != end);
        }
    }

    /// The pace of a step that starts now.
    fn pace(&mut self, step: usize) -> Pace {
        let (typical, weight) = (self.durations[step], self.schedule.weight(step));
        let pace = Pace::new(self.run.began, typical, weight.saturating_sub(typical), self.ends.subscribe());
        self.paces.insert(step, pace.clone());
        pace
    }

    fn settle(&mut self, step: usize, outcome: Outcome, applied: &mut Applied) {
        self.awaited.remove(&step);
        self.paces.remove(&step);
        let takes_place = self.takes_place(step);
        if takes_place && !matches!(outcome, Outcome::Left) {
            self.recorder.ended(step);
        }
        let what = &self.steps[step];
        match outcome {
            Outcome::Done | Outcome::Failed(_) if self.remakes.is_outdated(step) => self.repeat(step),
            Outcome::Done => {
                self.schedule.done(step);
                let is_half = matches!(what.work, Work::Remove { what: Removal::Before | Removal::Deposed, .. })
                    && what.action == Action::Replace;
                let done = (what.address.clone(), what.action);
                let is_told = self.remakes.repeated.contains(&step) && applied.done.contains(&done);
                if takes_place && !is_half && !is_told {
                    applied.done.push(done);
                }
            }
            Outcome::Failed(failure) if self.schedule.rests_on_unfinished(step) => self.remakes.hold(step, failure),
            Outcome::Failed(failure) => self.fail(step, failure, applied),
            Outcome::Left => {
                applied.left.push((what.address.clone(), what.action));
                self.schedule.leave(step);
            }
        }
        self.release_held(applied);
    }

    fn start(&mut self, step: usize) -> LocalBoxFuture<'a, Ended> {
        if !self.takes_place(step) {
            return Box::pin(std::future::ready(Ended { step, outcome: Outcome::Done, entry: None }));
        }
        self.recorder.began(step);
        let (sender, awaited) = watch::channel(true);
        let what = self.steps[step].clone();
        match what.work {
            Work::Apply { node } => {
                self.awaited.insert(step, sender);
                let known = &self.planning.known[node];
                let declared = &self.with.stack.nodes()[node];
                let recorded = self.with.state.resources.get(&what.address);
                let resolved = self.run.contexts.spec(declared, &self.outputs, recorded);
                let (mut spec, planned) = match resolved.and_then(|spec| Ok((spec, self.planned(node, recorded)?))) {
                    Ok(both) => both,
                    Err(failure) => {
                        let outcome = Outcome::Failed(failure);
                        return Box::pin(std::future::ready(Ended { step, outcome, entry: None }));
                    }
                };
                let ignored = self.with.stack.ignored();
                if known.keeps_live {
                    ignored.copy_kept(&what.address, &known.spec, &mut spec);
                }
                // A resource that this run already made is changed in place.
                let made = self.entries.get(&what.address).filter(|_| self.remakes.repeated.contains(&step)).cloned();
                let made = made.filter(|entry| entry.id.is_some());
                let is_made = made.is_some();
                let recorded = if is_made { made.as_ref() } else { recorded };
                let stays = what.action == Action::Update || is_made;
                let known_id = recorded.filter(|_| is_made).and_then(|entry| entry.id.clone());
                let recorded_spec = recorded.filter(|_| stays).map(|entry| entry.spec.clone());
                let entry = match &made {
                    Some(made) => made.clone(),
                    None => self.intent_of(step, node, &spec),
                };
                let work = Applying {
                    run: self.run,
                    address: what.address,
                    kind: declared.kind,
                    action: what.action,
                    planned,
                    id: known_id.or_else(|| known.id.clone().filter(|_| stays)),
                    owned: known.owned,
                    ignored,
                    recorded: recorded_spec,
                    find_first: what.action == Action::Create
                        && recorded.is_some_and(|entry| entry.phase == Phase::Intent),
                    vanished: recorded.filter(|_| what.action == Action::Create && !is_made).cloned(),
                    entry,
                    spec,
                    announce: CreationNotice { step, to: self.announcements.clone(), awaited },
                    pace: self.pace(step),
                };
                Box::pin(async move {
                    let (outcome, entry) = work.run().await;
                    Ended { step, outcome, entry: Some(entry) }
                })
            }
            Work::Remove { id, spec, what: removal } => {
                let entry =
                    self.entries.get(&what.address).or_else(|| self.with.state.resources.get(&what.address)).cloned();
                // As it was recorded before this run: the resource at the address now may be its successor.
                let recorded = self.with.state.resources.get(&what.address);
                let interrupted = recorded.is_some_and(|was| was.id.as_ref() != Some(&id) || was.phase != Phase::Ready);
                let work = Removing {
                    run: self.run,
                    interrupted,
                    intent: self.intent_after(&what.address, removal),
                    pace: self.pace(step),
                    address: what.address,
                    kind: what.kind,
                    action: what.action,
                    id,
                    spec,
                    what: removal,
                    entry,
                };
                Box::pin(async move { Ended { step, outcome: work.run().await, entry: None } })
            }
        }
    }

    /// The entry to start from. For a replacement that creates first, the old one becomes deposed in the
    /// same record that holds the new intent.
    fn intent_of(&mut self, step: usize, node: usize, spec: &Value) -> Entry {
        let address = &self.steps[step].address;
        let mut entry = self
            .entries
            .get(address)
            .cloned()
            .unwrap_or_else(|| intent(self.with.stack.nodes()[node].kind, spec, Vec::new(), false, Vec::new()));
        if self.steps[step].action == Action::Replace && entry.phase != Phase::Intent {
            entry = self.replacement_of(address, node, &entry);
            self.entries.insert(address.clone(), entry.clone());
            self.with.writer.record(address, Some(entry.clone()));
        }
        entry
    }

    fn intent_after(&mut self, address: &Address, removal: Removal) -> Option<Entry> {
        if removal != Removal::Before {
            return None;
        }
        let node = self.with.stack.position(address)?;
        let old = self.entries.get(address)?;
        let fresh = self.fresh_intent(address, node, old.deposed.clone());
        self.entries.insert(address.clone(), fresh.clone());
        Some(fresh)
    }

    fn replacement_of(&self, address: &Address, node: usize, old: &Entry) -> Entry {
        let mut deposed = old.deposed.clone();
        deposed.extend(old.depose());
        self.fresh_intent(address, node, deposed)
    }

    fn fresh_intent(&self, address: &Address, node: usize, deposed: Vec<Deposed>) -> Entry {
        let declared = &self.with.stack.nodes()[node];
        let needed = declared
            .dependencies
            .iter()
            .map(|needed| Needed { address: self.with.stack.nodes()[needed.node].address.clone(), edge: needed.edge });
        let spec = &self.planning.known[node].spec;
        intent(declared.kind, spec, needed.collect(), self.with.stack.protects(address), deposed)
    }

    fn report(self, applied: &mut Applied) {
        applied.timeline = self.recorder.timeline(&self.steps, &self.schedule);
        let left: HashSet<Address> = applied.left.iter().map(|(address, _)| address.clone()).collect();
        let steps = self.steps.iter().enumerate().filter(|(step, _)| self.takes_place(*step));
        for (step, what) in steps {
            let skipped = |because| Skipped { address: what.address.clone(), action: what.action, because };
            match self.schedule.progress(step) {
                Progress::Skipped(because) => {
                    let because = self.steps[because].address.clone();
                    let stopped = left.contains(&because) && applied.stopped.is_some();
                    applied.skipped.push(skipped(Some(because).filter(|_| !stopped)));
                }
                Progress::Waiting => applied.skipped.push(skipped(None)),
                Progress::Running | Progress::Identified => applied.left.push((what.address.clone(), what.action)),
                Progress::Done | Progress::Failed | Progress::Left => {}
            }
        }
        for output in self.with.stack.outputs() {
            if let Ok(value) = output.value(&self.outputs) {
                applied.outputs.insert(output.name.clone(), value);
            }
        }
        self.with.writer.outputs(applied.outputs.clone());
    }
}

async fn hard(mut stop: watch::Receiver<StopMode>) {
    if stop.wait_for(|mode| *mode == StopMode::Hard).await.is_err() {
        std::future::pending().await
    }
}
