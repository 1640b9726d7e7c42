use config::Invalid;
use miette::MietteDiagnostic;
use resource::Failure;

/// Something failed.
pub(crate) const EXIT_FAILED: u8 = 1;
/// Differences were found.
pub(crate) const EXIT_DIFFERENT: u8 = 2;
/// The state is locked by someone else.
pub(crate) const EXIT_LOCKED: u8 = 3;
/// The arguments or an environment file are wrong; nothing was touched.
pub(crate) const EXIT_USAGE: u8 = 64;

/// Why a command ends without having done what it should.
#[derive(Debug)]
pub(crate) enum Fault {
    /// To be told, with the exit code.
    Said { exit: u8, what: Box<MietteDiagnostic> },
    /// An environment file that cannot be used.
    Invalid(Box<Invalid>),
    /// It has been told already.
    Told(u8),
}

impl Fault {
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::Said { exit: EXIT_FAILED, what: Box::new(MietteDiagnostic::new(message)) }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Said { exit: EXIT_USAGE, what: Box::new(MietteDiagnostic::new(message)) }
    }

    pub(crate) fn locked(message: impl Into<String>) -> Self {
        Self::Said { exit: EXIT_LOCKED, what: Box::new(MietteDiagnostic::new(message)) }
    }

    /// Says what to do next.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        if let Self::Said { what, .. } = &mut self {
            what.help = Some(help.into());
        }
        self
    }

    /// A call that failed while `doing` something.
    pub(crate) fn call(doing: &str, failure: &Failure) -> Self {
        let fault = Self::failed(format!("{doing}: {failure}"));
        match &failure.help {
            Some(help) => fault.help(help.clone()),
            None => fault,
        }
    }

    /// A state that could not be read, written or locked.
    pub(crate) fn state(error: &state::Error) -> Self {
        match error {
            state::Error::Locked { environment, holder } => Self::locked(error.to_string()).help(format!(
                "wait for it with `--lock-timeout 5m`; if nobody is at work any more: `mlopsctl unlock {environment} {}`",
                holder.id
            )),
            state::Error::Moved => Self::failed(error.to_string()).help("run the command again"),
            state::Error::Store { failure: Failure { help: Some(help), .. }, .. } => {
                Self::failed(error.to_string()).help(help.clone())
            }
            state::Error::Damaged { .. } => Self::failed(error.to_string())
                .help("the bucket keeps earlier versions: see `mlopsctl state history`, and put one back with `state push`"),
            _ => Self::failed(error.to_string()),
        }
    }

    pub(crate) fn exit(&self) -> u8 {
        match self {
            Self::Said { exit, .. } | Self::Told(exit) => *exit,
            Self::Invalid(_) => EXIT_USAGE,
        }
    }
}

impl From<state::Error> for Fault {
    fn from(error: state::Error) -> Self {
        Self::state(&error)
    }
}
