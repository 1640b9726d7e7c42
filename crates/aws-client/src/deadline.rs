//! The HTTP client around the SDK's that bounds how long each attempt may take, by how much is sent and received.

use crate::{
    HttpLayer,
    called::{name_of, reads},
    waits::{WaitingAttempt, Waits},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        http::{HttpConnector as _, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector},
        orchestrator::HttpRequest,
        result::ConnectorError,
    },
};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep_until, timeout};

/// The time for the answer to a read if the SDK's settings give none.
const READS_WITHIN: Duration = Duration::from_secs(20);
/// Calls that change something may take so many times as long: some are answered once the change is made.
const CHANGES_TAKE: u32 = 3;
/// Fewer bytes a second are no connection to work with. Both ways; for uploads in addition to the time for the answer.
const SLOWEST_UPLOAD: u64 = 64 * 1024;
const SLOWEST_DOWNLOAD: u64 = 8 * 1024;
/// The speed that an upload is expected to reach, so that nobody is told to wait.
const USUAL_UPLOAD: u64 = 1024 * 1024;
/// The longest pause of a body, and the time at its beginning for which it may be slower than the slowest.
const PAUSES: Duration = Duration::from_secs(20);
/// The time that any body may take. The largest that is read takes a minute at 1 MiB a second.
const WHOLE_BODY: Duration = Duration::from_secs(600);

/// An HTTP client whose attempts end in bounded time.
///
/// - An answer must begin within the read time-out of the SDK's settings (20 seconds if there is none); for calls that
///   change something within three times that. What is sent adds a second for each 64 KiB.
/// - A body must not pause for 20 seconds, come at fewer than 8 KiB a second after the first 20 seconds, or take longer
///   than 10 minutes.
///
/// Time begins when a request is handed to `inner`: what waits its turn outside of this client is not counted.
pub fn bounded(inner: SharedHttpClient, waits: Arc<Waits>) -> SharedHttpClient {
    Bounded { waits }.around(inner)
}

#[derive(Debug)]
struct Bounded {
    waits: Arc<Waits>,
}

impl HttpLayer for Bounded {
    /// The read time-out is this layer's work.
    fn inner_settings(&self, settings: &HttpConnectorSettings) -> HttpConnectorSettings {
        let mut inner = HttpConnectorSettings::builder();
        inner.set_connect_timeout(settings.connect_timeout());
        inner.build()
    }

    fn answer(
        &self,
        request: HttpRequest,
        inner: SharedHttpConnector,
        settings: &HttpConnectorSettings,
    ) -> HttpConnectorFuture {
        let reads_within = settings.read_timeout().unwrap_or(READS_WITHIN);
        let sent = request.body().content_length().unwrap_or_default();
        let answer = if reads(&request) { reads_within } else { reads_within * CHANGES_TAKE };
        let within = answer + Duration::from_secs(sent / SLOWEST_UPLOAD);
        let on_its_way = Duration::from_secs(sent / USUAL_UPLOAD);
        let waits = self.waits.clone();
        HttpConnectorFuture::new(async move {
            let attempt = waits.begin(name_of(&request), on_its_way);
            match timeout(within, inner.call(request)).await {
                Ok(answer) => {
                    let mut answer = answer?;
                    let body = std::mem::replace(answer.body_mut(), SdkBody::taken());
                    *answer.body_mut() = SdkBody::from_body_1_x(Paced::new(body, attempt));
                    Ok(answer)
                }
                Err(_) => Err(ConnectorError::timeout(Box::new(TooSlow::Answer(within)))),
            }
        })
    }
}

/// A body that fails when it comes too slowly.
struct Paced {
    body: SdkBody,
    began: Instant,
    received: u64,
    alarm: Pin<Box<Sleep>>,
    /// Until the end of the body.
    attempt: Option<WaitingAttempt>,
}

impl Paced {
    fn new(body: SdkBody, attempt: WaitingAttempt) -> Self {
        let began = Instant::now();
        let mut paced =
            Self { body, began, received: 0, alarm: Box::pin(sleep_until(began + PAUSES)), attempt: Some(attempt) };
        if paced.body.is_end_stream() {
            paced.end();
        }
        paced
    }

    /// Some of it has come.
    fn receive(&mut self, bytes: usize) {
        self.received = self.received.saturating_add(bytes as u64);
        let on_average = PAUSES + Duration::from_secs(self.received / SLOWEST_DOWNLOAD);
        let until = (Instant::now() + PAUSES).min(self.began + on_average.min(WHOLE_BODY));
        self.alarm.as_mut().reset(until);
    }

    fn end(&mut self) {
        if let Some(attempt) = self.attempt.take() {
            attempt.answered();
        }
    }
}

