//! The work on one resource: create, observe, compare, update, until it is as declared.

mod creating;
mod failures;
mod fits;

pub(crate) use failures::never_settled;

use crate::{
    Action, Event, StepPhase, StopMode,
    clock::Clock,
    ownership,
    patience::{Patience, Unbearable},
    refresh::Workshop,
};
use failures::{beyond_the_plan, does_not_take, gone};
use fits::fits;
use resource::{Address, Cx, Diff, Failure, FailureKind, Observation, Reconciler, Registry, has_unknown};
use serde_json::Value;
use state::{Deposed, Entry, Needed, Phase, Writer};
use std::time::Duration;
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

/// How many rounds of observing and updating may bring nothing new before that is an error.
const FRUITLESS_ROUNDS: usize = 5;
/// How long a resource whose creation just succeeded may stay invisible.
const APPEARS_WITHIN: Duration = Duration::from_secs(120);

/// What all steps of a run share.
pub(crate) struct Run<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) workshop: &'a Workshop,
    pub(crate) writer: &'a Writer,
    pub(crate) began: Instant,
    pub(crate) stop: watch::Receiver<StopMode>,
    pub(crate) events: &'a (dyn Fn(Event) + Send + Sync),
    pub(crate) no_wait: bool,
}

/// How a step ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    Done,
    Failed(Failure),
    /// Not finished, on purpose.
    Left,
}

impl From<Result<(), Unbearable>> for Outcome {
    fn from(result: Result<(), Unbearable>) -> Self {
        match result {
            Ok(()) => Self::Done,
            Err(Unbearable::Failed(failure)) => Self::Failed(failure),
            Err(Unbearable::Stopped) => Self::Left,
        }
    }
}

/// What a create has led to.
struct Made {
    id: String,
    /// Whether it is known to be of this very moment, rather than found.
    now: bool,
}

/// Tells the driver that something exists now.
pub(crate) struct Announce {
    pub(crate) step: usize,
    pub(crate) to: mpsc::UnboundedSender<(usize, Value)>,
    pub(crate) awaited: watch::Receiver<bool>,
}

/// Bringing one declared resource to what it declares.
pub(crate) struct Applying<'a> {
    pub(crate) run: &'a Run<'a>,
    pub(crate) address: Address,
    pub(crate) kind: &'static str,
    pub(crate) action: Action,
    /// The declaration, with everything known.
    pub(crate) spec: Value,
    /// What the plan promised, with placeholders.
    pub(crate) planned: Value,
    /// The id of what is there and stays.
    pub(crate) id: Option<String>,
    /// The entry recorded for it, its intent at least.
    pub(crate) entry: Entry,
    /// The declaration last applied to what is there.
    pub(crate) recorded: Option<Value>,
    /// Whether its tags have to show that it is ours before it is changed.
    pub(crate) owned: bool,
    /// Whether an earlier run may have sent a create.
    pub(crate) find_first: bool,
    /// What was there before and is gone, if there was something.
    pub(crate) vanished: Option<Entry>,
    pub(crate) announce: Announce,
}

