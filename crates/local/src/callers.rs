//! The callers that the cloud on the loopback port admits: programs of this machine, and no page of the web in its
//! browser.
//!
//! A page can have its own name lead to 127.0.0.1 (DNS rebinding), and can send some requests anywhere without asking.
//! Browsers say in `Host`, `Origin` and `Sec-Fetch-Site` where both come from, and pages cannot change those headers.

use crate::{Response, call::header};
use http::{
    HeaderMap, Uri,
    header::{HOST, ORIGIN},
    uri::Authority,
};
use std::net::IpAddr;

/// Refuses a request that is not for this machine, or comes from a page that is not of this machine.
pub(crate) fn refuse(uri: &Uri, headers: &HeaderMap) -> Option<Response> {
    let named = uri.authority().map(Authority::as_str).or_else(|| header(headers, HOST.as_str()));
    if !named.is_some_and(is_loopback) {
        return Some(refused("the embedded AWS answers only as localhost and 127.0.0.1, whatever leads there"));
    }
    let foreign = match headers.get(ORIGIN).map(|origin| origin.to_str().unwrap_or_default()) {
        Some(origin) => !origin.split_once("://").is_some_and(|(_, authority)| is_loopback(authority)),
        None => header(headers, "sec-fetch-site") == Some("cross-site"),
    };
    foreign.then(|| refused("the embedded AWS answers no web page of another site"))
}

/// True if `host` or `host:port` is this machine. Names under `localhost` lead nowhere else (RFC 6761); S3 puts buckets
/// there.
fn is_loopback(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else { return false };
    let host = authority.host().to_ascii_lowercase();
    if authority.as_str().contains('@') {
        return false;
    }
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

fn refused(why: &str) -> Response {
    Response::error(403, "AccessDenied", why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(headers: &[(&'static str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        refuse(&Uri::from_static("/"), &map).is_none()
    }

    #[test]
    fn only_names_of_this_machine_are_answered() {
        for host in ["127.0.0.1:4566", "localhost", "LOCALHOST:4566", "data.localhost:4566", "[::1]:4566", "127.8.9.10"]
        {
            assert!(passes(&[("host", host)]), "{host}");
        }
        for host in [
            "evil.example:4566",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "169.254.169.254",
            "0.0.0.0:4566",
            "10.0.0.1",
            "user@localhost",
            "",
            "a b",
        ] {
            assert!(!passes(&[("host", host)]), "{host}");
        }
        assert!(!passes(&[]), "without a name");
        let absolute = Uri::from_static("http://evil.example/");
        let headers = HeaderMap::from_iter([(HOST, "localhost".parse().unwrap())]);
        assert!(refuse(&absolute, &headers).is_some());
    }

    #[test]
    fn no_page_of_another_site_is_answered() {
        let from = |name, value| passes(&[("host", "127.0.0.1:4566"), (name, value)]);
        for origin in ["https://evil.example", "null", "http://127.0.0.1.evil.example", "file://", ""] {
            assert!(!from("origin", origin), "{origin}");
        }
        assert!(from("origin", "http://localhost:3000"));
        // An image has no origin, and is asked for all the same.
        assert!(!from("sec-fetch-site", "cross-site"));
        assert!(from("sec-fetch-site", "none") && from("sec-fetch-site", "same-origin"));
        assert!(passes(&[
            ("host", "127.0.0.1"),
            ("origin", "http://localhost:3000"),
            ("sec-fetch-site", "cross-site")
        ]));
    }
}
