//! The costs of a platform before and after a plan.

use crate::{Error, Workspace};
use cost::{Comparison, Prices, Resource};
use engine::{Action, Plan};
use resource::{Declaration, KindRegistry};
use serde_json::Value;
use state::State;
use std::collections::BTreeMap;

/// The resources that cost something: by address, kind and declared spec.
type Parts<'a> = BTreeMap<&'a str, (&'a str, &'a Value)>;

/// The price list that is part of this program.
///
/// # Errors
/// When it is damaged.
pub fn builtin() -> Result<Prices, Error> {
    Prices::builtin().map_err(|error| Error::failed(format!("the built-in price list: {error}")))
}

/// The costs of the recorded resources, and of those after the plan.
///
/// # Errors
/// When the built-in price list is damaged.
pub fn of_plan(workspace: &Workspace, state: &State, plan: &Plan) -> Result<Comparison, Error> {
    let there = state.resources.iter().filter(|(_, entry)| entry.id.is_some());
    let before: Parts<'_> =
        there.map(|(address, entry)| (address.as_str(), (entry.kind.as_str(), &entry.spec))).collect();
    let mut after = before.clone();
    for change in plan.changes.iter().filter(|change| !change.deposed) {
        match change.action {
            Action::Delete => drop(after.remove(change.address.as_str())),
            _ => drop(after.insert(change.address.as_str(), (change.kind.as_str(), &change.spec))),
        }
    }
    let region = &workspace.cloud.place().region;
    let (before, after) = (resources(&before, &workspace.registry), resources(&after, &workspace.registry));
    Ok(cost::compare(&before, &after, region, &builtin()?))
}

/// The declared resources with the usage that their kinds declare.
pub fn declared<'a>(declarations: &'a [Declaration], registry: &KindRegistry) -> Vec<Resource<'a>> {
    let resource = |one: &'a Declaration| resource(one.address.as_str(), one.kind, &one.spec, registry);
    declarations.iter().map(resource).collect()
}

fn resource<'a>(address: &'a str, kind: &'a str, spec: &Value, registry: &KindRegistry) -> Resource<'a> {
    let usage = registry.get(kind).and_then(|reconciler| reconciler.usage(spec));
    let usage = usage.map_err(|failure| failure.to_string());
    Resource { address, kind, usage }
}

fn resources<'a>(parts: &Parts<'a>, registry: &KindRegistry) -> Vec<Resource<'a>> {
    parts.iter().map(|(address, (kind, spec))| resource(address, kind, spec, registry)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn resource_without_a_price_says_why() {
        let registry = blueprint::registry();
        let reason = |kind: &str| {
            let priced = resource("storage.data", kind, &json!({ "versioned": "perhaps" }), &registry);
            let estimate = cost::estimate(&[priced], "ap-south-1", &builtin().unwrap());
            estimate.not_priced[0].reason.clone()
        };
        assert!(reason("s3:bucket").contains("s3:bucket"), "{}", reason("s3:bucket"));
        assert!(reason("quantum:computer").contains("does not know resources of kind quantum:computer"));
    }
}
