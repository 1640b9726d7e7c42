//! The embedded AWS on a loopback port, for tools that are not this process: in memory, at a distance of one's
//! choice, counting what it is asked.

use crate::measured::Calls;
use async_trait::async_trait;
use local::{ACCOUNT, Call, Cloud, Layer, LostAnswer, Next, Response};
use std::{
    net::Ipv4Addr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{net::TcpListener, runtime::Runtime};

/// An AWS that ends with this value.
pub(crate) struct Endpoint {
    pub(crate) url: String,
    tally: Arc<Tally>,
    // Ends the server with it.
    _runtime: Runtime,
}

/// The requests that the endpoint got.
#[derive(Clone, Default)]
pub(crate) struct Traffic {
    pub(crate) calls: Calls,
    pub(crate) reading: u64,
    pub(crate) changing: u64,
    /// Bytes of all writes of mlopsctl's state, and of the largest one.
    pub(crate) state_written: u64,
    pub(crate) state_size: u64,
}

#[derive(Default)]
struct Tally {
    latency_ms: AtomicU64,
    traffic: Mutex<Traffic>,
}

impl Endpoint {
    pub(crate) fn start(region: &str) -> Result<Self, String> {
        let failed = |what: &str| format!("the embedded AWS could not be served: {what}");
        let tally = Arc::new(Tally::default());
        let cloud = Cloud::open(None, region, ACCOUNT).map_err(|error| failed(&error.to_string()))?;
        let cloud = cloud.with_layer(tally.clone());
        let runtime = Runtime::new().map_err(|error| failed(&error.to_string()))?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let listener = listener.map_err(|error| failed(&error.to_string()))?;
        let address = listener.local_addr().map_err(|error| failed(&error.to_string()))?;
        runtime.spawn(async move { cloud.serve(listener, std::future::pending()).await });
        Ok(Self { url: format!("http://{address}"), tally, _runtime: runtime })
    }

    /// Sets the time that each answer takes from now on.
    pub(crate) fn set_latency(&self, latency: Duration) {
        self.tally.latency_ms.store(u64::try_from(latency.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// The requests since the last call.
    pub(crate) fn take(&self) -> Traffic {
        std::mem::take(&mut self.tally.traffic.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The settings with which the AWS SDKs, and so mlopsctl, find it.
    pub(crate) fn settings(&self) -> [(&'static str, String); 4] {
        [
            ("AWS_ENDPOINT_URL", self.url.clone()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ]
    }
}

impl Tally {
    fn note(&self, call: &Call) {
        let mut traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        let service = traffic.calls.entry(call.service.clone()).or_default();
        *service.entry(call.operation.clone()).or_default() += 1;
        match call.is_read() {
            true => traffic.reading += 1,
            false => traffic.changing += 1,
        }
        if call.operation == "PUT object" && call.request.uri.contains("/state.json") {
            let size = call.request.body.len() as u64;
            traffic.state_size = traffic.state_size.max(size);
            traffic.state_written += size;
        }
    }
}

#[async_trait]
impl Layer for Tally {
    async fn answer(&self, call: Call, next: Next<'_>) -> Result<Response, LostAnswer> {
        self.note(&call);
        let latency = self.latency_ms.load(Ordering::Relaxed);
        if latency > 0 {
            tokio::time::sleep(Duration::from_millis(latency)).await;
        }
        next.run(call).await
    }
}
