//! What `up` and `destroy` share: plan under the lock, confirm, apply, report.

use crate::{
    cli::{ChangeArgs, Global},
    end::End,
    printer::Printer,
    render::{self, progress::Progress},
    session::{STATE, Session},
    signals,
};
use engine::{Applied, Apply, Plan, Planning, Purpose, Refusal, StopMode};
use resource::{FailureKind, Stack};
use state::{State, Version, Writer};
use std::{collections::BTreeMap, time::Instant};

/// A change to a platform.
pub(crate) struct Change<'a> {
    pub(crate) global: &'a Global,
    pub(crate) args: &'a ChangeArgs,
    pub(crate) session: &'a Session,
    /// What is to be there in the end.
    pub(crate) stack: &'a Stack,
    pub(crate) operation: &'static str,
    pub(crate) targets: Vec<String>,
    pub(crate) no_wait: bool,
    /// A plan that must still be right.
    pub(crate) saved: Option<Plan>,
    pub(crate) printer: Printer,
}

impl Change<'_> {
    /// Takes the lock, and gives it back whatever happens.
    pub(crate) async fn run(self) -> Result<(), End> {
        let lock = self.session.lock(self.global, self.operation).await?;
        let (stop, stopped) = signals::listen(self.printer);
        let work = self.locked(stopped);
        tokio::pin!(work);
        let result = tokio::select! {
            result = &mut work => result,
            () = lock.lost() => {
                self.printer.error("somebody took the lock over; stopping", Some("the state was not overwritten"));
                stop.send_replace(StopMode::Soft);
                work.await
            }
        };
        if let Err(error) = lock.release().await {
            self.printer
                .error(&format!("the lock could not be given back: {error}"), Some("it expires within a minute"));
        }
        result
    }

    async fn locked(&self, stop: tokio::sync::watch::Receiver<StopMode>) -> Result<(), End> {
        let began = Instant::now();
        let (state, version) = self.session.state().await?;
        let purpose = Purpose {
            targets: self.targets.clone(),
            unprotect: self.args.unprotect.clone(),
            delete_data: self.args.delete_data,
            inputs: self.session.inputs.clone(),
        };
        let session = self.session;
        let planning =
            engine::plan(self.stack, &state, &session.registry, &session.cloud, &session.identity, &purpose).await;
        if !planning.refusals.is_empty() {
            return Err(refused(&planning.refusals, self.printer));
        }
        if let Some(saved) = &self.saved {
            still_right(saved, &planning.plan)?;
        }
        if !self.printer.json && !planning.plan.is_empty() {
            self.printer.note(&render::plan_text::page(&planning.plan, &session.registry, self.printer));
        }
        self.confirm(&planning)?;
        let applied = self.apply(&planning, state, version, stop).await?;
        self.report(&applied, began)
    }

    fn confirm(&self, planning: &Planning) -> Result<(), End> {
        if planning.plan.is_empty() || self.args.yes || self.global.local {
            return Ok(());
        }
        if !self.printer.can_ask() {
            return Err(End::usage("there is no terminal to confirm this on", "pass --yes to do it without asking"));
        }
        let question = format!(
            "{} {}? [y/N]",
            if self.operation == "destroy" { "Destroy" } else { "Apply this to" },
            self.session.name
        );
        match self.printer.ask(&question) {
            true => Ok(()),
            false => Err(End::failed("nothing was done")),
        }
    }

    async fn apply(
        &self,
        planning: &Planning,
        state: State,
        version: Option<Version>,
        stop: tokio::sync::watch::Receiver<StopMode>,
    ) -> Result<Applied, End> {
        let session = self.session;
        let writer = Writer::start(session.store.clone(), STATE, state.clone(), version);
        let progress = Progress::start(self.printer, planning.plan.changes.len());
        let events = |event| progress.event(&event);
        let applied = engine::apply(
            planning,
            Apply {
                stack: self.stack,
                state: &state,
                registry: &session.registry,
                writer: &writer,
                parallelism: usize::from(self.args.parallelism),
                no_wait: self.no_wait,
                stop,
                events: &events,
            },
        )
        .await;
        progress.finish();
        let (_, written) = writer.finish().await;
        written?;
        Ok(applied)
    }

    fn report(&self, applied: &Applied, began: Instant) -> Result<(), End> {
        let calls: BTreeMap<String, u64> = self.session.cloud.calls();
        let report = render::report::Report {
            applied,
            registry: &self.session.registry,
            calls: &calls,
            elapsed: began.elapsed(),
        };
        match self.printer.json {
            true => self.printer.data(&report.summary().to_string()),
            false => report.say(self.printer),
        }
        let well = applied.failed.is_empty() && applied.stopped.is_none();
        if well { Ok(()) } else { Err(End::Said) }
    }
}

/// Says all that stands in the way of a plan.
pub(crate) fn refused(refusals: &[Refusal], printer: Printer) -> End {
    for refusal in refusals {
        printer.error(
            &format!("{} ({}): {}", refusal.address, refusal.kind, refusal.failure),
            refusal.failure.help.as_deref(),
        );
    }
    let denied = refusals.iter().all(|refusal| refusal.failure.kind == FailureKind::Refused);
    let what = if denied { "refused" } else { "no plan could be made" };
    End::failed(format!("{what}; nothing was touched"))
}

/// A saved plan is applied only if the same plan would be made now.
fn still_right(saved: &Plan, now: &Plan) -> Result<(), End> {
    let moved = if saved.format > engine::PLAN_FORMAT {
        "it was made by a newer mlopsctl"
    } else if saved.environment != now.environment || saved.lineage != now.lineage {
        "it is of another environment"
    } else if saved.inputs != now.inputs {
        "the environment file or the files it ships have changed"
    } else if saved.serial != now.serial {
        "the state has changed"
    } else if saved.changes != now.changes {
        "the cloud has changed"
    } else {
        return Ok(());
    };
    Err(End::failed_with(
        format!("the saved plan is no longer right: {moved}; nothing was touched"),
        "make a new one with `mlopsctl plan`",
    ))
}
