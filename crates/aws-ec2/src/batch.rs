//! Reading many resources of a kind with one call: by id for what is known, by the stack's tags for what is
//! searched.

use crate::tagging::{self, filter};
use aws_client::{Loader, Result};
use aws_sdk_ec2::{
    Client,
    types::{Filter, Tag},
};
use resource::{ADDRESS_TAG, Context, Found, Owner};
use std::{collections::HashMap, future::Future};

/// A kind of resource that EC2 describes by filters, so that one call also finds resources by tag. Glue has no filters,
/// and its `BatchGet` takes names.
pub(crate) trait Describe: Clone + Send + Sync + 'static {
    /// The filter by which those of certain ids are described. Not by the parameter for ids: one that is
    /// gone would fail the whole call.
    const BY_ID: &'static str;
    /// The word for one resource of this type in messages.
    const NOUN: &'static str;
    fn id(&self) -> Option<&str>;
    fn tags(&self) -> &[Tag];
    /// All that pass the filters.
    fn list(client: Client, filters: Vec<Filter>) -> impl Future<Output = Result<Vec<Self>>> + Send;
}

struct ById<T>(Loader<String, T>);
struct ByAddress<T>(Loader<String, Vec<T>>);

impl<T> Default for ById<T> {
    fn default() -> Self {
        Self(Loader::default())
    }
}

impl<T> Default for ByAddress<T> {
    fn default() -> Self {
        Self(Loader::default())
    }
}

/// The one with this id, described together with others that are read at the same time.
pub(crate) async fn load<T: Describe>(id: &str, cx: &Context) -> Result<Option<T>> {
    let client = cx.client(Client::new);
    let describe = |ids: Vec<String>| async move {
        let listed = T::list(client, vec![filter(T::BY_ID, ids.iter().map(String::as_str))]).await?;
        Ok(listed.into_iter().filter_map(|one| Some((one.id()?.to_owned(), one))).collect())
    };
    cx.shared::<ById<T>>().0.load(id.to_owned(), describe).await
}

/// The one resource of the stack's that `fits` accepts and that this run does not delete, with its tags.
pub(crate) async fn find<T: Describe>(cx: &Context, fits: impl Fn(&T) -> bool) -> Result<Option<Found>> {
    let stays = |one: &T| one.id().is_some_and(|id| !cx.deletes(id));
    let ours = owned::<T>(cx).await?.into_iter();
    let ours = ours.filter(|one| fits(one) && stays(one) && cx.names(&tagging::read(one.tags())));
    let found =
        ours.filter_map(|one| Some(Found { id: one.id()?.to_owned(), owner: Owner::Tags(tagging::read(one.tags())) }));
    Found::only(found, T::NOUN, cx)
}

/// The resources with the stack's tags: usually one, two during a replacement. One listing of the whole
/// stack serves all that are looked for at the same time.
async fn owned<T: Describe>(cx: &Context) -> Result<Vec<T>> {
    let client = cx.client(Client::new);
    let stack = cx.identity().iter().filter(|(key, _)| *key != ADDRESS_TAG);
    let filters = stack.map(|(key, value)| filter(&format!("tag:{key}"), [value])).collect();
    let describe = |_| async move {
        let mut by_address: HashMap<String, Vec<T>> = HashMap::new();
        for one in T::list(client, filters).await? {
            if let Some(address) = tagging::read(one.tags()).get(ADDRESS_TAG) {
                by_address.entry(address.to_owned()).or_default().push(one);
            }
        }
        Ok(by_address)
    };
    Ok(cx.shared::<ByAddress<T>>().0.load(cx.address().to_string(), describe).await?.unwrap_or_default())
}
