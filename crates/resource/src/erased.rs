//! Reconcilers of all kinds behind one trait, and their registry.

use crate::{
    As, Content, Context, Deletion, Diff, Found, IdForm, Observed, QuotaUse, ReplaceOrder, Resource, SizeExcess,
    SizeLimit, Tags, Terraform, compare,
    diff::within,
    recorded::{self, to_json},
    sensitive, unseal,
};
use aws_client::{Boxed, Failure, FailureKind, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{collections::BTreeMap, marker::PhantomData, time::Duration};
use usage::Usage;
use vocabulary::{Permission, Place};

/// The observation of a resource, without its type.
#[derive(Clone, Debug, PartialEq)]
pub enum Observation {
    /// It is not there.
    Absent,
    /// AWS is at work on it.
    Settling {
        /// AWS's word for the state.
        status: String,
        /// Outputs, if known already.
        outputs: Option<Value>,
    },
    /// It works.
    Ready {
        /// The observed resource, in the form in which it is declared.
        live: Value,
        /// The outputs that other resources can refer to.
        outputs: Value,
    },
    /// It exists and will never work.
    Broken {
        /// AWS's explanation.
        reason: String,
        /// See [`Observed::Broken`].
        transient: bool,
    },
}

/// A [`Resource`] type without its type: what the engine drives.
pub trait Reconciler: Send + Sync {
    /// See [`Resource::KIND`].
    fn kind(&self) -> &'static str;
    /// See [`Resource::NOUN`].
    fn noun(&self) -> &'static str;
    /// See [`Resource::TERRAFORM`].
    fn terraform(&self) -> Option<Terraform>;
    /// See [`Resource::REPLACE_ORDER`].
    fn replace_order(&self) -> ReplaceOrder;
    /// See [`Resource::REPLACE_ON`].
    fn replace_on(&self) -> &'static [&'static str];
    /// See [`Resource::LEFTOVERS`].
    fn leftovers(&self) -> bool;
    /// See [`Resource::KEPT`].
    fn kept(&self) -> bool;
    /// See [`Resource::IN_DATA_CATALOG`].
    fn in_data_catalog(&self) -> bool;
    /// See [`Resource::after_deletion`].
    fn after_deletion(&self, spec: &Value) -> Option<String>;
    /// See [`Resource::conflicts_with`].
    fn conflicts_with(&self, spec: &Value, other: &Value) -> bool;
    /// See [`Resource::CONTENT`].
    fn content(&self) -> Option<Content>;
    /// See [`Resource::TYPICAL`].
    fn typical(&self) -> Duration;
    /// See [`Resource::DEADLINE`].
    fn deadline(&self) -> Duration;
    /// See [`Resource::DELETION_DEADLINE`].
    fn deletion_deadline(&self) -> Duration;
    /// The limits of which a specification exceeds some. See [`Resource::SIZE_LIMITS`].
    fn excesses(&self, spec: &Value) -> Vec<SizeExcess>;
    /// See [`Resource::SIZE_LIMITS`].
    fn size_limits(&self) -> &'static [SizeLimit];
    /// Fields AWS does not give back.
    fn write_only(&self) -> Vec<&'static str>;
    /// A spec that this version or an earlier one recorded, in the form of this version. A setting that it does not
    /// have stays absent.
    ///
    /// # Errors
    /// When only another version can read it: it lacks a field, or has one that this version does not know.
    fn recorded_spec(&self, recorded: &Value) -> Result<Value>;
    /// Outputs that this version or an earlier one recorded, in the form of this version. An output that they lack is
    /// filled in from the spec, or is a placeholder.
    ///
    /// # Errors
    /// When only another version can read them.
    fn recorded_outputs(&self, recorded: &Value, spec: &Value, address: &str, place: &Place) -> Result<Value>;
    /// Outputs as far as the declaration alone tells; placeholders elsewhere.
    fn predict_outputs(&self, spec: &Value, address: &str, place: &Place) -> Result<Value>;
    /// See [`Resource::permissions`].
    fn permissions(&self, spec: &Value, place: &Place) -> Result<Vec<Permission>>;
    /// See [`Resource::usage`].
    fn usage(&self, spec: &Value) -> Result<Usage>;
    /// See [`Resource::quotas`].
    fn quotas(&self, spec: &Value) -> Result<Vec<QuotaUse>>;
    /// See [`Resource::as_created`].
    fn as_created(&self, spec: &Value) -> Option<Value>;
    /// Compares, marking the fields that force a replacement, and hiding sensitive values. Either side may hold seals.
    fn compare(&self, declared: &Value, recorded: Option<&Value>, live: &Value) -> Diff;
    /// Replaces each sensitive value of a specification by its seal, see [`As::Sensitive`]. `scope` is random, and the
    /// same for all that is recorded of one resource.
    fn seal(&self, spec: &mut Value, scope: &str);
    /// Hides each sensitive value of what stands at a dotted path in a specification, at `""` of the whole. Returns
    /// whether there was one.
    fn hide(&self, path: &str, value: &mut Value) -> bool;
    /// The reason why the difference needs a replacement, or `None` if it can be applied in place.
    fn replacement(&self, declared: &Value, live: &Value, diff: &Diff) -> Option<String>;
    /// See [`Resource::id_form`].
    fn id_form(&self, spec: &Value, place: &Place) -> Result<IdForm>;
    /// See [`Resource::part_of`].
    fn part_of(&self, spec: &Value) -> Result<Option<String>>;
    /// See [`Resource::live_tags`].
    fn live_tags<'a>(&'a self, spec: &'a Value, id: &'a str, cx: &'a Context) -> Boxed<'a, Result<Option<Tags>>>;
    /// See [`Resource::find`].
    fn find<'a>(&'a self, spec: &'a Value, cx: &'a Context) -> Boxed<'a, Result<Option<Found>>>;
    /// See [`Resource::create`].
    fn create<'a>(&'a self, spec: &'a Value, cx: &'a Context) -> Boxed<'a, Result<String>>;
    /// See [`Resource::observe`].
    fn observe<'a>(&'a self, spec: &'a Value, id: &'a str, cx: &'a Context) -> Boxed<'a, Result<Observation>>;
    /// See [`Resource::update`].
    fn update<'a>(
        &'a self,
        spec: &'a Value,
        id: &'a str,
        live: &'a Value,
        diff: &'a Diff,
        cx: &'a Context,
    ) -> Boxed<'a, Result<()>>;
    /// See [`Resource::data_at_risk`].
    fn data_at_risk<'a>(&'a self, spec: &'a Value, id: &'a str, cx: &'a Context) -> Boxed<'a, Result<Option<String>>>;
    /// See [`Resource::delete`].
    fn delete<'a>(&'a self, spec: &'a Value, id: &'a str, cx: &'a Context) -> Boxed<'a, Result<Deletion>>;
}

