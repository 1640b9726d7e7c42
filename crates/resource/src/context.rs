//! The context of a reconciler: clients, place, identity, shipped content.

use crate::{ADDRESS_TAG, Address, LINEAGE_TAG, StackTagCache, TagIndex, Tags};
use aws_client::{Adoption, Failure, FailureKind, Remedy, Result};
use aws_smithy_types::retry::RetryConfig;
use aws_types::{SdkConfig, region::Region};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::{
    any::{Any, TypeId},
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};
use vocabulary::Place;

/// Bytes the stack ships: a function's package, a script. Specifications hold only its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// The origin, for messages.
    pub origin: String,
    /// The content.
    pub bytes: Bytes,
}

/// SHA-256 in lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A listener for failures that a read of the cloud retries.
pub type Listener = Arc<dyn Fn(&Failure) + Send + Sync>;

type Anything = Arc<dyn Any + Send + Sync>;

/// One account in one region: SDK clients, made when first used, and what reconcilers share.
pub struct Cloud {
    config: SdkConfig,
    place: Place,
    clients: Mutex<HashMap<(TypeId, String, bool), Anything>>,
    shared: Mutex<HashMap<TypeId, Anything>>,
    assets: Mutex<HashMap<String, Arc<Asset>>>,
    tag_index: Option<Arc<dyn TagIndex>>,
    environment: Option<String>,
    listener: Option<Listener>,
}

impl Cloud {
    /// A cloud reached through `config`.
    pub fn new(config: SdkConfig, place: Place, assets: impl IntoIterator<Item = Asset>) -> Self {
        let (clients, shared, tag_index, listener) = (Mutex::default(), Mutex::default(), None, None);
        let environment = None;
        let cloud = Self { config, place, clients, shared, assets: Mutex::default(), tag_index, environment, listener };
        cloud.ship(assets);
        cloud
    }

    /// Adds the files that a stack ships.
    pub fn ship(&self, assets: impl IntoIterator<Item = Asset>) {
        let assets = assets.into_iter().map(|asset| (sha256_hex(&asset.bytes), Arc::new(asset)));
        self.assets.lock().unwrap_or_else(PoisonError::into_inner).extend(assets);
    }

    /// The same, with something that knows the tags of whole stacks.
    #[must_use]
    pub fn with_tag_index(self, index: Arc<dyn TagIndex>) -> Self {
        Self { tag_index: Some(index), ..self }
    }

    /// The same context for an environment of this name. Help texts contain the name.
    #[must_use]
    pub fn for_environment(self, name: impl Into<String>) -> Self {
        Self { environment: Some(name.into()), ..self }
    }

    /// The same, with a listener for the failures that plans and comparisons wait for.
    #[must_use]
    pub fn with_listener(self, listener: Listener) -> Self {
        Self { listener: Some(listener), ..self }
    }

    /// Account, region and partition.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The configuration every client is made from.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// True if the stack ships content with this digest.
    pub fn ships(&self, sha256: &str) -> bool {
        self.asset(sha256).is_some()
    }

    fn asset(&self, sha256: &str) -> Option<Arc<Asset>> {
        self.assets.lock().unwrap_or_else(PoisonError::into_inner).get(sha256).cloned()
    }

    fn client<C: Clone + Send + Sync + 'static>(
        &self,
        region: Option<&str>,
        once: bool,
        make: impl FnOnce(&SdkConfig) -> C,
    ) -> C {
        let region = region.unwrap_or(&self.place.region);
        let key = (TypeId::of::<C>(), region.to_owned(), once);
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&key).and_then(|client| client.downcast_ref::<C>()) {
            return client.clone();
        }
        let mut builder = self.config.to_builder().region(Region::new(region.to_owned()));
        if once {
            builder = builder.retry_config(RetryConfig::disabled());
        }
        let client = make(&builder.build());
        clients.insert(key, Arc::new(client.clone()));
        client
    }
}

/// The context of a reconciler: the cloud, the address, and the identity of the stack.
#[derive(Clone)]
pub struct Context {
    cloud: Arc<Cloud>,
    address: Address,
    identity: Tags,
    token: String,
    delete_data: bool,
    going: Arc<HashSet<String>>,
    tag_cache: Option<Arc<StackTagCache>>,
    just_made: bool,
    made_again: bool,
    lineage: Option<Arc<str>>,
}

impl Context {
    /// The context of one resource. `identity` are the tags by which ownership is judged, without the
    /// address; `token` is the idempotency token kept in the intent.
    pub fn new(cloud: Arc<Cloud>, address: Address, mut identity: Tags, token: String, delete_data: bool) -> Self {
        identity.0.insert(ADDRESS_TAG.to_owned(), address.to_string());
        let (going, tag_cache, just_made, made_again, lineage) = (Arc::default(), None, false, false, None);
        Self { cloud, address, identity, token, delete_data, going, tag_cache, just_made, made_again, lineage }
    }

    /// The same, working for the state of this lineage.
    pub fn of_lineage(self, lineage: Arc<str>) -> Self {
        Self { lineage: Some(lineage), ..self }
    }

