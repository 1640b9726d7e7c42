//! The HTTP client around the SDK's that asks for leave before each request.

use crate::Boxed;
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
use aws_types::SdkConfig;
use std::{
    fmt,
    sync::{Arc, OnceLock},
};

/// Whether a request may be sent.
pub trait Leave: Send + Sync {
    /// Asked before each one. The error is what the caller hears instead of an answer.
    fn ask(&self) -> Boxed<'_, Result<(), String>>;
}

/// Lets requests pass as long as somebody gives leave; all of them, until there is somebody to ask.
#[derive(Clone, Default)]
pub struct Guard(Arc<OnceLock<Box<dyn Leave>>>);

impl Guard {
    /// The configuration with this guard before it. One without an HTTP client sends nothing and stays as it is.
    pub fn before(&self, config: SdkConfig) -> SdkConfig {
        match config.http_client() {
            Some(inner) => config.to_builder().http_client(Guarded { inner, guard: self.clone() }).build(),
            None => config,
        }
    }

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

#[derive(Debug)]
struct Guarded {
    inner: SharedHttpClient,
    guard: Guard,
}

impl HttpClient for Guarded {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(GuardedConnector { inner, guard: self.guard.clone() })
    }

    fn validate_final_config(&self, components: &RuntimeComponents, config: &ConfigBag) -> Result<(), BoxError> {
        self.inner.validate_final_config(components, config)
    }
}

#[derive(Debug)]
struct GuardedConnector {
    inner: SharedHttpConnector,
    guard: Guard,
}

impl HttpConnector for GuardedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (inner, guard) = (self.inner.clone(), self.guard.clone());
        HttpConnectorFuture::new(async move {
            if let Some(leave) = guard.0.get() {
                leave.ask().await.map_err(|refusal| ConnectorError::user(refusal.into()))?;
            }
            inner.call(request).await
        })
    }
}
