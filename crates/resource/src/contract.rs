//! The contract of a reconciler of one kind of resource.

use crate::{ADDRESS_TAG, As, Context, Diff, QuotaUse, SizeLimit, Tags, Terraform};
use aws_client::{Adoption, Failure, Remedy, Result};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{future::Future, time::Duration};
use usage::Usage;
use vocabulary::{Permission, Place, UNKNOWN_OPEN};

/// A kind of thing mlopsctl can build: the value is its declaration, the methods are the calls.
///
/// # Guarantees the engine gives
/// - `create` is sent only after its intent is durable, and never with an unknown value in `self`.
/// - `update` is sent only for differences that are not in [`Resource::replacement`].
/// - After a lost answer, a conflict or a crash, `find` is asked before another `create`.
///
/// # Rules for implementations
/// - An implementation never sleeps, polls or retries: it reports one observation, and the engine waits.
/// - `create` makes the one call that yields the id, with tags where the API takes them; everything
///   else is reached through `update`.
/// - `update` may do one step of several: the engine observes again and calls `update` with the remaining diff.
/// - The first `update` removes settings and parts that the live resource has and `self` no longer declares.
/// - `delete` may be repeated. For a resource that no longer exists it returns [`Deletion::Gone`].
pub trait Resource: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// `service:thing`, for example `ec2:subnet`.
    const KIND: &'static str;
    /// The word for it in a sentence, for example `subnet`.
    const NOUN: &'static str;
    /// The types and ids in Terraform's AWS provider, if it has this kind.
    const TERRAFORM: Option<Terraform>;
    /// Fields AWS cannot change in place.
    const REPLACE_ON: &'static [&'static str] = &[];
    /// The comparison of certain fields; others compare by value.
    const COMPARE: &'static [(&'static str, As)] = &[];
    /// The most that AWS takes of certain fields, each with AWS's page.
    const SIZE_LIMITS: &'static [SizeLimit] = &[];
    /// The order in which a replacement creates the new resource and deletes the old one.
    const REPLACE_ORDER: ReplaceOrder;
    /// True if AWS leaves things behind after its deletion, which only [`Resource::delete`] clears away. If another
    /// user has deleted it, the engine then calls that once more.
    const LEFTOVERS: bool = false;
    /// True if a resource that the declaration drops is kept while it holds data, unless data may be deleted.
    const KEPT: bool = false;
    /// True if AWS keeps it in the data catalog, where Lake Formation may decide beside IAM.
    const IN_DATA_CATALOG: bool = false;
    /// The field of the spec that names content which the stack ships, if there is one.
    const CONTENT: Option<Content> = None;
    /// The usual time from creation until ready; the scheduler starts long chains first.
    const TYPICAL: Duration = Duration::from_secs(1);
    /// The time after which a resource that is not ready is a failure.
    const DEADLINE: Duration = Duration::from_secs(300);
    /// The time after which a resource that has not disappeared is a failure.
    const DELETION_DEADLINE: Duration = Self::DEADLINE;

    /// The outputs that other resources can refer to: strings, typed ids, options and lists of them.
    type Outputs: Serialize + DeserializeOwned + Clone + Send + Sync + 'static;

    /// The form of this kind's ids: a recorded id of another form is not believed.
    fn id_form(&self, place: &Place) -> IdForm;
    /// The id of the resource that contains it, for a kind that AWS gives no tags: its owner owns this too. `None`:
    /// only the name tells.
    fn part_of(&self) -> Option<String> {
        None
    }
    /// Reads the live tags of the resource with this id. `None` if it does not exist, or if AWS cannot tag the kind.
    ///
    /// The engine calls this right before each deletion. Override it in two cases:
    /// - `observe` takes many calls, and the tags alone take fewer.
    /// - The spec has no field `tags`, and the live resources have tags. The engine then also calls this when it plans a
    ///   deletion.
    fn live_tags(&self, id: &str, cx: &Context) -> impl Future<Output = Result<Option<Tags>>> + Send {
        async move {
            if tags_of(&serde_json::to_value(self).unwrap_or_default()).is_none() {
                return Ok(None);
            }
            match self.observe(id, cx).await? {
                Observed::Ready { live, .. } => Ok(tags_of(&serde_json::to_value(&live).unwrap_or_default())),
                _ => Ok(None),
            }
        }
    }

    /// Converts a spec that an earlier version recorded, if a serde default does not suffice: a field was renamed or
    /// split, or has another form now. It recognises the old form by its fields, so a field must never change its meaning
    /// under the same name. Called for recorded specs only. Returns a spec in today's form unchanged.
    fn upgrade(recorded: Value) -> Value {
        recorded
    }

    /// Searches for the resource by natural name, idempotency token or ownership tag. Never returns a resource whose id
    /// [`Context::deletes`].
    fn find(&self, cx: &Context) -> impl Future<Output = Result<Option<Found>>> + Send;
    /// Makes the call that yields the id.
    fn create(&self, cx: &Context) -> impl Future<Output = Result<String>> + Send;
    /// Reads the live resource. `self` is the declaration last applied; after an update, or if none was applied yet,
    /// the one to reach. Settings that it does not name need not be read, and are left alone.
    fn observe(&self, id: &str, cx: &Context) -> impl Future<Output = Result<Observed<Self>>> + Send;
    /// Moves `live` towards `self`; `diff` says where they differ.
    fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> impl Future<Output = Result<()>> + Send;
    /// Makes the calls of the deletion that are possible now. `self` is the spec last recorded.
    fn delete(&self, id: &str, cx: &Context) -> impl Future<Output = Result<Deletion>> + Send;

    /// The IAM statements for these calls, for the settings that `self` has, whether or not everything they refer to is
    /// known yet. Actions on resources name them; see [`Permission`].
    fn permissions(&self, place: &Place) -> Vec<Permission>;

    /// The usage that AWS charges for, or the reason why it is free. It has no prices: `cost` has them.
    fn usage(&self) -> Usage;

    /// The quotas of AWS that it uses up, so that `doctor` compares them with those of the account.
    fn quotas(&self) -> Vec<QuotaUse> {
        Vec::new()
    }

    /// The reason why this difference cannot be applied in place, if it depends on the change itself. Fields in
    /// [`Resource::REPLACE_ON`] need not be repeated.
    fn replacement(&self, _live: &Self, _diff: &Diff) -> Option<String> {
        None
    }

    /// The data that deleting it would destroy, in words (`1,204 objects, 3.1 GB`), or `None` when it is
    /// empty. Asked before anything is deleted, so that a refusal comes before the first change.
    fn data_at_risk(&self, _id: &str, _cx: &Context) -> impl Future<Output = Result<Option<String>>> + Send {
        std::future::ready(Ok(None))
    }

    /// Facts about its deletion, in words: the time until which it can be undone, the way to undo it, and AWS's
    /// leftovers.
    fn after_deletion(&self) -> Option<String> {
        None
    }

    /// True if AWS refuses to create this resource while `other` exists. If `other` is a recorded deposed resource,
    /// this one was never created, and the deposed one takes its place again.
    fn conflicts_with(&self, _other: &Self) -> bool {
        false
    }

    /// The observed resource right after [`Resource::create`], if it follows from the declaration and from AWS's
    /// defaults: settings that only an update can make are then sent without a read. It need not be right, because the
    /// resource is always observed before its step is done.
    fn as_created(&self) -> Option<Self> {
        None
    }

    /// Fills in the outputs that follow from the declaration alone (names, ARNs of named things).
    /// `outputs` holds a placeholder in every field.
    fn predict_outputs(&self, _place: &Place, outputs: Self::Outputs) -> Self::Outputs {
        outputs
    }
}

