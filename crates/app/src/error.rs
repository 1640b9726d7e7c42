//! The reason why an operation could not be done, for a person.

use aws_client::Remedy;

/// The reason why an operation could not be done.
#[derive(Debug)]
pub enum Error {
    /// The environment file is invalid. Nothing was touched.
    Invalid(Box<config::Invalid>),
    /// The operation cannot be carried out as given. Nothing was touched.
    Usage {
        /// The failed operation, its subject, and the reason.
        what: String,
        /// The next step for the user.
        help: Option<Remedy>,
    },
    /// Another run holds the lock. Nothing was touched.
    Locked(state::Error),
    /// A confirmation is needed, and nobody is there to give it. Nothing was touched.
    Unconfirmed,
    /// The operation failed.
    Failed {
        /// The failed operation, its subject, and the reason.
        what: String,
        /// The next step for the user.
        help: Option<Remedy>,
    },
}

impl Error {
    /// An operation that cannot be carried out as given, with what to do instead.
    pub fn usage(what: impl Into<String>, help: impl Into<Remedy>) -> Self {
        Self::Usage { what: what.into(), help: Some(help.into()) }
    }

    /// A failure without advice.
    pub fn failed(what: impl Into<String>) -> Self {
        Self::Failed { what: what.into(), help: None }
    }

    /// A failure, with what to do next.
    pub fn failed_with(what: impl Into<String>, help: impl Into<Remedy>) -> Self {
        Self::Failed { what: what.into(), help: Some(help.into()) }
    }
}

impl From<state::Error> for Error {
    fn from(error: state::Error) -> Self {
        Self::of_state(error, None)
    }
}

impl Error {
    /// A failure at the state of this environment, if it is known.
    pub fn of_state(error: state::Error, environment: Option<&str>) -> Self {
        let help = match &error {
            state::Error::Locked { .. } => return Self::Locked(error),
            state::Error::Foreign { what, theirs, .. } => {
                return Self::usage(error.to_string(), whose(what, theirs));
            }
            state::Error::UnusableBucket { help, .. } => return Self::usage(error.to_string(), help.clone()),
            state::Error::TwoStates { places, .. } => {
                let help = format!(
                    "versions 0.1 and later of mlopsctl were used by turns: look at both, keep the one that is right, \
                     and delete the other ({} if 0.1 is not used any more)",
                    places[0]
                );
                return Self::usage(error.to_string(), help);
            }
            state::Error::Damaged { .. } => {
                Some(Remedy::RestoreState { environment: environment.map(str::to_owned), version: None })
            }
            state::Error::IgnoresConditions { .. } => Some(
                "keep the state on AWS itself, or on an S3-compatible store that honours If-Match and If-None-Match"
                    .into(),
            ),
            state::Error::Moved => Some(Remedy::Rerun),
            _ => error.help(),
        };
        Self::Failed { what: error.to_string(), help }
    }
}

/// The way out, where a state is of something else.
fn whose(what: &str, theirs: &str) -> String {
    match what {
        "region" => format!("the platform is up in {theirs}, and no platform can be moved: destroy it there first"),
        "project" | "environment" => format!(
            "no platform can be renamed: use the environment file of {what} {theirs}, or name another `[state] bucket`"
        ),
        _ => format!("use the credentials of {what} {theirs} (AWS_PROFILE), or name another `[state] bucket`"),
    }
}

impl From<aws_client::Failure> for Error {
    fn from(failure: aws_client::Failure) -> Self {
        Self::Failed { what: failure.to_string(), help: failure.help }
    }
}

#[cfg(feature = "local")]
impl From<local::Error> for Error {
    fn from(error: local::Error) -> Self {
        let help = match &error {
            local::Error::Corrupt { .. } | local::Error::State { .. } => Some(Remedy::perform(
                aws_client::Operation::ResetEmulator,
                None,
                "forgets the data of the embedded AWS, and the next run builds the platform anew",
            )),
            _ => error.help().map(Remedy::from),
        };
        Self::Failed { what: error.to_string(), help }
    }
}

#[cfg(feature = "local")]
impl From<local::Unprepared> for Error {
    fn from(error: local::Unprepared) -> Self {
        Self::failed_with(error.to_string(), error.help())
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::failed(error.to_string())
    }
}
