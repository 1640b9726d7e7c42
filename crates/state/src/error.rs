//! Errors of reading, writing and locking the state.

use crate::{FORMAT, Holder, limits::LARGEST};
use aws_client::{Failure, FailureKind, Remedy};

/// The reason why the state could not be read, written or locked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another run is at work.
    #[error("the state of {environment} is locked by {holder}")]
    Locked {
        /// The stack.
        environment: String,
        /// The holder, with its command and its start.
        holder: Box<Holder>,
    },
    /// Another run wrote the state since it was read; nothing was overwritten.
    #[error("the state changed while this command was at work; nothing was overwritten")]
    Moved,
    /// Another version of mlopsctl wrote the state after this command had read it. Nothing was overwritten.
    #[error(
        "mlopsctl {tool} wrote the state while this command of mlopsctl {} was at work; nothing was overwritten",
        env!("CARGO_PKG_VERSION")
    )]
    MovedBy {
        /// The other version.
        tool: String,
    },
    /// The lock does not have the id that was given.
    #[error("the lock has the id {found}, not {asked}: another run has it by now, so it stays")]
    OtherLock {
        /// The id given.
        asked: String,
        /// The id of the lock that is there.
        found: String,
    },
    /// The lock that is to be removed was renewed just now.
    #[error("the lock was renewed {seconds} s ago, so that run is at work: {holder}")]
    AtWork {
        /// The holder.
        holder: Box<Holder>,
        /// The time since the last renewal, by the store's clock.
        seconds: u64,
    },
    /// The store ignores the conditions of writes, so that no write in it is safe.
    #[error("{place}: the store ignores {condition} on PUT, so a lock there keeps nobody out")]
    IgnoresConditions {
        /// The place of the object.
        place: String,
        /// The header.
        condition: &'static str,
    },
    /// There is no lock to remove.
    #[error("the state is not locked")]
    NotLocked,
    /// A later version wrote the state. It is not damaged, and nothing older may take its place.
    #[error("{}", newer(place, *format, tool.as_deref()))]
    Newer {
        /// The place of the state.
        place: String,
        /// Its format.
        format: u64,
        /// The version that wrote it, if it says a later one than this.
        tool: Option<String>,
    },
    /// The state is of another project, environment, account or region.
    #[error("the state in {place} is of {what} {theirs}, not {ours}")]
    Foreign {
        /// The place of the state.
        place: String,
        /// The part that differs: `project`, `environment`, `account` or `region`.
        what: &'static str,
        /// The value in the state.
        theirs: String,
        /// The expected value.
        ours: String,
    },
    /// A state was begun beside an older one.
    #[error("there are two states of {environment}: {} and {}", places[0], places[1])]
    TwoStates {
        /// The environment.
        environment: String,
        /// The two places: at the root, where mlopsctl 0.1 kept it, and where later versions do.
        places: [String; 2],
    },
    /// No state can be kept in the bucket, or it cannot be removed.
    #[error("{what}")]
    UnusableBucket {
        /// The bucket and the reason.
        what: String,
        /// The way out.
        help: Remedy,
    },
    /// The state would be too large to be read again.
    #[error("{place} would have {bytes} bytes; more than {LARGEST} could not be read again, so it was not written")]
    TooLarge {
        /// The place of the state.
        place: String,
        /// Its size.
        bytes: usize,
    },
    /// The state has a form that mlopsctl never writes.
    #[error("the state at {place} is damaged: {what}")]
    Damaged {
        /// The place of the state.
        place: String,
        /// The damage.
        what: String,
    },
    /// The object in the lock's place is no lock.
    #[error("what is at {place} is not a lock: {what}")]
    NotALock {
        /// The place of the object.
        place: String,
        /// The reason.
        what: String,
    },
    /// A phase that cannot follow another: a fault of mlopsctl.
    #[error("{address} cannot go from {from} to {to}")]
    Transition {
        /// The resource.
        address: String,
        /// The present phase.
        from: String,
        /// The intended phase.
        to: String,
    },
    /// The store refused or could not be reached.
    #[error("{place}: {failure}")]
    Store {
        /// The place of the object.
        place: String,
        /// The reason.
        #[source]
        failure: Failure,
    },
}

fn newer(place: &str, format: u64, tool: Option<&str>) -> String {
    let this = env!("CARGO_PKG_VERSION");
    match tool {
        Some(tool) => format!(
            "the state at {place} was written by mlopsctl {tool}, and this is {this}, which cannot read it: \
             use mlopsctl {tool} or a newer one"
        ),
        None => format!(
            "the state at {place} has format {format}, and this mlopsctl reads formats up to {FORMAT}: use a newer mlopsctl"
        ),
    }
}

impl Error {
    /// True if the store may have made the change although it did not confirm it, or will make it when it is asked
    /// again.
    pub fn may_have_taken_effect(&self) -> bool {
        matches!(self, Self::Store { failure, .. }
            if matches!(failure.kind, FailureKind::Ambiguous | FailureKind::Throttled))
    }

    /// The advice, for some errors: expired credentials, a wrong clock, a damaged lock, or two versions that write by
    /// turns.
    pub fn help(&self) -> Option<Remedy> {
        match self {
            Self::MovedBy { .. } => {
                Some("run the same command again, with the later of the two versions of mlopsctl".into())
            }
            Self::NotALock { .. } => {
                Some("if you are sure that nobody is at work on this environment, delete that object".into())
            }
            Self::Store { failure, .. } => failure.help.clone(),
            _ => None,
        }
    }
}
