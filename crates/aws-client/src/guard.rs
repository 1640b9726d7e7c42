//! The HTTP client around the SDK's that asks an installed check before each request, and again as the bytes go out.

use crate::{Boxed, HttpLayer};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        http::{HttpConnector as _, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
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
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

/// Decides if requests may be sent.
pub trait RequestCheck: Send + Sync {
    /// Runs before each request. The caller gets the error instead of a response.
    fn before_request(&self) -> Boxed<'_, Result<(), String>>;

    /// True if the last check still holds. Between the check and the first byte, the client connects or waits for a
    /// connection, and the process may be stopped there for any time.
    fn still_holds(&self) -> bool;
}

/// Blocks AWS requests unless the installed check allows them. Without a check, all requests pass.
#[derive(Clone, Default)]
pub struct Guard(Arc<OnceLock<Box<dyn RequestCheck>>>);

impl Guard {
    /// Installs the check. Later calls change nothing.
    pub fn install(&self, check: impl RequestCheck + 'static) {
        let _ = self.0.set(Box::new(check));
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard")
    }
}

impl HttpLayer for Guard {
    fn answer(
        &self,
        mut request: HttpRequest,
        inner: SharedHttpConnector,
        _: &HttpConnectorSettings,
    ) -> HttpConnectorFuture {
        let guard = self.clone();
        HttpConnectorFuture::new(async move {
            let Some(check) = guard.0.get() else { return inner.call(request).await };
            check.before_request().await.map_err(|refusal| ConnectorError::user(refusal.into()))?;
            let withheld = Arc::new(AtomicBool::new(false));
            let gate = Gate { guard: guard.clone(), withheld: withheld.clone() };
            crate::called::keep_operation(&mut request);
            let body = request.take_body();
            *request.body_mut() = SdkBody::from_body_1_x(Gated { body, gate });
            match inner.call(request).await {
                // Nothing was sent, so the SDK may try again, and that asks again.
                Err(_) if withheld.load(Ordering::Relaxed) => Err(ConnectorError::io(Box::new(RequestBlocked))),
                answer => answer,
            }
        })
    }
}

/// A body that is checked while its bytes go out.
struct Gate {
    guard: Guard,
    withheld: Arc<AtomicBool>,
}

impl Gate {
    fn is_open(&self) -> bool {
        let open = self.guard.0.get().is_none_or(|check| check.still_holds());
        if !open {
            self.withheld.store(true, Ordering::Relaxed);
        }
        open
    }
}

/// A body that fails once the check no longer holds. An HTTP client asks for it between composing a request's head and
/// writing both to the connection, and writes neither if it fails.
struct Gated {
    body: SdkBody,
    gate: Gate,
}

impl Body for Gated {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.gate.is_open() {
            true => Pin::new(&mut self.body).poll_frame(cx),
            false => Poll::Ready(Some(Err(Box::new(RequestBlocked)))),
        }
    }

    /// A request without a body has an end as well, unless there is an error to tell.
    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream() && self.gate.is_open()
    }

    fn size_hint(&self) -> SizeHint {
        match self.body.is_end_stream() && !self.gate.is_open() {
            true => SizeHint::default(),
            false => self.body.size_hint(),
        }
    }
}

/// The check no longer held when the request's bytes were to go out.
#[derive(Debug)]
struct RequestBlocked;

impl fmt::Display for RequestBlocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request was held back before it was sent: the check that allowed it no longer holds")
    }
}

impl std::error::Error for RequestBlocked {}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_config::{BehaviorVersion, Region, retry::RetryConfig};
    use aws_sdk_s3::{Client, config::Credentials};
    use aws_smithy_types::error::display::DisplayErrorContext;
    use std::sync::atomic::AtomicUsize;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
        sync::Mutex,
    };

    /// Allows each request, and withdraws that so many times.
    struct Fickle {
        checks: Arc<AtomicUsize>,
        withdraws: AtomicUsize,
    }

    impl RequestCheck for Fickle {
        fn before_request(&self) -> Boxed<'_, Result<(), String>> {
            self.checks.fetch_add(1, Ordering::Relaxed);
            Box::pin(async { Ok(()) })
        }

        fn still_holds(&self) -> bool {
            self.withdraws.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err()
        }
    }

    /// A client whose check withdraws so many times, the number of its checks, and all bytes that the server received.
    async fn client(withdraws: usize, attempts: u32) -> (Client, Arc<AtomicUsize>, Arc<Mutex<Vec<u8>>>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let arrived: Arc<Mutex<Vec<u8>>> = Arc::default();
        let kept = arrived.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let kept = kept.clone();
                tokio::spawn(async move {
                    let mut bytes = [0; 4096];
                    while let Ok(count @ 1..) = stream.read(&mut bytes).await {
                        kept.lock().await.extend(&bytes[..count]);
                        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                        stream.write_all(answer).await.unwrap();
                    }
                });
            }
        });
        let config = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::for_tests())
            .endpoint_url(endpoint)
            .retry_config(RetryConfig::standard().with_max_attempts(attempts))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .load()
            .await;
        let (guard, checks) = (Guard::default(), Arc::<AtomicUsize>::default());
        guard.install(Fickle { checks: checks.clone(), withdraws: withdraws.into() });
        let config = aws_sdk_s3::config::Builder::from(&guard.before(config)).force_path_style(true).build();
        (Client::from_conf(config), checks, arrived)
    }

    #[tokio::test]
    async fn request_whose_check_lapses_before_the_connection_is_never_sent() {
        let (s3, checks, arrived) = client(usize::MAX, 1).await;
        let with_a_body = s3.put_object().bucket("models").key("model").body(b"bytes".to_vec().into()).send();
        let error = DisplayErrorContext(with_a_body.await.unwrap_err()).to_string();
        assert!(error.contains("was held back before it was sent"), "{error}");
        let without = s3.delete_bucket().bucket("models").send();
        let error = DisplayErrorContext(without.await.unwrap_err()).to_string();
        assert!(error.contains("was held back before it was sent"), "{error}");
        assert_eq!(checks.load(Ordering::Relaxed), 2);
        assert_eq!(String::from_utf8_lossy(&arrived.lock().await), "");
    }

    #[tokio::test]
    async fn request_whose_check_lapsed_is_sent_once_the_check_holds_again() {
        let (s3, checks, arrived) = client(2, 5).await;
        s3.put_object().bucket("models").key("model").body(b"bytes".to_vec().into()).send().await.unwrap();
        assert_eq!(checks.load(Ordering::Relaxed), 3, "the check lapsed twice");
        let arrived = arrived.lock().await;
        let arrived = String::from_utf8_lossy(&arrived);
        assert!(arrived.starts_with("PUT /models/model") && arrived.ends_with("\r\n\r\nbytes"), "{arrived}");
        assert_eq!(arrived.matches("PUT ").count(), 1, "{arrived}");
    }
}