impl Applying<'_> {
    pub(crate) async fn run(mut self) -> Outcome {
        let clock = Clock::new(self.run, &self.address, self.action);
        clock.say(StepPhase::Started);
        let outcome: Outcome = self.converge(&clock).await.into();
        clock.end(&outcome);
        outcome
    }

    async fn converge(&mut self, clock: &Clock<'_>) -> Result<(), Unbearable> {
        let reconciler = self.run.registry.get(self.kind)?;
        self.keeps_to_the_plan(reconciler)?;
        let cx = self.run.workshop.cx_of(&self.address, &self.entry);
        let fresh = self.id.is_none();
        let Made { id, now } = match self.id.clone() {
            Some(id) => Made { id, now: false },
            None => {
                self.clear_remnants(reconciler, clock).await?;
                self.create(reconciler, &cx, clock).await?
            }
        };
        if fresh {
            // With everything it was made by, where the intent could only name what did not exist yet.
            self.entry.spec = self.spec.clone();
        }
        self.record(Phase::Identified, &id);
        let cx = if now { cx.just_made() } else { cx };
        if now {
            self.complete(reconciler, &cx, &id).await;
        }
        self.settle(reconciler, &cx, &id, fresh, clock).await
    }

    /// Invariant: apply never exceeds the plan. What the plan knew must still be so.
    fn keeps_to_the_plan(&self, reconciler: &dyn Reconciler) -> Result<(), Failure> {
        if fits(&self.planned, &self.spec) {
            return Ok(());
        }
        let diff = reconciler.compare(&self.spec, None, &self.planned);
        let fields: Vec<&str> = diff.changes.iter().map(|change| change.path.as_str()).collect();
        Err(Failure {
            help: Some("run the command again to see the new plan".to_owned()),
            ..Failure::of(FailureKind::Refused, format!("{} is no longer what the plan showed", fields.join(", ")))
        })
    }

    async fn settle(
        &mut self,
        reconciler: &dyn Reconciler,
        cx: &Cx,
        id: &str,
        fresh: bool,
        clock: &Clock<'_>,
    ) -> Result<(), Unbearable> {
        let mut patience = Patience::new(self.run.stop.clone());
        let mut fruitless = 0;
        let mut last_diff = Diff::default();
        let mut announced = false;
        // As the plan looked: through the declaration last applied, whose settings may have to go. An intent may not
        // have known enough to look through.
        let mut before = self.recorded.clone().filter(|recorded| !has_unknown(recorded));
        loop {
            let observation = match reconciler.observe(before.as_ref().unwrap_or(&self.spec), id, cx).await {
                Ok(observation) => observation,
                Err(failure) => {
                    patience.bear(failure).await?;
                    continue;
                }
            };
            match observation {
                Observation::Absent if fresh && !patience.is_over(APPEARS_WITHIN) => {
                    clock.say(StepPhase::Waiting("it to appear".to_owned()));
                    patience.wait().await?;
                }
                Observation::Absent => return Err(gone(reconciler, id).into()),
                Observation::Broken { reason } => {
                    let failure =
                        Failure::of(FailureKind::Final, format!("the {} does not work: {reason}", reconciler.noun()));
                    let residue = Some(format!("{id} stays as it is; the next run replaces it"));
                    return Err(Failure { residue, ..failure }.into());
                }
                Observation::Settling { status, outputs } => {
                    if let Some(outputs) = outputs {
                        self.announce(outputs, &mut announced);
                    }
                    if patience.is_over(reconciler.deadline()) {
                        return Err(never_settled(reconciler, id, &status).into());
                    }
                    if self.run.no_wait && announced && !*self.announce.awaited.borrow() {
                        return Err(Unbearable::Stopped);
                    }
                    clock.say(StepPhase::Waiting(status));
                    patience.wait().await?;
                }
                Observation::Ready { live, outputs } => {
                    self.announce(outputs, &mut announced);
                    let diff = reconciler.compare(&self.spec, self.recorded.as_ref(), &live);
                    if diff.is_empty() {
                        self.record(Phase::Ready, id);
                        return Ok(());
                    }
                    if let Some(cause) = reconciler.replacement(&self.spec, &live, &diff) {
                        return Err(beyond_the_plan(&cause, fresh, id).into());
                    }
                    fruitless = if diff == last_diff { fruitless + 1 } else { 0 };
                    if fruitless >= FRUITLESS_ROUNDS {
                        return Err(does_not_take(&diff, id).into());
                    }
                    if fruitless > 0 {
                        // Reads may lag behind writes; give them time before writing again.
                        clock.say(StepPhase::Waiting("the change to show".to_owned()));
                        patience.wait().await?;
                    }
                    last_diff = diff.clone();
                    self.is_ours_still(reconciler, id, &live, cx)?;
                    self.update(reconciler, cx, id, &live, &diff, clock).await?;
                    before = None;
                    self.applied(reconciler);
                }
            }
        }
    }

    /// Another owner may have taken its name since the plan was made.
    fn is_ours_still(&self, reconciler: &dyn Reconciler, id: &str, live: &Value, cx: &Cx) -> Result<(), Failure> {
        let recorded = self.recorded.as_ref().unwrap_or(&self.spec);
        match ownership::of_live(reconciler, recorded, live, cx) {
            Some(ownership) if self.owned => ownership::may_be_changed(&ownership, reconciler, id, cx),
            _ => Ok(()),
        }
    }

    async fn update(
        &self,
        reconciler: &dyn Reconciler,
        cx: &Cx,
        id: &str,
        live: &Value,
        diff: &Diff,
        clock: &Clock<'_>,
    ) -> Result<(), Unbearable> {
        let mut patience = Patience::new(self.run.stop.clone());
        loop {
            match reconciler.update(&self.spec, id, live, diff, cx).await {
                Ok(()) => return Ok(()),
                Err(failure) => {
                    clock.waits_for(&failure);
                    let residue = format!("{id} exists and is not finished; the next run goes on with it");
                    patience.bear(Failure { residue: failure.residue.clone().or(Some(residue)), ..failure }).await?;
                }
            }
        }
    }

    /// After an update, the fields that AWS does not give back count as applied.
    fn applied(&mut self, reconciler: &dyn Reconciler) {
        let Some(recorded) = &mut self.recorded else {
            self.recorded = Some(self.spec.clone());
            return;
        };
        for field in reconciler.write_only() {
            if let (Some(fields), Some(value)) = (recorded.as_object_mut(), self.spec.get(field)) {
                fields.insert(field.to_owned(), value.clone());
            }
        }
    }

    fn announce(&mut self, outputs: Value, announced: &mut bool) {
        self.entry.outputs = outputs.clone();
        if !*announced {
            *announced = true;
            // The driver outlives its steps.
            let _ = self.announce.to.send((self.announce.step, outputs));
        }
    }

    fn record(&mut self, phase: Phase, id: &str) {
        self.entry.phase = phase;
        self.entry.id = Some(id.to_owned());
        if phase == Phase::Ready {
            self.entry.spec = self.spec.clone();
            self.entry.adopting = false;
        }
        self.run.writer.record(&self.address, Some(self.entry.clone()));
    }
}

/// An entry for something that is to be created.
pub(crate) fn intent(
    kind: &str,
    spec: &Value,
    depends_on: Vec<Needed>,
    protected: bool,
    deposed: Vec<Deposed>,
) -> Entry {
    Entry {
        kind: kind.to_owned(),
        phase: Phase::Intent,
        token: uuid::Uuid::new_v4().to_string(),
        id: None,
        spec: spec.clone(),
        outputs: Value::Null,
        depends_on,
        protected,
        adopting: false,
        deposed,
    }
}
