//! The HTTP client around the SDK's: counts calls by operation, slows down where AWS asks for it, and bounds how
//! much is read.

use crate::{
    HttpLayer,
    called::{limit_key, name_of},
    limit::{FIRST_WINDOW, Limit},
    throttling::asks_to_slow_down,
};
use aws_smithy_runtime_api::client::http::{
    HttpConnector as _, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, Metadata};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::{body::SdkBody, byte_stream::ByteStream, config_bag::ConfigBag};
use aws_types::SdkConfig;
use http_body_util::Limited;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, sleep_until},
};

/// The largest answer that is read. None that AWS gives comes near; one without end would fill the memory.
pub const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// The number of calls of each operation, by service, both as AWS names them. A call that the SDK retried is one call.
pub type Calls = BTreeMap<String, BTreeMap<String, u64>>;

/// Counts what clients of an SDK configuration send.
#[derive(Debug, Default)]
pub struct CallMeter {
    calls: Mutex<Calls>,
    requests: AtomicU64,
    slowed_down: Mutex<BTreeMap<String, u64>>,
    limiters: Mutex<HashMap<String, Arc<OperationLimiter>>>,
}

impl CallMeter {
    /// The configuration with this meter in it. One without an HTTP client sends nothing and stays as it is.
    pub fn measure(self: &Arc<Self>, config: SdkConfig) -> SdkConfig {
        Metered(self.clone()).before(config)
    }

    /// The calls so far.
    pub fn calls(&self) -> Calls {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The requests sent so far: calls with their retries.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// The number of throttled requests, by service and operation.
    pub fn slowed_down(&self) -> BTreeMap<String, u64> {
        self.slowed_down.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn count_slowing_down(&self, call: String) {
        let mut slowed_down = self.slowed_down.lock().unwrap_or_else(PoisonError::into_inner);
        *slowed_down.entry(call).or_default() += 1;
    }

    fn count(&self, operation: &Metadata) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let service = calls.entry(operation.service().to_owned()).or_default();
        *service.entry(operation.name().to_owned()).or_default() += 1;
    }

    fn limiter(&self, request: &HttpRequest) -> Arc<OperationLimiter> {
        let mut limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
        limiters.entry(limit_key(request)).or_default().clone()
    }
}

#[derive(Debug)]
struct Metered(Arc<CallMeter>);

impl HttpLayer for Metered {
    fn begin_call(&self, config: &ConfigBag) {
        if let Some(operation) = config.load::<Metadata>() {
            self.0.count(operation);
        }
    }

    fn answer(
        &self,
        request: HttpRequest,
        inner: SharedHttpConnector,
        _: &HttpConnectorSettings,
    ) -> HttpConnectorFuture {
        let meter = self.0.clone();
        meter.requests.fetch_add(1, Ordering::Relaxed);
        let limiter = meter.limiter(&request);
        let call = name_of(&request);
        HttpConnectorFuture::new(async move {
            let _permit = limiter.acquire().await;
            let sent = Instant::now();
            let answer = inner.call(request).await?;
            let answer = answer.map(|body| SdkBody::from_body_1_x(Limited::new(body, LARGEST_ANSWER)));
            let (response, slow_down) = read(answer).await?;
            limiter.record(sent, slow_down);
            if slow_down {
                meter.count_slowing_down(call);
            }
            Ok(response)
        })
    }
}

/// Limits the rate of the requests that AWS counts together.
#[derive(Debug)]
struct OperationLimiter {
    limit: Mutex<Limit>,
    under_way: Semaphore,
    /// The turn of the request that is sent next; the others queue up behind it.
    next: tokio::sync::Mutex<()>,
}

impl Default for OperationLimiter {
    fn default() -> Self {
        let under_way = Semaphore::new(FIRST_WINDOW);
        Self { limit: Mutex::new(Limit::new()), under_way, next: tokio::sync::Mutex::default() }
    }
}

impl OperationLimiter {
    /// Waits until a request may be sent.
    async fn acquire(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed, so this only ever waits.
        let permit = self.under_way.acquire().await.ok();
        let _next = self.next.lock().await;
        while let Err(later) = self.send() {
            sleep_until(later).await;
        }
        permit
    }

    fn send(&self) -> Result<(), Instant> {
        self.limit().send(Instant::now())
    }

    /// Learns from an answer.
    fn record(&self, sent: Instant, slow_down: bool) {
        let now = Instant::now();
        if slow_down {
            self.limit().throttled(sent, now);
        } else if self.limit().accepted(now) {
            self.under_way.add_permits(1);
        }
    }

    fn limit(&self) -> MutexGuard<'_, Limit> {
        self.limit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer, and true if it asks to slow down. Its code stands in the body, which for errors is small.
async fn read(mut response: HttpResponse) -> Result<(HttpResponse, bool), ConnectorError> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return Ok((response, false));
    }
    let body = std::mem::replace(response.body_mut(), SdkBody::taken());
    let bytes = ByteStream::new(body).collect().await.map_err(|error| ConnectorError::io(error.into()))?.into_bytes();
    let slow_down = status.as_u16() == 429 || asks_to_slow_down(&String::from_utf8_lossy(&bytes));
    *response.body_mut() = SdkBody::from(bytes);
    Ok((response, slow_down))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http_layer::LayeredConnector;
    use aws_smithy_runtime_api::{client::http::HttpConnector, http::StatusCode};
    use std::time::Duration;

