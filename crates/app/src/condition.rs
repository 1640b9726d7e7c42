//! The conditions under which a change may apply a plan.

use crate::Error;
use aws_client::{Operation, Remedy};
use engine::{Action, Plan, Repairs};
use state::{Phase, State};

/// A plan that may be applied.
pub enum ApplyCondition {
    /// Any plan that the frontend confirms.
    Confirmed,
    /// Only the plan that was saved.
    SameAs(Plan),
    /// Only a plan that finishes the unfinished steps of this state.
    OnlyFinishes(State),
    /// Only a plan that repairs this drift from the resources of this state.
    OnlyRepairs(Repairs, State),
}

/// A saved or confirmed plan that differs from the current one.
#[derive(Debug)]
pub struct StalePlan {
    /// The plan that was saved or confirmed.
    pub saved: Plan,
    /// The plan of now.
    pub now: Plan,
    /// The difference.
    pub reason: Staleness,
}

/// The reason why a plan is stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staleness {
    /// It is the plan of another environment.
    Environment,
    /// The environment file or the files it ships have changed.
    Inputs,
    /// The state has changed; it has this serial now.
    State(u64),
    /// The cloud has changed.
    Cloud,
}

/// The reason why a saved plan is stale, if the current plan differs. A state that was never written has no lineage to
/// compare. `serial` is the serial of the state before this run fenced the previous lock holder.
pub(crate) fn staleness(saved: &Plan, now: &Plan, serial: u64) -> Option<Staleness> {
    if saved.environment != now.environment || (saved.lineage != now.lineage && now.serial > 0) {
        Some(Staleness::Environment)
    } else if saved.inputs != now.inputs {
        Some(Staleness::Inputs)
    } else if saved.serial != serial {
        Some(Staleness::State(serial))
    } else if saved.changes != now.changes {
        Some(Staleness::Cloud)
    } else {
        None
    }
}

/// Waiting starts nothing: it finishes creations, changes and deletions that are under way.
pub(crate) fn only_finishes(state: &State, plan: &Plan) -> Result<(), Error> {
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
        Some(change) => Err(Error::failed_with(
            format!("there is more to do than to wait: {} {}", change.action.as_str(), change.address),
            Remedy::Several(vec![
                Remedy::perform(Operation::Plan, Some(&plan.environment), "shows it"),
                Remedy::perform(Operation::Up, Some(&plan.environment), "does it"),
            ]),
        )),
    }
}

/// Refuses a repair with a change that is none of the allowed repairs of the drift. The stack that a repair applies
/// is that of the state `found`, so that state must still be the recorded one.
pub(crate) fn only_repairs(repairs: &Repairs, found: &State, now: &State, plan: &Plan) -> Result<(), Error> {
    let changed = |what: &str| {
        Err(Error::failed_with(format!("{what} has changed again meanwhile; nothing was touched"), Remedy::Rerun))
    };
    if found.lineage != now.lineage || found.resources != now.resources {
        return changed("the state");
    }
    let allowed = |change: &engine::PlannedChange| {
        !change.deposed
            && repairs.planned.iter().any(|(address, how)| *address == change.address && *how == change.action)
    };
    match plan.changes.iter().find(|change| !allowed(change)) {
        None => Ok(()),
        Some(change) => changed(change.address.as_str()),
    }
}
