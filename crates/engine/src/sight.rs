//! What a plan sees: of what is remembered and declared, what is there.

use crate::{
    Claim, Claims, Refusal, StopMode,
    made::Made,
    patience::{Patience, SURFACES_WITHIN},
    planning::Known,
    refresh::{Look, Seen, Workshop, look, outputs_of},
};
use aws_client::Result;
use resource::{Address, Dependency, Foreseen, Node, Registry, Stack, unseal};
use state::{Entry, Phase, State};
use std::collections::{BTreeMap, BTreeSet};
use tokio::{sync::watch, time::Instant};
use vocabulary::has_unknown;

pub(crate) struct Sight<'a> {
    pub(crate) stack: &'a Stack,
    pub(crate) state: &'a State,
    pub(crate) registry: &'a Registry,
    pub(crate) workshop: &'a Workshop,
    /// Positions of what the plan is about.
    pub(crate) selected: &'a BTreeSet<usize>,
    /// What is to be taken over.
    pub(crate) claims: &'a Claims,
    pub(crate) seen: BTreeMap<Address, Seen>,
    /// What could not be looked at.
    pub(crate) failures: Vec<Refusal>,
    /// What was looked for as long as AWS may hide it.
    searched: BTreeSet<Address>,
    began: Instant,
}

impl<'a> Sight<'a> {
    /// Looks at what the state remembers, then for what it does not.
    pub(crate) async fn new(
        stack: &'a Stack,
        state: &'a State,
        registry: &'a Registry,
        workshop: &'a Workshop,
        selected: &'a BTreeSet<usize>,
        claims: &'a Claims,
    ) -> Self {
        let mut sight = Self {
            stack,
            state,
            registry,
            workshop,
            selected,
            claims,
            seen: BTreeMap::new(),
            failures: Vec::new(),
            searched: BTreeSet::new(),
            began: Instant::now(),
        };
        sight.take(look(sight.remembered(), registry).await);
        let mut looked = BTreeSet::new();
        loop {
            let unknown = sight.unknown(&mut looked);
            if unknown.is_empty() {
                return sight;
            }
            sight.take(look(unknown, registry).await);
        }
    }

    fn take(&mut self, looked: Vec<(Address, Result<Seen>)>) {
        for (address, result) in looked {
            match result {
                Ok(seen) => {
                    self.seen.insert(address, seen);
                }
                Err(failure) => {
                    let declared = self.stack.nodes().iter().find(|node| node.address == address);
                    let kind = declared.map_or("", |node| node.kind).to_owned();
                    self.failures.push(Refusal { address, kind, failure, lifted_by: None });
                }
            }
        }
    }

    /// What the plan is about and is remembered, and what intents were to be made of.
    fn remembered(&self) -> Vec<Look> {
        let nodes = self.selected.iter().map(|index| &self.stack.nodes()[*index]);
        let mut addresses: BTreeSet<&Address> = nodes.map(|node| &node.address).collect();
        let unknown = self.state.resources.values().filter(|entry| has_unknown(&entry.spec));
        addresses.extend(unknown.flat_map(|entry| &entry.depends_on).map(|needed| &needed.address));
        let entries = self.state.resources.iter().filter(|(address, _)| addresses.contains(address));
        let at = |(address, entry)| Look::at(address, entry, self.workshop).claiming(self.claims.get(address));
        entries.map(at).collect()
    }