    /// Throttles like AWS: a bucket of tokens that fills at a steady rate.
    #[derive(Clone, Debug)]
    struct Server {
        burst: f64,
        rate: f64,
        received: Arc<Mutex<Received>>,
    }

    #[derive(Debug)]
    struct Received {
        tokens: f64,
        at: Instant,
        accepted: Vec<Instant>,
        refused: Vec<Instant>,
    }

    const LATENCY: Duration = Duration::from_millis(50);

    impl Server {
        fn new(burst: f64, rate: f64) -> Self {
            let received = Received { tokens: burst, at: Instant::now(), accepted: Vec::new(), refused: Vec::new() };
            Self { burst, rate, received: Arc::new(Mutex::new(received)) }
        }

        fn takes(&self) -> bool {
            let (now, mut received) = (Instant::now(), self.received.lock().unwrap());
            received.tokens = (received.tokens + (now - received.at).as_secs_f64() * self.rate).min(self.burst);
            received.at = now;
            let takes = received.tokens >= 1.0;
            if takes {
                received.tokens -= 1.0;
                received.accepted.push(now);
            } else {
                received.refused.push(now);
            }
            takes
        }
    }

    impl HttpConnector for Server {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            let server = self.clone();
            HttpConnectorFuture::new(async move {
                tokio::time::sleep(LATENCY / 2).await;
                let (status, body) = match server.takes() {
                    true => (200, ""),
                    false => {
                        (400, r#"{"__type":"com.amazonaws.sagemaker#ThrottlingException","message":"Rate exceeded"}"#)
                    }
                };
                tokio::time::sleep(LATENCY / 2).await;
                Ok(HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body)))
            })
        }
    }

    /// Sixty-four callers that want as much as they can get for a time, each trying again a second after a refusal.
    async fn besiege(server: &Server, time: Duration) {
        let meter = Arc::new(CallMeter::default());
        let connector = metered(server.clone(), meter);
        let callers = (0..64).map(|_| async {
            loop {
                let response = connector.call(request("SageMaker.CreateFeatureGroup")).await.unwrap();
                if !response.status().is_success() {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        });
        let _ = tokio::time::timeout(time, futures::future::join_all(callers)).await;
    }

    fn metered(server: Server, meter: Arc<CallMeter>) -> LayeredConnector<Metered> {
        let settings = HttpConnectorSettings::builder().build();
        LayeredConnector { inner: SharedHttpConnector::new(server), layer: Arc::new(Metered(meter)), settings }
    }

    fn request(target: &'static str) -> HttpRequest {
        let mut request = HttpRequest::new(SdkBody::from("{}"));
        request.headers_mut().insert("x-amz-target", target);
        request
    }

    #[tokio::test(start_paused = true)]
    async fn what_aws_allows_is_reached_and_not_exceeded_for_long() {
        for (burst, rate) in [(5.0, 2.0), (20.0, 10.0), (100.0, 20.0), (50.0, 100.0), (500.0, 300.0)] {
            let server = Server::new(burst, rate);
            let began = Instant::now();
            besiege(&server, Duration::from_secs(120)).await;
            let received = server.received.lock().unwrap();
            let within = |times: &[Instant], from, to| {
                times.iter().filter(|time| (from..to).contains(&(**time - began).as_secs())).count() as f64
            };
            let reached = within(&received.accepted, 0, 120) / (burst + rate * 120.0);
            assert!(reached > 0.9, "{reached:.2} of what {burst} and then {rate} a second allow");
            for from in (10..120).step_by(10) {
                let refused = within(&received.refused, from, from + 10);
                let asked = refused + within(&received.accepted, from, from + 10);
                assert!(refused <= asked * 0.15, "{refused} of {asked} in the ten seconds from {from}, {rate} allowed");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_operation_that_is_throttled_does_not_slow_another() {
        let (meter, server) = (Arc::new(CallMeter::default()), Server::new(1.0, 1.0));
        let connector = metered(server, meter.clone());
        for _ in 0..5 {
            connector.call(request("SageMaker.CreateFeatureGroup")).await.unwrap();
        }
        let connector = metered(Server::new(1000.0, 1000.0), meter);
        let began = Instant::now();
        for _ in 0..20 {
            connector.call(request("SageMaker.DescribeFeatureGroup")).await.unwrap();
        }
        assert_eq!(began.elapsed().as_millis(), LATENCY.as_millis() * 20);
    }

    #[test]
    fn every_way_of_asking_to_slow_down_is_understood() {
        for body in [
            r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#,
            "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code></Error></ErrorResponse>",
            "<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>",
            "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>",
            "\u{bf}f__typesThrottlingException\u{ff}",
        ] {
            assert!(asks_to_slow_down(body), "{body}");
        }
        assert!(!asks_to_slow_down(r#"{"__type":"ResourceNotFound","message":"no feature group SlowDowns"}"#));
    }
}
