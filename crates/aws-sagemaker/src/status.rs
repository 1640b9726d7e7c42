//! The states that domains, profiles and spaces go through, and what a failed change among them means.

use crate::errors::is_transient;
use aws_client::{Failure, FailureKind, Result};
use resource::{Context, Observed, Resource};
use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

/// The status of a domain, a profile or a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResourceStatus {
    /// It works.
    InService,
    /// It works as before; the last change to it failed.
    UpdateFailed,
    /// It never came to work, or is half deleted.
    Failed,
    /// AWS is deleting it.
    Leaving,
    /// AWS is at work on it.
    Changing,
}

/// Reads AWS's word for a state.
pub(crate) fn resource_status(status: &str) -> ResourceStatus {
    match status {
        "InService" => ResourceStatus::InService,
        "Update_Failed" => ResourceStatus::UpdateFailed,
        "Failed" | "Delete_Failed" => ResourceStatus::Failed,
        "Deleting" => ResourceStatus::Leaving,
        _ => ResourceStatus::Changing,
    }
}

/// The observation of a resource that AWS failed to create, with AWS's reason.
pub(crate) fn broken<R: Resource>(reason: &str) -> Observed<R> {
    Observed::Broken { reason: reason.to_owned(), transient: is_transient(reason) }
}

/// Resources to which this run has sent a change.
#[derive(Default)]
struct Changed(Mutex<HashSet<String>>);

/// Notes that a change was accepted; AWS tells only later, in the resource's state, whether it took.
pub(crate) fn changed(id: &str, cx: &Context) {
    cx.shared::<Changed>().0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned());
}

/// Judges a failed change. One that this run sent is a failure with AWS's reason. One found from before is not: what
/// differs shows in a comparison, and the next change may succeed.
pub(crate) fn judge_failed_change(id: &str, operation: &str, reason: Option<&str>, cx: &Context) -> Result<()> {
    if !cx.shared::<Changed>().0.lock().unwrap_or_else(PoisonError::into_inner).contains(id) {
        return Ok(());
    }
    let reason = reason.unwrap_or("AWS gives no reason");
    let failure = Failure::new(FailureKind::Final, format!("the change was accepted and then failed: {reason}"));
    Err(Failure { operation: operation.to_owned(), residue: Some(format!("{id} works as before")), ..failure })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_update_leaves_something_that_works() {
        assert_eq!(resource_status("Update_Failed"), ResourceStatus::UpdateFailed);
        assert_eq!(resource_status("InService"), ResourceStatus::InService);
    }

    #[test]
    fn what_failed_to_be_made_or_deleted_does_not_work_and_states_of_the_future_are_waited_for() {
        assert_eq!(resource_status("Failed"), ResourceStatus::Failed);
        assert_eq!(resource_status("Delete_Failed"), ResourceStatus::Failed);
        for status in ["Pending", "Updating", "SomethingNew"] {
            assert_eq!(resource_status(status), ResourceStatus::Changing);
        }
    }
}
