//! The losses of a plan: resources that are no longer declared, protected ones, and those that hold data.

use super::{Planner, refusal};
use crate::{
    Action, ChangeDrift, DESTROYED, Loss, OverrideOption, PlannedChange, Refusal, RetainedResource, plan::LEAVING,
    plan_refresh::PlanRefresh, refresh::ReadResult,
};
use aws_client::{Failure, FailureKind, Remedy, Result};
use futures::{StreamExt, stream};
use resource::Address;
use serde_json::Value;
use state::{Entry, Phase};
use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

impl Planner<'_> {
    /// The resources that are no longer declared and stay, because data would be lost with them. A plan that destroys
    /// everything is refused instead, unless data may be deleted.
    pub(super) async fn kept(&self, refusals: &mut Vec<Refusal>) -> Vec<RetainedResource> {
        if self.stack.nodes().is_empty() {
            return Vec::new();
        }
        let orphans = self.state.resources.iter().filter(|(address, entry)| {
            (self.purpose.keep || !self.purpose.may_delete_data(address))
                && self.stack.position(address).is_none()
                && entry.phase != Phase::Deleting
                && self.registry.get(&entry.kind).is_ok_and(|reconciler| reconciler.kept())
        });
        let mut kept = Vec::new();
        for (address, entry) in orphans {
            let Some(id) = &entry.id else { continue };
            match self.data_at_risk(&deletion(address, entry, Some(id.clone()), &entry.spec), Arc::default()).await {
                Ok(Some(holds)) => {
                    kept.push(RetainedResource {
                        address: address.clone(),
                        kind: entry.kind.clone(),
                        id: id.clone(),
                        holds,
                    });
                }
                Ok(None) => {}
                Err(failure) => refusals.push(refusal(address, &entry.kind, failure)),
            }
        }
        kept
    }

    /// Adds the deletions: of recorded resources that are no longer declared, and of deposed ones. Returns the
    /// addresses with an intent alone and no live resource, to be forgotten.
    pub(super) async fn deletions(
        &self,
        refresh: &PlanRefresh<'_>,
        kept: &[RetainedResource],
        changes: &mut Vec<PlannedChange>,
        refusals: &mut Vec<Refusal>,
    ) -> Vec<Address> {
        let declared: BTreeSet<&Address> = self.stack.nodes().iter().map(|node| &node.address).collect();
        let is_kept = |address: &Address| kept.iter().any(|one| one.address == *address);
        let orphans =
            self.state.resources.iter().filter(|(address, _)| {
                !declared.contains(address) && self.purpose.targets(address) && !is_kept(address)
            });
        let (identified, intended): (Vec<_>, Vec<_>) = orphans.partition(|(_, entry)| entry.id.is_some());
        for (address, entry) in identified {
            match self.understands(address, &entry.kind, &entry.spec) {
                Ok(()) => {
                    let told = self.registry.get(&entry.kind).ok().and_then(|kind| kind.after_deletion(&entry.spec));
                    let why = self.why_deleted(entry);
                    let cause = Some(told.map_or_else(|| why.to_owned(), |told| format!("{why}; {told}")));
                    changes.push(PlannedChange { cause, ..deletion(address, entry, entry.id.clone(), &entry.spec) });
                }
                Err(failure) => refusals.push(refusal(address, &entry.kind, failure)),
            }
        }
        let mut forgotten = Vec::new();
        for (address, result) in refresh.surfaced(intended).await {
            let entry = &self.state.resources[&address];
            match result {
                Ok(ReadResult { id: Some(id), .. }) => {
                    let deletion = deletion(&address, entry, Some(id), &entry.spec);
                    changes.push(PlannedChange { cause: Some(self.why_deleted(entry).to_owned()), ..deletion });
                }
                // A foreign resource has the name: our create never happened.
                Ok(_) => forgotten.push(address),
                Err(failure) if failure.kind == FailureKind::Exists => forgotten.push(address),
                Err(failure) => refusals.push(refusal(&address, &entry.kind, failure)),
            }
        }
        for (address, entry) in self.state.resources.iter().filter(|(address, _)| self.purpose.targets(address)) {
            for old in &entry.deposed {
                if let Err(failure) = self.understands(address, &old.kind, &old.spec) {
                    refusals.push(refusal(address, &old.kind, failure));
                }
                let change = deletion(address, entry, Some(old.id.clone()), &old.spec);
                let cause = Some("a replacement left it behind".to_owned());
                changes.push(PlannedChange { deposed: true, kind: old.kind.clone(), cause, ..change });
            }
        }
        forgotten
    }

    /// The reason for the deletion of a recorded resource that the stack does not declare.
    fn why_deleted(&self, entry: &Entry) -> &'static str {
        match entry.phase {
            _ if self.stack.nodes().is_empty() => DESTROYED,
            Phase::Deleting => "its deletion was interrupted",
            _ => "the file no longer declares it",
        }
    }

    /// True if this version can work with the recorded spec: a failure must be reported before anything is touched.
    fn understands(&self, address: &Address, kind: &str, spec: &Value) -> Result<()> {
        let place = self.contexts.cloud.place();
        self.registry.get(kind)?.predict_outputs(spec, address.as_str(), place).map(drop)
    }

    /// Refuses to delete protected resources. A deposed resource is as protected as its successor: an edited state
    /// could call any resource deposed.
    pub(super) fn protections(&self, changes: &[PlannedChange], refusals: &mut Vec<Refusal>) {
        let mut refused = BTreeSet::new();
        for change in changes.iter().filter(|change| change.action.loses()) {
            let recorded = self.state.resources.get(&change.address).is_some_and(|entry| entry.protected);
            let protected = recorded || self.stack.protects(&change.address);
            let allowed = self.purpose.unprotect.iter().any(|glob| change.address.matches(glob));
            if protected && !allowed && refused.insert(&change.address) {
                let object = if change.deposed { "the deposed resource" } else { "it" };
                let because = if change.cause.as_deref() == Some(LEAVING) {
                    ", because another program is deleting it"
                } else {
                    ""
                };
                let failure = Failure::refused(
                    format!("it is protected, and this would {} {object}{because}", change.action.as_str()),
                    Remedy::Unprotect { address: change.address.to_string() },
                );
                let lifted_by = Some(OverrideOption::Unprotect);
                refusals.push(Refusal { lifted_by, ..refusal(&change.address, &change.kind, failure) });
            }
        }
    }

    /// Refuses what would destroy data, unless that is allowed, before anything is touched. Returns the data whose
    /// deletion is allowed, if the plan lists losses.
    pub(super) async fn data(&self, changes: &[PlannedChange], refusals: &mut Vec<Refusal>) -> Vec<Loss> {
        let deletions = changes.iter().filter(|change| change.action.loses());
        let going: Arc<HashSet<String>> = Arc::new(deletions.clone().filter_map(|change| change.id.clone()).collect());
        let is_allowed = |change: &PlannedChange| self.purpose.may_delete_data(&change.address);
        let guarded = deletions.filter(|change| self.purpose.lists_losses || !is_allowed(change));
        let checks = stream::iter(guarded).map(|change| {
            let going = going.clone();
            async move { (change, self.data_at_risk(change, going).await) }
        });
        let found: Vec<_> = checks.buffer_unordered(64).collect().await;
        let mut losses = Vec::new();
        for (change, result) in found {
            match result {
                Ok(None) => {}
                Ok(Some(holds)) if is_allowed(change) => losses.push(Loss { address: change.address.clone(), holds }),
                // The caller consented to any loss.
                Err(failure) if is_allowed(change) => {
                    let holds = format!("data of unknown size ({failure})");
                    losses.push(Loss { address: change.address.clone(), holds });
                }
                Ok(Some(what)) => {
                    let message = format!("it holds {what}, and this would {} it", change.action.as_str());
                    let consent = Remedy::AllowDataDeletion { address: Some(change.address.to_string()) };
                    let help = Remedy::Either(std::iter::once(consent).chain(how_to_keep(change)).collect());
                    let refused = refusal(&change.address, &change.kind, Failure::refused(message, help));
                    refusals.push(Refusal { lifted_by: Some(OverrideOption::DeleteData), ..refused });
                }
                Err(failure) => refusals.push(refusal(&change.address, &change.kind, failure)),
            }
        }
        losses.sort_by(|one, other| one.address.cmp(&other.address));
        losses
    }

    /// True if the plan is refused only because the caller may not read the data at risk.
    pub(super) fn is_unknown_loss(&self, refusal: &Refusal, changes: &[PlannedChange]) -> bool {
        let loses = |change: &PlannedChange| change.address == refusal.address && change.action.loses();
        refusal.failure.kind == FailureKind::Denied && changes.iter().any(loses)
    }

    async fn data_at_risk(&self, change: &PlannedChange, going: Arc<HashSet<String>>) -> Result<Option<String>> {
        let (Some(id), Some(entry)) = (&change.id, self.state.resources.get(&change.address)) else { return Ok(None) };
        let (kind, spec) = if change.deposed { (&change.kind, &change.spec) } else { (&entry.kind, &entry.spec) };
        let cx = self.contexts.cx(&change.address, &entry.token).with_going(going);
        self.registry.get(kind)?.data_at_risk(spec, id, &cx).await
    }
}

/// The other way out of a replacement: the old values.
fn how_to_keep(change: &PlannedChange) -> Option<Remedy> {
    let forced = change.fields.iter().filter(|field| field.forces_replacement).map(|field| field.path.as_str());
    match forced.collect::<Vec<_>>().as_slice() {
        [] => None,
        fields => Some(format!("leave {} as it was to keep it", fields.join(", ")).into()),
    }
}

fn deletion(address: &Address, entry: &Entry, id: Option<String>, spec: &Value) -> PlannedChange {
    PlannedChange {
        address: address.clone(),
        kind: entry.kind.clone(),
        action: Action::Delete,
        cause: None,
        id,
        fields: Vec::new(),
        spec: spec.clone(),
        deposed: false,
        drift: ChangeDrift::None,
    }
}
