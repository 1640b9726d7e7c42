//! Which differences between the cloud and what was applied may be put right without anybody looking.

use crate::{Action, Change, Planning, Refusal, applied_stack};
use aws_client::{FailureKind, Operation, Remedy};
use resource::{Address, Node, Registry, Stack, holds_seal};
use state::{Entry, State};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The effect of `up` on drift from values that only the file has.
const APPLIES: &str = "applies the file";

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
#[derive(Clone, Debug, Default)]
pub struct Healing {
    /// The drift to repair, and how.
    pub heals: Vec<(Address, Action)>,
    /// Drift that is left to a person.
    pub left: Vec<LeftToPerson>,
    /// Resources for which the file asks for something else than was applied. `up` applies that.
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
    /// What to do about it.
    pub help: Option<Remedy>,
}

/// A reason to leave drift to a person, and the advice.
type Reason = (String, Option<Remedy>);

/// What [`healing`] judges.
pub struct Judged<'a> {
    /// A plan of [`applied_stack`](crate::applied_stack), of everything, that allows no loss of data and no change to
    /// what is protected.
    pub planning: &'a Planning,
    /// The stack that it is a plan of.
    pub applied: &'a Stack,
    /// The stack of the environment file.
    pub declared: &'a Stack,
    /// The state that both were made from.
    pub state: &'a State,
    /// The kinds there are.
    pub registry: &'a Registry,
}

/// What becomes of a planned change.
enum Fate {
    Heal,
    Left(Reason),
    Unfinished,
    /// It follows from drift that is not repaired, and is none itself.
    Follows,
    Ignored,
}

/// Says of each difference between the cloud and the recorded specs whether it may be repaired. What the file asks
/// for beyond those is `pending`. Drift at `ignored` addresses is left out.
pub fn healing(judged: &Judged<'_>, heal: Heal, ignored: impl Fn(&Address) -> bool) -> Healing {
    let Judged { planning, applied, declared, state, registry } = judged;
    let place = planning.workshop.cloud.place();
    let pending = applied_stack::pending(declared, state, registry, place);
    let mut judge = Judge { judged, heal, pending: &pending, held: HashMap::new(), missing: HashSet::new() };
    let mut healing = Healing::default();
    for refusal in &planning.refusals {
        match refusal.failure.kind {
            FailureKind::Refused | FailureKind::Exists => judge.hold(refusal),
            _ => healing.failed.push(refusal.clone()),
        }
    }
    let changes = planning.plan.changes.iter().filter(|change| !change.deposed);
    let of_nodes: HashMap<&Address, &Change> = changes.map(|change| (&change.address, change)).collect();
    for (index, node) in applied.nodes().iter().enumerate() {
        let Some(change) = of_nodes.get(&node.address) else {
            if let Some(refusal) = judge.held.get(&node.address) {
                if refusal.failure.kind == FailureKind::Exists {
                    // Another owner has its name by now.
                    judge.missing.insert(index);
                }
                if !ignored(&node.address) {
                    healing.left.push(refused(refusal));
                }
            }
            continue;
        };
        let fate = if ignored(&node.address) { Fate::Ignored } else { judge.fate(node, change) };
        if change.action.makes() && !matches!(fate, Fate::Heal) {
            judge.missing.insert(index);
        }
        match fate {
            Fate::Heal => healing.heals.push((node.address.clone(), change.action)),
            Fate::Left(reason) => healing.leave(change, reason),
            Fate::Unfinished => healing.leave_unfinished(change),
            Fate::Follows | Fate::Ignored => {}
        }
    }
    for change in
        planning.plan.changes.iter().filter(|change| change.deposed && !of_nodes.contains_key(&change.address))
    {
        healing.leave_unfinished(change);
    }
    let unfinished =
        |address: &Address| state.resources.get(address).is_some_and(|entry| applied_stack::is_unfinished(entry, true));
    healing.pending = pending.iter().filter(|address| !unfinished(address)).cloned().collect();
    healing
}

impl Healing {
    fn leave(&mut self, change: &Change, (reason, help): Reason) {
        let Change { address, kind, action, .. } = change.clone();
        self.left.push(LeftToPerson { address, kind, action, reason, help });
    }

    fn leave_unfinished(&mut self, change: &Change) {
        self.unfinished = true;
        self.leave(change, with_up("an interrupted run left it unfinished", "goes on from there"));
    }
}

