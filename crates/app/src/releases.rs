//! The newest release of mlopsctl. Nothing asks for it by itself.

use crate::{Error, connection};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector as _, HttpConnectorSettings},
    orchestrator::HttpRequest,
};
use aws_smithy_types::body::SdkBody;
use http_body_util::{BodyExt as _, Limited};
use semver::Version;
use serde::Deserialize;
use std::time::Duration;

/// The address of the list of releases: PyPI's description of a project, which a mirror has as well.
/// <https://docs.pypi.org/api/json/>
pub const ADDRESS: &str = "https://pypi.org/pypi/mlopsctl/json";
/// The environment variable that names another address.
pub const VARIABLE: &str = "MLOPSCTL_RELEASES";

const CONNECTS_WITHIN: Duration = Duration::from_secs(5);
const ANSWERS_WITHIN: Duration = Duration::from_secs(20);
/// In bytes. A project with a thousand files of releases has less.
const LARGEST: usize = 8 * 1024 * 1024;
const HELP: &str = "check the network and the proxy, or name a mirror of PyPI's JSON in MLOPSCTL_RELEASES";

#[derive(Deserialize)]
struct Project {
    info: Info,
}

#[derive(Deserialize)]
struct Info {
    version: String,
}

/// The version of the newest release, without pre-releases, as the server at `address` tells it.
///
/// # Errors
/// If the server cannot be reached, answers with another status than 200, or with no version.
pub async fn newest(address: &str) -> Result<Version, Error> {
    let failed =
        |why: &dyn std::fmt::Display| Error::failed_with(format!("the newest release is unknown: {why}"), HELP);
    let body = tokio::time::timeout(ANSWERS_WITHIN, get(address)).await;
    let body =
        body.map_err(|_| failed(&format!("{address} did not answer within {} s", ANSWERS_WITHIN.as_secs())))??;
    let project: Project =
        serde_json::from_slice(&body).map_err(|error| failed(&format!("{address} describes no project: {error}")))?;
    let version = &project.info.version;
    Version::parse(version).map_err(|_| failed(&format!("{address} names `{version}`, which is no version")))
}

async fn get(address: &str) -> Result<Vec<u8>, Error> {
    let failed = |why: String| Error::failed_with(format!("the newest release is unknown: {address} {why}"), HELP);
    let mut request = HttpRequest::new(SdkBody::empty());
    request.set_uri(address).map_err(|_| failed("is no web address".to_owned()))?;
    request.headers_mut().insert("accept", "application/json");
    request.headers_mut().insert("user-agent", concat!("mlopsctl/", env!("CARGO_PKG_VERSION")));
    let settings = HttpConnectorSettings::builder().connect_timeout(CONNECTS_WITHIN).read_timeout(ANSWERS_WITHIN);
    let connector = connection::once(address, &settings.build()).await?;
    let response =
        connector.call(request).await.map_err(|error| failed(format!("cannot be reached: {}", deep(&error))))?;
    let status = response.status().as_u16();
    if status == 404 {
        return Err(Error::failed_with(
            format!("there is no release to be found: {address} answers with the status 404"),
            "no release is published there yet; MLOPSCTL_RELEASES names another list of releases",
        ));
    }
    if status != 200 {
        return Err(failed(format!("answers with the status {status}")));
    }
    let body = Limited::new(response.into_body(), LARGEST).collect().await;
    Ok(body.map_err(|error| failed(format!("sends no whole answer: {error}")))?.to_bytes().to_vec())
}

/// The error with its causes, of which the last one says most.
fn deep(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
