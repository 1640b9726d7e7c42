//! One AWS service of the embedded cloud: how it answers, and how its state is kept.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::sync::Arc;
use winterbaume_core::{StateViewError, StatefulService};
use winterbaume_s3::S3Service;

use crate::objects::Objects;
use crate::{Call, Response};

/// Account and region: services keep one state for each pair.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) account: &'a str,
    pub(crate) region: &'a str,
}

/// A service. The cloud lets one changing call, or any number of reading ones, in at a time, so an
/// implementation may take several steps and a snapshot meets no call halfway.
pub(crate) trait Service: Send + Sync {
    fn answer(&self, call: Call) -> BoxFuture<'_, Response>;
    fn snapshot(&self, scope: Scope<'_>) -> Result<Value, String>;
    fn restore(&self, scope: Scope<'_>, state: Value) -> Result<(), String>;
    /// Called when what is on disk is what the service holds.
    fn saved(&self) {}
}

/// A winterbaume service as it is.
pub(crate) struct Emulated<S>(pub(crate) S);

impl<S: StatefulService> Service for Emulated<S> {
    fn answer(&self, call: Call) -> BoxFuture<'_, Response> {
        self.0.handle(call.request)
    }

    fn snapshot(&self, scope: Scope<'_>) -> Result<Value, String> {
        let view = at_once(self.0.snapshot(scope.account, scope.region))?;
        serde_json::to_value(view).map_err(|error| error.to_string())
    }

    fn restore(&self, scope: Scope<'_>, state: Value) -> Result<(), String> {
        let view = serde_json::from_value(state).map_err(|error| error.to_string())?;
        at_once(self.0.restore(scope.account, scope.region, view))?.map_err(|error: StateViewError| error.to_string())
    }
}

/// S3, whose object contents are kept beside its state.
pub(crate) struct Storage {
    service: Emulated<S3Service>,
    objects: Arc<Objects>,
}

impl Storage {
    pub(crate) fn new(objects: Objects) -> Self {
        let objects = Arc::new(objects);
        let contents: Arc<Objects> = Arc::clone(&objects);
        Self { service: Emulated(S3Service::with_vfs(contents)), objects }
    }
}

impl Service for Storage {
    fn answer(&self, call: Call) -> BoxFuture<'_, Response> {
        self.service.answer(call)
    }

    fn snapshot(&self, scope: Scope<'_>) -> Result<Value, String> {
        let prefix = format!("s3/{}/{}/", scope.account, scope.region);
        let contents = self.objects.keep(&prefix).map_err(|error| error.to_string())?;
        Ok(json!({ "buckets": self.service.snapshot(scope)?, "contents": contents }))
    }

    fn restore(&self, scope: Scope<'_>, mut state: Value) -> Result<(), String> {
        self.objects.restore(&state["contents"])?;
        self.service.restore(scope, state["buckets"].take())
    }

    fn saved(&self) {
        self.objects.sweep();
    }
}

/// Runs a future that only takes locks nobody holds (see [`Service`]), so it ends without waiting.
fn at_once<T>(future: impl Future<Output = T>) -> Result<T, String> {
    tokio::task::unconstrained(future)
        .now_or_never()
        .ok_or_else(|| "the service is busy although no call is under way".to_owned())
}
