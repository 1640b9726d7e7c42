//! The HTTP client around the SDK's that asks for leave before each request, and looks again as its bytes go out.

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

/// Whether a request may be sent.
pub trait Leave: Send + Sync {
    /// Asked before each one. The error is what the caller hears instead of an answer.
    fn ask(&self) -> Boxed<'_, Result<(), String>>;

    /// Whether leave that was given still holds. Between the two a connection is made or waited for, and whoever
    /// sends may be stopped at any point of it, for any time.
    fn holds(&self) -> bool;
}

/// Lets requests pass as long as somebody gives leave; all of them, until there is somebody to ask.
#[derive(Clone, Default)]
pub struct Guard(Arc<OnceLock<Box<dyn Leave>>>);

impl Guard {
    /// From now on that one is asked, and no other.
    pub fn obey(&self, leave: impl Leave + 'static) {
        let _ = self.0.set(Box::new(leave));
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
            let Some(leave) = guard.0.get() else { return inner.call(request).await };
            leave.ask().await.map_err(|refusal| ConnectorError::user(refusal.into()))?;
            let withheld = Arc::new(AtomicBool::new(false));
            let gate = Gate { guard: guard.clone(), withheld: withheld.clone() };
            crate::called::keep_operation(&mut request);
            let body = request.take_body();
            *request.body_mut() = SdkBody::from_body_1_x(Gated { body, gate });
            match inner.call(request).await {
                // Nothing was sent, so the SDK may try again, and that asks again.
                Err(_) if withheld.load(Ordering::Relaxed) => Err(ConnectorError::io(Box::new(Withheld))),
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
        let open = self.guard.0.get().is_none_or(|leave| leave.holds());
        if !open {
            self.withheld.store(true, Ordering::Relaxed);
        }
        open
    }
}

/// A body that fails where leave no longer holds. An HTTP client asks for it between composing a request's head and
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
            false => Poll::Ready(Some(Err(Box::new(Withheld)))),
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

/// Leave that was given did not hold until a request's bytes went out.
#[derive(Debug)]
struct Withheld;

impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request was held back before it was sent, since leave to send it had run out")
    }
}

impl std::error::Error for Withheld {}

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

    /// Gives leave whenever it is asked, and takes it back so many times.
    struct Fickle {
        asked: Arc<AtomicUsize>,
        takes_back: AtomicUsize,
    }

    impl Leave for Fickle {
        fn ask(&self) -> Boxed<'_, Result<(), String>> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            Box::pin(async { Ok(()) })
        }

        fn holds(&self) -> bool {
            self.takes_back.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err()
        }
    }

    /// A client whose leave is taken back so many times, how often it asked, and all that arrived at the other end.
    async fn client(takes_back: usize, attempts: u32) -> (Client, Arc<AtomicUsize>, Arc<Mutex<Vec<u8>>>) {
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
        let (guard, asked) = (Guard::default(), Arc::<AtomicUsize>::default());
        guard.obey(Fickle { asked: asked.clone(), takes_back: takes_back.into() });
        let config = aws_sdk_s3::config::Builder::from(&guard.before(config)).force_path_style(true).build();
        (Client::from_conf(config), asked, arrived)
    }

    #[tokio::test]
    async fn what_loses_its_leave_on_the_way_to_the_connection_never_reaches_it() {
        let (s3, asked, arrived) = client(usize::MAX, 1).await;
        let with_a_body = s3.put_object().bucket("models").key("model").body(b"bytes".to_vec().into()).send();
        let error = DisplayErrorContext(with_a_body.await.unwrap_err()).to_string();
        assert!(error.contains("was held back before it was sent"), "{error}");
        let without = s3.delete_bucket().bucket("models").send();
        let error = DisplayErrorContext(without.await.unwrap_err()).to_string();
        assert!(error.contains("was held back before it was sent"), "{error}");
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        assert_eq!(String::from_utf8_lossy(&arrived.lock().await), "");
    }

    #[tokio::test]
    async fn what_lost_its_leave_is_sent_once_it_has_it_again() {
        let (s3, asked, arrived) = client(2, 5).await;
        s3.put_object().bucket("models").key("model").body(b"bytes".to_vec().into()).send().await.unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), 3, "twice it was taken back");
        let arrived = arrived.lock().await;
        let arrived = String::from_utf8_lossy(&arrived);
        assert!(arrived.starts_with("PUT /models/model") && arrived.ends_with("\r\n\r\nbytes"), "{arrived}");
        assert_eq!(arrived.matches("PUT ").count(), 1, "{arrived}");
    }
}
