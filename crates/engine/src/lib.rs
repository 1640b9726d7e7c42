//! Plans and applies a stack. Knows no AWS service: it drives reconcilers through their contract.
//!
//! # Guarantees
//! - [`plan`] and [`drift`] change nothing, neither in the cloud nor in the state.
//! - [`plan_repairs`] repairs only drift from recorded specs, and applies no declared change.
//! - [`apply`] sends no create before its intent is durable, and nothing that the plan does not contain.
//! - A failure blocks only what depends on it; everything else is finished and recorded.
//!
//! # Assumptions
//! - Reconcilers keep their promises (see [`resource::Resource`]) and the caller holds the state's lock.

mod adoption;
mod applied;
mod applied_stack;
mod apply;
mod clock;
mod drift;
mod event;
mod failures;
mod moves;
mod order;
mod ownership;
mod pace;
mod plan;
mod plan_refresh;
mod planner;
mod planning;
mod recorded;
mod refresh;
mod removing;
mod repair;
mod resolved_intents;
mod retry_budget;
mod run;
mod schedule;
mod step;
mod stop;
mod timeline;

pub use adoption::{Claim, Claims};
pub use applied::{Applied, Failed, Skipped};
pub use applied_stack::applied_stack;
pub use apply::{Apply, apply};
pub use drift::{Drift, DriftChange, Drifted, NotCompared, drift};
pub use event::{Event, StepPhase};
pub use plan::{
    Action, AppliedField, ChangeDrift, DESTROYED, Loss, Moved, OverrideOption, PLAN_FORMAT, Plan, PlannedChange,
    Refusal, RetainedResource, Summary,
};
pub use planner::plan;
pub use planning::{Planning, Purpose};
pub use recorded::current_state;
pub use repair::{RepairInput, RepairScope, Repairs, UnrepairedDrift, plan_repairs};
pub use stop::StopMode;
pub use timeline::{ChainLink, MeasuredTimes, StepTime, Timeline};
