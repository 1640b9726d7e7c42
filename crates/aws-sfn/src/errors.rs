//! The error patterns that several files share.

use aws_client::ErrorPattern;

pub(crate) const GONE: &[ErrorPattern] = &[("StateMachineDoesNotExist", "")];
