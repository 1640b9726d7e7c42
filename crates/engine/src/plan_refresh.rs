//! The refresh of a plan: reads the live resources behind the state and the declarations.

use crate::{
    Claim, Claims, Refusal, StopMode,
    planning::KnownResource,
    refresh::{ContextFactory, ReadResult, ResourceRead, outputs_of, read_all},
    resolved_intents::ResolvedIntents,
    retry_budget::{RetryBudget, SURFACES_WITHIN},
};
use aws_client::Result;
use resource::{Address, Dependency, KindRegistry, Node, PredictedOutputs, Stack, unseal};
use state::{Entry, Phase, State};
use std::collections::{BTreeMap, BTreeSet};
use tokio::{sync::watch, time::Instant};
use vocabulary::has_unknown;

pub(crate) struct PlanRefresh<'a> {
    pub(crate) stack: &'a Stack,
    pub(crate) state: &'a State,
    pub(crate) registry: &'a KindRegistry,
    pub(crate) contexts: &'a ContextFactory,
    /// The positions of the resources that the plan is about.
    pub(crate) selected: &'a BTreeSet<usize>,
    /// The resources to adopt.
    pub(crate) claims: &'a Claims,
    pub(crate) observed: BTreeMap<Address, ReadResult>,
    /// The resources that could not be read.
    pub(crate) failures: Vec<Refusal>,
    /// The addresses that were searched for as long as AWS's lists may lag.
    searched: BTreeSet<Address>,
    began: Instant,
}

impl<'a> PlanRefresh<'a> {
    /// Reads the resources that the state records, then searches for the others.
    pub(crate) async fn new(
        stack: &'a Stack,
        state: &'a State,
        registry: &'a KindRegistry,
        contexts: &'a ContextFactory,
        selected: &'a BTreeSet<usize>,
        claims: &'a Claims,
    ) -> Self {
        let mut refresh = Self {
            stack,
            state,
            registry,
            contexts,
            selected,
            claims,
            observed: BTreeMap::new(),
            failures: Vec::new(),
            searched: BTreeSet::new(),
            began: Instant::now(),
        };
        refresh.insert(read_all(refresh.recorded_reads(), registry).await);
        let mut searched = BTreeSet::new();
        loop {
            let unrecorded = refresh.unrecorded_reads(&mut searched);
            if unrecorded.is_empty() {
                return refresh;
            }
            refresh.insert(read_all(unrecorded, registry).await);
        }
    }

    fn insert(&mut self, results: Vec<(Address, Result<ReadResult>)>) {
        for (address, result) in results {
            match result {
                Ok(observed) => {
                    self.observed.insert(address, observed);
                }
                Err(failure) => {
                    let declared = self.stack.nodes().iter().find(|node| node.address == address);
                    let kind = declared.map_or("", |node| node.kind).to_owned();
                    self.failures.push(Refusal { address, kind, failure, lifted_by: None });
                }
            }
        }
    }

    /// The recorded resources that the plan is about, and those that intents depend on.
    fn recorded_reads(&self) -> Vec<ResourceRead> {
        let nodes = self.selected.iter().map(|index| &self.stack.nodes()[*index]);
        let mut addresses: BTreeSet<&Address> = nodes.map(|node| &node.address).collect();
        let unknown = self.state.resources.values().filter(|entry| has_unknown(&entry.spec));
        addresses.extend(unknown.flat_map(|entry| &entry.depends_on).map(|needed| &needed.address));
        let entries = self.state.resources.iter().filter(|(address, _)| addresses.contains(address));
        let at = |(address, entry)| {
            ResourceRead::for_recorded(address, entry, self.contexts).claiming(self.claims.get(address))
        };
        entries.map(at).collect()
    }

