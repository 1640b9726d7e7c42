//! A model of the registry, for the person who approves it.

use super::{columns::columns, took::moment, versioned::Versioned};
use runs::Package;
use serde::Serialize;
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

/// Metrics that a list shows where nobody asks for others.
const USUAL: [&str; 5] = ["auc", "accuracy", "f1_macro", "rmse", "r2"];

/// Models as a list: version, status, time, the wanted metrics, and which one is in service. For a terminal of this
/// width.
pub(crate) fn table(packages: &[Package], serving: Option<&str>, wanted: &[&str], width: Option<usize>) -> String {
    let has = |name: &&&str| packages.iter().any(|package| package.metrics.contains_key(**name));
    let mut shown: Vec<&str> = Vec::new();
    for name in wanted.iter().chain(&USUAL).filter(has) {
        if !shown.contains(name) {
            shown.push(name);
        }
    }
    let header = ["version", "status", "registered"].into_iter().chain(shown.iter().copied());
    let mut rows: Vec<Vec<String>> = vec![header.map(str::to_owned).collect()];
    for package in packages {
        let is_serving = serving == Some(package.arn.as_str());
        let status = format!("{}{}", package.approval.as_str(), if is_serving { ", in service" } else { "" });
        let mut row = vec![package.version.to_string(), status, package.registered.map(moment).unwrap_or_default()];
        row.extend(shown.iter().map(|name| package.metrics.get(*name).map_or(String::new(), |value| rounded(*value))));
        rows.push(row);
    }
    columns(&rows, width)
}

/// A version of the model for a program.
#[derive(Serialize)]
pub(crate) struct PackageDocument<'a> {
    model_package: &'a str,
    version: i32,
    approval: &'static str,
    registered: Option<String>,
    metrics: &'a BTreeMap<String, f64>,
    lineage: &'a BTreeMap<String, String>,
}

pub(crate) fn document(package: &Package) -> Versioned<PackageDocument<'_>> {
    Versioned::new(PackageDocument {
        model_package: &package.arn,
        version: package.version,
        approval: package.approval.as_str(),
        registered: package.registered.map(|at| at.to_string()),
        metrics: &package.metrics,
        lineage: &package.lineage,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use runs::Approval;

    #[test]
    fn models_are_listed_with_the_metrics_that_they_have_and_the_one_in_service() {
        let package = |version: i32, approval, auc: f64| Package {
            arn: format!("arn:models/{version}"),
            version,
            approval,
            registered: None,
            metrics: [("auc".to_owned(), auc), ("brier".to_owned(), 0.1), ("log_loss".to_owned(), 0.5)].into(),
            lineage: BTreeMap::new(),
        };
        let packages = [package(2, Approval::Pending, 0.91234), package(1, Approval::Approved, 0.9)];
        let expected = "version  status                registered  brier   auc\n\
                        2        awaits approval                   0.1000  0.9123\n\
                        1        approved, in service              0.1000  0.9000";
        assert_eq!(table(&packages, Some("arn:models/1"), &["brier", "r2"], None), expected);
    }
}
