use crate::{Cx, Diff, Permission, Place, Result, Tags};
use serde::{Serialize, de::DeserializeOwned};
use std::{future::Future, time::Duration};

/// A kind of thing mlopsctl can build: the value is its declaration, the methods are the calls.
///
/// # Guarantees the engine gives
/// - `create` is sent only after its intent is durable, and never with an unknown value in `self`.
/// - `update` is sent only for differences that are not in [`Resource::replacement`].
/// - After a lost answer, a conflict or a crash, `find` is asked before another `create`.
///
/// # What an implementation promises
/// - It never sleeps, polls or retries: it says what it sees and the engine waits.
/// - `create` makes the one call that yields the id, with tags where the API takes them; everything
///   else is reached through `update`.
/// - `update` may do one step of several: the engine observes again and comes back with what is left.
/// - What `self` no longer asks for, the first `update` removes.
/// - `delete` may be repeated, and on what is already gone it answers [`Deletion::Gone`].
pub trait Resource: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// `service:thing`, for example `ec2:subnet`.
    const KIND: &'static str;
    /// What a person calls it in a sentence, for example `subnet`.
    const NOUN: &'static str;
    /// Fields AWS cannot change in place.
    const REPLACE_ON: &'static [&'static str] = &[];
    /// How certain fields compare; others compare by value.
    const COMPARE: &'static [(&'static str, As)] = &[];
    /// Whether the declaration names the thing or AWS does, which decides the order of a replacement.
    const NAMING: Naming;
    /// Whether AWS leaves things behind when it is gone, which only [`Resource::delete`] clears away: it is
    /// then asked for once more if somebody else has deleted it.
    const REMNANTS: bool = false;
    /// How long creation usually takes until ready; the scheduler starts long chains first.
    const TYPICAL: Duration = Duration::from_secs(1);
    /// How long it may take to become ready, or to disappear, before that is a failure.
    const DEADLINE: Duration = Duration::from_secs(300);

    /// What others can refer to: strings, typed ids, options and lists of them.
    type Outputs: Serialize + DeserializeOwned + Clone + Send + Sync + 'static;

    /// Looks for the resource by natural name, idempotency token or ownership tag. What [`Cx::deletes`] is not it.
    fn find(&self, cx: &Cx) -> impl Future<Output = Result<Option<Found>>> + Send;
    /// Makes the call that yields the id.
    fn create(&self, cx: &Cx) -> impl Future<Output = Result<String>> + Send;
    /// Reads what is there. `self` is the declaration last applied; after an update, or where nothing was
    /// applied yet, the one to reach. What it does not ask for need not be read, and is left alone.
    fn observe(&self, id: &str, cx: &Cx) -> impl Future<Output = Result<Observed<Self>>> + Send;
    /// Moves `live` towards `self`; `diff` says where they differ.
    fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Cx) -> impl Future<Output = Result<()>> + Send;
    /// Does what can be done now towards removing it. `self` is the declaration last recorded.
    fn delete(&self, id: &str, cx: &Cx) -> impl Future<Output = Result<Deletion>> + Send;

    /// What AWS must allow whoever makes these calls: for the settings `self` has, whether or not everything they
    /// refer to is known yet. Actions that know resources name them; see [`Permission`].
    fn permissions(&self, place: &Place) -> Vec<Permission>;

    /// Why this difference cannot be applied in place, where it depends on the change itself.
    /// Fields in [`Resource::REPLACE_ON`] need not be repeated.
    fn replacement(&self, _live: &Self, _diff: &Diff) -> Option<String> {
        None
    }

    /// The data that deleting it would destroy, in words (`1,204 objects, 3.1 GB`), or `None` when it is
    /// empty. Asked before anything is deleted, so that a refusal comes before the first change.
    fn holdings(&self, _id: &str, _cx: &Cx) -> impl Future<Output = Result<Option<String>>> + Send {
        std::future::ready(Ok(None))
    }

    /// What is there the moment [`Resource::create`] has succeeded, where that follows from the declaration and from
    /// AWS's defaults: what only an update can set is then sent without looking first. It need not be right: what is
    /// there is always looked at before it counts as done.
    fn as_created(&self) -> Option<Self> {
        None
    }

    /// Fills in the outputs that follow from the declaration alone (names, ARNs of named things).
    /// `outputs` holds a placeholder in every field.
    fn foresee(&self, _place: &Place, outputs: Self::Outputs) -> Self::Outputs {
        outputs
    }
}

/// What [`Resource::observe`] saw.
#[derive(Clone, Debug)]
pub enum Observed<R: Resource> {
    /// It is not there, or is being deleted: whoever makes another waits until its name is free.
    Absent,
    /// It is being created or changed by AWS. Dependants that need only its identity can go on once
    /// `outputs` are known.
    Settling {
        /// AWS's own word for the state it is in, for example `pending`.
        status: String,
        /// What is already known of it.
        outputs: Option<R::Outputs>,
    },
    /// It works.
    Ready {
        /// What is there, in the form in which it is declared.
        live: R,
        /// What others can refer to.
        outputs: R::Outputs,
    },
    /// It exists and will never work; only a replacement helps.
    Broken {
        /// AWS's explanation.
        reason: String,
    },
}

/// What [`Resource::find`] found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The id, as `create` would have returned it.
    pub id: String,
    /// Whose it is.
    pub owner: Owner,
}

/// How ownership of something found is judged.
#[derive(Clone, Debug)]
pub enum Owner {
    /// By its own tags.
    Tags(Tags),
    /// It cannot be tagged; it belongs to whoever owns what it is part of, or whose name it bears.
    Parent,
}

/// What [`Resource::delete`] achieved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// It no longer exists.
    Gone,
    /// It is on its way; ask again. Says what it waits for.
    Going(String),
}

/// Who names a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// The declaration: two cannot exist at once, so a replacement deletes first.
    Declared,
    /// The declaration, for the place that this field names: a replacement elsewhere creates first.
    Within(&'static str),
    /// AWS: a replacement creates first and deletes the old one when nothing uses it any more.
    Assigned,
}

/// How a field compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum As {
    /// A list in any order.
    Set,
    /// A policy document, by meaning.
    Policy,
    /// A map that is owned whole: a key somebody adds is a difference.
    Whole,
    /// AWS does not give it back: compared with what was last recorded, and listed as not compared.
    WriteOnly,
    /// It may hold secrets: plans show its keys and not its values, and the state keeps keyed hashes of them. A field
    /// can be this beside something else. `**` in its path stands for any number of steps, `definition.**.Environment`.
    ///
    /// Everything the field holds must be text, or be declared as JSON; and the thing must be found without it.
    Sensitive,
    /// Not sensitive, within something that is: what AWS defines, or the platform reads again from the state.
    Plain,
}
