//! The HTTP layer that loses answers: the call took effect, and the caller does not know.

use aws_client::HttpLayer;
use aws_smithy_runtime_api::client::{
    http::{HttpConnector as _, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
    orchestrator::HttpRequest,
    result::ConnectorError,
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Loses answers on demand.
#[derive(Clone, Debug, Default)]
pub struct Lossy(Arc<AtomicUsize>);

impl Lossy {
    /// Loses the answers to the next so many changes that succeed.
    pub fn lose(&self, answers: usize) {
        self.0.store(answers, Ordering::SeqCst);
    }

    /// The number of answers that are still to be lost.
    pub fn left(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    fn loses(&self) -> bool {
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }
}

impl HttpLayer for Lossy {
    fn answer(
        &self,
        request: HttpRequest,
        inner: SharedHttpConnector,
        _: &HttpConnectorSettings,
    ) -> HttpConnectorFuture {
        let changes = request.method() != "GET" && request.method() != "HEAD";
        let lossy = self.clone();
        HttpConnectorFuture::new(async move {
            let answer = inner.call(request).await?;
            match changes && answer.status().is_success() && lossy.loses() {
                true => Err(ConnectorError::io("the answer was lost".into())),
                false => Ok(answer),
            }
        })
    }
}
