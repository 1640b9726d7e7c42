//! The reason why AWS did not identify the credentials: no credentials, an expired login, no way to AWS.

use crate::{Error, connection};
use aws_client::{Failure, Remedy};
use std::env;

/// The error of a caller whom AWS did not identify.
pub(super) fn error(failure: &Failure) -> Error {
    tracing::info!("{failure}");
    let without_credentials = failure.message.strip_prefix("no credentials to send it with: ").and_then(unfit);
    let (what, help) = without_credentials.unwrap_or_else(|| unanswered(failure));
    Error::failed_with(what, help)
}

/// The words for credentials that the SDK did not find or could not use.
fn unfit(detail: &str) -> Option<(String, Remedy)> {
    let profile = env::var("AWS_PROFILE").ok().filter(|name| !name.is_empty());
    let name = profile.as_deref().unwrap_or("default").escape_debug().to_string();
    let login = or_without_aws(Remedy::LogIn { profile: profile.as_ref().map(|_| name.clone()) });
    let says = |part: &str| detail.contains(part);
    match () {
        () if says("SSO token has expired") => {
            Some((format!("the SSO login of the profile `{name}` has expired"), login))
        }
        () if says("cached SSO token") => {
            Some((format!("nobody is logged in to the SSO of the profile `{name}`"), login))
        }
        () if says("external process") => {
            let why = detail.split_once("external process ").map_or(detail, |(_, why)| why).trim();
            let help = or_without_aws("run the program by hand to see why".into());
            Some((format!("the `credential_process` of the profile `{name}` gives no credentials: it {why}"), help))
        }
        () if says("found in chain") || says("IMDS") => Some(match half_a_key() {
            Some((given, missing)) => {
                (format!("{given} is set, and {missing} is not"), or_without_aws("set both, or neither".into()))
            }
            None => (
                format!("there are no AWS credentials: the environment and the profile `{name}` have none"),
                or_without_aws(
                    "log in (`aws sso login`, `aws configure`) or name another profile (AWS_PROFILE)".into(),
                ),
            ),
        }),
        () => None,
    }
}

/// The advice, or the emulator.
fn or_without_aws(help: Remedy) -> Remedy {
    Remedy::Either(vec![help, Remedy::UseEmulator])
}

/// The variable of a key that is set, and the one that belongs to it and is not.
fn half_a_key() -> Option<(&'static str, &'static str)> {
    const KEY: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    match KEY.map(|name| env::var_os(name).is_some_and(|value| !value.is_empty())) {
        [true, false] => Some((KEY[0], KEY[1])),
        [false, true] => Some((KEY[1], KEY[0])),
        _ => None,
    }
}

/// The words for everything else: AWS refused, or something stands between this machine and AWS.
fn unanswered(failure: &Failure) -> (String, Remedy) {
    let (proxy, endpoint) = (connection::proxy_in_words(), env::var("AWS_ENDPOINT_URL").ok());
    let help: Remedy = match &failure.help {
        Some(help) => help.clone(),
        None if failure.message.contains("invalid peer certificate") => {
            "the network answers with certificates of its own, as proxies of companies do: name the file that holds them \
             in AWS_CA_BUNDLE, or in `ca_bundle` of the profile"
                .into()
        }
        None if is_out_of_reach(failure) => match (&proxy, endpoint.filter(|address| !address.is_empty())) {
            (Some(_), _) => "check the proxy".into(),
            (None, Some(_)) => "check the endpoint (AWS_ENDPOINT_URL): is it running, and is this its address?".into(),
            (None, None) => {
                or_without_aws("check the network; if it needs a proxy, name it in HTTPS_PROXY".into())
            }
        },
        None => {
            or_without_aws("check the credentials (AWS_PROFILE, `aws sso login`) and the endpoint".into())
        }
    };
    let help = match proxy {
        Some(proxy) => Remedy::Several(vec![help, proxy.into()]),
        None => help,
    };
    (format!("the AWS account could not be determined: {failure}"), help)
}

/// True if no connection came about.
fn is_out_of_reach(failure: &Failure) -> bool {
    ["dns error", "tcp connect error", "tunnel error", "no answer"].iter().any(|part| failure.message.contains(part))
}
