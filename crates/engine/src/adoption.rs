//! The adoption of resources that exist and that this stack did not make.

use aws_client::{Failure, Operation, Remedy, Result};
use resource::{Address, Context, Observation, Reconciler, Tags, describe_owner, tags_of};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use state::State;
use std::collections::BTreeMap;

/// The resources to adopt, by the addresses they get.
pub type Claims = BTreeMap<Address, Claim>;

/// The resource to adopt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Claim {
    /// The one with this id, in the form in which the state records it.
    Id(String),
    /// The resource with the declared name.
    Name,
}

impl Claim {
    /// The id of the resource to adopt.
    ///
    /// # Errors
    /// When no resource has the declared name, or another one has it.
    pub(crate) async fn id(&self, reconciler: &dyn Reconciler, spec: &Value, cx: &Context) -> Result<String> {
        match (self, reconciler.find(spec, cx).await?) {
            (Self::Id(id), Some(found)) if found.id != *id => Err(Failure::refused(
                format!("the resource with its name or tags is {}, and not {id}", found.id),
                "adopt that resource, or remove it first",
            )),
            (Self::Id(id), _) => Ok(id.clone()),
            (Self::Name, Some(found)) => Ok(found.id),
            (Self::Name, None) => Err(Failure::refused(
                format!("there is no {} with its name to adopt", reconciler.noun()),
                format!("name its id: {}=ID", cx.address()),
            )),
        }
    }
}

/// Refuses a resource that does not exist, does not work, or belongs to another stack.
pub(crate) fn may_be_taken_over(
    reconciler: &dyn Reconciler,
    id: &str,
    observation: &Observation,
    cx: &Context,
) -> Result<()> {
    let noun = reconciler.noun();
    match observation {
        Observation::Absent => Err(Failure::refused(
            format!("there is no {noun} {id}"),
            Remedy::Several(vec![
                "check the id, the account and the region".into(),
                Remedy::perform(
                    Operation::ShowRecord,
                    None,
                    "of another environment shows which form an id of this kind has",
                ),
            ]),
        )),
        Observation::Broken { reason, .. } => Err(Failure::refused(
            format!("the {noun} {id} does not work: {reason}"),
            Remedy::Several(vec!["remove it".into(), Remedy::perform(Operation::Up, None, "makes another")]),
        )),
        Observation::Settling { .. } => Ok(()),
        Observation::Ready { live, .. } => match tags_of(live).filter(|tags| !cx.names(tags)) {
            Some(tags) => match other_owner(&tags) {
                None => Ok(()),
                Some(owner) => Err(Failure::refused(
                    format!("the {noun} {id} belongs to {owner}"),
                    Remedy::Several(vec![
                        Remedy::Forget { environment: None, address: None },
                        format!("remove its tag {}", resource::ADDRESS_TAG).into(),
                    ]),
                )),
            },
            None => Ok(()),
        },
    }
}

/// The stack of mlopsctl that owns a resource with these tags.
pub(crate) fn other_owner(tags: &Tags) -> Option<String> {
    let kept = tags.get("ManagedBy") == Some("mlopsctl") && tags.get(resource::ADDRESS_TAG).is_some();
    kept.then(|| describe_owner(tags))
}

/// Refuses to take over, at this address, another resource than the recorded one.
pub(crate) fn is_not_another(claims: &Claims, state: &State) -> Vec<(Address, String, Failure)> {
    let taken = claims.iter().filter_map(|(address, claim)| {
        let entry = state.resources.get(address)?;
        match (&entry.id, claim) {
            (Some(id), Claim::Id(claimed)) if id != claimed => Some((
                address.clone(),
                entry.kind.clone(),
                Failure::refused(
                    format!("{id} is what stands there already"),
                    Remedy::Forget { environment: Some(state.environment.clone()), address: Some(address.to_string()) },
                ),
            )),
            _ => None,
        }
    });
    taken.collect()
}

/// The error for a live resource that cannot become the declared one.
pub(crate) fn cannot_adopt(cause: &str, id: Option<&str>, diff: &resource::Diff) -> Failure {
    let id = id.unwrap_or_default();
    let differing = diff.changes.iter().filter(|change| change.forces_replacement);
    let fields: Vec<String> = differing
        .clone()
        .map(|change| format!("{} is {}, and should be {}", change.path, change.before, change.after))
        .collect();
    let help = match differing.into_iter().all(|change| change.known) {
        true => Remedy::Either(vec![
            "change the environment file to the live values".into(),
            Remedy::Several(vec!["leave it out".into(), Remedy::perform(Operation::Up, None, "makes another")]),
        ]),
        false => "it belongs to something that is not there yet: take that over in the same command".into(),
    };
    let why = if fields.is_empty() { cause.to_owned() } else { fields.join("; ") };
    Failure::refused(format!("{id} would have to be replaced: {why}"), help)
}
