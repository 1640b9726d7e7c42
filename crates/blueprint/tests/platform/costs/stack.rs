//! Stacks that cost something: those of the environment files, and single resources with edited settings.

use cost::{Estimate, Prices, Resource, Usd};
use serde_json::Value;

/// The region that the platform's own environments are in.
pub(crate) const MUMBAI: &str = "ap-south-1";

/// A stack of declared resources.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stack(pub(crate) Vec<Declared>);

#[derive(Clone, Debug)]
pub(crate) struct Declared {
    pub(crate) address: String,
    pub(crate) kind: String,
    pub(crate) spec: Value,
}

impl Stack {
    /// The stack of an environment file.
    pub(crate) fn real(environment: &str) -> Self {
        let declared = crate::declared(environment).into_iter().map(|one| Declared {
            address: one.address.to_string(),
            kind: one.kind.to_owned(),
            spec: one.spec,
        });
        Self(declared.collect())
    }

    /// With one more resource: one of this kind in an environment file, with these settings instead of its own.
    pub(crate) fn with(mut self, address: &str, kind: &str, settings: Value) -> Self {
        let mut declared = ["staging", "prod"].into_iter().flat_map(|environment| Self::real(environment).0);
        let mut spec = declared.find(|one| one.kind == kind).map_or(Value::Null, |one| one.spec);
        match (spec.as_object_mut(), settings) {
            (Some(spec), Value::Object(settings)) => spec.extend(settings),
            (_, settings) => spec = settings,
        }
        self.0.push(Declared { address: address.into(), kind: kind.into(), spec });
        self
    }

    pub(crate) fn without(mut self, address: &str) -> Self {
        self.0.retain(|declared| declared.address != address);
        self
    }

    pub(crate) fn resources(&self) -> Vec<Resource<'_>> {
        let registry = blueprint::registry();
        let mut resources = Vec::new();
        for Declared { address, kind, spec } in &self.0 {
            let known = registry.get(kind).map_err(|failure| failure.to_string());
            let usage = known.map(|reconciler| reconciler.usage(spec).unwrap());
            resources.push(Resource { address, kind, usage });
        }
        resources
    }

    pub(crate) fn estimate(&self, region: &str) -> Estimate {
        cost::estimate(&self.resources(), region, &Prices::builtin().unwrap())
    }
}

/// One resource alone, in Mumbai.
pub(crate) fn alone(kind: &str, settings: Value) -> Estimate {
    Stack::default().with("area.it", kind, settings).estimate(MUMBAI)
}

pub(crate) fn usd(amount: &str) -> Usd {
    amount.parse().unwrap()
}
