//! The error patterns that several files share.

use aws_client::Sign;

pub(crate) const GONE: &[Sign] = &[("StateMachineDoesNotExist", "")];
