//! A change to a platform: plan, confirm, lock, apply, record.

mod asking;

use crate::{
    ApplyCondition, Error, PlanToApply, Session, StalePlan, Workspace,
    condition::{only_finishes, only_repairs, staleness},
    costs, lost_state,
};
use cost::Comparison;
use engine::{Applied, Apply, Claims, MeasuredTimes, Plan, Planning, Purpose, Refusal, StopMode};
use resource::Stack;
use review::{PlanView, Surroundings};
use state::{Holder, Lock, State, Version, Writer, WriterEnd};
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, time::timeout};

/// The time limit for reading who took the lock.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// Tells a run to stop.
type Stop = watch::Receiver<StopMode>;

/// The stack that a change applies.
pub enum Wanted<'a> {
    /// The stack that the environment file declares.
    Declared(&'a Session),
    /// No resources: everything that the state records is deleted.
    Nothing(&'a Session),
    /// This stack, with the digest of what it was made from.
    Given(Arc<Stack>, String),
}

impl Wanted<'_> {
    fn session(&self) -> Option<&Session> {
        match self {
            Self::Declared(session) | Self::Nothing(session) => Some(session),
            Self::Given(..) => None,
        }
    }
}

/// The options of a change.
#[derive(Clone, Debug)]
pub struct ChangeOptions {
    /// True if the change asks for no confirmation.
    pub is_confirmed: bool,
    /// Globs of addresses whose data may be deleted; `*` for all.
    pub delete_data: Vec<String>,
    /// Globs of protected addresses that may be deleted or replaced.
    pub unprotect: Vec<String>,
    /// The number of steps that run at once.
    pub parallelism: usize,
    /// The factor by which a step waits longer than usual for slow resources.
    pub wait_factor: u32,
    /// True if the run ends once every creation has started.
    pub no_wait: bool,
    /// True if the state is removed after the last resource.
    pub removes_state: bool,
    /// The durations of steps in earlier runs.
    pub measured: MeasuredTimes,
}

impl ChangeOptions {
    /// The number of steps that run at once, unless the caller chooses another.
    pub const PARALLELISM: u16 = 64;
}

impl Default for ChangeOptions {
    fn default() -> Self {
        Self {
            is_confirmed: false,
            delete_data: Vec::new(),
            unprotect: Vec::new(),
            parallelism: Self::PARALLELISM.into(),
            wait_factor: 1,
            no_wait: false,
            removes_state: false,
            measured: MeasuredTimes::default(),
        }
    }
}

/// The reason why a change was not begun. Nothing was touched.
#[derive(Debug)]
pub enum NotDone {
    /// The plan has refusals.
    Refused(Box<RefusedPlan>),
    /// The saved plan differs from the current one.
    Stale(Box<StalePlan>),
    /// The confirmed plan differs from the current one: something changed before the run had the lock.
    Overtaken(Box<StalePlan>),
    /// Anything else.
    Error(Error),
}

impl<E: Into<Error>> From<E> for NotDone {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// A plan that is refused.
#[derive(Debug)]
pub struct RefusedPlan {
    /// The refusals.
    pub refusals: Vec<Refusal>,
    /// The plan for a reviewer. Its changes are not all of them if some resources could not be observed.
    pub view: PlanView,
    /// The costs before and after the plan.
    pub costs: Comparison,
    /// True if the plan has no changes.
    pub is_empty: bool,
    /// True if every resource was observed.
    pub is_whole: bool,
}

/// The result of a change: the finished steps, and how much of them the state records.
#[derive(Debug)]
pub struct Done {
    /// The finished, failed and skipped steps.
    pub applied: Applied,
    /// The result of the last write of the state.
    pub ended: WriterEnd,
    /// The result of the state's removal, in words, if it was asked for and everything else succeeded.
    pub removed_state: Option<Result<String, Error>>,
}

impl Done {
    /// True if every planned step finished and the state records it.
    pub fn is_complete(&self) -> bool {
        self.applied.failed.is_empty() && self.applied.stopped.is_none() && self.ended.result.is_ok()
    }
}

/// A confirmed plan, the stack it is for, and the state it was made on.
struct Prepared {
    stack: Arc<Stack>,
    planning: Planning,
    state: State,
    version: Option<Version>,
}

/// A change to a platform.
pub struct ChangeRequest<'a> {
    /// The cloud and the state of the platform.
    pub workspace: &'a Workspace,
    /// The stack to apply.
    pub wanted: Wanted<'a>,
    /// The name of the command, such as `up`, for the lock, the history and questions.
    pub operation: &'static str,
    /// Globs of addresses; the change is about these and what they need. Empty for all.
    pub targets: Vec<String>,
    /// The existing resources to adopt.
    pub claims: Claims,
    /// The plans that may be applied.
    pub condition: ApplyCondition,
    /// The options of the change.
    pub options: ChangeOptions,
}

