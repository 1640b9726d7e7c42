//! The frame of the HTTP clients around the SDK's: the guard, the meter, the time limits, and faults in tests.

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
            SharedHttpConnector,
        },
        orchestrator::HttpRequest,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use aws_types::SdkConfig;
use std::{fmt, sync::Arc};

/// A layer around an HTTP client of the SDK. It sees every request of every call.
pub trait HttpLayer: fmt::Debug + Send + Sync + Sized + 'static {
    /// Answers a request, usually by `inner`. `settings` are the SDK's for this layer.
    fn answer(
        &self,
        request: HttpRequest,
        inner: SharedHttpConnector,
        settings: &HttpConnectorSettings,
    ) -> HttpConnectorFuture;

    /// The settings for `inner`: those for this layer, unless it takes over some of their work.
    fn inner_settings(&self, settings: &HttpConnectorSettings) -> HttpConnectorSettings {
        settings.clone()
    }

    /// Sees the configuration of a call, once for each call and before its first request.
    fn begin_call(&self, _config: &ConfigBag) {}

    /// The client with this layer around it.
    fn around(self, inner: SharedHttpClient) -> SharedHttpClient {
        SharedHttpClient::new(LayeredClient { inner, layer: Arc::new(self) })
    }

    /// The configuration with this layer around its HTTP client. A configuration without a client sends nothing, and
    /// stays as it is.
    fn before(self, config: SdkConfig) -> SdkConfig {
        match config.http_client() {
            Some(inner) => config.to_builder().http_client(self.around(inner)).build(),
            None => config,
        }
    }
}

#[derive(Debug)]
struct LayeredClient<L> {
    inner: SharedHttpClient,
    layer: Arc<L>,
}

impl<L: HttpLayer> HttpClient for LayeredClient<L> {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(&self.layer.inner_settings(settings), components);
        SharedHttpConnector::new(LayeredConnector { inner, layer: self.layer.clone(), settings: settings.clone() })
    }

    /// The SDK asks this once for each call, and nowhere else tells its HTTP client which operation it serves.
    fn validate_final_config(&self, components: &RuntimeComponents, config: &ConfigBag) -> Result<(), BoxError> {
        self.layer.begin_call(config);
        self.inner.validate_final_config(components, config)
    }
}

#[derive(Debug)]
pub(crate) struct LayeredConnector<L> {
    pub(crate) inner: SharedHttpConnector,
    pub(crate) layer: Arc<L>,
    pub(crate) settings: HttpConnectorSettings,
}

impl<L: HttpLayer> HttpConnector for LayeredConnector<L> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.layer.answer(request, self.inner.clone(), &self.settings)
    }
}
