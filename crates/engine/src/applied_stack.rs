//! The stack as it was last applied, to which `reconcile` repairs. The environment file may declare another one by now.

use crate::recorded::current_state;
use aws_client::{Failure, FailureKind, Result};
use resource::{
    Address, Dependency, IgnoreRules, KindRegistry, LINEAGE_TAG, Lookup, Node, Stack, Tags, substitute, tags_of, unseal,
};
use serde_json::Value;
use state::{Entry, Needed, Phase, State};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};
use vocabulary::Place;

/// The addresses at which the environment file asks for something else than was applied: a new resource, other
/// settings, or none any more. A resource that follows from such a change counts as well.
pub(crate) fn pending(declared: &Stack, state: &State, registry: &KindRegistry, place: &Place) -> BTreeSet<Address> {
    let state = &*current_state(state, registry, place);
    let mut pending = BTreeSet::new();
    let mut expected = Expected(Vec::with_capacity(declared.nodes().len()));
    for node in declared.nodes() {
        let entry = state.resources.get(&node.address).filter(|entry| entry.kind == node.kind);
        let (outputs, is_pending) = match (spec_beside(node, entry, state, &expected), entry) {
            (Ok(spec), Some(entry)) => match moves(node, declared.ignored(), spec.clone(), entry, registry) {
                Some(Move::Replaced) => (predict_outputs(node, &spec, registry, place), true),
                Some(Move::InPlace) => (recorded_outputs(entry), true),
                None => (recorded_outputs(entry), false),
            },
            (Ok(spec), None) => (predict_outputs(node, &spec, registry, place), true),
            (Err(_), entry) => (entry.and_then(recorded_outputs), true),
        };
        expected.0.push(outputs);
        if is_pending {
            pending.insert(node.address.clone());
        }
    }
    let undeclared = state.resources.keys().filter(|address| declared.position(address).is_none());
    pending.extend(undeclared.cloned());
    pending
}

/// The declared spec. Version 0.1 gave no lineage tag: that it is missing is no change of the file's.
fn spec_beside(node: &Node, entry: Option<&Entry>, state: &State, lookup: &dyn Lookup) -> Result<Value> {
    let had_none = |entry: &Entry| tags_of(&entry.spec).is_none_or(|tags| tags.get(LINEAGE_TAG).is_none());
    match entry.is_some_and(had_none) {
        true => node.spec(lookup),
        false => node.spec_of_lineage(lookup, &state.lineage),
    }
}

/// The effect of applying a declaration on the resource as it is recorded.
enum Move {
    InPlace,
    Replaced,
}

fn moves(node: &Node, ignored: &IgnoreRules, mut spec: Value, entry: &Entry, registry: &KindRegistry) -> Option<Move> {
    let Ok(reconciler) = registry.get(node.kind) else { return Some(Move::InPlace) };
    ignored.keep_live(&node.address, reconciler, &mut spec, Some(&entry.spec), &entry.spec);
    let diff = reconciler.compare(&spec, Some(&entry.spec), &entry.spec);
    match reconciler.replacement(&spec, &entry.spec, &diff) {
        Some(_) => Some(Move::Replaced),
        None => (!diff.is_empty()).then_some(Move::InPlace),
    }
}

fn predict_outputs(node: &Node, spec: &Value, registry: &KindRegistry, place: &Place) -> Option<Value> {
    registry.get(node.kind).ok()?.predict_outputs(spec, node.address.as_str(), place).ok()
}

fn recorded_outputs(entry: &Entry) -> Option<Value> {
    Some(entry.outputs.clone()).filter(|outputs| !outputs.is_null())
}

/// The outputs that declared nodes would have if everything declared were applied.
struct Expected(Vec<Option<Value>>);

impl Lookup for Expected {
    fn outputs(&self, node: usize) -> Result<Value> {
        let missing = || Failure::new(FailureKind::Final, "a resource that it needs was never applied");
        self.0.get(node).cloned().flatten().ok_or_else(missing)
    }
}

