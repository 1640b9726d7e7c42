//! The consent of a person before a model is approved, deployed or rejected, and before an execution is stopped.

use crate::{command_error::CommandError, printer::Printer};
use runs::Package;

/// The consents that options give.
#[derive(Clone, Copy)]
pub(super) struct Consent {
    /// Without being asked on the terminal.
    pub(super) yes: bool,
    /// Also if the model takes other features than the one in service.
    pub(super) allow_changed_features: bool,
}

impl Consent {
    /// A deployment would be refused later: every call of today would fail. `other` is the package that callers know,
    /// and `state` says how it stands.
    pub(super) fn agree_on_features(
        self,
        package: &Package,
        other: Option<&Package>,
        state: &str,
    ) -> Result<(), CommandError> {
        let own = package.lineage.get(FEATURES);
        let other = other.filter(|one| one.lineage.get(FEATURES).is_some_and(|its| own.is_some_and(|own| own != its)));
        match other.filter(|_| !self.allow_changed_features) {
            Some(other) => Err(CommandError::failed_with(
                format!(
                    "version {} takes other features than version {}, which is {state}",
                    package.version, other.version
                ),
                "when callers send what it takes, repeat this with --allow-changed-features",
            )),
            None => Ok(()),
        }
    }
}

/// The lineage key under which the evaluation keeps the digest of a model's inputs.
const FEATURES: &str = "features_digest";

/// Asks a person, unless `yes` is set.
pub(super) async fn confirm(question: &str, yes: bool, printer: Printer) -> Result<(), CommandError> {
    if yes {
        return Ok(());
    }
    if !printer.can_ask() {
        return Err(CommandError::usage(
            "there is no terminal to confirm this on",
            "pass --yes to do it without asking",
        ));
    }
    match printer.ask(&format!("{question} [y/N]")).await {
        true => Ok(()),
        false => Err(CommandError::failed("nothing was done")),
    }
}