/// The result of [`Resource::observe`].
#[derive(Clone, Debug)]
pub enum Observed<R: Resource> {
    /// It does not exist, or AWS is deleting it. A new one of its name must wait until the name is free.
    Absent,
    /// It is being created or changed by AWS. Dependants that need only its identity can go on once
    /// `outputs` are known.
    Settling {
        /// AWS's own word for the state it is in, for example `pending`.
        status: String,
        /// The outputs known so far.
        outputs: Option<R::Outputs>,
    },
    /// It works.
    Ready {
        /// The observed resource, in the form in which it is declared.
        live: R,
        /// The outputs that other resources can refer to.
        outputs: R::Outputs,
    },
    /// It exists and will never work; only a replacement helps.
    Broken {
        /// AWS's explanation.
        reason: String,
        /// True if another creation may succeed: AWS lacked capacity, had an internal error, or did not know a needed
        /// resource yet.
        transient: bool,
    },
}

/// The result of [`Resource::find`].
#[derive(Clone, Debug)]
pub struct Found {
    /// The id, as `create` would have returned it.
    pub id: String,
    /// The evidence of its owner.
    pub owner: Owner,
}

impl Found {
    /// The one that was found.
    ///
    /// # Errors
    /// When there are several. A person must decide which of them is the resource at this address.
    pub fn only(found: impl IntoIterator<Item = Self>, noun: &str, cx: &Context) -> Result<Option<Self>> {
        let mut found: Vec<Self> = found.into_iter().collect();
        if found.len() < 2 {
            return Ok(found.pop());
        }
        let mut ids: Vec<String> = found.into_iter().map(|one| one.id).collect();
        ids.sort();
        Err(Failure::refused(
            format!("several resources have the tags of this {noun}: {}", ids.join(", ")),
            Remedy::Several(vec![
                format!("remove the tag {ADDRESS_TAG} from the others").into(),
                cx.adoption(Adoption::ById),
            ]),
        ))
    }
}

