use cost::{Estimate, Prices, Resource, Usd};
use serde::Deserialize;
use serde_json::Value;

/// The region that the platform's own environments are in.
pub(crate) const MUMBAI: &str = "ap-south-1";

/// A stack with everything it owns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stack(pub(crate) Vec<Declared>);

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Declared {
    pub(crate) address: String,
    pub(crate) kind: String,
    pub(crate) spec: Value,
}

impl Stack {
    /// An environment as `mlopsctl up --local` makes it from its file, with those fields of specifications that cost.
    pub(crate) fn real(environment: &str) -> Self {
        let text = match environment {
            "dev" => include_str!("stacks/dev.json"),
            "staging" => include_str!("stacks/staging.json"),
            _ => include_str!("stacks/prod.json"),
        };
        Self(serde_json::from_str(text).unwrap())
    }

    pub(crate) fn with(mut self, address: &str, kind: &str, spec: Value) -> Self {
        self.0.push(Declared { address: address.into(), kind: kind.into(), spec });
        self
    }

    pub(crate) fn without(mut self, address: &str) -> Self {
        self.0.retain(|declared| declared.address != address);
        self
    }

    pub(crate) fn resources(&self) -> Vec<Resource<'_>> {
        self.0.iter().map(|it| Resource { address: &it.address, kind: &it.kind, spec: &it.spec }).collect()
    }

    pub(crate) fn estimate(&self, region: &str) -> Estimate {
        cost::estimate(&self.resources(), region, &Prices::builtin().unwrap())
    }
}

/// One resource alone, in Mumbai.
pub(crate) fn alone(kind: &str, spec: Value) -> Estimate {
    Stack::default().with("area.it", kind, spec).estimate(MUMBAI)
}

pub(crate) fn usd(amount: &str) -> Usd {
    amount.parse().unwrap()
}