    /// The declared resources that the state does not record and that were not searched for yet. One that is adopted by
    /// its name within another adopted resource comes after that one.
    fn unrecorded_reads(&self, searched: &mut BTreeSet<usize>) -> Vec<ResourceRead> {
        let before = searched.clone();
        let mut predicted = PredictedOutputs(Vec::new());
        let mut reads = Vec::new();
        for (index, node) in self.stack.nodes().iter().enumerate() {
            let observed = self.observed.get(&node.address).filter(|_| !self.is_retyped(node));
            let spec =
                self.contexts.spec(node, &predicted, self.state.resources.get(&node.address)).unwrap_or_default();
            let live = observed.and_then(|observed| outputs_of(&observed.observation));
            let outputs = live.or_else(|| {
                let reconciler = self.registry.get(node.kind).ok()?;
                reconciler.predict_outputs(&spec, node.address.as_str(), self.contexts.cloud.place()).ok()
            });
            predicted.0.push(outputs.unwrap_or_default());
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
                searched.insert(index);
                reads.push(ResourceRead::for_declared(node, spec, self.contexts).claiming(claim));
            }
        }
        reads
    }

    /// True if the resource recorded at the address is of another kind.
    fn is_retyped(&self, node: &Node) -> bool {
        self.state.resources.get(&node.address).is_some_and(|entry| entry.kind != node.kind)
    }

    /// The resources that an interrupted run made, or may have made by another declaration than today's, and that no
    /// read has shown yet. The steps of `apply` search for the resources as they are declared now.
    pub(crate) fn hidden(&self, recorded: &State, known: &[KnownResource]) -> Vec<Address> {
        let unseen = |address: &Address| {
            self.observed.get(address).is_some_and(ReadResult::shows_nothing) && !self.searched.contains(address)
        };
        let mut hidden = BTreeSet::new();
        for (index, (node, known)) in self.stack.nodes().iter().zip(known).enumerate() {
            if self.selected.contains(&index)
                && unseen(&node.address)
                && let Some(entry) = recorded.resources.get(&node.address)
            {
                let was_another = || self.is_retyped(node) || unseal(&entry.spec, &known.spec) != known.spec;
                let is_leaving = self.observed.get(&node.address).is_some_and(ReadResult::is_leaving);
                if entry.phase == Phase::Identified || (entry.phase == Phase::Intent && (is_leaving || was_another())) {
                    hidden.insert(&node.address);
                }
            }
        }
        // The resources that a created one depends on exist as well.
        let shown = |address: &Address| self.observed.get(address).is_some_and(|observed| !observed.shows_nothing());
        let made = recorded.resources.iter().filter(|(address, entry)| shown(address) && has_unknown(&entry.spec));
        let sources = made.flat_map(|(_, entry)| &entry.depends_on).map(|needed| &needed.address);
        hidden.extend(sources.filter(|address| unseen(address)));
        hidden.into_iter().cloned().collect()
    }

    /// Searches for the hidden resources. One that does not show counts as absent.
    pub(crate) async fn search(&mut self, hidden: Vec<Address>, recorded: &State) {
        let entries = hidden.iter().filter_map(|address| recorded.resources.get_key_value(address)).collect();
        let surfaced = self.surfaced(entries).await;
        self.insert(surfaced);
        self.searched.extend(hidden);
    }

    /// Searches for resources that interrupted runs may have made, for as long as AWS's lists may lag.
    pub(crate) async fn surfaced(&self, hidden: Vec<(&Address, &Entry)>) -> Vec<(Address, Result<ReadResult>)> {
        let (_go, stop) = watch::channel(StopMode::Go);
        let mut retries = RetryBudget::new(stop);
        let mut results = Vec::new();
        let mut hidden = hidden;
        while !hidden.is_empty() {
            let last = self.began.elapsed() >= SURFACES_WITHIN;
            let reads = hidden
                .iter()
                .map(|(address, entry)| ResourceRead::for_recorded(address, entry, self.contexts))
                .collect();
            let (absent, there): (Vec<_>, Vec<_>) = read_all(reads, self.registry)
                .await
                .into_iter()
                .partition(|(_, result)| result.as_ref().is_ok_and(ReadResult::shows_nothing));
            results.extend(there);
            if last {
                results.extend(absent);
                break;
            }
            hidden.retain(|(address, _)| absent.iter().any(|(still, _)| still == *address));
            if !hidden.is_empty() && retries.wait().await.is_err() {
                break;
            }
        }
        results
    }

    pub(crate) fn resolved_intents(&self) -> ResolvedIntents {
        ResolvedIntents::new(self.state, &self.observed)
    }
}
