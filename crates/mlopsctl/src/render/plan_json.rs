use cost::Summary;
use engine::{Plan, Planning, Refusal};
use resource::Meter;
use serde_json::{Value, json};

/// A plan for a program; the shape is part of the command line's contract.
pub(crate) fn document(planning: &Planning, costs: Summary, meter: &Meter) -> Value {
    let plan: &Plan = &planning.plan;
    json!({"format": 1, "environment": plan.environment, "summary": plan.summary(), "changes": changes(plan),
           "kept": plan.kept, "refusals": refusals(&planning.refusals), "not_looked_for": refusals(&planning.unseen),
           "cost": costs, "api_calls": meter.requests(), "calls": meter.calls()})
}

fn changes(plan: &Plan) -> Value {
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
    changes.collect()
}

/// A saved plan: as [`document`], without what only the making of a plan tells.
pub(crate) fn saved(plan: &Plan) -> Value {
    json!({"format": 1, "environment": plan.environment, "summary": plan.summary(), "changes": changes(plan),
           "kept": plan.kept, "targets": plan.targets})
}

/// The refusals of a plan that was to be applied, a line each.
pub(crate) fn refusal_events(all: &[Refusal]) -> Vec<Value> {
    let mut lines = refusals(all).as_array().cloned().unwrap_or_default();
    lines.iter_mut().for_each(|line| line["event"] = "refusal".into());
    lines
}

fn refusals(refusals: &[Refusal]) -> Value {
    let one = |refusal: &Refusal| {
        json!({"address": refusal.address, "kind": refusal.kind, "reason": refusal.failure.to_string(),
               "help": refusal.failure.help})
    };
    refusals.iter().map(one).collect()
}
