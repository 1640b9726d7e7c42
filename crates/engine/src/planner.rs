//! Makes a plan from the declared, recorded and live resources.

mod credibility;
mod drifted;
mod losses;
mod owners;

use crate::{
    Action, ChangeDrift, PLAN_FORMAT, Plan, PlannedChange, Planning, Purpose, Refusal,
    adoption::{cannot_adopt, is_not_another},
    moves::after_moves,
    ownership,
    plan::LEAVING,
    plan_refresh::PlanRefresh,
    planning::KnownResource,
    recorded::{current_state, unreadable},
    refresh::{ContextFactory, Origin, ReadResult, outputs_of},
    resolved_intents::{ResolvedIntents, spec_as_created},
};
use aws_client::{Failure, Result};
use resource::{
    Address, Cloud, FieldChange, IgnoredDifference, KindRegistry, Node, Observation, PredictedOutputs, Stack, Tags,
};
use serde_json::Value;
use state::{Entry, Phase, State};
use std::{collections::BTreeSet, sync::Arc};
use vocabulary::has_unknown;

/// Compares declared, recorded and live resources. Reads only.
///
/// An empty stack plans the destruction of everything the state remembers.
pub async fn plan(
    stack: &Stack,
    state: &State,
    registry: &KindRegistry,
    cloud: &Arc<Cloud>,
    identity: &Tags,
    purpose: &Purpose,
) -> Planning {
    let current = current_state(state, registry, cloud.place());
    let after = after_moves(stack, &current);
    let mut planning = plan_current(stack, &after.state, registry, cloud, identity, purpose).await;
    planning.refusals.extend(after.refusals);
    planning.plan.tell_moves(after.moved);
    for refusal in unreadable(state, registry, cloud.place()) {
        if purpose.concerns(&refusal.address, stack) {
            planning.refusals.retain(|other| other.address != refusal.address);
            planning.refusals.push(refusal);
        }
    }
    planning
}

/// The same, of a state in the form of this version.
async fn plan_current(
    stack: &Stack,
    state: &State,
    registry: &KindRegistry,
    cloud: &Arc<Cloud>,
    identity: &Tags,
    purpose: &Purpose,
) -> Planning {
    let contexts = ContextFactory {
        cloud: cloud.clone(),
        identity: identity.clone(),
        lineage: state.lineage.as_str().into(),
        delete_data: purpose.delete_data.as_slice().into(),
        repairs: purpose.repairs,
    };
    let selected = purpose.selected(stack);
    let mut refresh = PlanRefresh::new(stack, state, registry, &contexts, &selected, &purpose.claims).await;
    loop {
        let intents = refresh.resolved_intents();
        let recorded = intents.applied_to(state);
        let planner = Planner { stack, state: &recorded, registry, purpose, contexts: &contexts };
        let decided = planner.decide_all(&refresh);
        let hidden = refresh.hidden(&recorded, &decided.known);
        if hidden.is_empty() {
            return planner.plan(decided, refresh, intents).await;
        }
        refresh.search(hidden, &recorded).await;
    }
}

struct Planner<'a> {
    stack: &'a Stack,
    state: &'a State,
    registry: &'a KindRegistry,
    purpose: &'a Purpose,
    contexts: &'a ContextFactory,
}

struct Decision {
    action: Option<Action>,
    cause: Option<String>,
    fields: Vec<FieldChange>,
    drift: ChangeDrift,
}

impl Decision {
    fn nothing() -> Self {
        Self { action: None, cause: None, fields: Vec::new(), drift: ChangeDrift::None }
    }

    fn new(action: Action, cause: Option<String>, fields: Vec<FieldChange>) -> Self {
        Self { action: Some(action), cause, fields, drift: ChangeDrift::None }
    }
}

/// The decisions about all declared resources.
#[derive(Default)]
struct Decided {
    known: Vec<KnownResource>,
    changes: Vec<PlannedChange>,
    unchanged: usize,
    refusals: Vec<Refusal>,
    ignored: Vec<IgnoredDifference>,
}

impl Purpose {
    /// True if the data at an address may be deleted.
    fn may_delete_data(&self, address: &Address) -> bool {
        self.delete_data.iter().any(|glob| address.matches(glob))
    }

    fn targets(&self, address: &Address) -> bool {
        self.targets.is_empty() || self.targets.iter().any(|glob| address.matches(glob))
    }

