//! Errors of opening, saving and serving the embedded AWS.

use std::net::SocketAddr;
use std::path::PathBuf;

/// The reason why the embedded AWS cannot be opened, kept or served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process works with the same data; nothing was read or changed.
    #[error("the local cloud in {} is in use by {}", dir.display(), match pid { Some(pid) => format!("process {pid}"), None => "another process".to_owned() })]
    Busy {
        /// The data directory.
        dir: PathBuf,
        /// The owner, when it has already written its id.
        pid: Option<u32>,
    },
    /// The services keep one account per process; the first one opened decides.
    #[error("this process already runs a local cloud for account {current}; it cannot also be {wanted}")]
    Account {
        /// The account in force.
        current: String,
        /// The account asked for.
        wanted: String,
    },
    /// A file of the data directory could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// The attempt.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A file of the data directory is not what this version writes.
    #[error("{} is not readable data of the local cloud: {reason}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The fault in its content.
        reason: String,
    },
    /// A service could not hand out or take back its state.
    #[error("the state of {service} in {region}: {reason}")]
    State {
        /// The signing name of the service.
        service: String,
        /// The region.
        region: String,
        /// The fault.
        reason: String,
    },
    /// The server answers every client, so it binds loopback addresses only.
    #[error(
        "{0} is not a loopback address: the local cloud checks no signatures and must not be reachable from outside"
    )]
    NotLoopback(SocketAddr),
    /// The listening socket failed.
    #[error("the local server failed: {0}")]
    Server(#[source] std::io::Error),
}

impl Error {
    /// The advice. Of data that cannot be read, the caller knows how to reset it.
    pub fn help(&self) -> Option<&'static str> {
        use std::io::ErrorKind::{FileTooLarge, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        match self {
            Self::Busy { .. } => Some("wait until that command has ended"),
            Self::Io { source, .. } => match source.kind() {
                StorageFull | QuotaExceeded | FileTooLarge => {
                    Some("make room on that disk and run the same command: it goes on from what was kept")
                }
                PermissionDenied | ReadOnlyFilesystem => Some(
                    "the embedded AWS keeps its data in `state/local` of the project: work on a copy of the project \
                     that you may write to",
                ),
                _ => None,
            },
            Self::Corrupt { .. }
            | Self::State { .. }
            | Self::Account { .. }
            | Self::NotLoopback(_)
            | Self::Server(_) => None,
        }
    }
}