/// A stack that declares exactly the recorded resources, each with its recorded spec.
///
/// A node that the file declares as it was applied is built as declared. Any other keeps its recorded spec, in which
/// the ids of recreated dependencies give way to the new ones.
pub fn applied_stack(declared: &Stack, state: &State, registry: &KindRegistry, place: &Place) -> Stack {
    let state = &*current_state(state, registry, place);
    let pending = pending(declared, state, registry, place);
    let mut stack = Stack::new(declared.identity().clone(), Tags::default());
    if let Some(prefix) = declared.prefix() {
        stack = stack.named_by(prefix);
    }
    let mut builder = Builder { declared, state, registry, pending: &pending, positions: HashMap::new(), stack };
    for address in state.resources.keys() {
        builder.place(address, &mut BTreeSet::new());
    }
    let Builder { mut stack, positions, .. } = builder;
    let protected = |(address, entry): &(&Address, &Entry)| entry.protected || declared.protects(address);
    for (address, _) in state.resources.iter().filter(protected) {
        stack.protect(address.as_str());
    }
    stack.ignore(declared.ignored().clone());
    let moved: BTreeMap<usize, usize> =
        positions.iter().filter_map(|(address, position)| Some((declared.position(address)?, *position))).collect();
    let moved = Arc::new(moved);
    for (name, value) in &state.outputs {
        let output = declared.outputs().iter().find(|output| output.name == *name).cloned();
        let (positions, recorded) = (moved.clone(), value.clone());
        stack.add_output(name, move |lookup| {
            let now = output.as_ref().map(|output| output.value(&Moved { lookup, positions: &positions }));
            Ok(now.and_then(Result::ok).unwrap_or_else(|| recorded.clone()))
        });
    }
    stack
}

struct Builder<'a> {
    declared: &'a Stack,
    state: &'a State,
    registry: &'a KindRegistry,
    pending: &'a BTreeSet<Address>,
    positions: HashMap<Address, usize>,
    stack: Stack,
}

impl<'a> Builder<'a> {
    /// Adds the node of a recorded resource after everything it needs. A circle in a state that was tampered with is
    /// cut where it closes.
    fn place(&mut self, address: &Address, above: &mut BTreeSet<Address>) {
        let Some(entry) = self.state.resources.get(address) else { return };
        if self.positions.contains_key(address) || !above.insert(address.clone()) {
            return;
        }
        let as_declared = self.as_declared(address);
        let needed = match as_declared {
            Some(node) => self.needs_of(node),
            None => entry.depends_on.clone(),
        };
        for needed in &needed {
            self.place(&needed.address, above);
        }
        above.remove(address);
        let Ok(kind) = self.registry.get(&entry.kind).map(|reconciler| reconciler.kind()) else { return };
        let dependencies: Vec<Dependency> = needed.iter().filter_map(|needed| self.dependency(needed)).collect();
        let node = match as_declared {
            Some(node) => self.build_as_declared(node, dependencies),
            None => self.build_as_recorded(address, entry, kind, dependencies),
        };
        self.positions.insert(address.clone(), self.stack.add_node(node));
    }

