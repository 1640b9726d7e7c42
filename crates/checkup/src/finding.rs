//! The result of a check, with its severity and the advice for the user.

use aws_client::{Failure, FailureKind, Remedy};
use serde::Serialize;

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The subject of the check, in a word: `credentials`, `quotas`.
    pub check: &'static str,
    /// The severity.
    pub verdict: Verdict,
    /// The observation, as a sentence.
    pub what: String,
    /// The advice, if there is any.
    pub help: Option<Remedy>,
}

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It could not be looked at.
    Unknown,
    /// It may become a problem, or is worth knowing.
    Warning,
    /// It keeps the platform from being built or from working.
    Problem,
}

impl Finding {
    /// As it should be.
    pub fn ok(check: &'static str, what: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, what: what.into(), help: None }
    }

    /// It may become a problem, or is worth knowing.
    pub fn warning(check: &'static str, what: impl Into<String>, help: impl Into<Remedy>) -> Self {
        Self { check, verdict: Verdict::Warning, what: what.into(), help: Some(help.into()) }
    }

    /// It keeps the platform from being built or from working.
    pub fn problem(check: &'static str, what: impl Into<String>, help: impl Into<Remedy>) -> Self {
        Self { check, verdict: Verdict::Problem, what: what.into(), help: Some(help.into()) }
    }

    /// It could not be looked at. Where a permission is missing, that is all that is wrong.
    pub fn unknown(check: &'static str, subject: &str, failure: &Failure) -> Self {
        // A denial may have a cause that no policy removes. Then its own help says so.
        let help = failure.help.clone().or_else(|| match failure.kind {
            FailureKind::Denied => Some(format!("these credentials may not {}", failure.operation).into()),
            _ => None,
        });
        Self { check, verdict: Verdict::Unknown, what: format!("{subject}: {failure}"), help }
    }
}
