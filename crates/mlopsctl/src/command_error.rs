//! The ends of a command other than success: the message and the exit code.

use crate::remedy;
use std::process::ExitCode;

/// The error of a command, for a person.
#[derive(Debug)]
pub(crate) enum CommandError {
    /// The environment file is invalid. Nothing was touched. 64.
    Invalid(Box<config::Invalid>),
    /// The command cannot be carried out as given. Nothing was touched. 64.
    Usage { what: String, help: Option<String> },
    /// Another run holds the lock. 3.
    Locked(state::Error),
    /// It failed. 1.
    Failed { what: String, help: Option<String> },
    /// It failed, and everything has been said already. 1.
    Said,
    /// There are differences, as asked. 2.
    Differences,
}

impl CommandError {
    pub(crate) fn usage(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Usage { what: what.into(), help: Some(help.into()) }
    }

    pub(crate) fn failed(what: impl Into<String>) -> Self {
        Self::Failed { what: what.into(), help: None }
    }

    pub(crate) fn failed_with(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Failed { what: what.into(), help: Some(help.into()) }
    }

    /// A confirmation is needed, and no terminal is there to ask for it.
    pub(crate) fn unconfirmed() -> Self {
        Self::usage("there is no terminal to confirm this on; nothing was done", "pass --yes to do it without asking")
    }

    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Invalid(_) | Self::Usage { .. } => 64,
            Self::Locked(_) => 3,
            Self::Differences => 2,
            Self::Failed { .. } | Self::Said => 1,
        })
    }
}

impl From<app::Error> for CommandError {
    fn from(error: app::Error) -> Self {
        match error {
            app::Error::Invalid(invalid) => Self::Invalid(invalid),
            app::Error::Usage { what, help } => Self::Usage { what, help: remedy::words_of(help.as_ref()) },
            app::Error::Locked(error) => Self::Locked(error),
            app::Error::Unconfirmed => Self::unconfirmed(),
            app::Error::Failed { what, help } => Self::Failed { what, help: remedy::words_of(help.as_ref()) },
        }
    }
}

impl From<state::Error> for CommandError {
    fn from(error: state::Error) -> Self {
        app::Error::from(error).into()
    }
}

impl From<aws_client::Failure> for CommandError {
    fn from(failure: aws_client::Failure) -> Self {
        app::Error::from(failure).into()
    }
}

#[cfg(feature = "local")]
impl From<local::Error> for CommandError {
    fn from(error: local::Error) -> Self {
        app::Error::from(error).into()
    }
}

#[cfg(feature = "local")]
impl From<local::Unprepared> for CommandError {
    fn from(error: local::Unprepared) -> Self {
        app::Error::from(error).into()
    }
}

impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        Self::failed(error.to_string())
    }
}
