//! Fields that the environment ignores, such as `identity.enrich-function#inline_policies.queue`.

use crate::check::Place;

/// Fields with ownership tags. mlopsctl needs them to decide who owns a resource, so no rule can ignore them.
const OWNERSHIP: [&str; 6] =
    ["tags", "tags.Project", "tags.Environment", "tags.ManagedBy", "tags.mlopsctl:address", "tags.mlopsctl:lineage"];

/// The pattern of addresses and the path of the field.
pub fn parts(rule: &str) -> Option<(&str, &str)> {
    rule.split_once('#')
}

pub(super) fn check(rules: &[String], at: Place<'_>) {
    for (index, (addresses, path)) in rules.iter().map(|rule| parts(rule).unwrap_or_default()).enumerate() {
        let at = at.at(index);
        let area = addresses.split('.').next().unwrap_or_default();
        if !area.contains('*') {
            at.refers_to_area(area);
        }
        if OWNERSHIP.contains(&path) {
            at.report(
                format!("`{path}` says whose the resource is, so mlopsctl keeps it"),
                "name one tag, such as `tags.CostCenter`",
            );
        }
    }
}
