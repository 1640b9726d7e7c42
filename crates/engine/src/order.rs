//! Turns a plan into steps and says which must come before which.

use crate::{Action, Planning};
use resource::{Address, Edge, Naming, Registry, Stack};
use serde_json::Value;
use state::State;
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

/// One piece of work.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) address: Address,
    pub(crate) kind: String,
    /// What the plan calls it.
    pub(crate) action: Action,
    pub(crate) work: Work,
}

#[derive(Clone, Debug)]
pub(crate) enum Work {
    /// Brings the node of the stack to what it declares.
    Apply { node: usize },
    /// Deletes.
    Remove { id: String, spec: Value, what: Removal },
}

/// What a removal is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Removal {
    /// The resource goes for good.
    Whole,
    /// The first half of a replacement: it will be made again.
    Before,
    /// The second half of a replacement, or what an earlier one left behind.
    Deposed,
}

/// Steps and their edges.
pub(crate) struct Order {
    pub(crate) steps: Vec<Step>,
    pub(crate) edges: Vec<(usize, usize, Edge)>,
    pub(crate) durations: Vec<Duration>,
}

/// How long a deletion is expected to take, compared with the creation.
const DELETION: Duration = Duration::from_secs(1);

pub(crate) fn order(planning: &Planning, stack: &Stack, state: &State, registry: &Registry) -> Order {
    let delete_first = delete_first(planning, stack, registry);
    let mut order = Order { steps: Vec::new(), edges: Vec::new(), durations: Vec::new() };
    let mut applies: HashMap<Address, usize> = HashMap::new();
    let mut removes: HashMap<Address, usize> = HashMap::new();

    for (index, node) in stack.nodes().iter().enumerate() {
        let known = &planning.known[index];
        let Some(action) = known.action else { continue };
        let kind = node.kind.to_owned();
        let typical = registry.get(node.kind).map(|reconciler| reconciler.typical()).unwrap_or_default();
        let typical = if action == Action::Update { DELETION } else { typical };
        let apply = order
            .push(Step { address: node.address.clone(), kind, action, work: Work::Apply { node: index } }, typical);
        applies.insert(node.address.clone(), apply);
        for needed in &node.dependencies {
            if let Some(before) = applies.get(&stack.nodes()[needed.node].address) {
                order.edges.push((*before, apply, needed.edge));
            }
        }
        if action == Action::Replace
            && let (Some(entry), Some(id)) = (state.resources.get(&node.address), &known.id)
        {
            let what = if delete_first[index] { Removal::Before } else { Removal::Deposed };
            let work = Work::Remove { id: id.clone(), spec: entry.spec.clone(), what };
            let remove =
                order.push(Step { address: node.address.clone(), kind: entry.kind.clone(), action, work }, DELETION);
            removes.insert(node.address.clone(), remove);
            order.edges.push(match what {
                Removal::Before => (remove, apply, Edge::Ready),
                _ => (apply, remove, Edge::Ready),
            });
        }
    }
    let mut leftovers = Vec::new();
    for change in planning.plan.changes.iter().filter(|change| change.action == Action::Delete) {
        let what = if change.deposed { Removal::Deposed } else { Removal::Whole };
        let work = Work::Remove { id: change.id.clone().unwrap_or_default(), spec: change.spec.clone(), what };
        let step = Step { address: change.address.clone(), kind: change.kind.clone(), action: Action::Delete, work };
        let remove = order.push(step, DELETION);
        if change.deposed {
            leftovers.push((change.address.clone(), remove));
        } else {
            removes.insert(change.address.clone(), remove);
        }
    }
    order.removals_after_dependants(state, &applies, &removes, &leftovers);
    order
}

impl Order {
    fn push(&mut self, step: Step, duration: Duration) -> usize {
        self.steps.push(step);
        self.durations.push(duration);
        self.steps.len() - 1
    }

    /// What depended on a thing lets go of it before it is deleted: by being deleted itself, or by being
    /// moved to something else.
    fn removals_after_dependants(
        &mut self,
        state: &State,
        applies: &HashMap<Address, usize>,
        removes: &HashMap<Address, usize>,
        leftovers: &[(Address, usize)],
    ) {
        let mut dependants: BTreeMap<&Address, Vec<&Address>> = BTreeMap::new();
        for (address, entry) in &state.resources {
            for needed in &entry.depends_on {
                dependants.entry(&needed.address).or_default().push(address);
            }
        }
        let all = removes.iter().chain(leftovers.iter().map(|(address, remove)| (address, remove)));
        for (address, remove) in all {
            let made_again = matches!(self.steps[*remove].work, Work::Remove { what: Removal::Before, .. });
            for dependant in dependants.get(address).into_iter().flatten() {
                if let Some(gone) = removes.get(*dependant) {
                    self.edges.push((*gone, *remove, Edge::Ready));
                } else if let Some(moved) = applies.get(*dependant)
                    && !made_again
                {
                    self.edges.push((*moved, *remove, Edge::Ready));
                }
            }
        }
    }
}

/// Which replacements delete before they create: those with names of their own, and everything replaced
/// that depends on one of those, for it must be out of the way first.
fn delete_first(planning: &Planning, stack: &Stack, registry: &Registry) -> Vec<bool> {
    let mut first = Vec::with_capacity(stack.nodes().len());
    for (node, known) in stack.nodes().iter().zip(&planning.known) {
        let named = registry.get(node.kind).is_ok_and(|reconciler| reconciler.naming() == Naming::Declared);
        let replaced = known.action == Some(Action::Replace);
        let under: bool = node.dependencies.iter().any(|needed| first[needed.node]);
        first.push(replaced && (named || under));
    }
    first
}
