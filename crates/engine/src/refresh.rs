//! Reads the live resources that the state records or the stack declares.

use crate::{
    PlannedChange, StopMode,
    adoption::{self, Claim},
    ownership,
    retry_budget::{self, RetryBudget, StepError},
};
use aws_client::{Adoption, Failure, FailureKind, Operation, Remedy, Result};
use futures::{StreamExt, stream};
use resource::{
    Address, Cloud, Context, KindRegistry, LINEAGE_TAG, Lookup, Node, Observation, Owner, Ownership, StackTagCache,
    Tags, tags_of,
};
use serde_json::Value;
use state::{Entry, Phase};
use std::sync::Arc;
use tokio::sync::watch;
use vocabulary::has_unknown;

/// Reads under way at once. High, so that reads which AWS can answer together meet in one batch;
/// each service has its own limit below.
const AT_ONCE: usize = 512;

/// Makes the contexts of reconcilers.
#[derive(Clone)]
pub(crate) struct ContextFactory {
    pub(crate) cloud: Arc<Cloud>,
    pub(crate) identity: Tags,
    pub(crate) lineage: Arc<str>,
    /// Globs of the addresses whose data may be deleted.
    pub(crate) delete_data: Arc<[String]>,
    pub(crate) repairs: bool,
}

impl ContextFactory {
    pub(crate) fn cx(&self, address: &Address, token: &str) -> Context {
        let delete_data = self.delete_data.iter().any(|glob| address.matches(glob));
        Context::new(self.cloud.clone(), address.clone(), self.identity.clone(), token.to_owned(), delete_data)
            .of_lineage(self.lineage.clone())
    }

    /// The declared spec, with the tag of this state. A repair gives the tag only to a resource that had it.
    pub(crate) fn spec(&self, node: &Node, outputs: &dyn Lookup, recorded: Option<&Entry>) -> Result<Value> {
        let had_none = |entry: &Entry| tags_of(&entry.spec).is_none_or(|tags| tags.get(LINEAGE_TAG).is_none());
        match self.repairs && recorded.is_some_and(had_none) {
            true => node.spec(outputs),
            false => node.spec_of_lineage(outputs, &self.lineage),
        }
    }

    /// The context of the recorded resource at an address. A deposed resource has the same tags, and is about to be
    /// deleted.
    pub(crate) fn cx_of(&self, address: &Address, entry: &Entry) -> Context {
        let replaced = entry.deposed.iter().map(|old| old.id.clone()).collect();
        self.cx(address, &entry.token).with_going(Arc::new(replaced))
    }
}

/// A read of one resource: by its id, or by a search.
pub(crate) struct ResourceRead {
    address: Address,
    kind: String,
    id: Option<String>,
    spec: Value,
    claim: Option<Claim>,
    /// True if it is being adopted, so that it may still have its first owner's tags.
    adopting: bool,
    /// True if a run of this state meant to create it.
    is_intended: bool,
    cx: Context,
}

impl ResourceRead {
    /// The read of a recorded resource.
    pub(crate) fn for_recorded(address: &Address, entry: &Entry, contexts: &ContextFactory) -> Self {
        Self {
            address: address.clone(),
            kind: entry.kind.clone(),
            id: entry.id.clone(),
            spec: entry.spec.clone(),
            claim: None,
            adopting: entry.adopting,
            is_intended: true,
            cx: contexts.cx_of(address, entry),
        }
    }

    /// The search for a declared resource that the state does not record.
    pub(crate) fn for_declared(node: &Node, spec: Value, contexts: &ContextFactory) -> Self {
        let cx = contexts.cx(&node.address, "");
        let (address, kind) = (node.address.clone(), node.kind.to_owned());
        Self { address, kind, id: None, spec, claim: None, adopting: false, is_intended: false, cx }
    }

    /// The read of a resource right before its deletion.
    pub(crate) fn at_deletion(change: &PlannedChange, entry: &Entry, contexts: &ContextFactory) -> Self {
        Self {
            address: change.address.clone(),
            kind: change.kind.clone(),
            id: change.id.clone(),
            spec: change.spec.clone(),
            claim: None,
            adopting: false,
            is_intended: true,
            cx: contexts.cx(&change.address, &entry.token),
        }
    }

    /// The same, for a resource that the user adopts.
    pub(crate) fn claiming(self, claim: Option<&Claim>) -> Self {
        Self { claim: claim.cloned(), adopting: self.adopting || claim.is_some(), ..self }
    }
}

