//! The network that the environment file names.

use aws_ec2::{ExistingNetwork, ObservedNetwork};

/// A network as declared in the file, and as observed in AWS.
pub struct Network {
    pub(crate) named: ExistingNetwork,
    pub(crate) observed: ObservedNetwork,
}
