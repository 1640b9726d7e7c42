use crate::{
    Action, Change, PLAN_FORMAT, Plan, Refusal, StopMode,
    patience::{Patience, SURFACES_WITHIN},
    refresh::{Look, Seen, Workshop, look},
    step::fits,
};
use futures::{StreamExt, stream};
use resource::{
    Address, Cloud, Failure, FailureKind, FieldChange, Lookup, Node, Observation, Registry, Result, Stack, Tags,
    has_unknown,
};
use serde_json::Value;
use state::{Phase, State};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};
use tokio::sync::watch;

/// What a plan is for.
#[derive(Clone, Debug, Default)]
pub struct Purpose {
    /// Only what matches these globs, and what that needs; empty: everything.
    pub targets: Vec<String>,
    /// Globs of protected addresses that may be deleted or replaced all the same.
    pub unprotect: Vec<String>,
    /// Whether data may be deleted.
    pub delete_data: bool,
    /// Digest of everything the stack was made from.
    pub inputs: String,
}

/// A plan, with what was learnt on the way to it.
pub struct Planning {
    /// What would change.
    pub plan: Plan,
    /// What stands in the way; a plan with refusals must not be applied.
    pub refusals: Vec<Refusal>,
    pub(crate) known: Vec<Known>,
    pub(crate) forgotten: Vec<Address>,
    pub(crate) workshop: Workshop,
}

/// What is known of a declared resource before anything is done.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// The id of what is there.
    pub(crate) id: Option<String>,
    /// Its outputs, if it is there and stays.
    pub(crate) outputs: Option<Value>,
    /// The declaration to reach, with placeholders.
    pub(crate) spec: Value,
    /// What is to be done; `None`: nothing.
    pub(crate) action: Option<Action>,
    /// Left out by `--target`.
    pub(crate) excluded: bool,
}

/// Compares what is declared, remembered and there. Reads only.
///
/// An empty stack plans the destruction of everything the state remembers.
pub async fn plan(
    stack: &Stack,
    state: &State,
    registry: &Registry,
    cloud: &Arc<Cloud>,
    identity: &Tags,
    purpose: &Purpose,
) -> Planning {
    let workshop = Workshop { cloud: cloud.clone(), identity: identity.clone(), delete_data: purpose.delete_data };
    let planner = Planner { stack, state, registry, purpose, workshop };
    planner.plan().await
}

struct Planner<'a> {
    stack: &'a Stack,
    state: &'a State,
    registry: &'a Registry,
    purpose: &'a Purpose,
    workshop: Workshop,
}

/// Outputs as far as a plan knows them: live, foreseen or placeholders.
pub(crate) struct Foreseen(pub(crate) Vec<Value>);

impl Lookup for Foreseen {
    fn outputs(&self, node: usize) -> Result<Value> {
        Ok(self.0[node].clone())
    }
}

struct Decision {
    action: Option<Action>,
    cause: Option<String>,
    fields: Vec<FieldChange>,
}