    /// The same, with the ids of resources that the plan deletes and of deposed ones.
    pub fn with_going(self, going: Arc<HashSet<String>>) -> Self {
        Self { going, ..self }
    }

    /// The same, as part of a read of the whole stack.
    pub fn with_tag_cache(self, tag_cache: Arc<StackTagCache>) -> Self {
        Self { tag_cache: Some(tag_cache), ..self }
    }

    /// The same, for a resource that this step has just created with its tags.
    pub fn just_made(self) -> Self {
        Self { just_made: true, ..self }
    }

    /// The same, for a deletion after which the resource is made again.
    pub fn made_again(self) -> Self {
        Self { made_again: true, ..self }
    }

    /// True if the resource is created again after its deletion, so that its dependencies stay.
    pub fn is_made_again(&self) -> bool {
        self.made_again
    }

    pub(crate) fn is_just_made(&self) -> bool {
        self.just_made
    }

    /// True if the resource with this id is to be deleted, so that no find returns it and no check of data at risk
    /// concerns it.
    pub fn deletes(&self, id: &str) -> bool {
        self.going.contains(id)
    }

    /// The client of a service in the stack's region: `cx.client(aws_sdk_ec2::Client::new)`.
    pub fn client<C: Clone + Send + Sync + 'static>(&self, make: impl FnOnce(&SdkConfig) -> C) -> C {
        self.cloud.client(None, false, make)
    }

    /// The client of a service in another region.
    pub fn client_in<C: Clone + Send + Sync + 'static>(
        &self,
        region: Option<&str>,
        make: impl FnOnce(&SdkConfig) -> C,
    ) -> C {
        self.cloud.client(region, false, make)
    }

    /// A client that sends each call once. For creates that take neither a name nor a token: a retry
    /// inside the SDK after a lost answer would make a second one, while the engine searches first.
    pub fn client_once<C: Clone + Send + Sync + 'static>(&self, make: impl FnOnce(&SdkConfig) -> C) -> C {
        self.cloud.client(None, true, make)
    }

    /// Something reconcilers of one kind share for the life of the cloud, for example a [`aws_client::Loader`].
    pub fn shared<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let mut shared = self.cloud.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = shared.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(T::default()));
        slot.clone().downcast::<T>().unwrap_or_default()
    }

    /// Reports that a read retries this failure.
    pub fn waits_for(&self, failure: &Failure) {
        if let Some(listener) = &self.cloud.listener {
            listener(failure);
        }
    }

    pub(crate) fn tag_cache(&self) -> Option<&StackTagCache> {
        self.tag_cache.as_deref()
    }

    pub(crate) fn tag_index(&self) -> Option<&dyn TagIndex> {
        self.cloud.tag_index.as_deref()
    }

    /// Account, region and partition.
    pub fn place(&self) -> &Place {
        &self.cloud.place
    }

    /// The address of the resource at work.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The idempotency token of the resource's intent, at most 36 characters: the same again after a crash.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The tags by which this stack's ownership of the resource is recognised.
    pub fn identity(&self) -> &Tags {
        &self.identity
    }

    /// The lineage of the state that this works for, if there is one.
    pub fn lineage(&self) -> Option<&str> {
        self.lineage.as_deref()
    }

    /// True if tags show that a resource is the one at this address in this environment, whichever state records it.
    pub fn names(&self, tags: &Tags) -> bool {
        self.identity.iter().all(|(key, value)| tags.get(key) == Some(value))
    }

    /// True if tags name this address in this stack, and no other state. Resources of before version 0.2 have no
    /// lineage, and any user may give the other tags, so this is no proof: see [`proves`](Self::proves).
    pub fn owns(&self, tags: &Tags) -> bool {
        let lineage = (tags.get(LINEAGE_TAG), self.lineage());
        self.names(tags) && !matches!(lineage, (Some(theirs), Some(ours)) if theirs != ours)
    }

    /// True if tags prove that this state's runs created the resource: they hold its lineage, too.
    pub fn proves(&self, tags: &Tags) -> bool {
        self.names(tags) && self.lineage().is_none_or(|ours| tags.get(LINEAGE_TAG) == Some(ours))
    }

    /// The name of the environment, for messages.
    pub fn environment(&self) -> &str {
        self.cloud.environment.as_deref().or_else(|| self.identity.get("Environment")).unwrap_or_default()
    }

    /// The advice to take over the resource at this address.
    pub fn adoption(&self, how: Adoption) -> Remedy {
        Remedy::Adopt { environment: self.environment().to_owned(), address: self.address.to_string(), how }
    }

    /// True if data may be deleted (`--delete-data`): objects, images, feature data, file systems.
    pub fn may_delete_data(&self) -> bool {
        self.delete_data
    }

    /// The content with this digest.
    ///
    /// # Errors
    /// When the files changed since the plan was made, or the stack ships no such thing.
    pub fn asset(&self, sha256: &str) -> Result<Arc<Asset>> {
        self.cloud.asset(sha256).ok_or_else(|| {
            Failure::new(
                FailureKind::Final,
                format!("no file of this stack has the digest {sha256}: it changed since the plan was made"),
            )
        })
    }
}
