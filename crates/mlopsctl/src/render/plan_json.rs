use super::failure::failure_json;
use engine::{Change, PLAN_FORMAT, Plan, Refusal};
use serde_json::{Value, json};

/// `plan --json`.
pub(crate) fn document(plan: &Plan, refusals: &[Refusal]) -> Value {
    let changes: Vec<Value> = plan.changes.iter().map(change).collect();
    let mut document = json!({
        "format": PLAN_FORMAT,
        "environment": plan.environment,
        "summary": plan.summary(),
        "changes": changes,
    });
    if !refusals.is_empty() {
        let refused = |refusal: &Refusal| {
            json!({"address": refusal.address, "kind": refusal.kind, "error": failure_json(&refusal.failure)})
        };
        document["refusals"] = refusals.iter().map(refused).collect();
    }
    document
}

fn change(change: &Change) -> Value {
    let mut value = json!({
        "address": change.address,
        "kind": change.kind,
        "action": change.action,
        "fields": change.fields,
    });
    if let Some(cause) = &change.cause {
        value["cause"] = cause.as_str().into();
    }
    if let Some(id) = &change.id {
        value["id"] = id.as_str().into();
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::Action;
    use resource::{Address, FieldChange};

    #[test]
    fn the_shape_is_the_one_scripts_rely_on() {
        let field = FieldChange { path: "cidr".into(), before: Value::Null, after: json!("10.0.0.0/16"), known: true, forces_replacement: false };
        let plan = Plan {
            format: PLAN_FORMAT,
            environment: "dev".into(),
            lineage: "l".into(),
            serial: 0,
            inputs: "i".into(),
            changes: vec![Change {
                address: Address::new("network", "vpc"),
                kind: "ec2:vpc".into(),
                action: Action::Create,
                cause: None,
                id: None,
                fields: vec![field],
                spec: Value::Null,
                deposed: false,
            }],
            unchanged: 0,
            targets: vec![],
        };
        assert_eq!(
            document(&plan, &[]),
            json!({
                "format": 1,
                "environment": "dev",
                "summary": {"create": 1, "update": 0, "replace": 0, "delete": 0, "unchanged": 0},
                "changes": [{
                    "address": "network.vpc",
                    "kind": "ec2:vpc",
                    "action": "create",
                    "fields": [{"path": "cidr", "before": null, "after": "10.0.0.0/16", "known": true, "forces_replacement": false}]
                }]
            })
        );
    }
}
