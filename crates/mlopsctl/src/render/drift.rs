use super::{failure::failure_json, plan::field};
use crate::paint::Paint;
use engine::{Drift, DriftChange, Drifted};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// `drift --json`.
pub(crate) fn document(drift: &Drift) -> Value {
    let drifted: Vec<Value> = drift.drifted.iter().map(one).collect();
    let not_compared: Vec<Value> =
        drift.not_compared.iter().map(|one| json!({"address": one.address, "reason": one.reason})).collect();
    let mut document =
        json!({"format": 1, "checked": drift.checked, "drifted": drifted, "not_compared": not_compared});
    if !drift.failed.is_empty() {
        let failed = drift.failed.iter();
        document["failed"] = failed
            .map(|one| json!({"address": one.address, "kind": one.kind, "error": failure_json(&one.failure)}))
            .collect();
    }
    document
}

fn one(drifted: &Drifted) -> Value {
    let Drifted { address, kind, change } = drifted;
    match change {
        DriftChange::Modified(fields) => json!({"address": address, "kind": kind, "change": "modified", "fields": fields}),
        DriftChange::Missing(reason) => {
            json!({"address": address, "kind": kind, "change": "missing", "fields": [], "reason": reason})
        }
    }
}

/// Drift as people read it, the summary in its last line.
pub(crate) fn text(drift: &Drift, paint: Paint) -> String {
    let mut out = String::new();
    for Drifted { address, kind, change } in &drift.drifted {
        let kind = paint.dim(kind);
        match change {
            DriftChange::Missing(reason) => {
                let _ = writeln!(out, "{} {address}  {kind}  {}", paint.red("-"), paint.red(reason));
            }
            DriftChange::Modified(fields) => {
                let _ = writeln!(out, "{} {address}  {kind}", paint.yellow("~"));
                for one in fields {
                    field(&mut out, one, paint);
                }
            }
        }
    }
    for one in &drift.not_compared {
        let _ = writeln!(out, "{}", paint.dim(&format!("? {}: {}", one.address, one.reason)));
    }
    let verdict = match drift.drifted.len() {
        0 => "none differs".to_owned(),
        1 => "1 differs".to_owned(),
        several => format!("{several} differ"),
    };
    let _ = writeln!(out, "Drift: {} checked, {verdict}.", drift.checked);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use resource::{Address, FieldChange};

    #[test]
    fn what_was_applied_stands_left_and_what_is_there_right() {
        let field = FieldChange { path: "retention".into(), before: json!(7), after: json!(30), known: true, forces_replacement: false };
        let drift = Drift {
            checked: 2,
            drifted: vec![
                Drifted { address: Address::new("monitoring", "logs"), kind: "logs:log-group".into(), change: DriftChange::Modified(vec![field]) },
                Drifted { address: Address::new("network", "vpc"), kind: "ec2:vpc".into(), change: DriftChange::Missing("it no longer exists".into()) },
            ],
            ..Drift::default()
        };
        assert_eq!(
            text(&drift, Paint::new(false)),
            "~ monitoring.logs  logs:log-group\n      retention: 7 → 30\n- network.vpc  ec2:vpc  it no longer exists\nDrift: 2 checked, 2 differ.\n"
        );
        assert_eq!(document(&drift)["drifted"][1]["change"], "missing");
    }
}
