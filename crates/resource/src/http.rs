//! The HTTP client around the SDK's: counts calls per service and bounds how many are under way.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::Semaphore;

/// Requests under way at once for each service. Above what AWS's control planes sustain, adaptive
/// retry takes over; below, nothing waits for nothing.
const IN_FLIGHT: usize = 20;

#[derive(Debug, Default)]
pub(crate) struct Meter {
    calls: Mutex<BTreeMap<String, u64>>,
    limits: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Meter {
    pub(crate) fn calls(&self) -> BTreeMap<String, u64> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn count(&self, service: &str) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls.entry(service.to_owned()).or_default() += 1;
    }

    fn limit(&self, service: &str) -> Arc<Semaphore> {
        let mut limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        limits.entry(service.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(IN_FLIGHT))).clone()
    }
}

#[derive(Debug)]
pub(crate) struct Metered {
    pub(crate) inner: SharedHttpClient,
    pub(crate) meter: Arc<Meter>,
}

impl HttpClient for Metered {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(MeteredConnector {
            inner: self.inner.http_connector(settings, components),
            meter: self.meter.clone(),
        })
    }
}

#[derive(Debug)]
struct MeteredConnector {
    inner: SharedHttpConnector,
    meter: Arc<Meter>,
}

impl HttpConnector for MeteredConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let service = service_of(&request).unwrap_or("other").to_owned();
        self.meter.count(&service);
        let limit = self.meter.limit(&service);
        let inner = self.inner.clone();
        HttpConnectorFuture::new(async move {
            // The semaphore is never closed, so this only ever waits.
            let _permit = limit.acquire_owned().await;
            inner.call(request).await
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
