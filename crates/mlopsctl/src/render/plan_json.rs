use cost::Summary;
use engine::Plan;
use resource::Meter;
use serde_json::{Value, json};

/// A plan for a program; the shape is part of the command line's contract.
pub(crate) fn document(plan: &Plan, costs: Summary, meter: &Meter) -> Value {
    let changes = plan.changes.iter().map(|change| {
        let fields = change.fields.iter().map(|field| {
            let after = if field.known { field.after.clone() } else { Value::Null };
            let mut shown = json!({"path": field.path, "before": field.before, "after": after, "known": field.known,
                                   "forces_replacement": field.forces_replacement});
            if field.sensitive {
                shown["sensitive"] = true.into();
            }
            shown
        });
        let fields: Vec<Value> = fields.collect();
        json!({"address": change.address, "kind": change.kind, "action": change.action, "id": change.id,
               "cause": change.cause, "fields": fields})
    });
    let changes: Vec<Value> = changes.collect();
    json!({"format": 1, "environment": plan.environment, "summary": plan.summary(), "changes": changes, "kept": plan.kept,
           "cost": costs,
           "api_calls": meter.requests(), "calls": meter.calls()})
}
