//! A model of the registry, for whoever is to approve it.

use super::took::moment;
use runs::Package;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Metrics on one line.
pub(crate) fn metrics(metrics: &BTreeMap<String, f64>) -> String {
    let each: Vec<String> = metrics.iter().map(|(name, value)| format!("{name} {}", rounded(*value))).collect();
    if each.is_empty() { "none".to_owned() } else { each.join(", ") }
}

/// Four digits after the point, or whole as counts are.
fn rounded(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value}") } else { format!("{value:.4}") }
}

/// The model beside the one that is approved now.
pub(crate) fn page(package: &Package, approved: Option<&Package>) -> String {
    let when = package.registered.map(|at| format!(", registered {}", moment(at))).unwrap_or_default();
    let mut lines = vec![format!("Version {}{when}", package.version)];
    if let Some(approved) = approved {
        lines.push(format!("  beside version {}, which is approved now", approved.version));
    }
    let width = package.metrics.keys().map(String::len).max().unwrap_or_default();
    for (name, value) in &package.metrics {
        let before = approved.and_then(|approved| approved.metrics.get(name));
        let before = before.map(|before| format!("  (now {})", rounded(*before))).unwrap_or_default();
        lines.push(format!("  {name:width$}  {}{before}", rounded(*value)));
    }
    let width = package.lineage.keys().map(String::len).max().unwrap_or_default();
    lines.extend(package.lineage.iter().map(|(name, value)| format!("  {name:width$}  {value}")));
    lines.join("\n")
}

pub(crate) fn document(package: &Package) -> Value {
    json!({"format": 1, "model_package": package.arn, "version": package.version, "approval": package.approval.as_str(),
           "registered": package.registered.map(|at| at.to_string()), "metrics": package.metrics,
           "lineage": package.lineage})
}
