//! Turns a plan into steps and says which must come before which.

use crate::{Action, MeasuredTimes, PlannedChange, Planning};
use resource::{Address, Edge, KindRegistry, ReplaceOrder, Stack};
use serde_json::Value;
use state::{Needed, State};
use std::{collections::HashMap, time::Duration};

/// One piece of work.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) address: Address,
    pub(crate) kind: String,
    /// The action in the plan's words.
    pub(crate) action: Action,
    pub(crate) work: Work,
    /// True if the plan changes nothing here: the step takes place only if this run remakes a resource that it refers to.
    pub(crate) is_conditional: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Work {
    /// Brings the node of the stack to what it declares.
    Apply { node: usize },
    /// Deletes.
    Remove { id: String, spec: Value, what: Removal },
}

/// The purpose of a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Removal {
    /// The resource goes for good.
    Whole,
    /// The first half of a replacement: it will be made again.
    Before,
    /// The second half of a replacement, or the deletion of a resource that an earlier one deposed.
    Deposed,
}

/// Steps and their edges.
pub(crate) struct Order {
    pub(crate) steps: Vec<Step>,
    pub(crate) edges: Vec<(usize, usize, Edge)>,
    /// The order of steps that is better, if no dependency forbids it.
    pub(crate) preferred: Vec<(usize, usize)>,
    pub(crate) durations: Vec<Duration>,
}

/// The expected duration of an update.
const CHANGE: Duration = Duration::from_secs(1);
/// The part of the usual time of a creation that a deletion is expected to take.
const DELETION: u32 = 2;

pub(crate) fn order(
    planning: &Planning,
    stack: &Stack,
    state: &State,
    registry: &KindRegistry,
    measured: &MeasuredTimes,
) -> Order {
    let mut order = Order { steps: Vec::new(), edges: Vec::new(), preferred: Vec::new(), durations: Vec::new() };
    let mut applies: HashMap<Address, usize> = HashMap::new();
    let mut removes: HashMap<Address, usize> = HashMap::new();

    for (index, node) in stack.nodes().iter().enumerate() {
        let known = &planning.known[index];
        let may_follow = follows_unfinished(planning, index, stack);
        let Some(action) = known.action.or(may_follow.then_some(Action::Update)) else { continue };
        let kind = node.kind.to_owned();
        let usual = if action == Action::Update { CHANGE } else { typical(node.kind, registry) };
        let expected = measured.time_of(&node.address, action).unwrap_or(usual);
        let work = Work::Apply { node: index };
        let is_conditional = known.action.is_none();
        let apply = order.push(Step { address: node.address.clone(), kind, action, work, is_conditional }, expected);
        applies.insert(node.address.clone(), apply);
        for needed in &node.dependencies {
            if let Some(before) = applies.get(&stack.nodes()[needed.node].address) {
                order.edges.push((*before, apply, needed.edge));
            }
        }
        if action == Action::Replace
            && let (Some(entry), Some(id)) = (state.resources.get(&node.address), &known.id)
        {
            let change = planning.plan.changes.iter().find(|change| change.address == node.address);
            let first = match node.kind == entry.kind {
                true => deletes_first(change, node.kind, registry),
                // A resource with a name of its own releases its container at once, and others may still point to it.
                false => is_named(&entry.kind, registry),
            };
            let what = if first { Removal::Before } else { Removal::Deposed };
            let work = Work::Remove { id: id.clone(), spec: entry.spec.clone(), what };
            let step =
                Step { address: node.address.clone(), kind: entry.kind.clone(), action, work, is_conditional: false };
            let remove = order.push(step, typical(&entry.kind, registry) / DELETION);
            removes.insert(node.address.clone(), remove);
            order.edges.push(match what {
                Removal::Before => (remove, apply, Edge::Ready),
                _ => (apply, remove, Edge::Ready),
            });
        }
    }
    for change in planning.plan.changes.iter().filter(|change| change.action == Action::Delete) {
        let what = if change.deposed { Removal::Deposed } else { Removal::Whole };
        let work = Work::Remove { id: change.id.clone().unwrap_or_default(), spec: change.spec.clone(), what };
        let (address, kind) = (change.address.clone(), change.kind.clone());
        let step = Step { address, kind, action: Action::Delete, work, is_conditional: false };
        let usual = typical(&change.kind, registry) / DELETION;
        let remove = order.push(step, measured.time_of(&change.address, Action::Delete).unwrap_or(usual));
        if !change.deposed {
            removes.insert(change.address.clone(), remove);
        }
    }
    order.removals_after_dependants(state, registry, &applies, &removes);
    order
}

