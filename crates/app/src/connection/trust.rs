//! The trusted certificates: the machine's own, or those of `AWS_CA_BUNDLE` or the profile's `ca_bundle`, which take
//! their place as they do for the AWS CLI.
//!
//! <https://docs.aws.amazon.com/sdkref/latest/guide/feature-gen-config.html>

use crate::{Error, input};
use aws_config::profile;
use aws_smithy_http_client::tls::TrustStore;
use aws_types::os_shim_internal::{Env, Fs};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use std::path::Path;

const VARIABLE: &str = "AWS_CA_BUNDLE";

/// The certificates that are trusted.
///
/// # Errors
/// When a file of certificates is named and cannot be used: without it, every call would fail.
pub(super) async fn store() -> Result<TrustStore, Error> {
    let Some((setting, file)) = bundle().await else { return Ok(TrustStore::default()) };
    let failed = |why: String| {
        Error::usage(
            format!("{setting} names {file}, and {why}"),
            "it is a file of certificates in PEM form: `-----BEGIN CERTIFICATE-----` and so on",
        )
    };
    let text = input::read(Path::new(&file)).map_err(|error| failed(format!("that cannot be read: {error}")))?;
    let mut trusted = TrustStore::empty();
    let mut some = false;
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| failed(format!("that is not in PEM form: {error}")))?;
        // The HTTP client takes only what it can use. Bundles hold old certificates that nobody can.
        if RootCertStore::empty().add(certificate.clone()).is_ok() {
            trusted.add_pem_certificate(pem(&certificate));
            some = true;
        }
    }
    if some { Ok(trusted) } else { Err(failed("that holds no certificate of an authority".to_owned())) }
}

/// The file, and the setting that names it.
async fn bundle() -> Option<(&'static str, String)> {
    if let Some(file) = std::env::var(VARIABLE).ok().filter(|file| !file.is_empty()) {
        return Some((VARIABLE, file));
    }
    // Files that cannot be read are told by the SDK, which reads them as well.
    let profile = profile::load(&Fs::real(), &Env::real(), &Default::default(), None).await.ok()?;
    profile.get("ca_bundle").filter(|file| !file.is_empty()).map(|file| ("the profile's `ca_bundle`", file.to_owned()))
}

fn pem(certificate: &CertificateDer<'_>) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let encoded = STANDARD.encode(certificate);
    let lines: Vec<&str> = (0..encoded.len()).step_by(64).map(|at| &encoded[at..encoded.len().min(at + 64)]).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}
