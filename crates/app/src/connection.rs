//! The HTTP client for AWS: through a proxy if there is one, trusting whom the user trusts, with every attempt bounded
//! in time and long waits said.

mod proxy;
mod trust;
mod waiting;

pub(crate) use proxy::in_words as proxy_in_words;
pub(crate) use waiting::failure_listener;

use crate::{Error, Frontend};
use aws_client::Waits;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, default_async_sleep};
use aws_smithy_http_client::{
    Connector,
    proxy::ProxyConfig,
    tls::{self, TlsContext, TrustStore},
};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    runtime_components::RuntimeComponents,
};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// The HTTP client for all requests: to AWS, and to the services that give credentials.
///
/// # Errors
/// When a proxy is no address, or the file of trusted certificates cannot be used.
pub(crate) async fn client(frontend: Arc<dyn Frontend>) -> Result<SharedHttpClient, Error> {
    proxy::check()?;
    let client = Client { trust: trust::store().await?, ways: Mutex::default() };
    let waits = Arc::new(Waits::default());
    tokio::spawn(waiting::tell(Arc::downgrade(&waits), frontend));
    Ok(aws_client::bounded(SharedHttpClient::new(client), waits))
}

/// A connector for one request to a server that is not AWS, with the same proxies and trust.
///
/// # Errors
/// As [`client`].
pub(crate) async fn once(uri: &str, settings: &HttpConnectorSettings) -> Result<SharedHttpConnector, Error> {
    proxy::check()?;
    let client = Client { trust: trust::store().await?, ways: Mutex::default() };
    let proxy = if is_near(uri) { ProxyConfig::disabled() } else { ProxyConfig::from_env() };
    Ok(client.connector(settings, default_async_sleep(), proxy))
}

/// Connections, pooled for each connect time-out.
#[derive(Debug)]
struct Client {
    trust: TrustStore,
    ways: Mutex<HashMap<Option<Duration>, Connectors>>,
}

/// The two ways to a host.
#[derive(Clone, Debug)]
struct Connectors {
    direct: SharedHttpConnector,
    /// As the environment says: it may well be direct, too.
    through_proxy: SharedHttpConnector,
}

impl HttpClient for Client {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let mut ways = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        let ways = ways.entry(settings.connect_timeout()).or_insert_with(|| {
            let connector = |proxy| self.connector(settings, components.sleep_impl(), proxy);
            Connectors { direct: connector(ProxyConfig::disabled()), through_proxy: connector(ProxyConfig::from_env()) }
        });
        SharedHttpConnector::new(ways.clone())
    }
}

impl Client {
    fn connector(
        &self,
        settings: &HttpConnectorSettings,
        sleep: Option<SharedAsyncSleep>,
        proxy: ProxyConfig,
    ) -> SharedHttpConnector {
        let mut connector = Connector::builder().connector_settings(settings.clone()).proxy_config(proxy);
        connector.set_sleep_impl(sleep);
        let connector = connector.tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc));
        let context = TlsContext::builder().with_trust_store(self.trust.clone()).build();
        SharedHttpConnector::new(match context {
            Ok(context) => connector.tls_context(context).build(),
            // It has no way to fail; if it gets one, the machine's own certificates are trusted, as without it.
            Err(_) => connector.build(),
        })
    }
}

impl HttpConnector for Connectors {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        match is_near(request.uri()) {
            true => self.direct.call(request),
            false => self.through_proxy.call(request),
        }
    }
}

/// True if a host is this machine, or the metadata service of the machine or container: no proxy leads there.
fn is_near(uri: &str) -> bool {
    let Some(host) = uri.parse::<http::Uri>().ok().and_then(|uri| uri.host().map(str::to_owned)) else { return false };
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_link_local(),
        // The metadata service of EC2 and that of EKS, which are in no reserved range of their own.
        Ok(IpAddr::V6(address)) => {
            address.is_loopback() || ["fd00:ec2::254", "fd00:ec2::23"].iter().any(|near| near.parse() == Ok(address))
        }
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_and_its_metadata_are_near() {
        for near in [
            "http://127.0.0.1:4566/",
            "http://localhost:4566",
            "http://data.localhost:4566/key",
            "http://[::1]:4566/",
            "http://169.254.169.254/latest/api/token",
            "http://169.254.170.2/v2/credentials",
            "http://[fd00:ec2::254]/latest",
        ] {
            assert!(is_near(near), "{near}");
        }
        for far in ["https://sts.amazonaws.com/", "http://10.0.0.1:4566/", "https://localhost.example.com", "nonsense"]
        {
            assert!(!is_near(far), "{far}");
        }
    }
}
