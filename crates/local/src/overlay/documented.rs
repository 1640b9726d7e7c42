//! A JSON-protocol service whose resources are answered from the document store; all else goes on
//! to the emulated service.

use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use winterbaume_core::default_account_id;

use super::documents::{Documents, Refusal};
use super::kind::Kind;
use super::wire::Wire;
use crate::service::{Scope, Service, Tagged};
use crate::{Call, Response};

/// The kinds a service answers from documents, and what else it does with them.
pub(crate) struct Catalog {
    pub(crate) kinds: &'static [Kind],
    pub(crate) tagging: Tagging,
    /// Operations beyond create, describe, update, delete and list; `None` passes them on.
    pub(crate) actions: Actions,
    /// Ends what the process that had the cloud before left under way, and says whether there was any of it.
    pub(crate) reopen: fn(&mut Documents) -> bool,
}

/// Answers an operation, or leaves it to the emulated service.
pub(crate) type Actions = fn(&mut Documents, Scope<'_>, &str, &Value) -> Option<Result<Value, Refusal>>;

/// The names of a service's tag operations and of their members.
pub(crate) struct Tagging {
    pub(crate) add: &'static str,
    pub(crate) added: &'static str,
    pub(crate) remove: &'static str,
    pub(crate) removed: &'static str,
    pub(crate) list: &'static str,
    /// The member that holds the ARN in requests.
    pub(crate) arn: &'static str,
    /// The member that holds the tags in answers.
    pub(crate) tags: &'static str,
    /// Tags are listed as pairs with these members, or else as a map.
    pub(crate) pair: Option<(&'static str, &'static str)>,
}

/// A service with documents over it.
pub(crate) struct Documented {
    catalog: &'static Catalog,
    regions: Mutex<BTreeMap<String, Documents>>,
    inner: Box<dyn Service>,
}

impl Documented {
    pub(crate) fn new(catalog: &'static Catalog, inner: Box<dyn Service>) -> Self {
        Self { catalog, regions: Mutex::default(), inner }
    }

    fn regions(&self) -> MutexGuard<'_, BTreeMap<String, Documents>> {
        self.regions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses what neither the documents nor the emulated service may keep.
    fn check(&self, call: &Call, body: &Value) -> Result<(), Refusal> {
        let operation = call.operation.as_str();
        let mut kinds = self.catalog.kinds.iter();
        let kind = kinds.find(|kind| [Some(kind.create), kind.update].contains(&Some(operation)));
        let documents = &mut *self.regions();
        let documents = documents.entry(call.region.clone()).or_default();
        kind.map_or(Ok(()), |kind| (kind.check)(documents, operation, body))
    }

    /// The answer of the documents, if the operation is theirs.
    fn own(&self, call: &Call, body: &Value) -> Option<Result<Value, Refusal>> {
        let operation = call.operation.as_str();
        let scope = Scope { account: default_account_id(), region: &call.region };
        let documents = &mut *self.regions();
        let documents = documents.entry(call.region.clone()).or_default();
        for kind in self.catalog.kinds {
            if operation == kind.create {
                return Some(documents.create(kind, body, scope));
            }
            if operation == kind.describe {
                return Some(documents.describe(kind, body));
            }
            if Some(operation) == kind.update {
                return Some(documents.update(kind, body));
            }
            if operation == kind.delete {
                return Some(documents.delete(kind, body, scope));
            }
            if let Some(list) = kind.lists.iter().find(|list| list.operation == operation) {
                return Some(Ok(documents.list(kind, list, body)));
            }
        }
        self.tagging(documents, operation, body)
            .map(Ok)
            .or_else(|| (self.catalog.actions)(documents, scope, operation, body))
    }

    fn tagging(&self, documents: &mut Documents, operation: &str, body: &Value) -> Option<Value> {
        let tagging = &self.catalog.tagging;
        let arn = body[tagging.arn].as_str().filter(|arn| documents.owns(arn))?;
        if operation == tagging.add {
            documents.tag(arn, body.get(tagging.added));
        } else if operation == tagging.remove {
            documents.untag(arn, &body[tagging.removed]);
        } else if operation == tagging.list {
            let tags = documents.tags(arn);
            let tags: Value = match tagging.pair {
                Some((k, v)) => tags.map(|(key, value)| json!({ k: key, v: value })).collect(),
                None => json!(tags.collect::<BTreeMap<_, _>>()),
            };
            return Some(json!({ tagging.tags: tags }));
        } else {
            return None;
        }
        Some(json!({}))
    }

    /// The create operation of the mirrored kind this operation changes.
    fn mirrors(&self, operation: &str) -> Option<&'static str> {
        let kinds = self.catalog.kinds.iter().filter(|kind| kind.mirrored);
        kinds
            .filter(|kind| [Some(kind.create), Some(kind.delete), kind.update].contains(&Some(operation)))
            .map(|kind| kind.create)
            .next()
    }
}

impl Service for Documented {
    fn answer(&self, call: Call) -> BoxFuture<'_, Response> {
        Box::pin(async move {
            let wire = Wire::new(&call);
            let body = match wire.read(&call.request.body) {
                Ok(body) => body,
                Err(reason) => return wire.refusal("SerializationException", &reason),
            };
            if let Err(Refusal { code, message }) = self.check(&call, &body) {
                return wire.refusal(code, &message);
            }
            let mirrored = self.mirrors(&call.operation);
            if let Some(create) = mirrored
                && create == call.operation
            {
                // The emulated service checks what it is given before the document is kept.
                let answer = self.inner.answer(call.clone()).await;
                if answer.status >= 300 {
                    return answer;
                }
            }
            match self.own(&call, &body) {
                Some(Ok(answer)) => {
                    if mirrored.is_some_and(|create| create != call.operation) {
                        self.inner.answer(call).await;
                    }
                    wire.answer(&answer)
                }
                Some(Err(Refusal { code, message })) => wire.refusal(code, &message),
                None => self.inner.answer(call).await,
            }
        })
    }

    fn snapshot(&self, scope: Scope<'_>) -> Result<Value, String> {
        let documents = serde_json::to_value(self.regions().get(scope.region));
        let documents = documents.map_err(|error| error.to_string())?;
        Ok(json!({ "documents": documents, "service": self.inner.snapshot(scope)? }))
    }

    fn tags(&self, scope: Scope<'_>) -> Tagged {
        self.regions().get(scope.region).map(Documents::all_tags).unwrap_or_default()
    }

    fn reopen(&self, region: &str) -> bool {
        self.regions().get_mut(region).is_some_and(self.catalog.reopen)
    }

    fn restore(&self, scope: Scope<'_>, mut state: Value) -> Result<(), String> {
        let documents: Option<Documents> =
            serde_json::from_value(state["documents"].take()).map_err(|error| error.to_string())?;
        self.regions().insert(scope.region.to_owned(), documents.unwrap_or_default());
        self.inner.restore(scope, state["service"].take())
    }
}
