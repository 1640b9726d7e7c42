//! Repairs drift: puts back what was last applied. Made for a schedule: it asks nothing, and applies no change that only
//! the environment file asks for.

use crate::{ApplyCondition, ChangeOptions, ChangeRequest, Done, Error, NotDone, Session, Wanted, lost_state};
use aws_client::{Operation, Remedy};
use engine::{Claims, Purpose, Refusal, RepairInput, RepairScope, Repairs, StopMode, applied_stack};
use resource::{Address, Stack};
use state::State;
use std::sync::Arc;
use tokio::sync::watch;

const OPERATION: &str = "reconcile";

/// The drift that a reconciliation found, and the repairs that it made.
#[derive(Debug)]
pub struct Reconciled {
    /// The drift: what is repaired, and what is left to a person.
    pub repairs: Repairs,
    /// The change that repaired it. `None` if nothing had to be repaired.
    pub done: Option<Done>,
}

/// The reason why a reconciliation did not begin. Nothing was touched.
#[derive(Debug)]
pub enum NotReconciled {
    /// Resources could not be observed.
    Unobserved(Vec<Refusal>),
    /// The repair was not begun.
    NotDone(NotDone),
}

impl<E: Into<NotDone>> From<E> for NotReconciled {
    fn from(error: E) -> Self {
        Self::NotDone(error.into())
    }
}

/// The result of a refresh of every resource.
struct Found {
    /// The state that was compared.
    state: State,
    /// The stack that the state records.
    applied: Stack,
    /// The digest of the declared stack's inputs.
    inputs: String,
    repairs: Repairs,
}

/// Repairs the drift of an environment, as far as its `[drift]` settings allow.
///
/// # Errors
/// When nothing was changed: resources cannot be observed, too many have drifted, or another run holds the lock.
pub async fn reconcile(session: &Session, stop: watch::Sender<StopMode>) -> Result<Reconciled, NotReconciled> {
    let mut found = find_drift(session).await?;
    if found.repairs.unfinished {
        // Another run may be at work just now. The next reconciliation sees what it leaves.
        let lock = session.lock(OPERATION, std::future::pending()).await?;
        let again = find_drift(session).await;
        // It expires by itself if it cannot be given back.
        let _ = lock.release().await;
        found = again?;
    }
    let Found { state, applied, inputs, repairs } = found;
    if repairs.planned.is_empty() {
        return Ok(Reconciled { repairs, done: None });
    }
    let change = ChangeRequest {
        workspace: session,
        wanted: Wanted::Given(Arc::new(applied), inputs),
        operation: OPERATION,
        targets: repairs.planned.iter().map(|(address, _)| address.to_string()).collect(),
        claims: Claims::new(),
        condition: ApplyCondition::OnlyRepairs(repairs.clone(), state),
        options: ChangeOptions::default(),
    };
    let done = change.run(stop).await?;
    Ok(Reconciled { repairs, done: Some(done) })
}

/// Observes every resource, without the lock: most of the time there is nothing to repair.
async fn find_drift(session: &Session) -> Result<Found, NotReconciled> {
    let (state, stored) = session.state().await?;
    if stored.is_none() {
        lost_state::refuse_lost_state(session).await?;
        let what = format!("{} has not been brought up yet", session.name);
        return Err(Error::failed_with(what, Remedy::perform(Operation::Up, Some(&session.name), "does")).into());
    }
    let declared = session.stack(&state).await?;
    let inputs = session.inputs(&declared);
    let purpose = Purpose { repairs: true, inputs, ..Purpose::default() };
    let applied = applied_stack(&declared, &state, &session.registry, session.cloud.place());
    let planning = engine::plan(&applied, &state, &session.registry, &session.cloud, &session.identity, &purpose).await;
    let drift = session.drift();
    let scope = match drift.repair {
        config::environment::DriftRepair::Nothing => RepairScope::Nothing,
        config::environment::DriftRepair::Safely => RepairScope::Safely,
        config::environment::DriftRepair::Everything => RepairScope::Everything,
    };
    let judged = RepairInput {
        planning: &planning,
        applied: &applied,
        declared: &declared,
        state: &state,
        registry: &session.registry,
    };
    let repairs = engine::plan_repairs(&judged, scope, |address: &Address| session.ignores(address));
    if !repairs.failed.is_empty() {
        return Err(NotReconciled::Unobserved(repairs.failed));
    }
    let (differences, limit) = (repairs.planned.len(), usize::from(drift.too_many));
    if differences >= limit {
        let error = Error::failed_with(
            format!(
                "{differences} resources have drifted, more than `reconcile` repairs without a person; nothing was touched"
            ),
            Remedy::Several(vec![
                Remedy::perform(Operation::Drift, Some(&session.name), "shows them"),
                Remedy::Either(vec![
                    Remedy::perform(Operation::Up, Some(&session.name), "puts them back"),
                    format!("`too_many` of `[drift]` (now {limit}) can be raised").into(),
                ]),
            ]),
        );
        return Err(error.into());
    }
    Ok(Found { state, applied, inputs: purpose.inputs, repairs })
}
