//! Decides which drift from the applied declarations may be repaired without a person.

use crate::{Action, PlannedChange, Planning, Refusal, applied_stack};
use aws_client::{FailureKind, Operation, Remedy};
use resource::{Address, KindRegistry, Node, Stack, holds_seal};
use state::{Entry, State};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The effect of `up` on drift from values that only the file has.
const APPLIES: &str = "applies the file";

/// The drift that may be repaired without a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RepairScope {
    /// None: all drift is only reported.
    Nothing,
    /// Drift that an update repairs, and resources that are gone. Nothing is deleted.
    #[default]
    Safely,
    /// Also drift that takes a replacement, except of protected resources and of those that hold data.
    Everything,
}

/// The drift to repair, and the drift that is left to a person.
#[derive(Clone, Debug, Default)]
pub struct Repairs {
    /// The drift to repair, and how.
    pub planned: Vec<(Address, Action)>,
    /// Drift that is left to a person.
    pub left: Vec<UnrepairedDrift>,
    /// Resources for which the file asks for something else than was applied. `up` applies that.
    pub pending: Vec<Address>,
    /// True if a run that was interrupted or is still at work began one of the changes in `left`.
    pub unfinished: bool,
    /// The resources that could not be read.
    pub failed: Vec<Refusal>,
}

/// Drift that is not repaired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnrepairedDrift {
    /// The resource.
    pub address: Address,
    /// Its kind.
    pub kind: String,
    /// The action that would repair it.
    pub action: Action,
    /// The reason why it is left.
    pub reason: String,
    /// The advice.
    pub help: Option<Remedy>,
}

/// A reason to leave drift to a person, and the advice.
type Reason = (String, Option<Remedy>);

/// The input of [`plan_repairs`].
pub struct RepairInput<'a> {
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
    pub registry: &'a KindRegistry,
}

/// The decision on a planned change.
enum RepairDecision {
    Repair,
    Left(Reason),
    Unfinished,
    /// It follows from drift that is not repaired, and is none itself.
    Follows,
    Ignored,
}

/// Says of each difference between the cloud and the recorded specs whether it may be repaired. What the file asks
/// for beyond those is `pending`. Drift at `ignored` addresses is left out.
pub fn plan_repairs(judged: &RepairInput<'_>, scope: RepairScope, ignored: impl Fn(&Address) -> bool) -> Repairs {
    let RepairInput { planning, applied, declared, state, registry } = judged;
    let place = planning.contexts.cloud.place();
    let pending = applied_stack::pending(declared, state, registry, place);
    let mut judge = Judge { judged, scope, pending: &pending, held: HashMap::new(), missing: HashSet::new() };
    let mut repairs = Repairs::default();
    for refusal in &planning.refusals {
        match refusal.failure.kind {
            FailureKind::Refused | FailureKind::Exists => judge.hold(refusal),
            _ => repairs.failed.push(refusal.clone()),
        }
    }
    let changes = planning.plan.changes.iter().filter(|change| !change.deposed);
    let of_nodes: HashMap<&Address, &PlannedChange> = changes.map(|change| (&change.address, change)).collect();
    for (index, node) in applied.nodes().iter().enumerate() {
        let Some(change) = of_nodes.get(&node.address) else {
            if let Some(refusal) = judge.held.get(&node.address) {
                if refusal.failure.kind == FailureKind::Exists {
                    // Another owner has its name by now.
                    judge.missing.insert(index);
                }
                if !ignored(&node.address) {
                    repairs.left.push(refused(refusal));
                }
            }
            continue;
        };
        let decision = if ignored(&node.address) { RepairDecision::Ignored } else { judge.decide(node, change) };
        if change.action.makes() && !matches!(decision, RepairDecision::Repair) {
            judge.missing.insert(index);
        }
        match decision {
            RepairDecision::Repair => repairs.planned.push((node.address.clone(), change.action)),
            RepairDecision::Left(reason) => repairs.leave(change, reason),
            RepairDecision::Unfinished => repairs.leave_unfinished(change),
            RepairDecision::Follows | RepairDecision::Ignored => {}
        }
    }
    for change in
        planning.plan.changes.iter().filter(|change| change.deposed && !of_nodes.contains_key(&change.address))
    {
        repairs.leave_unfinished(change);
    }
    let unfinished =
        |address: &Address| state.resources.get(address).is_some_and(|entry| applied_stack::is_unfinished(entry, true));
    repairs.pending = pending.iter().filter(|address| !unfinished(address)).cloned().collect();
    repairs
}

impl Repairs {
    fn leave(&mut self, change: &PlannedChange, (reason, help): Reason) {
        let PlannedChange { address, kind, action, .. } = change.clone();
        self.left.push(UnrepairedDrift { address, kind, action, reason, help });
    }

    fn leave_unfinished(&mut self, change: &PlannedChange) {
        self.unfinished = true;
        self.leave(change, with_up("an interrupted run left it unfinished", "goes on from there"));
    }
}

/// A resource that the planner refuses to touch, without a change.
fn refused(refusal: &Refusal) -> UnrepairedDrift {
    let action = if refusal.failure.kind == FailureKind::Exists { Action::Create } else { Action::Update };
    UnrepairedDrift {
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
    judged: &'a RepairInput<'a>,
    scope: RepairScope,
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

    fn decide(&self, node: &Node, change: &PlannedChange) -> RepairDecision {
        let Some(entry) = self.judged.state.resources.get(&node.address) else { return RepairDecision::Unfinished };
        if applied_stack::is_unfinished(entry, self.pending.contains(&node.address)) {
            return RepairDecision::Unfinished;
        }
        let needs = node.dependencies.iter().find(|needed| self.missing.contains(&needed.node));
        if let Some(needed) = needs {
            if change.action != Action::Create && change.fields.iter().all(|field| !field.known) {
                return RepairDecision::Follows;
            }
            let address = &self.judged.applied.nodes()[needed.node].address;
            return RepairDecision::Left((format!("it needs {address}, which is not there to be used"), None));
        }
        if let Some(reason) = self.asks_for_another(change, entry) {
            return RepairDecision::Left(reason);
        }
        self.allowed(change)
    }

    /// The reason why only the pending change of the file could repair the resource.
    fn asks_for_another(&self, change: &PlannedChange, entry: &Entry) -> Option<Reason> {
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
        if !is_sent || self.judged.planning.contexts.cloud.ships(digest) {
            return None;
        }
        let asks = match is_declared {
            true => format!("the file asks for another value of {}", content.digest),
            false => "the file asks for it no longer".to_owned(),
        };
        Some(with_up(format!("{asks}, and the project does not hold the content last applied"), APPLIES))
    }

    /// The state keeps no values that may be secrets, and the file asks for others by now.
    fn needs_a_secret(&self, change: &PlannedChange) -> Option<Reason> {
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

    /// The decision on drift by the environment's own settings.
    fn allowed(&self, change: &PlannedChange) -> RepairDecision {
        match (self.scope, self.held.get(&change.address)) {
            (RepairScope::Nothing, _) => RepairDecision::Left(("repairs are switched off".to_owned(), None)),
            (RepairScope::Safely, _) if change.action == Action::Replace => {
                let reason = match &change.cause {
                    Some(cause) => format!("it would have to be replaced: {cause}"),
                    None => "it would have to be replaced".to_owned(),
                };
                RepairDecision::Left((reason, None))
            }
            (_, Some(refusal)) => RepairDecision::Left((refusal.failure.message.clone(), None)),
            _ => RepairDecision::Repair,
        }
    }
}
