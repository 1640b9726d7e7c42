//! The requirement of a file for versions of mlopsctl.

use semver::{Version, VersionReq};

/// The key of the setting.
pub(crate) const KEY: &str = "required_version";

/// Checks that text is a version requirement.
///
/// # Errors
/// The reason why it is not.
pub(crate) fn check(text: &str) -> Result<(), String> {
    match (VersionReq::parse(text), terraform(text)) {
        (Ok(_), _) => Ok(()),
        (Err(_), Some(same)) => Err(format!("`{text}` is Terraform's way to write `{same}`")),
        (Err(error), None) => Err(format!("`{text}` names no versions: {error}")),
    }
}

/// The requirement that Terraform writes as `~> 0.2` or `~> 0.2.1`: the last part may grow.
/// <https://developer.hashicorp.com/terraform/language/expressions/version-constraints>
fn terraform(text: &str) -> Option<String> {
    let version = text.trim().strip_prefix("~>")?.trim();
    let mut parts = version.split('.').map(|part| part.parse::<u64>().ok()).collect::<Option<Vec<u64>>>()?;
    parts.pop()?;
    *parts.last_mut()? += 1;
    let next: Vec<String> = parts.iter().map(u64::to_string).collect();
    Some(format!(">={version}, <{}", next.join(".")))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirement_of_terraform_is_told_in_this_syntax() {
        for (theirs, ours) in [("~> 0.1", ">=0.1, <1"), ("~>0.2.3", ">=0.2.3, <0.3")] {
            assert_eq!(check(theirs), Err(format!("`{theirs}` is Terraform's way to write `{ours}`")));
            assert_eq!(check(ours), Ok(()));
        }
        assert!(check("~> 1").unwrap_err().contains("names no versions"));
    }
}
