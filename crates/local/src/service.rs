//! One AWS service of the embedded cloud: how it answers, and how its state is kept.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::collections::BTreeMap;
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

/// Tags by ARN.
pub(crate) type Tagged = BTreeMap<String, BTreeMap<String, String>>;

/// A service. The cloud lets one changing call, or any number of reading ones, in at a time, so an
/// implementation may take several steps and a snapshot meets no call halfway.
pub(crate) trait Service: Send + Sync {
    fn answer(&self, call: Call) -> BoxFuture<'_, Response>;
    fn snapshot(&self, scope: Scope<'_>) -> Result<Value, String>;
    fn restore(&self, scope: Scope<'_>, state: Value) -> Result<(), String>;
    /// The tags of the service's resources, by ARN, as far as the Resource Groups Tagging API shows it.
    fn tags(&self, _: Scope<'_>) -> Tagged {
        Tagged::new()
    }
    /// Called when what is on disk is what the service holds.
    fn saved(&self) {}
    /// Called when a process has taken over what another one left: ends what only that one could go on with, and says
    /// whether there was any of it.
    fn reopen(&self, _region: &str) -> bool {
        false
    }
}

/// A service that answers in another way than the one it is laid over, which keeps the state.
pub(crate) trait Over: Send + Sync {
    fn inner(&self) -> &dyn Service;
    fn answer(&self, call: Call) -> BoxFuture<'_, Response>;
}

impl<O: Over> Service for O {
    fn answer(&self, call: Call) -> BoxFuture<'_, Response> {
        Over::answer(self, call)
    }

    fn snapshot(&self, scope: Scope<'_>) -> Result<Value, String> {
        self.inner().snapshot(scope)
    }

    fn restore(&self, scope: Scope<'_>, state: Value) -> Result<(), String> {
        self.inner().restore(scope, state)
    }

    fn tags(&self, scope: Scope<'_>) -> Tagged {
        self.inner().tags(scope)
    }

    fn saved(&self) {
        self.inner().saved();
    }
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

    fn tags(&self, scope: Scope<'_>) -> Tagged {
        let mut tagged = Tagged::new();
        if let Ok(state) = self.snapshot(scope) {
            gather(&state, &mut tagged);
        }
        tagged
    }

    fn restore(&self, scope: Scope<'_>, state: Value) -> Result<(), String> {
        let view = serde_json::from_value(state).map_err(|error| error.to_string())?;
        at_once(self.0.restore(scope.account, scope.region, view))?.map_err(|error: StateViewError| error.to_string())
    }
}

/// The tags of everything in a service's state that has an ARN of its own.
fn gather(state: &Value, tagged: &mut Tagged) {
    const ARNS: [&str; 2] = ["arn", "repository_arn"];
    let arn = ARNS.into_iter().find_map(|name| state[name].as_str());
    if let (Some(arn), Some(tags)) = (arn, state["tags"].as_object()) {
        let tags = tags.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
        tagged.insert(arn.to_owned(), tags.collect());
    }
    match state {
        Value::Object(members) => members.values().for_each(|member| gather(member, tagged)),
        Value::Array(items) => items.iter().for_each(|item| gather(item, tagged)),
        _ => {}
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
