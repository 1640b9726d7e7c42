//! Separates drift from changes in the file.

use super::{Decision, Planner};
use crate::{
    Action, AppliedField, ChangeDrift,
    refresh::{Origin, ReadResult},
};
use aws_client::Result;
use resource::{Node, Observation};
use serde_json::Value;
use state::{Entry, Phase};

impl Planner<'_> {
    /// The drift that a change reverts. After an interrupted run at the resource, or during a partial destruction,
    /// drift is unknown.
    pub(super) fn drifted(
        &self,
        node: &Node,
        observed: &ReadResult,
        entry: Option<&Entry>,
        decision: &Decision,
    ) -> Result<ChangeDrift> {
        let is_settled = |entry: &&Entry| entry.phase == Phase::Ready && entry.deposed.is_empty();
        let Some(entry) = entry.filter(is_settled).filter(|_| !self.is_half_destroyed()) else {
            return Ok(ChangeDrift::None);
        };
        match &observed.observation {
            Observation::Absent if decision.action == Some(Action::Create) => Ok(ChangeDrift::Missing),
            Observation::Ready { live, .. } if observed.by == Origin::Record && !decision.fields.is_empty() => {
                let found = self.registry.get(node.kind)?.compare(&entry.spec, Some(&entry.spec), live);
                let drifted = |path: &str| found.changes.iter().any(|one| overlaps(&one.path, path));
                let fields = decision.fields.iter().map(|field| field.path.as_str()).filter(|path| drifted(path));
                let fields: Vec<AppliedField> = fields.map(|path| applied(&entry.spec, path)).collect();
                Ok(if fields.is_empty() { ChangeDrift::None } else { ChangeDrift::Fields(fields) })
            }
            _ => Ok(ChangeDrift::None),
        }
    }

    /// True if a run of deletions was interrupted. A deletion changes other resources: a route table loses its subnets.
    fn is_half_destroyed(&self) -> bool {
        self.state.resources.values().any(|entry| entry.phase == Phase::Deleting)
    }
}

/// True if one of two dotted paths is the other, or within it.
fn overlaps(one: &str, other: &str) -> bool {
    let (shorter, longer) = if one.len() < other.len() { (one, other) } else { (other, one) };
    longer.strip_prefix(shorter).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn applied(spec: &Value, path: &str) -> AppliedField {
    AppliedField { path: path.to_owned(), applied: value_at(spec, path).cloned().unwrap_or_default() }
}

/// The value at a dotted path. Keys may contain dots themselves.
fn value_at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let fields = value.as_object()?;
    fields.get(path).or_else(|| {
        let within = fields.iter().filter_map(|(key, inner)| Some((inner, path.strip_prefix(key.as_str())?)));
        within.filter_map(|(inner, rest)| value_at(inner, rest.strip_prefix('.')?)).next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn applied_values_are_found_by_paths_whose_keys_hold_dots() {
        let spec = json!({"tags": {"a.b": "1", "a": "2"}, "memory_mb": 1024});
        assert_eq!(value_at(&spec, "tags.a.b"), Some(&json!("1")));
        assert_eq!(value_at(&spec, "tags.a"), Some(&json!("2")));
        assert_eq!(value_at(&spec, "memory_mb"), Some(&json!(1024)));
        assert_eq!(value_at(&spec, "memory"), None);
    }

    #[test]
    fn overlapping_paths_end_at_a_dot() {
        assert!(overlaps("vpc", "vpc.subnets") && overlaps("vpc.subnets", "vpc") && overlaps("a", "a"));
        assert!(!overlaps("vpc", "vpc_id"));
    }
}
