//! The HTTP client around the SDK's that loses answers: the call took effect, and whoever sent it does not know.

use aws_config::SdkConfig;
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
            SharedHttpConnector,
        },
        orchestrator::HttpRequest,
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Loses answers on demand.
#[derive(Clone, Debug, Default)]
pub struct Lossy(Arc<AtomicUsize>);

impl Lossy {
    /// The configuration with this in it.
    ///
    /// # Panics
    /// When the configuration has no HTTP client.
    pub fn before(&self, config: &SdkConfig) -> SdkConfig {
        let inner = config.http_client().expect("there is a client to lose the answers of");
        config.to_builder().http_client(Losing { inner, lossy: self.clone() }).build()
    }

    /// Loses the answers to the next so many changes that succeed.
    pub fn lose(&self, answers: usize) {
        self.0.store(answers, Ordering::SeqCst);
    }

    /// How many are still to be lost.
    pub fn left(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    fn loses(&self) -> bool {
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }
}

#[derive(Debug)]
struct Losing {
    inner: SharedHttpClient,
    lossy: Lossy,
}

impl HttpClient for Losing {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(LosingConnector { inner, lossy: self.lossy.clone() })
    }

    fn validate_final_config(&self, components: &RuntimeComponents, config: &ConfigBag) -> Result<(), BoxError> {
        self.inner.validate_final_config(components, config)
    }
}

#[derive(Debug)]
struct LosingConnector {
    inner: SharedHttpConnector,
    lossy: Lossy,
}

impl HttpConnector for LosingConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let changes = request.method() != "GET" && request.method() != "HEAD";
        let (inner, lossy) = (self.inner.clone(), self.lossy.clone());
        HttpConnectorFuture::new(async move {
            let answer = inner.call(request).await?;
            match changes && answer.status().is_success() && lossy.loses() {
                true => Err(ConnectorError::io("the answer was lost".into())),
                false => Ok(answer),
            }
        })
    }
}
