//! What `up`, `destroy`, `wait` and `reconcile` share: plan under the lock, confirm, apply, report.

use super::{
    lost_state,
    refused::{refused, refused_plan},
    stale_plan,
};
use crate::{
    cli::{ChangeArgs, Global},
    end::End,
    printer::{Printer, Style},
    render::{self, page::Form, progress::Progress},
    session::Session,
    signals,
};
use cost::Comparison;
use engine::{Action, Applied, Apply, Claims, Healing, Plan, Planning, Purpose, StopMode};
use resource::{FailureKind, Stack};
use review::{PlanView, Surroundings};
use state::{Ended, Holder, Lock, Phase, State, Version, Writer};
use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::timeout;

/// How long it may take to find out who took the lock.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// More addresses that a saved plan leaves out are counted only.
const MOST_LEFT_OUT: usize = 10;

/// Tells a run to stop.
type Stop = tokio::sync::watch::Receiver<StopMode>;

/// What a plan must be, to be applied.
pub(crate) enum Condition {
    /// Confirmed by whoever sees it.
    Confirmed,
    /// The same as one that was saved.
    SameAs(Plan),
    /// About what this state remembers as unfinished, and nothing else.
    OnlyFinishes(State),
    /// About this drift from the resources of this state, and nothing else.
    OnlyHeals(Healing, State),
}

/// The stack that a command applies.
pub(crate) enum Wanted {
    /// The stack that the environment file declares.
    Declared,
    /// Nothing.
    Nothing,
    /// The stack of the recorded specs, with the digest of the declared stack's inputs.
    Applied(Arc<Stack>, String),
}

/// A confirmed plan, what it is to bring about, and the state it was made on.
struct Prepared {
    stack: Arc<Stack>,
    planning: Planning,
    state: State,
    version: Option<Version>,
}

/// What was done, and what of it is recorded.
struct Outcome {
    applied: Applied,
    ended: Ended,
}

/// A change to a platform.
pub(crate) struct Change<'a> {
    pub(crate) global: &'a Global,
    pub(crate) args: &'a ChangeArgs,
    pub(crate) session: &'a Session,
    pub(crate) wanted: Wanted,
    pub(crate) operation: &'static str,
    pub(crate) targets: Vec<String>,
    /// What is to be taken over.
    pub(crate) claims: Claims,
    pub(crate) no_wait: bool,
    pub(crate) condition: Condition,
    pub(crate) printer: Printer,
}