impl Body for Paced {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                self.receive(frame.data_ref().map_or(0, Bytes::len));
                // A reader that knows the length does not ask for the end.
                if self.body.is_end_stream() {
                    self.end();
                }
                return Poll::Ready(Some(Ok(frame)));
            }
            Poll::Ready(None) => {
                self.end();
                return Poll::Ready(None);
            }
            Poll::Ready(failed) => return Poll::Ready(failed),
            Poll::Pending => {}
        }
        let (received, took) = (self.received, self.began.elapsed());
        self.alarm.as_mut().poll(cx).map(|()| Some(Err(TooSlow::Body { received, took }.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The part of a call that took too long.
#[derive(Debug)]
enum TooSlow {
    Answer(Duration),
    Body { received: u64, took: Duration },
}

impl fmt::Display for TooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(within) => write!(f, "nothing came within {} seconds", within.as_secs()),
            Self::Body { received, took } => {
                write!(
                    f,
                    "the answer came too slowly: {received} bytes in {} seconds, and it did not end",
                    took.as_secs()
                )
            }
        }
    }
}

impl std::error::Error for TooSlow {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http_layer::LayeredConnector;
    use aws_smithy_runtime_api::{
        client::{http::HttpConnector, orchestrator::HttpResponse},
        http::StatusCode,
    };
    use aws_smithy_types::byte_stream::ByteStream;

    /// Answers after a time, with a body that comes in so many parts of so many bytes, so far apart.
    #[derive(Clone, Copy, Debug)]
    struct Server {
        answers_after: Duration,
        parts: usize,
        bytes: usize,
        apart: Duration,
    }

    struct Trickle {
        server: Server,
        next: Pin<Box<Sleep>>,
    }

    impl Body for Trickle {
        type Data = Bytes;
        type Error = BoxError;

        fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
            if self.server.parts == 0 {
                return Poll::Ready(None);
            }
            std::task::ready!(self.next.as_mut().poll(cx));
            self.server.parts -= 1;
            let apart = self.server.apart;
            self.next.as_mut().reset(Instant::now() + apart);
            Poll::Ready(Some(Ok(Frame::data(vec![0; self.server.bytes].into()))))
        }
    }

    impl HttpConnector for Server {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            let server = *self;
            HttpConnectorFuture::new(async move {
                tokio::time::sleep(server.answers_after).await;
                let trickle = Trickle { server, next: Box::pin(sleep_until(Instant::now() + server.apart)) };
                Ok(HttpResponse::new(StatusCode::try_from(200).unwrap(), SdkBody::from_body_1_x(trickle)))
            })
        }
    }

    const SECOND: Duration = Duration::from_secs(1);
    const QUICK: Server = Server { answers_after: SECOND, parts: 1, bytes: 100, apart: Duration::ZERO };

    fn reading() -> HttpRequest {
        HttpRequest::new(SdkBody::empty())
    }

    fn changing(bytes: usize) -> HttpRequest {
        let mut request = HttpRequest::new(SdkBody::from(vec![0; bytes]));
        request.set_method("PUT").unwrap();
        request
    }

    /// The bytes that came, or the error; and the seconds that passed.
    async fn asked(server: Server, request: HttpRequest) -> (Result<usize, String>, u64) {
        let (began, waits) = (Instant::now(), Arc::new(Waits::default()));
        let inner = SharedHttpConnector::new(server);
        let settings = HttpConnectorSettings::builder().build();
        let connector = LayeredConnector { inner, layer: Arc::new(Bounded { waits: waits.clone() }), settings };
        let answer = async {
            let mut answer = connector.call(request).await.map_err(|error| {
                assert!(error.is_timeout());
                crate::failure::chain(&error)
            })?;
            let body = std::mem::replace(answer.body_mut(), SdkBody::taken());
            let body = ByteStream::new(body).collect().await.map_err(|error| crate::failure::chain(&error))?;
            Ok(body.into_bytes().len())
        };
        let answer = answer.await;
        assert_eq!(waits.longest(), None);
        (answer, began.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_service_is_given_up_in_the_time_that_the_call_may_take() {
        let silent = Server { answers_after: SECOND * 3600, ..QUICK };
        let after = |seconds: u64| (Err(format!("nothing came within {seconds} seconds")), seconds);
        assert_eq!(asked(silent, reading()).await, after(20));
        assert_eq!(asked(silent, changing(0)).await, after(60));
        assert_eq!(asked(silent, changing(50 * 1024 * 1024)).await, after(860));
        assert_eq!(asked(QUICK, reading()).await, (Ok(100), 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_trickles_or_stalls_is_given_up() {
        let trickling = Server { parts: 100_000, bytes: 3, apart: SECOND, ..QUICK };
        let (ended, after) = asked(trickling, reading()).await;
        let error = ended.unwrap_err();
        assert!(error.contains("the answer came too slowly: ") && error.contains(" bytes in 20 seconds"), "{error}");
        assert_eq!(after, 21);
        let stalling = Server { parts: 2, bytes: 10_000_000, apart: SECOND * 30, ..QUICK };
        assert_eq!(asked(stalling, reading()).await.1, 21);
        let endless = Server { parts: usize::MAX, bytes: 16 * 1024, apart: SECOND, ..QUICK };
        assert_eq!(asked(endless, reading()).await.1, 601);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_line_is_borne() {
        let slow = Server { parts: 100, bytes: 10 * 1024, apart: SECOND, ..QUICK };
        assert_eq!(asked(slow, reading()).await, (Ok(1_024_000), 101));
        let pausing = Server { parts: 3, bytes: 200_000, apart: SECOND * 15, ..QUICK };
        assert_eq!(asked(pausing, reading()).await.0, Ok(600_000));
    }
}
