//! The purpose of a plan, and the facts learnt while it was made.

use crate::{Action, Claims, Loss, Plan, Refusal, refresh::ContextFactory, resolved_intents::ResolvedIntents};
use aws_client::FailureKind;
use resource::Address;
use serde_json::Value;

/// The purpose of a plan.
#[derive(Clone, Debug, Default)]
pub struct Purpose {
    /// Globs of the only resources to plan, together with their dependencies; empty for all resources.
    pub targets: Vec<String>,
    /// True if the stack is the one last applied: it is repaired, and gets no tag that an earlier version did not give.
    pub repairs: bool,
    /// True if the dependencies of the targets are left out, too.
    pub alone: bool,
    /// Globs of protected addresses that may be deleted or replaced all the same.
    pub unprotect: Vec<String>,
    /// Globs of the addresses whose data may be deleted; `*`: all data.
    pub delete_data: Vec<String>,
    /// True if the plan will not be applied. Its caller may lack the permissions to search for data.
    pub is_read_only: bool,
    /// True if the planning lists the data that the plan may delete. That costs calls.
    pub lists_losses: bool,
    /// True if resources that hold logs, or are needed to read data, are kept where the declaration drops them, even if
    /// their data may be deleted.
    pub keep: bool,
    /// The existing foreign resources to adopt.
    pub claims: Claims,
    /// Digest of everything the stack was made from.
    pub inputs: String,
}

/// A plan, with what was learnt on the way to it.
pub struct Planning {
    /// The planned changes.
    pub plan: Plan,
    /// The refusals; a plan with refusals must not be applied.
    pub refusals: Vec<Refusal>,
    /// Of what it cannot be told whether data would be lost with it, because a permission to read is missing; only if the
    /// plan [`is_read_only`](Purpose::is_read_only).
    pub unknown_losses: Vec<Refusal>,
    /// The data that the plan may delete; only if the plan [`lists_losses`](Purpose::lists_losses).
    pub losses: Vec<Loss>,
    /// The declared or recorded addresses that were not read, because the plan has targets.
    pub left_out: Vec<Address>,
    pub(crate) known: Vec<KnownResource>,
    pub(crate) intents: ResolvedIntents,
    pub(crate) forgotten: Vec<Address>,
    pub(crate) contexts: ContextFactory,
}

impl Planning {
    /// True if every resource was read. Otherwise the rest of the plan is unreliable. A name that another owner has
    /// hides nothing.
    pub fn is_whole(&self) -> bool {
        let hides_nothing = |kind| matches!(kind, FailureKind::Refused | FailureKind::Exists);
        self.refusals.iter().all(|refusal| hides_nothing(refusal.failure.kind))
    }
}

/// The known facts about a declared resource before the first step.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownResource {
    /// The id of the live resource.
    pub(crate) id: Option<String>,
    /// Its outputs, if it exists and stays.
    pub(crate) outputs: Option<Value>,
    /// The declaration to reach, with placeholders.
    pub(crate) spec: Value,
    /// The action; `None` if there is nothing to do.
    pub(crate) action: Option<Action>,
    /// Left out by `--target`.
    pub(crate) excluded: bool,
    /// True if its tags must show that it is ours before it is changed.
    pub(crate) owned: bool,
    /// True if the run adopts it without a proof that a run of this state created it.
    pub(crate) claimed: bool,
    /// True if a run of this state created it and no run has seen it work.
    pub(crate) unfinished: bool,
    /// True if the declaration contains live values of ignored fields.
    pub(crate) keeps_live: bool,
}
