//! Puts back what others have changed. Made for a schedule: it asks nothing, and does nothing that was not declared.

use super::change::{Change, Condition, refused};
use crate::{
    cli::{ChangeArgs, Global},
    end::End,
    printer::Printer,
    render::report::Report,
    session::Session,
};
use engine::{Applied, Claims, Heal, Healing, Purpose};
use std::time::Instant;

const OPERATION: &str = "reconcile";

pub(crate) async fn run(global: &Global, environment: Option<&str>, printer: Printer) -> Result<(), End> {
    let began = Instant::now();
    let session = Session::open(global, environment).await?;
    let mut healing = look(&session, printer).await?;
    if healing.unfinished {
        // By somebody who is at work just now? Then whoever comes next will see.
        let lock = session.lock(global, OPERATION, std::future::pending()).await?;
        let looked = look(&session, printer).await;
        // It expires by itself if it cannot be given back.
        let _ = lock.release().await;
        healing = looked?;
    }
    let drift_is_left = !healing.left.is_empty();
    if healing.heals.is_empty() {
        say_nothing_was_done(&session, &healing, printer, began);
    } else {
        let args = ChangeArgs::default();
        let targets = healing.heals.iter().map(|(address, _)| address.to_string()).collect();
        let change = Change {
            global,
            args: &args,
            session: &session,
            stack: &session.stack,
            operation: OPERATION,
            targets,
            claims: Claims::new(),
            no_wait: false,
            condition: Condition::OnlyHeals(healing),
            printer,
        };
        change.run().await?;
    }
    if drift_is_left { Err(End::Differences) } else { Ok(()) }
}

/// Looks at everything, without the lock: most of the time there is nothing to heal.
async fn look(session: &Session, printer: Printer) -> Result<Healing, End> {
    let (state, stored) = session.state().await?;
    if stored.is_none() {
        return Err(End::failed_with(
            format!("{} has not been brought up yet", session.name),
            format!("`mlopsctl up {}` does", session.name),
        ));
    }
    let purpose = Purpose { inputs: session.inputs.clone(), ..Purpose::default() };
    let planning =
        engine::plan(&session.stack, &state, &session.registry, &session.cloud, &session.identity, &purpose).await;
    let heal = match session.drift.heal {
        config::environment::Heal::Nothing => Heal::Nothing,
        config::environment::Heal::Safely => Heal::Safely,
        config::environment::Heal::Everything => Heal::Everything,
    };
    let ignored = |address: &resource::Address| session.ignores(address);
    let healing = engine::healing(&planning, &session.stack, &state, &session.registry, heal, ignored);
    if !healing.failed.is_empty() {
        return Err(refused(&healing.failed, printer));
    }
    let (differences, limit) = (healing.heals.len(), usize::from(session.drift.too_many));
    if differences >= limit {
        return Err(End::failed_with(
            format!("{differences} resources are not as they were left, which is hardly a slip; nothing was touched"),
            format!(
                "look at them with `mlopsctl drift {0}`; `mlopsctl up {0}` puts them back, or `too_many` of `[drift]` \
                 (now {limit}) can be raised",
                session.name
            ),
        ));
    }
    Ok(healing)
}

fn say_nothing_was_done(session: &Session, healing: &Healing, printer: Printer, began: Instant) {
    session.trace_calls();
    let applied = Applied::default();
    let report = Report {
        ended: None,
        applied: &applied,
        healing: Some(healing),
        registry: &session.registry,
        meter: &session.meter,
        elapsed: began.elapsed(),
    };
    match printer.json {
        true => printer.data(&report.summary().to_string()),
        false => report.say(printer),
    }
}
