//! What the blueprint makes of the environment files, judged without any cloud.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod data;
mod names;
mod pipeline;
mod policies;

use resource::{Lookup, Place, Result};
use serde_json::Value;
use std::path::PathBuf;

pub(crate) const ACCOUNT: &str = "123456789012";

/// A declared resource, with placeholders for what only AWS knows.
pub(crate) struct Declared {
    pub(crate) address: String,
    pub(crate) kind: &'static str,
    pub(crate) spec: Value,
}

struct Foreseen(Vec<Value>);

impl Lookup for Foreseen {
    fn outputs(&self, node: usize) -> Result<Value> {
        Ok(self.0[node].clone())
    }
}

pub(crate) fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Everything that an environment file declares.
pub(crate) fn declared(name: &str) -> Vec<Declared> {
    declared_after(name, |_| ())
}

/// The same, after an edit of the file.
pub(crate) fn declared_after(name: &str, edit: impl FnOnce(&mut config::Environment)) -> Vec<Declared> {
    let root = repository();
    let mut environment = config::load(&root.join(format!("environments/{name}.toml")), &root).unwrap();
    edit(&mut environment);
    let place = Place::new(ACCOUNT, environment.region.clone());
    let zones = ["a", "b", "c"].map(|zone| format!("{}{zone}", environment.region));
    let inputs = blueprint::Inputs { environment: &environment, name, place: &place, zones: &zones, root: &root };
    let stack = blueprint::stack(&inputs).unwrap();
    let registry = blueprint::registry();
    let mut foreseen = Foreseen(Vec::new());
    let mut declared = Vec::new();
    for node in stack.nodes() {
        let spec = node.spec(&foreseen).unwrap();
        let reconciler = registry.get(node.kind).unwrap();
        foreseen.0.push(reconciler.foresee(&spec, node.address.as_str(), &place).unwrap());
        declared.push(Declared { address: node.address.to_string(), kind: node.kind, spec });
    }
    declared
}