    /// What is declared, not remembered and not looked for yet. What is to be taken over by its name within something
    /// that is to be taken over as well comes after that.
    fn unknown(&self, looked: &mut BTreeSet<usize>) -> Vec<Look> {
        let before = looked.clone();
        let mut foreseen = Foreseen(Vec::new());
        let mut looks = Vec::new();
        for (index, node) in self.stack.nodes().iter().enumerate() {
            let seen = self.seen.get(&node.address).filter(|_| !self.is_retyped(node));
            let spec = self.workshop.spec(node, &foreseen, self.state.resources.get(&node.address)).unwrap_or_default();
            let live = seen.and_then(|seen| outputs_of(&seen.observation));
            let outputs = live.or_else(|| {
                let reconciler = self.registry.get(node.kind).ok()?;
                reconciler.foresee(&spec, node.address.as_str(), self.workshop.cloud.place()).ok()
            });
            foreseen.0.push(outputs.unwrap_or_default());
            if before.contains(&index)
                || !self.selected.contains(&index)
                || self.state.resources.contains_key(&node.address)
            {
                continue;
            }
            let claim = self.claims.get(&node.address);
            let is_next = |needed: &Dependency| {
                let address = &self.stack.nodes()[needed.node].address;
                self.claims.contains_key(address)
                    && !before.contains(&needed.node)
                    && !self.state.resources.contains_key(address)
            };
            let waits = claim == Some(&Claim::Name) && has_unknown(&spec) && node.dependencies.iter().any(is_next);
            if !waits {
                looked.insert(index);
                looks.push(Look::for_declared(node, spec, self.workshop).claiming(claim));
            }
        }
        looks
    }

    /// Whether what is remembered at the address is of another kind.
    fn is_retyped(&self, node: &Node) -> bool {
        self.state.resources.get(&node.address).is_some_and(|entry| entry.kind != node.kind)
    }

    /// What an interrupted run has made, or may have made other than it is declared now, and nobody has seen yet.
    /// Whoever applies the plan looks for what is declared now.
    pub(crate) fn hidden(&self, remembered: &State, known: &[Known]) -> Vec<Address> {
        let unseen = |address: &Address| {
            self.seen.get(address).is_some_and(Seen::shows_nothing) && !self.searched.contains(address)
        };
        let mut hidden = BTreeSet::new();
        for (index, (node, known)) in self.stack.nodes().iter().zip(known).enumerate() {
            if self.selected.contains(&index)
                && unseen(&node.address)
                && let Some(entry) = remembered.resources.get(&node.address)
            {
                let was_another = || self.is_retyped(node) || unseal(&entry.spec, &known.spec) != known.spec;
                let is_leaving = self.seen.get(&node.address).is_some_and(Seen::is_leaving);
                if entry.phase == Phase::Identified || (entry.phase == Phase::Intent && (is_leaving || was_another())) {
                    hidden.insert(&node.address);
                }
            }
        }
        // What something was made of is there as well.
        let shown = |address: &Address| self.seen.get(address).is_some_and(|seen| !seen.shows_nothing());
        let made = remembered.resources.iter().filter(|(address, entry)| shown(address) && has_unknown(&entry.spec));
        let sources = made.flat_map(|(_, entry)| &entry.depends_on).map(|needed| &needed.address);
        hidden.extend(sources.filter(|address| unseen(address)));
        hidden.into_iter().cloned().collect()
    }

    /// Looks for what is hidden, and takes what does not show for not there.
    pub(crate) async fn search(&mut self, hidden: Vec<Address>, remembered: &State) {
        let entries = hidden.iter().filter_map(|address| remembered.resources.get_key_value(address)).collect();
        let surfaced = self.surfaced(entries).await;
        self.take(surfaced);
        self.searched.extend(hidden);
    }

    /// Looks for what interrupted runs may have made, for as long as AWS may hide it.
    pub(crate) async fn surfaced(&self, hidden: Vec<(&Address, &Entry)>) -> Vec<(Address, Result<Seen>)> {
        let (_go, stop) = watch::channel(StopMode::Go);
        let mut patience = Patience::new(stop);
        let mut looked = Vec::new();
        let mut hidden = hidden;
        while !hidden.is_empty() {
            let last = self.began.elapsed() >= SURFACES_WITHIN;
            let looks = hidden.iter().map(|(address, entry)| Look::at(address, entry, self.workshop)).collect();
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

    pub(crate) fn made(&self) -> Made {
        Made::new(self.state, &self.seen)
    }
}