struct Erased<R>(PhantomData<fn() -> R>);

fn typed<R: DeserializeOwned>(kind: &str, value: &Value) -> Result<R> {
    R::deserialize(value).map_err(|error| {
        Failure::new(FailureKind::Final, format!("this version cannot read the recorded spec of this {kind}: {error}"))
    })
}

/// Refuses what AWS must never get: a placeholder, or what only the state knows, a seal.
fn may_be_sent<R: Resource>(attempted: &str, spec: &Value) -> Result<()> {
    let refused = |why: &str| {
        Err(Failure::new(FailureKind::Final, format!("refused to {attempted} a {} with a value {why}", R::NOUN)))
    };
    if vocabulary::has_unknown(spec) {
        return refused("that is not known yet");
    }
    if sensitive::has_concealed(spec, R::COMPARE) {
        return refused("of which the state has only a hash; the value must come from the environment file");
    }
    Ok(())
}

/// The failure without sensitive values that AWS repeats.
fn redacted<R: Resource>(failure: Failure, spec: &Value) -> Failure {
    Failure { message: sensitive::redact(&failure.message, spec, R::COMPARE), ..failure }
}

impl<R: Resource> Reconciler for Erased<R> {
    fn kind(&self) -> &'static str {
        R::KIND
    }
    fn noun(&self) -> &'static str {
        R::NOUN
    }
    fn terraform(&self) -> Option<Terraform> {
        R::TERRAFORM
    }
    fn replace_order(&self) -> ReplaceOrder {
        R::REPLACE_ORDER
    }
    fn replace_on(&self) -> &'static [&'static str] {
        R::REPLACE_ON
    }
    fn leftovers(&self) -> bool {
        R::LEFTOVERS
    }
    fn kept(&self) -> bool {
        R::KEPT
    }
    fn in_data_catalog(&self) -> bool {
        R::IN_DATA_CATALOG
    }
    fn after_deletion(&self, spec: &Value) -> Option<String> {
        R::deserialize(spec).ok()?.after_deletion()
    }
    fn conflicts_with(&self, spec: &Value, other: &Value) -> bool {
        matches!((R::deserialize(spec), R::deserialize(other)), (Ok(spec), Ok(other)) if spec.conflicts_with(&other))
    }
    fn content(&self) -> Option<Content> {
        R::CONTENT
    }
    fn typical(&self) -> Duration {
        R::TYPICAL
    }
    fn deadline(&self) -> Duration {
        R::DEADLINE
    }

    fn deletion_deadline(&self) -> Duration {
        R::DELETION_DEADLINE
    }
    fn excesses(&self, spec: &Value) -> Vec<SizeExcess> {
        R::SIZE_LIMITS.iter().filter_map(|limit| limit.excess(spec)).collect()
    }
    fn size_limits(&self) -> &'static [SizeLimit] {
        R::SIZE_LIMITS
    }
    fn write_only(&self) -> Vec<&'static str> {
        R::COMPARE.iter().filter(|(_, how)| *how == As::WriteOnly).map(|(field, _)| *field).collect()
    }

    fn recorded_spec(&self, recorded: &Value) -> Result<Value> {
        recorded::spec::<R>(recorded)
    }

    fn recorded_outputs(&self, recorded: &Value, spec: &Value, address: &str, place: &Place) -> Result<Value> {
        recorded::outputs::<R>(recorded, spec, address, place)
    }

    fn predict_outputs(&self, spec: &Value, address: &str, place: &Place) -> Result<Value> {
        let blank = vocabulary::unknown(address)
            .map_err(|error| Failure::new(FailureKind::Final, format!("outputs of {}: {error}", R::KIND)))?;
        to_json(R::KIND, &typed::<R>(R::KIND, spec)?.predict_outputs(place, blank))
    }

    fn permissions(&self, spec: &Value, place: &Place) -> Result<Vec<Permission>> {
        Ok(typed::<R>(R::KIND, spec)?.permissions(place))
    }

    fn usage(&self, spec: &Value) -> Result<Usage> {
        Ok(typed::<R>(R::KIND, spec)?.usage())
    }

    fn quotas(&self, spec: &Value) -> Result<Vec<QuotaUse>> {
        Ok(typed::<R>(R::KIND, spec)?.quotas())
    }

    fn as_created(&self, spec: &Value) -> Option<Value> {
        let created = R::deserialize(spec).ok()?.as_created()?;
        serde_json::to_value(&created).ok()
    }

    fn compare(&self, declared: &Value, recorded: Option<&Value>, live: &Value) -> Diff {
        let (wanted, present) = (unseal(declared, live), unseal(live, declared));
        let recorded = recorded.map(|recorded| unseal(recorded, declared));
        let mut diff = compare(&wanted, recorded.as_ref(), &present, R::COMPARE);
        for change in &mut diff.changes {
            change.forces_replacement = R::REPLACE_ON.iter().any(|field| within(&change.path, field));
            change.sensitive |= sensitive::hide_both(&change.path, &mut change.before, &mut change.after, R::COMPARE);
        }
        diff
    }

    fn seal(&self, spec: &mut Value, scope: &str) {
        sensitive::seal(spec, R::COMPARE, scope);
    }

    fn hide(&self, path: &str, value: &mut Value) -> bool {
        sensitive::hide(path, value, R::COMPARE)
    }

    fn replacement(&self, declared: &Value, live: &Value, diff: &Diff) -> Option<String> {
        let fields: Vec<&str> =
            diff.changes.iter().filter(|change| change.forces_replacement).map(|change| change.path.as_str()).collect();
        if !fields.is_empty() {
            return Some(format!("AWS cannot change {} in place", fields.join(", ")));
        }
        let (declared, live) = (R::deserialize(declared).ok()?, R::deserialize(live).ok()?);
        declared.replacement(&live, diff)
    }

    fn id_form(&self, spec: &Value, place: &Place) -> Result<IdForm> {
        Ok(typed::<R>(R::KIND, spec)?.id_form(place))
    }

    fn part_of(&self, spec: &Value) -> Result<Option<String>> {
        Ok(typed::<R>(R::KIND, spec)?.part_of())
    }

    fn live_tags<'a>(&'a self, spec: &'a Value, id: &'a str, cx: &'a Context) -> Boxed<'a, Result<Option<Tags>>> {
        Box::pin(async move { typed::<R>(R::KIND, spec)?.live_tags(id, cx).await })
    }

    fn find<'a>(&'a self, spec: &'a Value, cx: &'a Context) -> Boxed<'a, Result<Option<Found>>> {
        Box::pin(async move { typed::<R>(R::KIND, spec)?.find(cx).await })
    }

    fn create<'a>(&'a self, spec: &'a Value, cx: &'a Context) -> Boxed<'a, Result<String>> {
        Box::pin(async move {
            may_be_sent::<R>("create", spec)?;
            let created = typed::<R>(R::KIND, spec)?.create(cx).await;
            created.map_err(|failure| redacted::<R>(failure, spec))
        })
    }

    fn observe<'a>(&'a self, spec: &'a Value, id: &'a str, cx: &'a Context) -> Boxed<'a, Result<Observation>> {
        Box::pin(async move {
            Ok(match typed::<R>(R::KIND, spec)?.observe(id, cx).await? {
                Observed::Absent => Observation::Absent,
                Observed::Settling { status, outputs } => Observation::Settling {
                    status,
                    outputs: outputs.map(|outputs| to_json(R::KIND, &outputs)).transpose()?,
                },
                Observed::Ready { live, outputs } => {
                    Observation::Ready { live: to_json(R::KIND, &live)?, outputs: to_json(R::KIND, &outputs)? }
                }
                Observed::Broken { reason, transient } => Observation::Broken { reason, transient },
            })
        })
    }

    fn update<'a>(
        &'a self,
        spec: &'a Value,
        id: &'a str,
        live: &'a Value,
        diff: &'a Diff,
        cx: &'a Context,
    ) -> Boxed<'a, Result<()>> {
        Box::pin(async move {
            // A repair knows of some values only that they are as they were.
            let spec = unseal(spec, live);
            may_be_sent::<R>("change", &spec)?;
            let live = typed::<R>(R::KIND, live)?;
            let updated = typed::<R>(R::KIND, &spec)?.update(id, &live, diff, cx).await;
            updated.map_err(|failure| redacted::<R>(failure, &spec))
        })
    }

    fn data_at_risk<'a>(&'a self, spec: &'a Value, id: &'a str, cx: &'a Context) -> Boxed<'a, Result<Option<String>>> {
        Box::pin(async move { typed::<R>(R::KIND, spec)?.data_at_risk(id, cx).await })
    }

    fn delete<'a>(&'a self, spec: &'a Value, id: &'a str, cx: &'a Context) -> Boxed<'a, Result<Deletion>> {
        Box::pin(async move { typed::<R>(R::KIND, spec)?.delete(id, cx).await })
    }
}

/// Every kind of resource this build knows, by name: `destroy` and `drift` need only the state.
#[derive(Default)]
pub struct KindRegistry(BTreeMap<&'static str, Box<dyn Reconciler>>);

impl KindRegistry {
    /// Adds a kind.
    #[must_use]
    pub fn with<R: Resource>(mut self) -> Self {
        self.0.insert(R::KIND, Box::new(Erased::<R>(PhantomData)));
        self
    }

    /// The reconciler of a kind.
    ///
    /// # Errors
    /// When this build does not know it, as with a state written by a newer version.
    pub fn get(&self, kind: &str) -> Result<&dyn Reconciler> {
        self.0.get(kind).map(Box::as_ref).ok_or_else(|| {
            Failure::new(
                FailureKind::Final,
                format!(
                    "this version of mlopsctl does not know resources of kind {kind}; use the version that made it"
                ),
            )
        })
    }

    /// All of them, ordered by kind.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Reconciler> {
        self.0.values().map(Box::as_ref)
    }
}