    /// True if a plan concerns the resource at this address.
    fn concerns(&self, address: &Address, stack: &Stack) -> bool {
        self.targets(address)
            || stack.position(address).is_some_and(|position| self.selected(stack).contains(&position))
    }

    /// The nodes the targets name, with everything those need.
    fn selected(&self, stack: &Stack) -> BTreeSet<usize> {
        let mut selected = BTreeSet::new();
        for (index, node) in stack.nodes().iter().enumerate().rev() {
            if self.targets(&node.address) || selected.contains(&index) {
                selected.insert(index);
                if !self.alone {
                    selected.extend(node.dependencies.iter().map(|needed| needed.node));
                }
            }
        }
        selected
    }
}

impl Planner<'_> {
    async fn plan(self, decided: Decided, refresh: PlanRefresh<'_>, intents: ResolvedIntents) -> Planning {
        let Decided { known, mut changes, unchanged, mut refusals, ignored } = decided;
        let kept = self.kept(&mut refusals).await;
        let forgotten = self.deletions(&refresh, &kept, &mut changes, &mut refusals).await;
        refusals.extend(refresh.failures);
        let others = is_not_another(&self.purpose.claims, self.state);
        refusals.extend(others.into_iter().map(|(address, kind, failure)| refusal(&address, &kind, failure)));
        self.recorded_ids(&known, &changes, &mut refusals);
        self.refuse_duplicate_ids(&known, &changes, &mut refusals);
        self.protections(&changes, &mut refusals);
        self.owners(&changes, &mut refusals).await;
        let losses = self.data(&changes, &mut refusals).await;
        let is_unknown_loss = |refusal: &Refusal| self.purpose.is_read_only && self.is_unknown_loss(refusal, &changes);
        let (unknown_losses, mut refusals): (Vec<_>, Vec<_>) = refusals.into_iter().partition(is_unknown_loss);
        refusals.sort_by(|one, other| one.address.cmp(&other.address));
        let mut plan = Plan {
            format: PLAN_FORMAT,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            environment: self.state.environment.clone(),
            lineage: self.state.lineage.clone(),
            serial: self.state.serial,
            inputs: self.purpose.inputs.clone(),
            changes,
            unchanged,
            kept,
            ignored,
            moved: Vec::new(),
            targets: self.purpose.targets.clone(),
            delete_data: self.purpose.delete_data.clone(),
            unprotect: self.purpose.unprotect.clone(),
            claims: self.purpose.claims.clone(),
        };
        plan.hide_sensitive(self.registry);
        let (left_out, contexts) = (self.left_out(&known), self.contexts.clone());
        Planning { plan, refusals, unknown_losses, losses, left_out, known, intents, forgotten, contexts }
    }

    fn left_out(&self, known: &[KnownResource]) -> Vec<Address> {
        let nodes = self.stack.nodes().iter().map(|node| &node.address);
        let declared: BTreeSet<&Address> = nodes.clone().collect();
        let recorded = self.state.resources.keys();
        let undeclared = recorded.filter(|address| !declared.contains(address) && !self.purpose.targets(address));
        let excluded = nodes.zip(known).filter(|(_, known)| known.excluded).map(|(address, _)| address);
        excluded.chain(undeclared).cloned().collect()
    }

    fn decide_all(&self, refresh: &PlanRefresh<'_>) -> Decided {
        let mut decided = Decided::default();
        let mut predicted = PredictedOutputs(Vec::with_capacity(self.stack.nodes().len()));
        for (index, node) in self.stack.nodes().iter().enumerate() {
            let observed = refresh.observed.get(&node.address);
            match self.decide(node, observed, &mut predicted, !refresh.selected.contains(&index)) {
                Ok((one, change, ignored)) => {
                    decided.ignored.extend(ignored);
                    match change {
                        Some(change) => decided.changes.push(change),
                        None if !one.excluded => decided.unchanged += 1,
                        None => {}
                    }
                    decided.known.push(one);
                }
                Err(failure) => {
                    decided.refusals.push(refusal(&node.address, node.kind, failure));
                    let live = observed.and_then(|observed| outputs_of(&observed.observation));
                    let blank = || self.predict_outputs(node, &self.spec(node, &predicted)?);
                    let outputs = live.map_or_else(blank, Ok).unwrap_or_default();
                    predicted.0.push(outputs);
                    decided.known.push(KnownResource::default());
                }
            }
        }
        decided
    }

    fn spec(&self, node: &Node, outputs: &PredictedOutputs) -> Result<Value> {
        self.contexts.spec(node, outputs, self.state.resources.get(&node.address))
    }

    fn predict_outputs(&self, node: &Node, spec: &Value) -> Result<Value> {
        self.registry.get(node.kind)?.predict_outputs(spec, node.address.as_str(), self.contexts.cloud.place())
    }

    fn decide(
        &self,
        node: &Node,
        observed: Option<&ReadResult>,
        predicted: &mut PredictedOutputs,
        excluded: bool,
    ) -> Result<(KnownResource, Option<PlannedChange>, Vec<IgnoredDifference>)> {
        let mut spec = self.spec(node, predicted)?;
        let entry = self.state.resources.get(&node.address);
        let ignored = match observed {
            Some(observed) if !excluded => self.keep_live(node, &mut spec, observed, entry)?,
            _ => Vec::new(),
        };
        let decision = match (observed, entry) {
            _ if excluded => Decision::nothing(),
            (Some(ReadResult { id: Some(_), .. }), Some(entry)) if entry.kind != node.kind => {
                let cause = format!("it was a {} and is now a {}", entry.kind, node.kind);
                Decision::new(Action::Replace, Some(cause), self.all_fields(&spec))
            }
            (_, Some(entry)) if entry.kind != node.kind => Decision::new(Action::Create, None, self.all_fields(&spec)),
            (Some(observed), entry) => {
                let mut decision = self.compare(node, &spec, observed, entry)?;
                decision.drift = self.drifted(node, observed, entry, &decision)?;
                self.refuse_foreign_change(node, observed, entry, &decision)?;
                decision
            }
            (None, _) => Decision::new(Action::Create, None, self.all_fields(&spec)),
        };
        let id = observed.and_then(|observed| observed.id.clone());
        let stays = matches!(decision.action, None | Some(Action::Update));
        let live = observed.and_then(|observed| outputs_of(&observed.observation)).filter(|_| stays);
        let recorded = entry.map(|entry| entry.outputs.clone()).filter(|outputs| excluded && !outputs.is_null());
        let outputs = live.or(recorded);
        predicted.0.push(match &outputs {
            Some(outputs) => outputs.clone(),
            None => self.predict_outputs(node, &spec)?,
        });
        let change = decision.action.map(|action| PlannedChange {
            address: node.address.clone(),
            kind: node.kind.to_owned(),
            action,
            cause: decision.cause,
            id: id.clone(),
            fields: decision.fields,
            spec: spec.clone(),
            deposed: false,
            drift: decision.drift,
        });
        let is_unproven = observed.is_some_and(|observed| observed.by == Origin::Unproven);
        let claimed = id.is_some() && (is_unproven || self.purpose.claims.contains_key(&node.address));
        let owned = !claimed && !entry.is_some_and(|entry| entry.adopting);
        let unfinished = owned && entry.zip(observed).is_some_and(|(entry, observed)| observed.is_unfinished(entry));
        let (action, keeps_live) = (decision.action, !ignored.is_empty());
        let known = KnownResource { id, outputs, spec, action, excluded, owned, claimed, unfinished, keeps_live };
        Ok((known, change, ignored))
    }

    /// Declares the live values of ignored fields. Content that is not in the project cannot be sent again, so a
    /// replacement uses the declared value of that field.
    fn keep_live(
        &self,
        node: &Node,
        spec: &mut Value,
        observed: &ReadResult,
        entry: Option<&Entry>,
    ) -> Result<Vec<IgnoredDifference>> {
        let Observation::Ready { live, .. } = &observed.observation else { return Ok(Vec::new()) };
        if entry.is_some_and(|entry| entry.kind != node.kind) {
            return Ok(Vec::new());
        }
        let reconciler = self.registry.get(node.kind)?;
        let (recorded, declared) = (entry.map(|entry| &entry.spec), spec.clone());
        let mut ignored = self.stack.ignored().keep_live(&node.address, reconciler, spec, recorded, live);
        if ignored.is_empty() {
            return Ok(ignored);
        }
        let diff = reconciler.compare(spec, recorded, live);
        if let Some(content) = reconciler.content()
            && reconciler.replacement(spec, live, &diff).is_some()
        {
            spec[content.digest] = declared[content.digest].clone();
            ignored.retain(|one| one.field.path != content.digest);
        }
        Ok(ignored)
    }

    fn compare(&self, node: &Node, spec: &Value, observed: &ReadResult, entry: Option<&Entry>) -> Result<Decision> {
        let reconciler = self.registry.get(node.kind)?;
        let decision = |action, cause: Option<&str>, fields| Decision::new(action, cause.map(str::to_owned), fields);
        let interrupted = entry.is_some_and(|entry| entry.phase == Phase::Deleting);
        let cx = self.contexts.cx(&node.address, "");
        if let (Origin::Unproven, Some(condition)) = (observed.by, ownership::unready(&observed.observation)) {
            return Err(ownership::unproven(reconciler, observed.id.as_deref(), &condition, &cx));
        }
        Ok(match &observed.observation {
            // Even if it is gone: what a deletion clears away after that may still be there.
            _ if interrupted => decision(Action::Replace, Some("its deletion was interrupted"), self.all_fields(spec)),
            // AWS's leftovers are found by its id alone, which no list shows much longer.
            Observation::Absent if observed.is_leaving() && reconciler.leftovers() && entry.is_some() => {
                decision(Action::Replace, Some(LEAVING), self.all_fields(spec))
            }
            Observation::Absent => {
                let was_there = entry.is_some_and(|entry| matches!(entry.phase, Phase::Ready | Phase::Identified));
                let cause = was_there.then_some("it no longer exists in the cloud");
                decision(Action::Create, cause, self.all_fields(spec))
            }
            Observation::Broken { reason, .. } => decision(Action::Replace, Some(reason), self.all_fields(spec)),
            Observation::Settling { status, .. } => {
                // The resource will be as its creation declares it.
                let made = entry.map_or(Value::Null, |entry| spec_as_created(&entry.spec, spec));
                let diff = reconciler.compare(spec, Some(&made), &made);
                match entry.and_then(|_| reconciler.replacement(spec, &made, &diff)) {
                    Some(cause) => decision(Action::Replace, Some(&cause), diff.changes),
                    None => decision(Action::Update, Some(&format!("it is still {status}")), Vec::new()),
                }
            }
            Observation::Ready { live, .. } => {
                let diff = reconciler.compare(spec, entry.map(|entry| &entry.spec), live);
                let unfinished = entry.is_some_and(|entry| entry.phase != Phase::Ready);
                let is_adopted = observed.by == Origin::Claim || entry.is_some_and(|entry| entry.adopting);
                match (reconciler.replacement(spec, live, &diff), observed.by) {
                    (Some(cause), _) if is_adopted => return Err(cannot_adopt(&cause, observed.id.as_deref(), &diff)),
                    (_, Origin::Unproven) if !diff.is_empty() => {
                        let condition = ownership::undeclared(&diff);
                        return Err(ownership::unproven(reconciler, observed.id.as_deref(), &condition, &cx));
                    }
                    (_, Origin::Unproven) => {
                        decision(Action::Update, Some("it exists as declared, and is added to the state"), Vec::new())
                    }
                    (Some(cause), _) => decision(Action::Replace, Some(&cause), diff.changes),
                    (None, Origin::Claim) => decision(Action::Update, Some("it is taken over"), diff.changes),
                    (None, Origin::Intended) => decision(Action::Update, Some("a run may have made it"), diff.changes),
                    (None, Origin::Search) => decision(
                        Action::Update,
                        Some("it already exists in AWS with this environment's tags, and is added to the state"),
                        diff.changes,
                    ),
                    (None, _) if is_adopted => {
                        decision(Action::Update, Some("its adoption was interrupted: it is taken over"), diff.changes)
                    }
                    (None, _) if diff.is_empty() && unfinished => {
                        decision(Action::Update, Some("an interrupted run left it unfinished"), Vec::new())
                    }
                    (None, _) if diff.is_empty() => Decision::nothing(),
                    (None, _) => decision(Action::Update, None, diff.changes),
                }
            }
        })
    }

    fn all_fields(&self, spec: &Value) -> Vec<FieldChange> {
        let Value::Object(fields) = spec else { return Vec::new() };
        let fields = fields.iter().map(|(path, after)| FieldChange {
            path: path.clone(),
            before: Value::Null,
            after: after.clone(),
            known: !has_unknown(after),
            forces_replacement: false,
            sensitive: false,
        });
        fields.collect()
    }
}

fn refusal(address: &Address, kind: &str, failure: Failure) -> Refusal {
    Refusal { address: address.clone(), kind: kind.to_owned(), failure, lifted_by: None }
}