/// A resource that the planner refuses to touch, without a change.
fn refused(refusal: &Refusal) -> LeftToPerson {
    let action = if refusal.failure.kind == FailureKind::Exists { Action::Create } else { Action::Update };
    LeftToPerson {
        address: refusal.address.clone(),
        kind: refusal.kind.clone(),
        action,
        reason: refusal.failure.message.clone(),
        help: None,
    }
}

/// A reason, and what `up` does about it.
fn with_up(reason: impl Into<String>, effect: &str) -> Reason {
    (reason.into(), Some(Remedy::perform(Operation::Up, None, effect)))
}

struct Judge<'a> {
    judged: &'a Judged<'a>,
    heal: Heal,
    pending: &'a BTreeSet<Address>,
    /// Resources that the planner refuses to touch: protected, with data at risk, foreign.
    held: HashMap<&'a Address, &'a Refusal>,
    /// Positions of resources that do not exist and are not repaired.
    missing: HashSet<usize>,
}

impl<'a> Judge<'a> {
    fn hold(&mut self, refusal: &'a Refusal) {
        self.held.entry(&refusal.address).or_insert(refusal);
    }

    fn fate(&self, node: &Node, change: &Change) -> Fate {
        let Some(entry) = self.judged.state.resources.get(&node.address) else { return Fate::Unfinished };
        if applied_stack::is_unfinished(entry, self.pending.contains(&node.address)) {
            return Fate::Unfinished;
        }
        let needs = node.dependencies.iter().find(|needed| self.missing.contains(&needed.node));
        if let Some(needed) = needs {
            if change.action != Action::Create && change.fields.iter().all(|field| !field.known) {
                return Fate::Follows;
            }
            let address = &self.judged.applied.nodes()[needed.node].address;
            return Fate::Left((format!("it needs {address}, which is not there to be used"), None));
        }
        if let Some(reason) = self.asks_for_another(change, entry) {
            return Fate::Left(reason);
        }
        self.allowed(change)
    }

    /// Why only the pending change of the file could put the resource right.
    fn asks_for_another(&self, change: &Change, entry: &Entry) -> Option<Reason> {
        let is_declared = self.judged.declared.position(&change.address).is_some();
        if change.action.makes() && !is_declared {
            return Some(with_up("the file asks for it no longer, so it is not created again", "forgets it"));
        }
        if let Some(reason) = self.needs_a_secret(change) {
            return Some(reason);
        }
        let content = self.judged.registry.get(&change.kind).ok()?.content()?;
        let sends = |field: &resource::FieldChange| content.sent_with.contains(&field.path.as_str());
        let digest = entry.spec.get(content.digest)?.as_str()?;
        let is_sent = change.action.makes() || change.fields.iter().any(sends);
        if !is_sent || self.judged.planning.workshop.cloud.ships(digest) {
            return None;
        }
        let asks = match is_declared {
            true => format!("the file asks for another value of {}", content.digest),
            false => "the file asks for it no longer".to_owned(),
        };
        Some(with_up(format!("{asks}, and the project does not hold the content last applied"), APPLIES))
    }

    /// The state keeps no values that may be secrets, and the file asks for others by now.
    fn needs_a_secret(&self, change: &Change) -> Option<Reason> {
        let position = self.judged.applied.position(&change.address)?;
        let is_sealed = holds_seal(&self.judged.planning.known.get(position)?.spec);
        let secret = change.fields.iter().find(|field| field.sensitive);
        match (is_sealed, secret) {
            (true, Some(field)) => {
                let asks = format!("the file asks for another value of {}", field.path);
                Some(with_up(format!("{asks}, and the state keeps only a hash of the one last applied"), APPLIES))
            }
            (true, None) if change.action.makes() => {
                let reason = "the file asks for another value, and the state keeps only hashes of those last applied";
                Some(with_up(reason, APPLIES))
            }
            _ => None,
        }
    }

    /// What may become of drift, by the environment's own wish.
    fn allowed(&self, change: &Change) -> Fate {
        match (self.heal, self.held.get(&change.address)) {
            (Heal::Nothing, _) => Fate::Left(("nothing is to be healed".to_owned(), None)),
            (Heal::Safely, _) if change.action == Action::Replace => {
                let reason = match &change.cause {
                    Some(cause) => format!("it would have to be replaced: {cause}"),
                    None => "it would have to be replaced".to_owned(),
                };
                Fate::Left((reason, None))
            }
            (_, Some(refusal)) => Fate::Left((refusal.failure.message.clone(), None)),
            _ => Fate::Heal,
        }
    }
}