    /// The declared node, if it was applied as it is declared and everything it needs is recorded.
    fn as_declared(&self, address: &Address) -> Option<&'a Node> {
        if self.pending.contains(address) {
            return None;
        }
        let node = &self.declared.nodes()[self.declared.position(address)?];
        let is_recorded = |needed: &Needed| self.state.resources.contains_key(&needed.address);
        self.needs_of(node).iter().all(is_recorded).then_some(node)
    }

    fn needs_of(&self, node: &Node) -> Vec<Needed> {
        let needed = node.dependencies.iter();
        needed.map(|one| Needed { address: self.declared.nodes()[one.node].address.clone(), edge: one.edge }).collect()
    }

    fn dependency(&self, needed: &Needed) -> Option<Dependency> {
        Some(Dependency { node: *self.positions.get(&needed.address)?, edge: needed.edge })
    }

    fn build_as_declared(&self, node: &Node, dependencies: Vec<Dependency>) -> Node {
        let moved = |one: &Dependency| Some((one.node, *self.positions.get(&self.declared.nodes()[one.node].address)?));
        let positions: BTreeMap<usize, usize> = node.dependencies.iter().filter_map(moved).collect();
        let declared = node.clone();
        Node::new(node.address.clone(), node.kind, dependencies, move |lookup| {
            declared.spec(&Moved { lookup, positions: &positions })
        })
    }

    fn build_as_recorded(
        &self,
        address: &Address,
        entry: &Entry,
        kind: &'static str,
        dependencies: Vec<Dependency>,
    ) -> Node {
        let sources: Vec<(usize, Value)> = entry
            .depends_on
            .iter()
            .filter_map(|needed| {
                let position = *self.positions.get(&needed.address)?;
                Some((position, self.state.resources[&needed.address].outputs.clone()))
            })
            .collect();
        let spec = entry.spec.clone();
        // The state keeps seals in place of values that may be secrets. Those that the file has still are known.
        let declared = self.declared.position(address).map(|position| self.declared.nodes()[position].clone());
        let declared = declared.filter(|node| node.kind == kind).map(|node| {
            let moved =
                |one: &Dependency| Some((one.node, *self.positions.get(&self.declared.nodes()[one.node].address)?));
            let positions: BTreeMap<usize, usize> = node.dependencies.iter().filter_map(moved).collect();
            (node, positions)
        });
        Node::new(address.clone(), kind, dependencies, move |lookup| {
            let recorded = repoint(&spec, &sources, lookup)?;
            let declared = declared.as_ref().and_then(|(node, positions)| node.spec(&Moved { lookup, positions }).ok());
            Ok(declared.map_or_else(|| recorded.clone(), |declared| unseal(&recorded, &declared)))
        })
    }
}

/// Answers for the nodes of the declared stack with those of the applied one.
struct Moved<'a> {
    lookup: &'a dyn Lookup,
    positions: &'a BTreeMap<usize, usize>,
}

impl Lookup for Moved<'_> {
    fn outputs(&self, node: usize) -> Result<Value> {
        match self.positions.get(&node) {
            Some(position) => self.lookup.outputs(*position),
            None => Err(Failure::new(FailureKind::Final, "a resource that it needs was never applied")),
        }
    }
}

/// A recorded value in which outputs that are no longer as recorded give way to what they are now.
fn repoint(recorded: &Value, sources: &[(usize, Value)], lookup: &dyn Lookup) -> Result<Value> {
    let mut replacements = Vec::new();
    for (position, outputs) in sources.iter().filter(|(_, outputs)| !outputs.is_null()) {
        changed(outputs, &lookup.outputs(*position)?, &mut replacements);
    }
    Ok(substitute(recorded, &replacements))
}

/// The texts that differ between recorded outputs and those of now.
fn changed(recorded: &Value, now: &Value, replacements: &mut Vec<(String, String)>) {
    match (recorded, now) {
        (Value::String(recorded), Value::String(now)) if recorded != now && !recorded.is_empty() => {
            replacements.push((recorded.clone(), now.clone()));
        }
        (Value::Object(recorded), Value::Object(now)) => {
            let both = recorded.iter().filter_map(|(name, value)| Some((value, now.get(name)?)));
            both.for_each(|(recorded, now)| changed(recorded, now, replacements));
        }
        (Value::Array(recorded), Value::Array(now)) => {
            recorded.iter().zip(now).for_each(|(recorded, now)| changed(recorded, now, replacements));
        }
        _ => {}
    }
}

/// True if a run was interrupted at this resource: at a step with an unknown result, during an update, or while it
/// adopted the resource from another owner. `up` finishes that.
pub(crate) fn is_unfinished(entry: &Entry, is_pending: bool) -> bool {
    match entry.phase {
        _ if entry.adopting => true,
        Phase::Intent | Phase::Deleting => true,
        Phase::Identified => is_pending || !entry.deposed.is_empty(),
        Phase::Ready => !entry.deposed.is_empty(),
    }
}