impl ChangeRequest<'_> {
    /// Plans, confirms, takes the lock, applies, and gives the lock back whatever happens.
    ///
    /// A change that asks for a confirmation does not hold the lock meanwhile. It plans again under the lock, and applies
    /// only the plan that was confirmed. All others plan under the lock. The first run of an environment has no bucket to
    /// keep a lock in. It plans and confirms before it makes one.
    ///
    /// Its larger parts are boxed, so that the future fits on the stack of any thread.
    ///
    /// `stop` tells the run to stop; the run sends on it too, when it loses its lock.
    ///
    /// # Errors
    /// When nothing was changed: the plan is refused, not confirmed or stale, the lock is held, or AWS does not answer.
    /// [`Done`] lists later failures.
    pub async fn run(self, stop: watch::Sender<StopMode>) -> Result<Done, NotDone> {
        let stopped = stop.subscribe();
        if !self.can_be_confirmed() {
            // Shows the plan and refuses it, unless the plan has no changes.
            self.prepare(None, stopped.clone()).await?;
        }
        if self.asks() {
            self.await_other_run(stopped.clone()).await?;
        }
        let first = match !self.asks() && self.workspace.bucket.exists().await? {
            true => None,
            false => Some(self.prepare(None, stopped.clone()).await?),
        };
        self.make_bucket(stopped.clone()).await?;
        let lock = self.lock(stopped.clone()).await?;
        self.workspace.guard.install(lock.lease());
        let result = {
            let mut work = Box::pin(self.locked(first, &lock, stopped));
            tokio::select! {
                result = &mut work => result,
                () = lock.lost() => {
                    stop.send_replace(StopMode::Soft);
                    tokio::join!(work, self.say_who_took(&lock)).0
                }
            }
        };
        if self.options.removes_state && result.as_ref().is_ok_and(Done::is_complete) {
            let removed = self.workspace.remove_state(lock).await;
            return result.map(|done| Done { removed_state: Some(removed), ..done });
        }
        if let Err(error) = lock.release().await {
            let what = format!("the lock could not be given back: {error}");
            self.workspace.frontend.error(&what, Some(&"it expires within a minute".into()));
        }
        result
    }

    async fn say_who_took(&self, lock: &Lock) {
        let found = timeout(ANSWERS_WITHIN, Lock::holder_of(&*self.workspace.store, &self.workspace.keys.lock)).await;
        let found = found.ok().and_then(Result::ok).flatten();
        self.workspace
            .frontend
            .error(&lost(lock.holder(), found.as_ref()), Some(&"the state was not overwritten".into()));
    }

    /// Makes the state bucket. The next run completes what this run leaves unfinished.
    async fn make_bucket(&self, mut stop: Stop) -> Result<(), Error> {
        tokio::select! {
            made = self.workspace.ensure_bucket_and_state() => made,
            _ = stop.wait_for(|mode| *mode != StopMode::Go) => {
                Err(Error::failed("stopped; nothing was made but, at most, the bucket for the state"))
            }
        }
    }

    async fn lock(&self, stop: Stop) -> Result<Lock, Error> {
        let mut stopped = stop.clone();
        let stops = async move {
            let _ = stopped.wait_for(|mode| *mode != StopMode::Go).await;
        };
        match self.workspace.lock(self.operation, stops).await {
            Err(Error::Locked(_)) if *stop.borrow() != StopMode::Go => Err(stopped_early()),
            lock => lock,
        }
    }

    async fn locked(&self, first: Option<Prepared>, lock: &Lock, stop: Stop) -> Result<Done, NotDone> {
        let prepared = match (first, self.workspace.state().await?) {
            (Some(first), (_, None)) if first.version.is_none() => first,
            (Some(first), _) if self.asks() => self.prepare(Some(&first.planning.plan), stop.clone()).await?,
            (Some(_), _) => {
                let words = "another run was at work on this environment meanwhile; planning anew";
                self.workspace.frontend.note(words);
                self.prepare(None, stop.clone()).await?
            }
            (None, _) => self.prepare(None, stop.clone()).await?,
        };
        // A bucket that this run created already has the current settings. A key that the file names later is no
        // change of a resource, so the plan may be empty.
        let changes = !prepared.planning.plan.is_empty() || self.workspace.bucket.names_key();
        if prepared.version.is_some() && changes && matches!(self.wanted, Wanted::Declared(_)) {
            self.workspace.renew_bucket().await;
        }
        Ok(Box::pin(self.apply(prepared, lock, stop)).await)
    }

    /// Everything that changes nothing: plan, show, confirm. If a plan was confirmed already, only that one is accepted.
    /// Given up as soon as the run is to stop.
    async fn prepare(&self, confirmed: Option<&Plan>, mut stop: Stop) -> Result<Prepared, NotDone> {
        tokio::select! {
            prepared = Box::pin(self.plan(confirmed)) => prepared,
            _ = stop.wait_for(|mode| *mode != StopMode::Go) => Err(stopped_early().into()),
        }
    }

    async fn plan(&self, confirmed: Option<&Plan>) -> Result<Prepared, NotDone> {
        let workspace = self.workspace;
        let (state, version) = workspace.state().await?;
        match (&version, self.wanted.session()) {
            _ if confirmed.is_some() => {}
            (Some(_), _) => {
                workspace.warn_of_later_tool(&state);
                workspace.warn_of_bucket().await;
            }
            (None, Some(session)) => lost_state::note_other_projects(session).await,
            (None, None) => {}
        }
        if let (Wanted::Declared(session), None) = (&self.wanted, confirmed) {
            session.warn_of_unknown_settings();
        }
        let (stack, inputs) = self.stack(&state).await?;
        if matches!(self.condition, ApplyCondition::Confirmed) {
            workspace.refuse_unknown_targets(&self.targets, &stack, &state)?;
        }
        if confirmed.is_none() {
            workspace.warn_of_unmatched(&self.options.unprotect, &stack, &state);
        }
        let purpose = Purpose { lists_losses: self.asks() && confirmed.is_none(), ..self.purpose(inputs) };
        let (registry, cloud) = (&workspace.registry, &workspace.cloud);
        let planning = engine::plan(&stack, &state, registry, cloud, &workspace.identity, &purpose);
        let planning = Box::pin(planning).await;
        let costs = costs::of_plan(workspace, &state, &planning.plan)?;
        if !planning.refusals.is_empty() {
            let (view, is_empty, is_whole) = (self.view(&planning), planning.plan.is_empty(), planning.is_whole());
            let refused = RefusedPlan { refusals: planning.refusals, view, costs, is_empty, is_whole };
            return Err(NotDone::Refused(Box::new(refused)));
        }
        if let Some(confirmed) = confirmed {
            self.refuse_overtaken(confirmed, &planning.plan)?;
            return Ok(Prepared { stack, planning, state, version });
        }
        self.refuse_other_plan(&state, &planning)?;
        if planning.plan.is_empty() {
            workspace.frontend.show_ignored(&planning.plan.ignored);
        } else {
            let (names, uses) = match &self.wanted {
                Wanted::Declared(session) => (session.names(), session.used_parts().await?),
                Wanted::Nothing(_) | Wanted::Given(..) => Default::default(),
            };
            let view = self.view(&planning);
            workspace.frontend.show_plan(&PlanToApply { names: &names, uses: &uses, view: &view, costs: &costs });
            self.confirm(&planning).await?;
        }
        Ok(Prepared { stack, planning, state, version })
    }

    fn purpose(&self, inputs: String) -> Purpose {
        let repairs = matches!(self.condition, ApplyCondition::OnlyRepairs(..));
        Purpose {
            targets: self.targets.clone(),
            repairs,
            alone: repairs,
            unprotect: self.options.unprotect.clone(),
            delete_data: self.options.delete_data.clone(),
            keep: false,
            is_read_only: false,
            lists_losses: false,
            claims: self.claims.clone(),
            inputs,
        }
    }

    /// Refuses a plan that does not meet the condition.
    fn refuse_other_plan(&self, state: &State, planning: &Planning) -> Result<(), NotDone> {
        let workspace = self.workspace;
        match &self.condition {
            ApplyCondition::Confirmed => Ok(()),
            ApplyCondition::SameAs(saved) => {
                let mut saved = saved.clone();
                saved.hide_sensitive(&workspace.registry);
                let now = &planning.plan;
                if let Some(reason) = staleness(&saved, now, workspace.unfenced(now.serial)) {
                    return Err(NotDone::Stale(Box::new(StalePlan { saved, now: now.clone(), reason })));
                }
                workspace.frontend.show_left_out(&saved.targets, &planning.left_out);
                Ok(())
            }
            ApplyCondition::OnlyFinishes(state) => Ok(only_finishes(state, &planning.plan)?),
            ApplyCondition::OnlyRepairs(repairs, found) => Ok(only_repairs(repairs, found, state, &planning.plan)?),
        }
    }

    /// The stack to apply, and the digest of its inputs.
    async fn stack(&self, state: &State) -> Result<(Arc<Stack>, String), Error> {
        let (stack, session) = match &self.wanted {
            Wanted::Declared(session) => {
                session.refuse_unfit_existing(state).await?;
                (session.stack(state).await?, session)
            }
            Wanted::Nothing(session) => {
                session.refuse_claimed(state)?;
                (session.empty_stack(), session)
            }
            Wanted::Given(stack, inputs) => {
                self.workspace.cloud.ship(stack.assets().iter().cloned());
                return Ok((stack.clone(), inputs.clone()));
            }
        };
        let inputs = session.inputs(&stack);
        Ok((Arc::new(stack), inputs))
    }

    fn view(&self, planning: &Planning) -> PlanView {
        let surroundings = Surroundings {
            operation: self.operation.to_owned(),
            names: self.wanted.session().map(Session::names).unwrap_or_default(),
            state_bucket: None,
            locked_by: None,
        };
        PlanView::new(planning, &self.workspace.registry, surroundings)
    }

    async fn apply(&self, prepared: Prepared, lock: &Lock, stop: Stop) -> Done {
        let Prepared { stack, planning, state, version } = prepared;
        let workspace = self.workspace;
        let registry = workspace.registry.clone();
        let writer = Writer::under(lock, workspace.store.clone(), &workspace.keys.state, state.clone(), version)
            .sealing(move |entry| entry.seal_sensitive(&registry));
        workspace.frontend.apply_started(&planning.plan.changes, &self.options.measured);
        let events = |event| workspace.frontend.event(&event);
        let applied = Box::pin(engine::apply(
            &planning,
            Apply {
                stack: &stack,
                state: &state,
                registry: &workspace.registry,
                writer: &writer,
                parallelism: self.options.parallelism,
                no_wait: self.options.no_wait,
                wait_factor: self.options.wait_factor,
                measured: &self.options.measured,
                stop,
                events: &events,
            },
        ))
        .await;
        workspace.frontend.apply_ended();
        Done { applied, ended: writer.end().await, removed_state: None }
    }
}

/// Says who took the lock away, as far as it tells.
fn lost(own: &Holder, found: Option<&Holder>) -> String {
    match found {
        None => "the lock was taken over or deleted; stopping".to_owned(),
        Some(Holder { removed: Some(removed), id, .. }) if *id == own.id => {
            format!("{} removed the lock; stopping", removed.by)
        }
        Some(holder) => format!("the lock was taken over: {holder}; stopping"),
    }
}

fn stopped_early() -> Error {
    Error::failed("stopped; nothing was done")
}
