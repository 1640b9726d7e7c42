//! Repairs drift: puts back what was last applied. Made for a schedule: it asks nothing, and brings no change that the
//! environment file only asks for.

use super::{
    change::{Change, Condition, Wanted},
    lost_state,
    refused::refused,
};
use crate::{
    cli::{ChangeArgs, Global},
    end::End,
    printer::Printer,
    render::report::Report,
    session::Session,
};
use engine::{Applied, Claims, Heal, Healing, Judged, Purpose, applied_stack};
use resource::{Address, Stack};
use state::State;
use std::{sync::Arc, time::Instant};

const OPERATION: &str = "reconcile";

/// What a look at everything found.
struct Found {
    /// The state it was compared with.
    state: State,
    /// The stack that the state records.
    applied: Stack,
    /// A digest of what the declared stack was made from.
    inputs: String,
    healing: Healing,
}

pub(crate) async fn run(global: &Global, environment: Option<&str>, printer: Printer) -> Result<(), End> {
    let began = Instant::now();
    let session = Session::open_to_change(global, environment).await?;
    let mut found = look(&session, printer).await?;
    if found.healing.unfinished {
        // By somebody who is at work just now? Then whoever comes next will see.
        let lock = session.lock(global, OPERATION, std::future::pending()).await?;
        let looked = look(&session, printer).await;
        // It expires by itself if it cannot be given back.
        let _ = lock.release().await;
        found = looked?;
    }
    let Found { state, applied, inputs, healing } = found;
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
            wanted: Wanted::Applied(Arc::new(applied), inputs),
            operation: OPERATION,
            targets,
            claims: Claims::new(),
            no_wait: false,
            condition: Condition::OnlyHeals(healing, state),
            printer,
        };
        change.run().await?;
    }
    if drift_is_left { Err(End::Differences) } else { Ok(()) }
}

/// Looks at everything, without the lock: most of the time there is nothing to heal.
async fn look(session: &Session, printer: Printer) -> Result<Found, End> {
    let (state, stored) = session.state().await?;
    if stored.is_none() {
        lost_state::look(session).await?;
        return Err(End::failed_with(
            format!("{} has not been brought up yet", session.name),
            format!("`mlopsctl up {}` does", session.name),
        ));
    }
    let declared = session.stack(&state).await?;
    let inputs = session.inputs(&declared);
    let purpose = Purpose { keep: true, repairs: true, inputs, ..Purpose::default() };
    let applied = applied_stack(&declared, &state, &session.registry, session.cloud.place());
    let planning = engine::plan(&applied, &state, &session.registry, &session.cloud, &session.identity, &purpose).await;
    let drift = session.drift();
    let heal = match drift.heal {
        config::environment::Heal::Nothing => Heal::Nothing,
        config::environment::Heal::Safely => Heal::Safely,
        config::environment::Heal::Everything => Heal::Everything,
    };
    let judged = Judged {
        planning: &planning,
        applied: &applied,
        declared: &declared,
        state: &state,
        registry: &session.registry,
    };
    let healing = engine::healing(&judged, heal, |address: &Address| session.ignores(address));
    if !healing.failed.is_empty() {
        return Err(refused(&healing.failed, printer));
    }
    let (differences, limit) = (healing.heals.len(), usize::from(drift.too_many));
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
    Ok(Found { state, applied, inputs: purpose.inputs, healing })
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
        true => printer.line(&report.summary()),
        false => report.say(printer),
    }
}
