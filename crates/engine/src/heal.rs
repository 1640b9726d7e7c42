//! Which differences between the cloud and what was applied may be put right without anybody looking.

use crate::{Action, Change, Planning, Refusal};
use resource::{Address, Failure, FailureKind, Lookup, Node, Registry, Result, Stack};
use serde_json::Value;
use state::{Entry, Phase, State};
use std::collections::{HashMap, HashSet};

/// How far healing goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Heal {
    /// Nothing is healed, all is told.
    Nothing,
    /// What can be put back in place, or made anew where it is gone. Nothing is deleted.
    #[default]
    Safely,
    /// Also what only a replacement can put right, unless it is protected or holds data.
    Everything,
}

/// What a plan has to do with drift.
#[derive(Debug, Default)]
pub struct Healing {
    /// What is to be healed, and how.
    pub heals: Vec<(Address, Action)>,
    /// Drift that is left to a person.
    pub left: Vec<LeftToPerson>,
    /// Changes that are no drift: the declaration has moved on. A new run brings them.
    pub pending: Vec<Address>,
    /// Whether some of what is left was begun by a run that was interrupted, or that is still at work.
    pub unfinished: bool,
    /// What could not be looked at.
    pub failed: Vec<Refusal>,
}

/// Drift that is not healed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftToPerson {
    /// Which resource.
    pub address: Address,
    /// Its kind.
    pub kind: String,
    /// What healing it would take.
    pub action: Action,
    /// Why it is left.
    pub reason: String,
}

/// What is to become of a change.
enum Fate {
    Heal,
    Left(String),
    Unfinished,
    Pending,
    Ignored,
}

/// Tells drift from changes that somebody declared, in a plan of everything that allows no loss of data and no
/// change to what is protected. Drift at `ignored` addresses is nobody's business.
pub fn healing(
    planning: &Planning,
    stack: &Stack,
    state: &State,
    registry: &Registry,
    heal: Heal,
    ignored: impl Fn(&Address) -> bool,
) -> Healing {
    let (declared, changes) = (Declared { stack, state, registry }, &planning.plan.changes);
    let mut healing = Healing::default();
    let mut held = HashMap::new();
    let mut foreign = HashSet::new();
    for refusal in &planning.refusals {
        let loses = |change: &Change| change.address == refusal.address && change.action.loses();
        match refusal.failure.kind {
            FailureKind::Refused if changes.iter().any(loses) => {
                held.insert(&refusal.address, refusal.failure.message.as_str());
            }
            // Another owner has its name by now.
            FailureKind::Exists if state.resources.contains_key(&refusal.address) => {
                foreign.insert(&refusal.address);
                healing.leave_foreign(refusal);
            }
            _ => healing.failed.push(refusal.clone()),
        }
    }
    let of_nodes: HashMap<&Address, &Change> =
        changes.iter().filter(|change| !change.deposed).map(|change| (&change.address, change)).collect();
    // What healing does not bring, but a later run would, by whether somebody declared that.
    let mut missing: HashMap<usize, bool> = HashMap::new();
    for (index, node) in stack.nodes().iter().enumerate() {
        let Some(change) = of_nodes.get(&node.address) else { continue };
        if foreign.contains(&node.address) {
            missing.insert(index, false);
            continue;
        }
        let needs = node.dependencies.iter().find_map(|needed| Some((needed.node, *missing.get(&needed.node)?)));
        let fate = match needs {
            Some((_, true)) => Fate::Pending,
            _ if declared.is_unfinished(node) => Fate::Unfinished,
            _ if !declared.has_drifted(node) => Fate::Pending,
            _ if ignored(&node.address) => Fate::Ignored,
            Some((needed, false)) => {
                Fate::Left(format!("it needs {}, which is not there to be used", stack.nodes()[needed].address))
            }
            None => allowed(heal, change, held.get(&node.address).copied()),
        };
        if change.action.makes() && !matches!(fate, Fate::Heal) {
            missing.insert(index, matches!(fate, Fate::Pending));
        }
        match fate {
            Fate::Heal => healing.heals.push((node.address.clone(), change.action)),
            Fate::Left(reason) => healing.leave(change, reason),
            Fate::Unfinished => healing.leave_unfinished(change),
            Fate::Pending => healing.pending.push(node.address.clone()),
            Fate::Ignored => {}
        }
    }
    for change in changes.iter().filter(|change| change.deposed || change.action == Action::Delete) {
        let interrupted = state.resources.get(&change.address).is_some_and(|entry| entry.phase == Phase::Deleting);
        match change.deposed || interrupted {
            true => healing.leave_unfinished(change),
            false => healing.pending.push(change.address.clone()),
        }
    }
    healing
}

impl Healing {
    fn leave(&mut self, change: &Change, reason: String) {
        let Change { address, kind, action, .. } = change.clone();
        self.left.push(LeftToPerson { address, kind, action, reason });
    }

    fn leave_foreign(&mut self, refusal: &Refusal) {
        let Refusal { address, kind, failure } = refusal.clone();
        self.left.push(LeftToPerson { address, kind, action: Action::Create, reason: failure.message });
    }

    fn leave_unfinished(&mut self, change: &Change) {
        self.unfinished = true;
        self.leave(change, "an interrupted run left it unfinished, and `mlopsctl up` goes on from there".to_owned());
    }
}

/// What may become of drift, by the environment's own wish.
fn allowed(heal: Heal, change: &Change, held: Option<&str>) -> Fate {
    match (heal, held) {
        (Heal::Nothing, _) => Fate::Left("nothing is to be healed".to_owned()),
        (Heal::Safely, _) if change.action == Action::Replace => Fate::Left(match &change.cause {
            Some(cause) => format!("it would have to be replaced: {cause}"),
            None => "it would have to be replaced".to_owned(),
        }),
        (_, Some(why)) => Fate::Left(why.to_owned()),
        _ => Fate::Heal,
    }
}

/// What is declared, beside what was applied.
struct Declared<'a> {
    stack: &'a Stack,
    state: &'a State,
    registry: &'a Registry,
}

impl Declared<'_> {
    /// Whether a run was interrupted where nobody knows what it did. One that was interrupted while it changed what
    /// has a known id is gone on with, if that is still declared.
    fn is_unfinished(&self, node: &Node) -> bool {
        let entry = self.state.resources.get(&node.address);
        entry.is_some_and(|entry| matches!(entry.phase, Phase::Intent | Phase::Deleting) || !entry.deposed.is_empty())
    }

    /// Whether the cloud is what has moved, and not the declaration.
    fn has_drifted(&self, node: &Node) -> bool {
        self.state.resources.get(&node.address).is_some_and(|entry| self.is_as_applied(node, entry))
    }

    fn is_as_applied(&self, node: &Node, entry: &Entry) -> bool {
        if entry.kind != node.kind {
            return false;
        }
        let (Ok(spec), Ok(reconciler)) = (node.spec(self), self.registry.get(node.kind)) else { return false };
        reconciler.compare(&spec, Some(&entry.spec), &entry.spec).is_empty()
    }
}

/// The declaration as it was when everything it refers to was applied.
impl Lookup for Declared<'_> {
    fn outputs(&self, node: usize) -> Result<Value> {
        let entry = self.state.resources.get(&self.stack.nodes()[node].address);
        let outputs = entry.map(|entry| entry.outputs.clone()).filter(|outputs| !outputs.is_null());
        outputs.ok_or_else(|| Failure::of(FailureKind::Final, "something it needs was never applied"))
    }
}
