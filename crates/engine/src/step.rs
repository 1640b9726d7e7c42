//! The work on one resource: create, observe, compare, update, until it is as declared.

use crate::{
    Action, Event, StepPhase, StopMode,
    clock::Clock,
    patience::{Patience, SURFACES_WITHIN, Unbearable},
    refresh::{Workshop, find},
    removing::Doomed,
};
use resource::{Address, Cx, Diff, Failure, FailureKind, FieldChange, Observation, Reconciler, Registry, has_unknown};
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

    /// What AWS has left of what somebody else has deleted is in the way sooner or later.
    async fn clear_remnants(&self, reconciler: &dyn Reconciler, clock: &Clock<'_>) -> Result<(), Unbearable> {
        match &self.vanished {
            Some(entry @ Entry { id: Some(id), .. }) if reconciler.remnants() => {
                let cx = self.run.workshop.cx_of(&self.address, entry);
                let doomed = Doomed { spec: &entry.spec, id, cx: &cx, interrupted: false, may_be_left: false };
                self.run.delete(reconciler, doomed, clock).await
            }
            _ => Ok(()),
        }
    }

    async fn create(&self, reconciler: &dyn Reconciler, cx: &Cx, clock: &Clock<'_>) -> Result<Made, Unbearable> {
        // The intents of plain creates are durable since the run began.
        if self.action == Action::Replace && !self.run.writer.flush().await {
            return Err(Unbearable::Stopped);
        }
        let mut patience = Patience::new(self.run.stop.clone());
        // What an earlier run sent, it sent before this run began; what this step sent, just now.
        let mut lost = self.find_first.then_some(self.run.began);
        loop {
            if let Some(sent) = lost
                && let Some(id) = self.surface(sent, reconciler, cx, clock).await?
            {
                return Ok(Made { id, now: false });
            }
            let failure = match reconciler.create(&self.spec, cx).await {
                Ok(id) => return Ok(Made { id, now: true }),
                Err(failure) => failure,
            };
            lost = (failure.kind == FailureKind::Ambiguous).then(Instant::now);
            if failure.kind == FailureKind::Exists {
                return match self.surface(Instant::now(), reconciler, cx, clock).await? {
                    Some(id) => Ok(Made { id, now: false }),
                    None => Err(failure.into()),
                };
            }
            clock.waits_for(&failure);
            patience.bear(failure).await?;
        }
    }

    /// Looks for what a lost create may have made, for as long as AWS may hide it. Looks at least once.
    async fn surface(
        &self,
        sent: Instant,
        reconciler: &dyn Reconciler,
        cx: &Cx,
        clock: &Clock<'_>,
    ) -> Result<Option<String>, Unbearable> {
        let mut patience = Patience::new(self.run.stop.clone());
        loop {
            match find(reconciler, &self.spec, cx).await {
                Ok(Some(id)) => return Ok(Some(id)),
                Ok(None) if sent.elapsed() >= SURFACES_WITHIN => return Ok(None),
                Ok(None) => patience.wait().await?,
                Err(failure) => {
                    clock.waits_for(&failure);
                    patience.bear(failure).await?;
                }
            }
        }
    }

    /// Sends what only an update can set to what was just made, where it is known without looking. Whatever goes
    /// wrong shows when it is looked at.
    async fn complete(&mut self, reconciler: &dyn Reconciler, cx: &Cx, id: &str) {
        let Some(live) = reconciler.as_created(&self.spec) else { return };
        let diff = reconciler.compare(&self.spec, None, &live);
        if diff.is_empty() || reconciler.replacement(&self.spec, &live, &diff).is_some() {
            return;
        }
        match reconciler.update(&self.spec, id, &live, &diff, cx).await {
            Ok(()) => self.applied(reconciler),
            Err(failure) => tracing::debug!(%failure, address = %self.address, "not to be completed without looking"),
        }
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
                    self.update(reconciler, cx, id, &live, &diff, clock).await?;
                    before = None;
                    self.applied(reconciler);
                }
            }
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
        }
        self.run.writer.record(&self.address, Some(self.entry.clone()));
    }
}

/// Whether an actual declaration is the planned one, with placeholders filled in.
fn fits(planned: &Value, actual: &Value) -> bool {
    match (planned, actual) {
        _ if planned == actual => true,
        (Value::Object(planned), Value::Object(actual)) => {
            let keys_fit = planned.keys().all(|key| key.contains(resource::UNKNOWN_OPEN) || actual.contains_key(key));
            keys_fit && actual.iter().all(|(key, actual)| planned.get(key).is_none_or(|planned| fits(planned, actual)))
        }
        (Value::Array(planned_items), Value::Array(actual_items)) if planned_items.len() == actual_items.len() => {
            has_unknown(planned)
                || planned_items.iter().zip(actual_items).all(|(planned, actual)| fits(planned, actual))
        }
        _ => has_unknown(planned),
    }
}

fn gone(reconciler: &dyn Reconciler, id: &str) -> Failure {
    Failure {
        help: Some("somebody may have deleted it meanwhile; run the command again to make it anew".to_owned()),
        ..Failure::of(FailureKind::Final, format!("the {} {id} is not there any more", reconciler.noun()))
    }
}

pub(crate) fn never_settled(reconciler: &dyn Reconciler, id: &str, status: &str) -> Failure {
    let minutes = reconciler.deadline().as_secs() / 60;
    Failure {
        residue: Some(format!("{id} exists and is {status}")),
        help: Some("the next run goes on waiting for it".to_owned()),
        ..Failure::of(FailureKind::Final, format!("the {} was still {status} after {minutes} min", reconciler.noun()))
    }
}

fn beyond_the_plan(cause: &str, fresh: bool, id: &str) -> Failure {
    let message = match fresh {
        true => format!("AWS made it other than declared, and only a replacement would help: {cause}"),
        false => format!("it changed since the plan was made, and only a replacement would help: {cause}"),
    };
    Failure {
        residue: Some(format!("{id} stays as it is")),
        help: Some("run the command again to see the new plan".to_owned()),
        ..Failure::of(FailureKind::Refused, message)
    }
}

fn does_not_take(diff: &Diff, id: &str) -> Failure {
    let show = |change: &FieldChange| format!("{} is {} and should be {}", change.path, change.before, change.after);
    let fields: Vec<String> = diff.changes.iter().map(show).collect();
    Failure {
        residue: Some(format!("{id} exists and works, but not as declared")),
        ..Failure::of(FailureKind::Final, format!("AWS accepted the change, but {}", fields.join("; ")))
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
        deposed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_plan_knew_must_hold_and_what_it_did_not_may_be_anything() {
        let planned =
            json!({"cidr": "10.0.0.0/24", "vpc": "⟦network.vpc.id⟧", "arn": "a:⟦x.y⟧:b", "list": ["⟦q⟧", "k"]});
        assert!(fits(&planned, &json!({"cidr": "10.0.0.0/24", "vpc": "vpc-1", "arn": "a:b:b", "list": ["k", "z"]})));
        assert!(!fits(&planned, &json!({"cidr": "10.0.1.0/24", "vpc": "vpc-1", "arn": "a:b:b", "list": ["k", "z"]})));
    }
}
