//! The work on one resource: create, observe, compare, update, until it is as declared.

mod creating;
mod early;
mod fits;
mod remaking;
mod sent;
mod settling;

use crate::{
    Action, StepPhase,
    clock::Clock,
    failures::{broken, gone},
    pace::Pace,
    retry_budget::StepError,
    run::{Outcome, Run},
};
use aws_client::{Failure, FailureKind};
use fits::fits;
use resource::{Address, Context, IgnoreRules, Reconciler};
use sent::Sent;
use serde_json::Value;
use state::{Deposed, Entry, Needed, Phase};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

/// The result of a create.
struct Creation {
    id: String,
    by: Creator,
}

/// The creator of the resource that a create has led to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Creator {
    /// This step: AWS has just answered.
    Step,
    /// A create whose answer was lost, of this run or of an interrupted one. Its tags prove it.
    LostCreate,
    /// Perhaps anybody.
    Unproven,
}

/// The result of settling a resource.
enum Settled {
    AsDeclared,
    /// It is not there.
    Absent,
    /// See [`resource::Observation::Broken`].
    Broken {
        reason: String,
        transient: bool,
    },
}

/// The resource at the address.
struct Thing<'a> {
    id: &'a str,
    cx: &'a Context,
    /// True if this step created the resource; false if it found that of an earlier run.
    fresh: bool,
    /// True if this step, or an interrupted one, may have created the resource without its tags.
    may_lack_tags: bool,
}

/// Tells the driver that something exists now.
pub(crate) struct CreationNotice {
    pub(crate) step: usize,
    pub(crate) to: mpsc::UnboundedSender<(usize, Value)>,
    pub(crate) awaited: watch::Receiver<bool>,
}

/// The step that brings a live resource to its declared spec.
pub(crate) struct Applying<'a> {
    pub(crate) run: &'a Run<'a>,
    pub(crate) address: Address,
    pub(crate) kind: &'static str,
    pub(crate) action: Action,
    /// The declaration, with everything known.
    pub(crate) spec: Value,
    /// The planned spec, with placeholders.
    pub(crate) planned: Value,
    /// The id of the live resource, if it stays.
    pub(crate) id: Option<String>,
    /// The entry recorded for it, its intent at least.
    pub(crate) entry: Entry,
    /// The declaration last applied to the live resource.
    pub(crate) recorded: Option<Value>,
    /// True if its tags must show that it is ours before it is changed.
    pub(crate) owned: bool,
    /// The ignored fields, whose live values stay.
    pub(crate) ignored: &'a IgnoreRules,
    /// True if an earlier run may have sent a create.
    pub(crate) find_first: bool,
    /// The entry of a resource that existed before and is gone, if there was one.
    pub(crate) vanished: Option<Entry>,
    pub(crate) announce: CreationNotice,
    pub(crate) pace: Pace,
}

impl Applying<'_> {
    /// Returns how the step ended, and its last entry.
    pub(crate) async fn run(mut self) -> (Outcome, Entry) {
        let clock = Clock::new(self.run, &self.address, self.action, self.pace.clone());
        clock.say(StepPhase::Started);
        let outcome: Outcome = self.converge(&clock).await.into();
        clock.end(&outcome);
        (outcome, self.entry)
    }

    async fn converge(&mut self, clock: &Clock<'_>) -> Result<(), StepError> {
        let reconciler = self.run.registry.get(self.kind)?;
        self.keeps_to_the_plan(reconciler)?;
        if let Some(id) = self.id.clone() {
            let cx = self.run.contexts.cx_of(&self.address, &self.entry);
            if self.entry.phase != Phase::Ready {
                // An interrupted run may just have created it.
                self.run.made.borrow_mut().insert(self.address.clone(), Instant::now());
            }
            let may_lack_tags = self.entry.phase == Phase::Identified;
            let may_be_remade = self.entry.unfinished && !self.entry.protected;
            self.record(Phase::Identified, &id);
            let there = Thing { id: &id, cx: &cx, fresh: false, may_lack_tags };
            return match self.settle(reconciler, &there, Sent::default(), clock).await? {
                Settled::AsDeclared => Ok(()),
                Settled::Absent => Err(gone(reconciler, &id).into()),
                Settled::Broken { reason, transient: true } if may_be_remade => {
                    self.clear_broken(reconciler, &id, &format!("failed: {reason}"), clock).await?;
                    self.make(reconciler, clock).await
                }
                Settled::Broken { reason, .. } => Err(broken(reconciler, &id, &reason).into()),
            };
        }
        self.delete_leftovers(reconciler, clock).await?;
        self.make(reconciler, clock).await
    }

    /// Invariant: apply never exceeds the plan. What the plan knew must still be so.
    fn keeps_to_the_plan(&self, reconciler: &dyn Reconciler) -> Result<(), Failure> {
        if fits(&self.planned, &self.spec) {
            return Ok(());
        }
        let diff = reconciler.compare(&self.spec, None, &self.planned);
        let fields: Vec<&str> = diff.changes.iter().map(|change| change.path.as_str()).collect();
        Err(Failure {
            help: Some("run the command again to see the new plan".into()),
            ..Failure::new(FailureKind::Refused, format!("{} is no longer what the plan showed", fields.join(", ")))
        })
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
            self.entry.unfinished = false;
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
        unfinished: false,
        deposed,
    }
}
