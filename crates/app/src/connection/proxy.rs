//! Proxies, as the environment names them.

use crate::Error;
use std::env;

/// The variables that name a proxy, each in the two ways of writing it, of which the first wins. What is for one scheme
/// goes before what is for all.
const FOR_HTTPS: [[&str; 2]; 2] = [["HTTPS_PROXY", "https_proxy"], ["ALL_PROXY", "all_proxy"]];
const FOR_HTTP: [[&str; 2]; 2] = [["HTTP_PROXY", "http_proxy"], ["ALL_PROXY", "all_proxy"]];

/// Refuses a proxy that is no address of one: the HTTP client would pass over it, and connect without a proxy.
pub(super) fn check() -> Result<(), Error> {
    for (name, address) in [FOR_HTTPS, FOR_HTTP].iter().filter_map(named) {
        // It is not repeated, since it may hold a password.
        if let Err(why) = is_usable(&address) {
            return Err(Error::usage(
                format!("{name} names no proxy that can be used: {why}"),
                "it is written `http://proxy.example.com:3128`, with `user:password@` before the host if it asks for them",
            ));
        }
    }
    Ok(())
}

/// The proxy of requests to AWS, for an error.
pub(crate) fn in_words() -> Option<String> {
    let (name, address) = named(&FOR_HTTPS)?;
    let rest = address.split_once("://").map_or(address.as_str(), |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or(rest);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    Some(format!("requests go through the proxy {host} ({name}); NO_PROXY names hosts that need none"))
}

fn named(variables: &[[&'static str; 2]; 2]) -> Option<(&'static str, String)> {
    let first = |names: &[&'static str; 2]| names.iter().find_map(|name| Some((*name, env::var(name).ok()?)));
    variables.iter().filter_map(first).find(|(_, address)| !address.is_empty())
}

fn is_usable(address: &str) -> Result<(), &'static str> {
    let whole = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
    let Ok(uri) = whole.parse::<http::Uri>() else { return Err("it is no address") };
    let host = uri.host().is_some_and(|host| !host.is_empty());
    match uri.scheme_str() {
        Some("http" | "https") if host => Ok(()),
        Some(scheme) if scheme.starts_with("socks") => Err("it is a SOCKS proxy, and only HTTP proxies can be used"),
        _ => Err("it is no address"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_proxies_are_told_from_others() {
        for good in ["http://proxy:3128", "https://proxy.example.com", "proxy.example.com:8080", "http://u:p@h:1"] {
            assert_eq!(is_usable(good), Ok(()), "{good}");
        }
        for bad in ["not a proxy", "http://", "socks5://h:1080", "ftp://h", "http://[::1"] {
            assert!(is_usable(bad).is_err(), "{bad}");
        }
    }
}