impl Change<'_> {
    /// Takes the lock, gives it back whatever happens, and reports.
    pub(crate) async fn run(self) -> Result<(), End> {
        self.carry_out(false).await
    }

    /// The same, and removes the state under the same lock, once nothing is left to be recorded in it.
    pub(crate) async fn run_and_remove_state(self) -> Result<(), End> {
        self.carry_out(true).await
    }

    async fn carry_out(self, removes_state: bool) -> Result<(), End> {
        let began = Instant::now();
        let (stop, stopped) = signals::listen(self.printer);
        if !self.can_be_confirmed() {
            // Shows the plan and refuses it, unless the plan has no changes.
            self.prepare(stopped.clone()).await?;
        }
        // The first run has no bucket to keep a lock in, and makes none before the plan is confirmed.
        let first = match self.session.bucket.exists().await? {
            true => None,
            false => Some(self.prepare(stopped.clone()).await?),
        };
        self.make_bucket(stopped.clone()).await?;
        let lock = self.lock(stopped.clone()).await?;
        self.session.guard.obey(lock.tenure());
        let result = {
            let mut work = pin!(self.locked(first, &lock, stopped));
            tokio::select! {
                result = &mut work => result,
                () = lock.lost() => {
                    stop.send_replace(StopMode::Soft);
                    tokio::join!(work, self.say_who_took(&lock)).0
                }
            }
        };
        if removes_state && matches!(&result, Ok(applied) if is_complete(applied)) {
            let removed = self.session.remove_state(lock).await;
            self.report(&result?, began)?;
            self.printer.note(&removed?);
            return Ok(());
        }
        if let Err(error) = lock.release().await {
            self.printer
                .error(&format!("the lock could not be given back: {error}"), Some("it expires within a minute"));
        }
        self.report(&result?, began)
    }

    async fn say_who_took(&self, lock: &Lock) {
        let found = timeout(ANSWERS_WITHIN, Lock::holder_of(&*self.session.store, &self.session.keys.lock)).await;
        let found = found.ok().and_then(Result::ok).flatten();
        self.printer.error(&lost(lock.holder(), found.as_ref()), Some("the state was not overwritten"));
    }

    /// Makes the state bucket. What is begun of it is completed by the next run.
    async fn make_bucket(&self, mut stop: Stop) -> Result<(), End> {
        tokio::select! {
            made = self.session.ensure_bucket_and_state(self.printer) => made,
            _ = stop.wait_for(|mode| *mode != StopMode::Go) => {
                Err(End::failed("stopped; nothing was made but, at most, the bucket for the state"))
            }
        }
    }

    async fn lock(&self, stop: Stop) -> Result<Lock, End> {
        let mut stopped = stop.clone();
        let stops = async move {
            let _ = stopped.wait_for(|mode| *mode != StopMode::Go).await;
        };
        match self.session.lock(self.global, self.operation, stops).await {
            Err(End::Locked(_)) if *stop.borrow() != StopMode::Go => Err(stopped_early()),
            lock => lock,
        }
    }

    /// Whether somebody can be asked, or nobody needs to be.
    fn can_be_confirmed(&self) -> bool {
        self.needs_no_answer() || self.printer.can_ask()
    }

    /// A saved plan was looked at when it was made, what only finishes was confirmed when it began, and what only
    /// heals when it was applied.
    fn needs_no_answer(&self) -> bool {
        self.args.yes || self.global.local || !matches!(self.condition, Condition::Confirmed)
    }

    async fn locked(&self, first: Option<Prepared>, lock: &Lock, stop: Stop) -> Result<Outcome, End> {
        let prepared = match (first, self.session.state().await?) {
            (Some(first), (_, None)) => first,
            (Some(_), (_, Some(_))) => {
                self.printer.note("somebody else was at work on this environment meanwhile; planning anew");
                self.prepare(stop.clone()).await?
            }
            (None, _) => self.prepare(stop.clone()).await?,
        };
        // A bucket that this run created already has the current settings.
        let is_old = prepared.version.is_some() && !prepared.planning.plan.is_empty();
        if is_old && matches!(self.wanted, Wanted::Declared) {
            self.session.renew_bucket(self.printer).await;
        }
        Ok(self.apply(prepared, lock, stop).await)
    }

    /// Everything that changes nothing: plan, show, confirm. Given up as soon as the run is to stop.
    async fn prepare(&self, mut stop: Stop) -> Result<Prepared, End> {
        tokio::select! {
            prepared = self.plan() => prepared,
            _ = stop.wait_for(|mode| *mode != StopMode::Go) => Err(stopped_early()),
        }
    }

    async fn plan(&self) -> Result<Prepared, End> {
        let (state, version) = self.session.state().await?;
        match version {
            Some(_) => {
                self.session.warn_of_later_tool(&state, self.printer);
                self.session.warn_of_bucket(self.printer).await;
            }
            None => lost_state::note_other_projects(self.session, self.printer).await,
        }
        let (stack, inputs) = self.stack(&state).await?;
        if matches!(self.condition, Condition::Confirmed) {
            self.session.knows(&self.targets, &stack, &state)?;
        }
        let purpose = Purpose {
            targets: self.targets.clone(),
            repairs: matches!(self.condition, Condition::OnlyHeals(..)),
            alone: matches!(self.condition, Condition::OnlyHeals(..)),
            unprotect: self.args.unprotect.clone(),
            delete_data: self.args.delete_data,
            keep: !self.args.delete_data,
            looks_only: false,
            claims: self.claims.clone(),
            inputs,
        };
        let session = self.session;
        let planning =
            engine::plan(&stack, &state, &session.registry, &session.cloud, &session.identity, &purpose).await;
        let costs = super::cost::of_plan(session, &state, &planning.plan)?;
        if !planning.refusals.is_empty() {
            if self.printer.json {
                render::plan_json::refusal_events(&planning.refusals).iter().for_each(|line| self.printer.line(line));
            }
            return Err(self.refuse(&planning, &costs));
        }
        match &self.condition {
            Condition::Confirmed => {}
            Condition::SameAs(saved) => {
                let mut saved = saved.clone();
                saved.hide_sensitive(&session.registry);
                stale_plan::refuse(&saved, &planning.plan, session.unfenced(planning.plan.serial))?;
            }
            Condition::OnlyFinishes(state) => only_finishes(state, &planning.plan)?,
            Condition::OnlyHeals(healing, found) => only_heals(healing, found, &state, &planning.plan)?,
        }
        if let Condition::SameAs(saved) = &self.condition {
            self.say_what_is_left_out(saved, &planning);
        }
        if !planning.plan.is_empty() {
            if !self.printer.json {
                if matches!(self.wanted, Wanted::Declared) {
                    session.used_parts().await?.lines().iter().for_each(|line| self.printer.note(line));
                }
                self.show(&self.view(&planning), &costs);
            }
            self.confirm().await?;
        } else if let Some(ignored) = render::ignored::line(&planning.plan.ignored).filter(|_| !self.printer.json) {
            self.printer.note(&ignored);
        }
        Ok(Prepared { stack, planning, state, version })
    }

    /// The stack to apply, and the digest of its inputs.
    async fn stack(&self, state: &State) -> Result<(Arc<Stack>, String), End> {
        let stack = match &self.wanted {
            Wanted::Declared => {
                self.session.refuse_unfit_network(state).await?;
                self.session.refuse_unfit_existing().await?;
                self.session.stack(state).await?
            }
            Wanted::Nothing => {
                self.session.refuse_claimed(state)?;
                self.session.empty_stack()
            }
            Wanted::Applied(stack, inputs) => return Ok((stack.clone(), inputs.clone())),
        };
        let inputs = self.session.inputs(&stack);
        Ok((Arc::new(stack), inputs))
    }

    /// A saved plan may be about some resources only, which whoever applies it cannot see from its name.
    fn say_what_is_left_out(&self, saved: &Plan, planning: &Planning) {
        let left_out: Vec<&str> = planning.left_out.iter().map(|address| address.as_str()).collect();
        let (shown, more) = left_out.split_at(left_out.len().min(MOST_LEFT_OUT));
        let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
        if !left_out.is_empty() {
            self.printer.say(&format!(
                "{} this plan is about {} only and leaves out {} resources: {}{more}",
                self.printer.paint(Style::Yellow, "note:"),
                saved.targets.join(", "),
                left_out.len(),
                shown.join(", "),
            ));
        }
    }

    fn view(&self, planning: &Planning) -> PlanView {
        let surroundings = Surroundings {
            command: format!("mlopsctl {} {}", self.operation, self.session.name),
            names: self.session.names(),
            state_bucket: None,
            locked_by: None,
        };
        PlanView::new(planning, &self.session.registry, surroundings)
    }

    fn show(&self, view: &PlanView, costs: &Comparison) {
        let form = Form::new(false, self.printer.columns());
        self.printer.note(&render::plan_text::page(view, &self.session.names(), Some(costs), self.printer, form));
    }

    /// Shows the plan with all refusals. An incomplete plan, or one without a reader, is refused without being shown.
    fn refuse(&self, planning: &Planning, costs: &Comparison) -> End {
        let is_whole = planning.refusals.iter().all(|refusal| refusal.failure.kind == FailureKind::Refused);
        if !is_whole || self.printer.json || self.printer.quiet || planning.plan.is_empty() {
            return refused(&planning.refusals, self.printer);
        }
        let view = self.view(planning);
        self.show(&view, costs);
        refused_plan(&view, self.printer)
    }

    async fn confirm(&self) -> Result<(), End> {
        if self.needs_no_answer() {
            return Ok(());
        }
        if !self.can_be_confirmed() {
            return Err(End::unconfirmed());
        }
        let what = if self.operation == "destroy" { "Destroy" } else { "Apply this to" };
        match self.printer.ask(&format!("{what} {}? [y/N]", self.session.name)).await {
            true => Ok(()),
            false => Err(End::failed("nothing was done")),
        }
    }

    async fn apply(&self, prepared: Prepared, lock: &Lock, stop: Stop) -> Outcome {
        let Prepared { stack, planning, state, version } = prepared;
        let session = self.session;
        let registry = blueprint::registry();
        let writer = Writer::under(lock, session.store.clone(), &session.keys.state, state.clone(), version)
            .sealing(move |entry| entry.seal_sensitive(&registry));
        let progress = Progress::start(self.printer, planning.plan.changes.len());
        let events = |event| progress.event(&event);
        let applied = engine::apply(
            &planning,
            Apply {
                stack: &stack,
                state: &state,
                registry: &session.registry,
                writer: &writer,
                parallelism: usize::from(self.args.parallelism),
                no_wait: self.no_wait,
                wait_factor: self.args.wait_factor,
                stop,
                events: &events,
            },
        )
        .await;
        progress.finish();
        Outcome { applied, ended: writer.end().await }
    }

    /// Says what was done even where it could not be recorded.
    fn report(&self, outcome: &Outcome, began: Instant) -> Result<(), End> {
        self.session.trace_calls();
        let healing = match &self.condition {
            Condition::OnlyHeals(healing, _) => Some(healing),
            _ => None,
        };
        let Outcome { applied, ended } = outcome;
        let report = render::report::Report {
            applied,
            ended: Some(ended),
            healing,
            registry: &self.session.registry,
            meter: &self.session.meter,
            elapsed: began.elapsed(),
        };
        match self.printer.json {
            true => self.printer.line(&report.summary()),
            false => report.say(self.printer),
        }
        if is_complete(outcome) { Ok(()) } else { Err(End::Said) }
    }
}

