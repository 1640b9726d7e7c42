//! The refusals of a plan as JSON, in documents, events and saved plans.

use crate::remedy;
use aws_client::Remedy;
use engine::Refusal;
use resource::Address;
use review::RefusalView;
use serde::{Deserialize, Serialize};

/// A reason for which `up` refuses a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RefusalDocument {
    address: Address,
    kind: String,
    reason: String,
    help: Option<String>,
}

impl From<&RefusalView> for RefusalDocument {
    fn from(view: &RefusalView) -> Self {
        Self {
            address: view.address.clone(),
            kind: view.kind.clone(),
            reason: view.reason.clone(),
            help: view.help.as_ref().map(remedy::words),
        }
    }
}

/// The noun is not saved; the registry has it.
impl From<&RefusalDocument> for RefusalView {
    fn from(document: &RefusalDocument) -> Self {
        Self {
            address: document.address.clone(),
            kind: document.kind.clone(),
            noun: String::new(),
            reason: document.reason.clone(),
            help: document.help.clone().map(Remedy::from),
            lifted_by: None,
            is_taken: false,
        }
    }
}

impl From<&Refusal> for RefusalDocument {
    fn from(refusal: &Refusal) -> Self {
        Self {
            address: refusal.address.clone(),
            kind: refusal.kind.clone(),
            reason: refusal.failure.to_string(),
            help: refusal.failure.help.as_ref().map(remedy::words),
        }
    }
}