/// True if a resource that works refers to one that this run may remake, because no run has seen it work.
fn follows_unfinished(planning: &Planning, index: usize, stack: &Stack) -> bool {
    let known = &planning.known[index];
    let mut needed = stack.nodes()[index].dependencies.iter().map(|needed| &planning.known[needed.node]);
    known.id.is_some() && !known.excluded && needed.any(|needed| needed.unfinished)
}

/// The usual duration of a creation of that kind.
fn typical(kind: &str, registry: &KindRegistry) -> Duration {
    registry.get(kind).map(|reconciler| reconciler.typical()).unwrap_or_default()
}

impl Order {
    fn push(&mut self, step: Step, duration: Duration) -> usize {
        self.steps.push(step);
        self.durations.push(duration);
        self.steps.len() - 1
    }

    /// The dependants of a resource release it before it is deleted: they are deleted, or moved to something else.
    fn removals_after_dependants(
        &mut self,
        state: &State,
        registry: &KindRegistry,
        applies: &HashMap<Address, usize>,
        removes: &HashMap<Address, usize>,
    ) {
        let mut removals: HashMap<&Address, Vec<usize>> = HashMap::new();
        for (index, step) in self.steps.iter().enumerate() {
            if matches!(step.work, Work::Remove { .. }) {
                removals.entry(&step.address).or_default().push(index);
            }
        }
        let made_again = |held: usize| matches!(self.steps[held].work, Work::Remove { what: Removal::Before, .. });
        let named = |held: usize| is_named(&self.steps[held].kind, registry);
        let mut edges = Vec::new();
        // A resource with a name of its own can be deleted while others still point to it, and sometimes must be: some
        // of them can be moved, and then deleted, only when a successor exists. Resources that are created again come
        // first, then those that are removed with them.
        let (mut first, mut second, mut third) = (Vec::new(), Vec::new(), Vec::new());
        for (index, step) in self.steps.iter().enumerate() {
            let Work::Remove { id, .. } = &step.work else { continue };
            for needed in needs(state, &step.address, id) {
                for held in removals.get(&needed.address).into_iter().flatten().filter(|held| **held != index) {
                    match named(*held) {
                        _ if made_again(*held) => first.push((index, *held)),
                        true => second.push((index, *held)),
                        false => edges.push((index, *held, Edge::Ready)),
                    }
                }
            }
        }
        for (address, entry) in state.resources.iter().filter(|(address, _)| !removes.contains_key(address)) {
            let Some(moved) = applies.get(address) else { continue };
            for held in entry.depends_on.iter().filter_map(|needed| removals.get(&needed.address)).flatten() {
                match named(*held) {
                    _ if made_again(*held) => {}
                    true => third.push((*moved, *held)),
                    false => edges.push((*moved, *held, Edge::Ready)),
                }
            }
        }
        self.edges.extend(edges);
        self.preferred = [first, second, third].concat();
    }
}

/// The dependencies, while it exists, of the resource with this id that is recorded at this address.
fn needs<'a>(state: &'a State, address: &Address, id: &str) -> &'a [Needed] {
    let Some(entry) = state.resources.get(address) else { return &[] };
    match entry.deposed.iter().find(|old| old.id == id) {
        Some(old) => &old.depends_on,
        None => &entry.depends_on,
    }
}

/// True if a replacement deletes before it creates, because the name would not be free otherwise.
fn deletes_first(change: Option<&PlannedChange>, kind: &str, registry: &KindRegistry) -> bool {
    let moves = |field: &str| {
        let fields = change.into_iter().flat_map(|change| &change.fields);
        fields.into_iter().any(|one| one.path == field && !one.before.is_null())
    };
    match registry.get(kind).map(|reconciler| reconciler.replace_order()) {
        Ok(ReplaceOrder::DeleteFirst) => true,
        Ok(ReplaceOrder::DeleteFirstWithin(field)) => !moves(field),
        Ok(ReplaceOrder::CreateFirst) | Err(_) => false,
    }
}

fn is_named(kind: &str, registry: &KindRegistry) -> bool {
    registry.get(kind).is_ok_and(|reconciler| reconciler.replace_order() == ReplaceOrder::DeleteFirst)
}
