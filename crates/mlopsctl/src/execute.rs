//! From a declared stack to a changed cloud: lock, plan, ask, apply, record, unlock.

use crate::{
    cli::Manner,
    fault::{EXIT_FAILED, Fault},
    memory::{self, Remembered, STATE},
    printer::Printer,
    render::{self, progress::Progress, report},
    session::Session,
    signals::Signals,
};
use engine::{Applied, Apply, Plan, Planning, Purpose, StopMode};
use resource::{Cloud, Stack};
use serde_json::Value;
use state::{State, StateBucket, Writer};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

/// What is to be brought about, and how.
pub(crate) struct Run<'a> {
    pub(crate) session: &'a Session,
    pub(crate) cloud: Arc<Cloud>,
    /// It exists.
    pub(crate) bucket: &'a StateBucket,
    pub(crate) stack: &'a Stack,
    pub(crate) purpose: Purpose,
    /// As others see it on the lock.
    pub(crate) operation: &'static str,
    pub(crate) manner: &'a Manner,
    /// A plan that was looked at before: nothing else may be done.
    pub(crate) saved: Option<Plan>,
    pub(crate) lock_timeout: Duration,
}

/// How it ended.
pub(crate) struct Executed {
    pub(crate) exit: u8,
    pub(crate) outputs: BTreeMap<String, Value>,
}

/// Carries out a run, under the lock. The lock is given back however it ends.
pub(crate) async fn execute(printer: &Printer, run: Run<'_>) -> Result<Executed, Fault> {
    let lock = memory::lock(run.session, run.bucket, run.operation, run.lock_timeout).await?;
    let paint = printer.talk_paint();
    let signals = Signals::listen(move |mode| tell_stop(mode, paint));
    let executed = {
        let lost = async {
            lock.lost().await;
            printer.insist("the lock was taken away: nothing new is started");
            signals.stop();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            executed = locked(printer, &run, &signals) => executed,
            () = lost => Err(interrupted()),
        }
    };
    let released = lock.release().await;
    if let Err(error) = &released {
        printer.insist(&format!("the lock could not be given back and expires within a minute: {error}"));
    }
    executed
}

fn tell_stop(mode: StopMode, paint: crate::paint::Paint) {
    use std::io::Write as _;
    let text = match mode {
        StopMode::Go => return,
        StopMode::Soft => "stopping: what is under way is finished and recorded; again to abandon it",
        StopMode::Hard => "abandoning what is under way; it is found again by the next run",
    };
    // There is nowhere left to complain.
    let _ = writeln!(std::io::stderr(), "{}", paint.yellow(text));
}

fn interrupted() -> Fault {
    Fault::failed("interrupted; nothing was changed")
}

async fn locked(printer: &Printer, run: &Run<'_>, signals: &Signals) -> Result<Executed, Fault> {
    let session = run.session;
    let Remembered { state, version } = memory::read(session, run.bucket).await?;
    let planning = tokio::select! {
        planning = engine::plan(run.stack, &state, &session.registry, &run.cloud, &session.identity, &run.purpose) => planning,
        () = signals.first() => return Err(interrupted()),
    };
    if let Some(saved) = &run.saved {
        holds(saved, &planning.plan, &state)?;
    }
    if !planning.refusals.is_empty() {
        render::failure::refusals(printer, &planning.refusals);
        return Err(Fault::Told(EXIT_FAILED));
    }
    if !planning.plan.is_empty() {
        if !printer.is_json() {
            printer.note(render::plan::plan(&planning.plan, printer.talk_paint()).trim_end());
        }
        tokio::select! {
            agreed = agree(printer, run) => agreed?,
            () = signals.first() => return Err(interrupted()),
        }
    }
    let writer = Writer::start(Arc::new(run.bucket.store()), STATE, state.clone(), version);
    let (applied, elapsed) = apply(printer, run, &planning, &state, &writer, signals).await;
    let (state, written) = writer.finish().await;
    report::end(printer, &applied, &planning.plan, &session.name, run.operation, elapsed);
    if printer.is_json() {
        printer.event(&render::event::summary(&applied, elapsed, &run.cloud))?;
    }
    written?;
    let failed = !applied.failed.is_empty() || applied.stopped.is_some();
    Ok(Executed { exit: if failed { EXIT_FAILED } else { 0 }, outputs: state.outputs })
}