/// The result of a read.
#[derive(Clone, Debug)]
pub(crate) struct ReadResult {
    /// The id, recorded or found.
    pub(crate) id: Option<String>,
    /// The way in which the resource was found.
    pub(crate) by: Origin,
    pub(crate) observation: Observation,
    /// The owner by its tags, for a recorded resource.
    pub(crate) ownership: Option<Ownership>,
}

/// The way in which a read found the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// By the recorded id.
    Record,
    /// By its tags, which prove that this state's runs made it, or within its container.
    Search,
    /// By its name alone, or by tags without the lineage, while an intent of this state is recorded.
    Intended,
    /// The same without an intent: any owner is possible.
    Unproven,
    /// The user adopts it, also if it is foreign.
    Claim,
}

impl ReadResult {
    /// The other owner, if its tags name one.
    pub(crate) fn foreign_owner(&self) -> Option<&str> {
        match &self.ownership {
            Some(Ownership::Foreign(owner)) => Some(owner),
            _ => None,
        }
    }

    /// True if a search found the resource by its tags, and a read does not: AWS is deleting it, or does not know it
    /// everywhere yet.
    pub(crate) fn is_leaving(&self) -> bool {
        self.by == Origin::Search && self.id.is_some() && self.shows_nothing()
    }

    /// True if a run of this state created the resource and no run has seen it work.
    pub(crate) fn is_unfinished(&self, entry: &Entry) -> bool {
        let is_created = match entry.phase {
            Phase::Intent => self.by == Origin::Search,
            Phase::Identified => entry.unfinished,
            Phase::Ready | Phase::Deleting => false,
        };
        is_created && !matches!(self.observation, Observation::Ready { .. })
    }

    /// True if the read found no resource.
    pub(crate) fn shows_nothing(&self) -> bool {
        matches!(self.observation, Observation::Absent)
    }
}

/// Reads resources at once. Those of a kind come side by side, because AWS can answer them in one batch.
pub(crate) async fn read_all(reads: Vec<ResourceRead>, registry: &KindRegistry) -> Vec<(Address, Result<ReadResult>)> {
    read_each(reads, registry).await.into_iter().map(|(address, _, observed)| (address, observed)).collect()
}