/// The evidence of the owner of a resource that was found.
#[derive(Clone, Debug)]
pub enum Owner {
    /// By its own tags.
    Tags(Tags),
    /// AWS cannot tag it. The owner of its container owns it, too.
    Parent,
    /// AWS cannot tag it, and it has no container. Only its name identifies it, and other people may use the same name.
    Name,
}

/// The form of a kind's ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdForm {
    /// The declaration alone gives it: a name, or an ARN made of one.
    Is(String),
    /// AWS assigns it, and it begins so.
    StartsWith(&'static str),
    /// AWS assigns it.
    Assigned,
}

impl IdForm {
    /// True if the id has this form. A form with placeholders matches every id.
    pub fn matches(&self, id: &str) -> bool {
        match self {
            Self::Is(form) => form == id || form.contains(UNKNOWN_OPEN),
            Self::StartsWith(form) => id.starts_with(form),
            Self::Assigned => true,
        }
    }
}

/// A spec as its type. `None` if it is of another kind, or only another version can read it.
pub fn spec_as<R: Resource>(kind: &str, spec: &Value) -> Option<R> {
    if kind == R::KIND { R::deserialize(spec).ok() } else { None }
}

/// The tags in a spec, declared or observed.
pub fn tags_of(spec: &Value) -> Option<Tags> {
    Tags::deserialize(spec.get("tags")?).ok()
}

/// The result of [`Resource::delete`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// It no longer exists.
    Gone,
    /// AWS is deleting it, or something blocks the deletion; call again. The text says what the deletion waits for.
    Going(String),
}

/// The order of a replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplaceOrder {
    /// Deletes first: two cannot exist at once, mostly because the declaration gives the name. Other resources may refer
    /// to the deleted one meanwhile.
    DeleteFirst,
    /// Deletes first, unless this field changes: the name is unique only within the container that the field names.
    DeleteFirstWithin(&'static str),
    /// Creates first, and deletes the old resource when nothing uses it any more: AWS assigns the id.
    CreateFirst,
}

/// Shipped content that a spec names by its digest. The state holds no content, so only a project that still ships
/// the recorded digest can bring it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    /// The field with the SHA-256 digest, in hexadecimal.
    pub digest: &'static str,
    /// The fields whose change sends the content.
    pub sent_with: &'static [&'static str],
}