/// Whether everything that was planned was done, and recorded.
fn is_complete(Outcome { applied, ended }: &Outcome) -> bool {
    applied.failed.is_empty() && applied.stopped.is_none() && ended.result.is_ok()
}

/// Says who took the lock away, as far as it tells.
fn lost(own: &Holder, found: Option<&Holder>) -> String {
    match found {
        None => "somebody took the lock over, or deleted it; stopping".to_owned(),
        Some(Holder { removed: Some(removed), id, .. }) if *id == own.id => {
            format!("{} removed the lock; stopping", removed.by)
        }
        Some(holder) => format!("somebody took the lock over: {holder}; stopping"),
    }
}

fn stopped_early() -> End {
    End::failed("stopped; nothing was done")
}

/// Waiting starts nothing: it finishes creations, changes and deletions that are under way.
fn only_finishes(state: &State, plan: &Plan) -> Result<(), End> {
    let more = plan.changes.iter().find(|change| {
        let phase = state.resources.get(&change.address).map(|entry| entry.phase);
        let finishes = matches!(
            (phase, change.action),
            (Some(Phase::Identified), Action::Update) | (Some(Phase::Deleting), Action::Delete)
        );
        !finishes && !change.deposed
    });
    match more {
        None => Ok(()),
        Some(change) => Err(End::failed_with(
            format!("there is more to do than to wait: {} {}", change.action.as_str(), change.address),
            format!("look at it with `mlopsctl plan {0}`; `mlopsctl up {0}` does it", plan.environment),
        )),
    }
}

/// Healing changes nothing but what was found to have drifted, in the way that was allowed. The stack it applies is
/// that of the state `found`, so that state must still be the one recorded.
fn only_heals(healing: &Healing, found: &State, now: &State, plan: &Plan) -> Result<(), End> {
    let changed = |what: &str| {
        Err(End::failed_with(
            format!("{what} has changed again meanwhile; nothing was touched"),
            "run the command again",
        ))
    };
    if found.lineage != now.lineage || found.resources != now.resources {
        return changed("the state");
    }
    let allowed = |change: &engine::Change| {
        !change.deposed
            && healing.heals.iter().any(|(address, how)| *address == change.address && *how == change.action)
    };
    match plan.changes.iter().find(|change| !allowed(change)) {
        None => Ok(()),
        Some(change) => changed(change.address.as_str()),
    }
}