async fn apply(
    printer: &Printer,
    run: &Run<'_>,
    planning: &Planning,
    state: &State,
    writer: &Writer,
    signals: &Signals,
) -> (Applied, Duration) {
    let started = Instant::now();
    let progress = Progress::new(printer, &planning.plan);
    let events = |event| progress.hear(&event);
    let work = engine::apply(
        planning,
        Apply {
            stack: run.stack,
            state,
            registry: &run.session.registry,
            writer,
            parallelism: run.manner.parallelism.into(),
            no_wait: run.manner.no_wait,
            stop: signals.watch(),
            events: &events,
        },
    );
    let applied = tokio::select! {
        applied = work => applied,
        () = progress.keep_drawing() => Applied::default(),
    };
    progress.end();
    (applied, started.elapsed())
}

/// A saved plan is applied as it was seen or not at all.
fn holds(saved: &Plan, fresh: &Plan, state: &State) -> Result<(), Fault> {
    let new = state.serial == 0 && saved.serial == 0;
    let reason = if saved.environment != fresh.environment {
        format!("it is for `{}`", saved.environment)
    } else if saved.lineage != fresh.lineage && !new {
        "it was made on the state of another platform".to_owned()
    } else if saved.serial != fresh.serial {
        format!("the state has changed since: it was at serial {}, and is at {}", saved.serial, fresh.serial)
    } else if saved.inputs != fresh.inputs {
        "the environment file, or a file it ships, has changed since".to_owned()
    } else if saved.changes != fresh.changes {
        "the cloud has changed since, so other changes would be made".to_owned()
    } else {
        return Ok(());
    };
    Err(Fault::failed(format!("the saved plan no longer holds: {reason}; nothing was touched")).help("make a new plan"))
}

async fn agree(printer: &Printer, run: &Run<'_>) -> Result<(), Fault> {
    if run.manner.yes || run.session.local || run.saved.is_some() {
        return Ok(());
    }
    if !printer.can_ask() {
        return Err(Fault::usage("there is nobody to ask; nothing was touched").help("pass `--yes` to go ahead without asking"));
    }
    let name = &run.session.name;
    printer.raw(&format!("{} in {} ({})? Only `yes` is an agreement: ", run.operation, name, run.session.place.account));
    let answer = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line)
    });
    match answer.await {
        Ok(Ok(line)) if line.trim() == "yes" => Ok(()),
        _ => Err(Fault::failed("not agreed; nothing was touched")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(serial: u64) -> (Plan, State) {
        let mut state = State::new("dev", "123456789012", "eu-west-1");
        state.serial = serial;
        let plan = Plan {
            format: engine::PLAN_FORMAT,
            environment: "dev".into(),
            lineage: state.lineage.clone(),
            serial,
            inputs: "a".into(),
            changes: vec![],
            unchanged: 0,
            targets: vec![],
        };
        (plan, state)
    }

    #[test]
    fn a_saved_plan_holds_only_while_nothing_it_was_made_from_changes() {
        let (saved, state) = plan(3);
        assert!(holds(&saved, &saved, &state).is_ok());
        for other in [
            Plan { environment: "prod".into(), ..saved.clone() },
            Plan { lineage: "x".into(), ..saved.clone() },
            Plan { serial: 4, ..saved.clone() },
            Plan { inputs: "b".into(), ..saved.clone() },
        ] {
            assert!(holds(&saved, &other, &state).is_err(), "{other:?}");
        }
    }

    #[test]
    fn a_plan_made_before_there_was_a_state_holds_for_the_first_one() {
        let (saved, _) = plan(0);
        let (fresh, state) = plan(0);
        assert_ne!(saved.lineage, fresh.lineage);
        assert!(holds(&saved, &fresh, &state).is_ok());
    }
}
