//! Fields that the environment ignores, such as `identity.enrich-function#inline_policies.queue`.

use super::owner_tags::OwnerTags;
use crate::check::Place;

/// Fields with ownership tags that have the same keys in every environment. mlopsctl needs them to decide who owns a
/// resource, so no rule can ignore them.
const OWNERSHIP: [&str; 4] = ["tags", "tags.ManagedBy", "tags.mlopsctl:address", "tags.mlopsctl:lineage"];

/// The pattern of addresses and the path of the field.
pub fn parts(rule: &str) -> Option<(&str, &str)> {
    rule.split_once('#')
}

pub(super) fn check(rules: &[String], owner_tags: &OwnerTags, at: Place<'_>) {
    let keys = [&owner_tags.project, &owner_tags.environment];
    for (index, (addresses, path)) in rules.iter().map(|rule| parts(rule).unwrap_or_default()).enumerate() {
        let at = at.at(index);
        let area = addresses.split('.').next().unwrap_or_default();
        if !area.contains('*') {
            at.refers_to_area(area);
        }
        let is_owner_tag = path.strip_prefix("tags.").is_some_and(|key| keys.iter().any(|owner| *owner == key));
        if is_owner_tag || OWNERSHIP.contains(&path) {
            at.report(
                format!("`{path}` says whose the resource is, so mlopsctl keeps it"),
                "name one tag, such as `tags.CostCenter`",
            );
        }
    }
}
