//! The HTTP client around the SDK's that takes the conditions off each request: what a store does that ignores them.

use aws_config::SdkConfig;
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

/// The configuration before a store that ignores this condition (`if-match`, `if-none-match`).
///
/// # Panics
/// When the configuration has no HTTP client.
pub fn ignoring(condition: &'static str, config: &SdkConfig) -> SdkConfig {
    let inner = config.http_client().expect("there is a client to take conditions from");
    config.to_builder().http_client(Lax { inner, condition }).build()
}

#[derive(Debug)]
struct Lax {
    inner: SharedHttpClient,
    condition: &'static str,
}

impl HttpClient for Lax {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(LaxConnector { inner, condition: self.condition })
    }

    fn validate_final_config(&self, components: &RuntimeComponents, config: &ConfigBag) -> Result<(), BoxError> {
        self.inner.validate_final_config(components, config)
    }
}

#[derive(Debug)]
struct LaxConnector {
    inner: SharedHttpConnector,
    condition: &'static str,
}

impl HttpConnector for LaxConnector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        request.headers_mut().remove(self.condition);
        self.inner.call(request)
    }
}
