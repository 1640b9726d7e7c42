//! Plans as JSON documents in the form of `state/schemas/plan.schema.json`.

use super::refusal_json::RefusalDocument;
use crate::{remedy, saved_plan::PlanNotes};
use app::UsedParts;
use aws_client::{CallMeter, Calls};
use cost::Summary;
use engine::{Plan, Refusal};
use review::{PlanView, RefusalView};
use serde::Serialize;
use serde_json::Value;

/// A plan as JSON. The form is part of the command line's contract: `state/schemas/plan.schema.json`.
#[derive(Serialize)]
pub(crate) struct Document<'a> {
    #[serde(flatten)]
    view: &'a PlanView,
    refusals: Vec<RefusalDocument>,
    not_looked_for: Vec<RefusalDocument>,
    /// The command that lifts all refusals that a person may lift.
    #[serde(skip_serializing_if = "Option::is_none")]
    way_out: Option<String>,
    #[serde(flatten)]
    rest: Rest<'a>,
}

/// The fields that tell a plan of now from a saved one.
#[derive(Serialize)]
#[serde(untagged)]
enum Rest<'a> {
    Now {
        cost: Summary,
        api_calls: u64,
        calls: Calls,
        uses: &'a UsedParts,
    },
    Saved {
        cost: &'a Value,
        uses: &'a UsedParts,
        targets: &'a [String],
        delete_data: &'a [String],
        unprotect: &'a [String],
    },
}

/// A refusal of a plan that was to be applied.
#[derive(Serialize)]
struct RefusalEvent {
    event: &'static str,
    #[serde(flatten)]
    refusal: RefusalDocument,
}

/// A plan, with the existing resources that the platform uses.
pub(crate) fn document<'a>(view: &'a PlanView, cost: Summary, meter: &CallMeter, uses: &'a UsedParts) -> Document<'a> {
    with_rest(view, Rest::Now { cost, api_calls: meter.requests(), calls: meter.calls(), uses })
}

/// A saved plan: like [`document`], without calls. It has no refusals, because a refused plan is not saved.
pub(crate) fn saved<'a>(view: &'a PlanView, plan: &'a Plan, beside: &'a PlanNotes) -> Document<'a> {
    let Plan { targets, delete_data, unprotect, .. } = plan;
    with_rest(view, Rest::Saved { cost: &beside.cost, uses: &beside.uses, targets, delete_data, unprotect })
}

fn with_rest<'a>(view: &'a PlanView, rest: Rest<'a>) -> Document<'a> {
    let documents = |all: &[RefusalView]| all.iter().map(RefusalDocument::from).collect();
    Document {
        view,
        refusals: documents(&view.refusals),
        not_looked_for: documents(&view.unknown_losses),
        way_out: remedy::way_out(view),
        rest,
    }
}

/// The refusals of a plan that was to be applied, one per line.
pub(crate) fn refusal_events(refusals: &[Refusal]) -> impl Iterator<Item = impl Serialize> {
    refusals.iter().map(|refusal| RefusalEvent { event: "refusal", refusal: refusal.into() })
}