/// The same, with the kind of each: an address can have deposed resources of other kinds.
pub(crate) async fn read_each(
    mut reads: Vec<ResourceRead>,
    registry: &KindRegistry,
) -> Vec<(Address, String, Result<ReadResult>)> {
    reads.sort_by(|one, other| one.kind.cmp(&other.kind));
    let tag_cache = Arc::new(StackTagCache::default());
    stream::iter(reads)
        .map(|read| {
            let cx = read.cx.clone().with_tag_cache(tag_cache.clone());
            async move {
                let observed = read_until_sure(&read, &cx, registry).await;
                (read.address, read.kind, observed)
            }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await
}

/// Reads a resource until a difference to the recorded spec has shown in several reads in a row. For a while after a
/// change, AWS answers alternately with the new and the old settings.
async fn read_until_sure(read: &ResourceRead, cx: &Context, registry: &KindRegistry) -> Result<ReadResult> {
    let mut observed = read_with_retries(read, cx, registry).await?;
    for pause in retry_budget::BETWEEN_DOUBTS {
        if !is_doubtful(read, &observed, registry) {
            break;
        }
        retry_budget::rest(pause).await;
        observed = read_with_retries(read, cx, registry).await?;
    }
    Ok(observed)
}

/// True if the observed resource differs from the recorded spec.
fn is_doubtful(read: &ResourceRead, observed: &ReadResult, registry: &KindRegistry) -> bool {
    let Observation::Ready { live, .. } = &observed.observation else { return false };
    let is_owned = observed.by == Origin::Record && read.claim.is_none() && observed.foreign_owner().is_none();
    is_owned
        && !has_unknown(&read.spec)
        && registry.get(&read.kind).is_ok_and(|kind| !kind.compare(&read.spec, Some(&read.spec), live).is_empty())
}

/// Reads with the retries of `apply`: after throttling, lost answers and errors of eventual consistency.
async fn read_with_retries(read: &ResourceRead, cx: &Context, registry: &KindRegistry) -> Result<ReadResult> {
    let (_go, stop) = watch::channel(StopMode::Go);
    let mut retries = RetryBudget::new(stop);
    loop {
        let failure = match read_once(read, cx, registry).await {
            Ok(observed) => return Ok(observed),
            Err(failure) => failure,
        };
        // An unrecorded resource may not exist at all. Then only the permission to search for it is missing.
        let is_recorded = read.id.is_some();
        let shown = if is_recorded { retry_budget::with_retry_time(&failure) } else { failure.clone() };
        if shown.kind.is_retryable() {
            cx.waits_for(&shown);
        }
        let end = match is_recorded {
            true => retries.wait_or_fail_existing(failure.clone()).await,
            false => retries.wait_or_fail(failure.clone()).await,
        };
        match end {
            Ok(()) => {}
            Err(StepError::Failed(failure)) => return Err(failure),
            // A read cannot be stopped.
            Err(StepError::Stopped) => return Err(failure),
        }
    }
}

async fn read_once(read: &ResourceRead, cx: &Context, registry: &KindRegistry) -> Result<ReadResult> {
    let reconciler = registry.get(&read.kind)?;
    let (id, by) = match (&read.id, &read.claim) {
        (Some(id), _) => (Some(id.clone()), Origin::Record),
        (None, Some(claim)) => (Some(claim.id(reconciler, &read.spec, cx).await?), Origin::Claim),
        (None, None) => match find(reconciler, &read.spec, cx).await? {
            Some(found) if found.is_proven => (Some(found.id), Origin::Search),
            Some(found) if read.is_intended => (Some(found.id), Origin::Intended),
            Some(found) => (Some(found.id), Origin::Unproven),
            None => (None, Origin::Search),
        },
    };
    let observation = match &id {
        Some(id) => reconciler.observe(&read.spec, id, cx).await?,
        None => Observation::Absent,
    };
    // One whose adoption was interrupted may be gone.
    let is_gone = by != Origin::Claim && matches!(observation, Observation::Absent);
    if let Some(id) = &id
        && read.adopting
        && !is_gone
    {
        adoption::may_be_taken_over(reconciler, id, &observation, cx)?;
    }
    let ownership = match (by, &observation) {
        (Origin::Record, Observation::Ready { live, .. }) if !read.adopting => {
            ownership::of_live(reconciler, &read.spec, live, cx)
        }
        _ => None,
    };
    Ok(ReadResult { id, by, observation, ownership })
}

/// A resource that was found.
pub(crate) struct OwnedResource {
    pub(crate) id: String,
    /// True if its tags prove it. A name does not, nor do tags without the lineage, which anybody may give.
    pub(crate) is_proven: bool,
}

/// Searches for a resource that the stack owns, by name, token or tag.
///
/// # Errors
/// When the resource with its name has another owner.
pub(crate) async fn find(
    reconciler: &dyn resource::Reconciler,
    spec: &Value,
    cx: &Context,
) -> Result<Option<OwnedResource>> {
    let Some(found) = reconciler.find(spec, cx).await? else { return Ok(None) };
    let owned = |id, is_proven| Ok(Some(OwnedResource { id, is_proven }));
    match &found.owner {
        Owner::Parent => owned(found.id, true),
        Owner::Name => owned(found.id, false),
        Owner::Tags(tags) if cx.owns(tags) => owned(found.id, cx.proves(tags)),
        Owner::Tags(tags) => {
            let (whose, help) = match adoption::other_owner(tags) {
                Some(owner) if cx.names(tags) => (
                    format!("belongs to {owner}"),
                    Remedy::Either(vec![
                        "this environment has another state: use it again, by `[state] bucket` as it was".into(),
                        Remedy::perform(
                            Operation::WriteState,
                            Some(cx.environment()),
                            "puts it into the bucket of now, if that has none",
                        ),
                    ]),
                ),
                Some(owner) => (format!("belongs to {owner}"), Remedy::RenameInFile),
                None => (
                    "does not carry this stack's tags".to_owned(),
                    Remedy::Either(vec![cx.adoption(Adoption::ByName), Remedy::RenameInFile]),
                ),
            };
            Err(Failure {
                help: Some(help),
                ..Failure::new(
                    FailureKind::Exists,
                    format!("{} {} exists already and {whose}", reconciler.noun(), found.id),
                )
            })
        }
    }
}

/// The outputs of a resource, as far as the observation has them.
pub(crate) fn outputs_of(observation: &Observation) -> Option<Value> {
    match observation {
        Observation::Ready { outputs, .. } => Some(outputs.clone()),
        Observation::Settling { outputs, .. } => outputs.clone(),
        Observation::Absent | Observation::Broken { .. } => None,
    }
}
