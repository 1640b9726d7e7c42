//! The HTTP layer that takes the conditions off each request: what a store does that ignores them.

use aws_client::HttpLayer;
use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::{
    http::{HttpConnector as _, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
    orchestrator::HttpRequest,
};

/// The configuration before a store that ignores this condition (`if-match`, `if-none-match`).
pub fn ignoring(condition: &'static str, config: &SdkConfig) -> SdkConfig {
    Lax { condition }.before(config.clone())
}

#[derive(Debug)]
struct Lax {
    condition: &'static str,
}

impl HttpLayer for Lax {
    fn answer(
        &self,
        mut request: HttpRequest,
        inner: SharedHttpConnector,
        _: &HttpConnectorSettings,
    ) -> HttpConnectorFuture {
        request.headers_mut().remove(self.condition);
        inner.call(request)
    }
}
