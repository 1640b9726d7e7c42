//! The HTTP client around the SDK's: counts calls by operation and bounds how many are under way, and how much is read.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, Metadata};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::{body::SdkBody, config_bag::ConfigBag};
use aws_types::SdkConfig;
use http_body_util::Limited;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::Semaphore;

/// Requests under way at once for each service. Above what AWS's control planes sustain, adaptive
/// retry takes over; below, nothing waits for nothing.
const IN_FLIGHT: usize = 20;

/// The largest answer that is read. None that AWS gives comes near; one without end would fill the memory.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// How often each operation was called, by service, both as AWS names them. A call that the SDK
/// retried is one call.
pub type Calls = BTreeMap<String, BTreeMap<String, u64>>;

/// Counts what clients of an SDK configuration send.
#[derive(Debug, Default)]
pub struct Meter {
    calls: Mutex<Calls>,
    requests: AtomicU64,
    limits: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Meter {
    /// The configuration with this meter in it. One without an HTTP client sends nothing and stays as it is.
    pub fn measure(self: &Arc<Self>, config: SdkConfig) -> SdkConfig {
        match config.http_client() {
            Some(inner) => config.to_builder().http_client(Metered { inner, meter: self.clone() }).build(),
            None => config,
        }
    }

    /// The calls so far.
    pub fn calls(&self) -> Calls {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The requests sent so far: calls with their retries.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    fn count(&self, operation: &Metadata) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let service = calls.entry(operation.service().to_owned()).or_default();
        *service.entry(operation.name().to_owned()).or_default() += 1;
    }

    fn limit(&self, service: &str) -> Arc<Semaphore> {
        let mut limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        limits.entry(service.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(IN_FLIGHT))).clone()
    }
}

#[derive(Debug)]
struct Metered {
    inner: SharedHttpClient,
    meter: Arc<Meter>,
}

impl HttpClient for Metered {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(MeteredConnector {
            inner: self.inner.http_connector(settings, components),
            meter: self.meter.clone(),
        })
    }

    /// The SDK asks this once for each call, and nowhere else tells its HTTP client which operation it serves.
    fn validate_final_config(&self, components: &RuntimeComponents, config: &ConfigBag) -> Result<(), BoxError> {
        if let Some(operation) = config.load::<Metadata>() {
            self.meter.count(operation);
        }
        self.inner.validate_final_config(components, config)
    }
}

#[derive(Debug)]
struct MeteredConnector {
    inner: SharedHttpConnector,
    meter: Arc<Meter>,
}

impl HttpConnector for MeteredConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.meter.requests.fetch_add(1, Ordering::Relaxed);
        let limit = self.meter.limit(service_of(&request).unwrap_or("other"));
        let inner = self.inner.clone();
        HttpConnectorFuture::new(async move {
            // The semaphore is never closed, so this only ever waits.
            let _permit = limit.acquire_owned().await;
            let answer = inner.call(request).await?;
            Ok(answer.map(|body| SdkBody::from_body_1_x(Limited::new(body, LARGEST_ANSWER))))
        })
    }
}

/// The service in the signature's credential scope: `…Credential=AKID/20260101/region/SERVICE/aws4_request`.
fn service_of(request: &HttpRequest) -> Option<&str> {
    let authorization = request.headers().get("authorization")?;
    let (_, scope) = authorization.split_once("Credential=")?;
    let mut parts = scope.split(['/', ',']);
    if authorization.starts_with("AWS4-ECDSA") { parts.nth(2) } else { parts.nth(3) }
}
