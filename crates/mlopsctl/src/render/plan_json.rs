//! Plans as JSON documents in the form of `state/schemas/plan.schema.json`.

use crate::saved_plan::Beside;
use aws_client::Meter;
use cost::Summary;
use engine::{Plan, Refusal};
use review::PlanView;
use serde_json::{Value, json};

/// A plan as JSON. The form is part of the command line's contract: `state/schemas/plan.schema.json`.
pub(crate) fn document(view: &PlanView, costs: Summary, meter: &Meter) -> Value {
    let mut document = json!(view);
    document["cost"] = json!(costs);
    document["api_calls"] = json!(meter.requests());
    document["calls"] = json!(meter.calls());
    document
}

/// A saved plan: like [`document`], without calls. It has no refusals, because a refused plan is not saved.
pub(crate) fn saved(view: &PlanView, plan: &Plan, beside: &Beside) -> Value {
    let mut document = json!(view);
    document["targets"] = json!(plan.targets);
    document["delete_data"] = json!(plan.delete_data);
    document["unprotect"] = json!(plan.unprotect);
    document["cost"] = beside.cost.clone();
    document["uses"] = json!(beside.uses);
    document
}

/// The refusals of a plan that was to be applied, one per line.
pub(crate) fn refusal_events(refusals: &[Refusal]) -> Vec<Value> {
    let one = |refusal: &Refusal| {
        json!({"event": "refusal", "address": refusal.address, "kind": refusal.kind,
               "reason": refusal.failure.to_string(), "help": refusal.failure.help})
    };
    refusals.iter().map(one).collect()
}
