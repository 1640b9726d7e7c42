//! The requirement of a file for versions of mlopsctl.

use semver::{Version, VersionReq};

/// The key of the setting.
pub(crate) const KEY: &str = "required_version";

/// Checks that text is a version requirement.
///
/// # Errors
/// The reason why it is not.
pub(crate) fn check(text: &str) -> Result<(), String> {
    VersionReq::parse(text).map(drop).map_err(|error| format!("`{text}` names no versions: {error}"))
}

/// Refuses a file whose requirement this version does not meet, with the message and the help. Invalid text passes
/// here, because the form of the setting reports it.
pub(crate) fn refusal(requirement: &str) -> Option<(String, String)> {
    let this = env!("CARGO_PKG_VERSION");
    let (wanted, version) = (VersionReq::parse(requirement).ok()?, Version::parse(this).ok()?);
    (!wanted.matches(&version)).then(|| {
        (
            format!("the file needs mlopsctl {requirement}, and this is mlopsctl {this}; nothing else of it was read"),
            "use a version that the file allows, or change `required_version`".to_owned(),
        )
    })
}