impl Planner<'_> {
    async fn plan(self) -> Planning {
        let mut refusals = Vec::new();
        let selected = self.selected();
        let mut seen = self.refresh(&selected, &mut refusals).await;
        let mut known = Vec::with_capacity(self.stack.nodes().len());
        let mut foreseen = Foreseen(Vec::with_capacity(self.stack.nodes().len()));
        let mut changes = Vec::new();
        let mut unchanged = 0;
        for (index, node) in self.stack.nodes().iter().enumerate() {
            let seen = seen.remove(&node.address);
            match self.decide(node, seen, &mut foreseen, !selected.contains(&index)) {
                Ok((one, change)) => {
                    match change {
                        Some(change) => changes.push(change),
                        None if !one.excluded => unchanged += 1,
                        None => {}
                    }
                    known.push(one);
                }
                Err(failure) => {
                    refusals.push(refusal(&node.address, node.kind, failure));
                    foreseen.0.push(Value::Null);
                    known.push(Known::default());
                }
            }
        }
        let forgotten = self.deletions(&mut changes, &mut refusals).await;
        self.protections(&changes, &mut refusals);
        self.data(&changes, &mut refusals).await;
        let plan = Plan {
            format: PLAN_FORMAT,
            environment: self.state.environment.clone(),
            lineage: self.state.lineage.clone(),
            serial: self.state.serial,
            inputs: self.purpose.inputs.clone(),
            changes,
            unchanged,
            targets: self.purpose.targets.clone(),
        };
        Planning { plan, refusals, known, forgotten, workshop: self.workshop }
    }

    fn targeted(&self, address: &Address) -> bool {
        self.purpose.targets.is_empty() || self.purpose.targets.iter().any(|glob| address.matches(glob))
    }

    /// The nodes the targets name, with everything those need.
    fn selected(&self) -> BTreeSet<usize> {
        let mut selected = BTreeSet::new();
        for (index, node) in self.stack.nodes().iter().enumerate().rev() {
            if self.targeted(&node.address) || selected.contains(&index) {
                selected.insert(index);
                selected.extend(node.dependencies.iter().map(|needed| needed.node));
            }
        }
        selected
    }

    /// Looks at what the state remembers, then for what it does not.
    async fn refresh(&self, selected: &BTreeSet<usize>, refusals: &mut Vec<Refusal>) -> BTreeMap<Address, Seen> {
        let declared: BTreeMap<&Address, &Node> = self.stack.nodes().iter().map(|node| (&node.address, node)).collect();
        let mut seen = BTreeMap::new();
        let mut take = |looked: Vec<(Address, Result<Seen>)>, seen: &mut BTreeMap<Address, Seen>| {
            for (address, result) in looked {
                match result {
                    Ok(found) => {
                        seen.insert(address, found);
                    }
                    Err(failure) => {
                        let kind = declared.get(&address).map_or("", |node| node.kind);
                        refusals.push(refusal(&address, kind, failure));
                    }
                }
            }
        };
        let remembered = self.state.resources.iter().filter(|(address, _)| declared.contains_key(address));
        let looks = remembered.map(|(address, entry)| Look::at(address, entry, &self.workshop)).collect();
        take(look(looks, self.registry).await, &mut seen);

        let mut foreseen = Foreseen(Vec::new());
        let (mut looks, mut hidden) = (Vec::new(), Vec::new());
        for (index, node) in self.stack.nodes().iter().enumerate() {
            let seen_here = seen.get(&node.address).filter(|_| !self.is_retyped(node));
            let live = seen_here.and_then(|seen: &Seen| outputs_of(&seen.observation));
            let spec = node.spec(&foreseen).unwrap_or_default();
            let outputs = live.unwrap_or_else(|| self.foresee(node, &spec).unwrap_or_default());
            foreseen.0.push(outputs);
            let unseen = seen.get(&node.address).is_some_and(Seen::shows_nothing);
            match self.state.resources.get_key_value(&node.address) {
                _ if !selected.contains(&index) => {}
                None => looks.push(Look::for_declared(node, spec, &self.workshop)),
                Some((address, entry)) if unseen => {
                    // Whoever applies the plan looks for what is declared now.
                    let was_another = self.is_retyped(node) || !fits(&entry.spec, &spec);
                    if entry.phase == Phase::Identified || (entry.phase == Phase::Intent && was_another) {
                        hidden.push((address, entry));
                    }
                }
                Some(_) => {}
            }
        }
        take(look(looks, self.registry).await, &mut seen);
        take(self.surfaced(hidden).await, &mut seen);
        seen
    }

    /// Whether what is remembered at the address is of another kind.
    fn is_retyped(&self, node: &Node) -> bool {
        self.state.resources.get(&node.address).is_some_and(|entry| entry.kind != node.kind)
    }

    fn foresee(&self, node: &Node, spec: &Value) -> Result<Value> {
        self.registry.get(node.kind)?.foresee(spec, node.address.as_str(), self.workshop.cloud.place())
    }

    fn decide(
        &self,
        node: &Node,
        seen: Option<Seen>,
        foreseen: &mut Foreseen,
        excluded: bool,
    ) -> Result<(Known, Option<Change>)> {
        let spec = node.spec(foreseen)?;
        let entry = self.state.resources.get(&node.address);
        let decision = match (&seen, entry) {
            _ if excluded => Decision { action: None, cause: None, fields: Vec::new() },
            (Some(Seen { id: Some(_), .. }), Some(entry)) if entry.kind != node.kind => Decision {
                action: Some(Action::Replace),
                cause: Some(format!("it was a {} and is now a {}", entry.kind, node.kind)),
                fields: self.all_fields(&spec),
            },
            (_, Some(entry)) if entry.kind != node.kind => {
                Decision { action: Some(Action::Create), cause: None, fields: self.all_fields(&spec) }
            }
            (Some(seen), entry) => self.compare(node, &spec, seen, entry)?,
            (None, _) => Decision { action: Some(Action::Create), cause: None, fields: self.all_fields(&spec) },
        };
        let id = seen.as_ref().and_then(|seen| seen.id.clone());
        let stays = matches!(decision.action, None | Some(Action::Update));
        let live = seen.as_ref().and_then(|seen| outputs_of(&seen.observation)).filter(|_| stays);
        let excluded_outputs =
            entry.map(|entry| entry.outputs.clone()).filter(|outputs| excluded && !outputs.is_null());
        let outputs = live.or(excluded_outputs);
        foreseen.0.push(match &outputs {
            Some(outputs) => outputs.clone(),
            None => self.foresee(node, &spec)?,
        });
        let change = decision.action.map(|action| Change {
            address: node.address.clone(),
            kind: node.kind.to_owned(),
            action,
            cause: decision.cause,
            id: id.clone(),
            fields: decision.fields,
            spec: spec.clone(),
            deposed: false,
        });
        Ok((Known { id, outputs, spec, action: decision.action, excluded }, change))
    }

    fn compare(&self, node: &Node, spec: &Value, seen: &Seen, entry: Option<&state::Entry>) -> Result<Decision> {
        let reconciler = self.registry.get(node.kind)?;
        let decision = |action, cause: Option<&str>, fields| Decision {
            action: Some(action),
            cause: cause.map(str::to_owned),
            fields,
        };
        let interrupted = entry.is_some_and(|entry| entry.phase == Phase::Deleting);
        Ok(match &seen.observation {
            // Even if it is gone: what a deletion clears away after that may still be there.
            _ if interrupted => decision(Action::Replace, Some("its deletion was interrupted"), self.all_fields(spec)),
            Observation::Absent => {
                let was_there = entry.is_some_and(|entry| matches!(entry.phase, Phase::Ready | Phase::Identified));
                let cause = was_there.then_some("it no longer exists in the cloud");
                decision(Action::Create, cause, self.all_fields(spec))
            }
            Observation::Broken { reason } => decision(Action::Replace, Some(reason), self.all_fields(spec)),
            Observation::Settling { status, .. } => {
                // What it will be is what it was made by.
                let made = entry.map_or(Value::Null, |entry| as_made(&entry.spec, spec));
                let diff = reconciler.compare(spec, Some(&made), &made);
                match entry.and_then(|_| reconciler.replacement(spec, &made, &diff)) {
                    Some(cause) => decision(Action::Replace, Some(&cause), diff.changes),
                    None => decision(Action::Update, Some(&format!("it is still {status}")), Vec::new()),
                }
            }
            Observation::Ready { live, .. } => {
                let diff = reconciler.compare(spec, entry.map(|entry| &entry.spec), live);
                let unfinished = entry.is_some_and(|entry| entry.phase != Phase::Ready);
                match reconciler.replacement(spec, live, &diff) {
                    Some(cause) => decision(Action::Replace, Some(&cause), diff.changes),
                    None if seen.found => decision(
                        Action::Update,
                        Some("it exists with this stack's tags and is taken over"),
                        diff.changes,
                    ),
                    None if diff.is_empty() && unfinished => {
                        decision(Action::Update, Some("an interrupted run left it unfinished"), Vec::new())
                    }
                    None if diff.is_empty() => Decision { action: None, cause: None, fields: Vec::new() },
                    None => decision(Action::Update, None, diff.changes),
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
        });
        fields.collect()
    }

    /// Adds the deletions: what is remembered and no longer declared, and what replacements left behind.
    /// Returns what was only ever intended and is not there, to be forgotten.
    async fn deletions(&self, changes: &mut Vec<Change>, refusals: &mut Vec<Refusal>) -> Vec<Address> {
        let declared: BTreeSet<&Address> = self.stack.nodes().iter().map(|node| &node.address).collect();
        let orphans =
            self.state.resources.iter().filter(|(address, _)| !declared.contains(address) && self.targeted(address));
        let (identified, intended): (Vec<_>, Vec<_>) = orphans.partition(|(_, entry)| entry.id.is_some());
        for (address, entry) in identified {
            match self.understands(address, &entry.kind, &entry.spec) {
                Ok(()) => changes.push(deletion(address, entry, entry.id.clone(), &entry.spec)),
                Err(failure) => refusals.push(refusal(address, &entry.kind, failure)),
            }
        }
        let mut forgotten = Vec::new();
        for (address, result) in self.surfaced(intended).await {
            let entry = &self.state.resources[&address];
            match result {
                Ok(Seen { id: Some(id), .. }) => changes.push(deletion(&address, entry, Some(id), &entry.spec)),
                // What bears the name is not ours: our create never happened.
                Ok(_) => forgotten.push(address),
                Err(failure) if failure.kind == FailureKind::Exists => forgotten.push(address),
                Err(failure) => refusals.push(refusal(&address, &entry.kind, failure)),
            }
        }
        for (address, entry) in self.state.resources.iter().filter(|(address, _)| self.targeted(address)) {
            for old in &entry.deposed {
                if let Err(failure) = self.understands(address, &old.kind, &old.spec) {
                    refusals.push(refusal(address, &old.kind, failure));
                }
                let change = deletion(address, entry, Some(old.id.clone()), &old.spec);
                let cause = Some("a replacement left it behind".to_owned());
                changes.push(Change { deposed: true, kind: old.kind.clone(), cause, ..change });
            }
        }
        forgotten
    }

    /// Looks for what interrupted runs may have made, for as long as AWS may hide it.
    async fn surfaced(&self, intended: Vec<(&Address, &state::Entry)>) -> Vec<(Address, Result<Seen>)> {
        let (_go, stop) = watch::channel(StopMode::Go);
        let mut patience = Patience::new(stop);
        let mut looked = Vec::new();
        let mut hidden = intended;
        while !hidden.is_empty() {
            let last = patience.is_over(SURFACES_WITHIN);
            let looks = hidden.iter().map(|(address, entry)| Look::at(address, entry, &self.workshop)).collect();
            let (absent, there): (Vec<_>, Vec<_>) = look(looks, self.registry)
                .await
                .into_iter()
                .partition(|(_, result)| result.as_ref().is_ok_and(Seen::shows_nothing));
            looked.extend(there);
            if last {
                looked.extend(absent);
                break;
            }
            hidden.retain(|(address, _)| absent.iter().any(|(still, _)| still == *address));
            if !hidden.is_empty() && patience.wait().await.is_err() {
                break;
            }
        }
        looked
    }

    /// Whether what was recorded can be worked with at all: to be told before anything is touched.
    fn understands(&self, address: &Address, kind: &str, spec: &Value) -> Result<()> {
        let place = self.workshop.cloud.place();
        self.registry.get(kind)?.foresee(spec, address.as_str(), place).map(drop)
    }

    fn protections(&self, changes: &[Change], refusals: &mut Vec<Refusal>) {
        for change in
            changes.iter().filter(|change| matches!(change.action, Action::Delete | Action::Replace) && !change.deposed)
        {
            let recorded = self.state.resources.get(&change.address).is_some_and(|entry| entry.protected);
            let protected = recorded || self.stack.protects(&change.address);
            let allowed = self.purpose.unprotect.iter().any(|glob| change.address.matches(glob));
            if protected && !allowed {
                let failure = Failure::refused(
                    format!("it is protected, and this would {} it", change.action.as_str()),
                    format!("if you mean it, pass --unprotect '{}'", change.address),
                );
                refusals.push(refusal(&change.address, &change.kind, failure));
            }
        }
    }

    /// Refuses what would destroy data, unless that is allowed, before anything is touched.
    async fn data(&self, changes: &[Change], refusals: &mut Vec<Refusal>) {
        if self.purpose.delete_data {
            return;
        }
        let doomed = changes.iter().filter(|change| matches!(change.action, Action::Delete | Action::Replace));
        let going: Arc<HashSet<String>> = Arc::new(doomed.clone().filter_map(|change| change.id.clone()).collect());
        let checks = stream::iter(doomed).map(|change| {
            let going = going.clone();
            async move { (change, self.holdings(change, going).await) }
        });
        let found: Vec<_> = checks.buffer_unordered(64).collect().await;
        for (change, result) in found {
            match result {
                Ok(None) => {}
                Ok(Some(what)) => {
                    let message = format!("it holds {what}, and this would {} it", change.action.as_str());
                    let help = "pass --delete-data to delete the data as well";
                    refusals.push(refusal(&change.address, &change.kind, Failure::refused(message, help)));
                }
                Err(failure) => refusals.push(refusal(&change.address, &change.kind, failure)),
            }
        }
        refusals.sort_by(|a, b| a.address.cmp(&b.address));
    }

    async fn holdings(&self, change: &Change, going: Arc<HashSet<String>>) -> Result<Option<String>> {
        let (Some(id), Some(entry)) = (&change.id, self.state.resources.get(&change.address)) else { return Ok(None) };
        let reconciler = self.registry.get(&entry.kind)?;
        let cx = self.workshop.cx(&change.address, &entry.token).with_going(going);
        reconciler.holdings(&entry.spec, id, &cx).await
    }
}

/// A declaration as it was when something was made by it, if all that is recorded is what was known before. What
/// was not known then is what it is now, and something else if it will be again: then what it comes from is replaced.
fn as_made(recorded: &Value, declared: &Value) -> Value {
    match (recorded, declared) {
        (Value::Object(recorded), declared) => {
            let field = |(key, value): (&String, &Value)| (key.clone(), as_made(value, &declared[key]));
            Value::Object(recorded.iter().map(field).collect())
        }
        (recorded, _) if !has_unknown(recorded) => recorded.clone(),
        (_, declared) if has_unknown(declared) => Value::Null,
        (_, declared) => declared.clone(),
    }
}

fn deletion(address: &Address, entry: &state::Entry, id: Option<String>, spec: &Value) -> Change {
    Change {
        address: address.clone(),
        kind: entry.kind.clone(),
        action: Action::Delete,
        cause: None,
        id,
        fields: Vec::new(),
        spec: spec.clone(),
        deposed: false,
    }
}

fn refusal(address: &Address, kind: &str, failure: Failure) -> Refusal {
    Refusal { address: address.clone(), kind: kind.to_owned(), failure }
}

fn outputs_of(observation: &Observation) -> Option<Value> {
    match observation {
        Observation::Ready { outputs, .. } => Some(outputs.clone()),
        Observation::Settling { outputs, .. } => outputs.clone(),
        Observation::Absent | Observation::Broken { .. } => None,
    }
}
