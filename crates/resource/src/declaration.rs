//! The declaration at an address, as far as it is known before anything exists.

use crate::{Address, KindRegistry, Lookup, Stack};
use aws_client::Result;
use serde_json::Value;
use vocabulary::Place;

/// The declaration of a stack at an address.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// The place in the stack.
    pub address: Address,
    /// `service:thing`.
    pub kind: &'static str,
    /// The declaration, with placeholders for what only AWS can tell.
    pub spec: Value,
}

/// The outputs of a stack's first nodes, as far as they are known: live, predicted or placeholders.
#[derive(Clone, Debug, Default)]
pub struct PredictedOutputs(pub Vec<Value>);

impl Lookup for PredictedOutputs {
    fn outputs(&self, node: usize) -> Result<Value> {
        Ok(self.0[node].clone())
    }
}

impl Stack {
    /// Everything that is declared, in order, as far as it is known without asking AWS.
    ///
    /// # Errors
    /// When a declaration cannot be built from what is predicted, which is a mistake in the wiring.
    pub fn declarations(&self, registry: &KindRegistry, place: &Place) -> Result<Vec<Declaration>> {
        let mut predicted = PredictedOutputs(Vec::with_capacity(self.nodes().len()));
        let mut declarations = Vec::with_capacity(self.nodes().len());
        for node in self.nodes() {
            let spec = node.spec(&predicted)?;
            predicted.0.push(registry.get(node.kind)?.predict_outputs(&spec, node.address.as_str(), place)?);
            declarations.push(Declaration { address: node.address.clone(), kind: node.kind, spec });
        }
        Ok(declarations)
    }
}
