//! The failures of a step that cannot end well, in words.

use aws_client::{Failure, FailureKind, Remedy};
use resource::{Diff, FieldChange, Reconciler};
use std::time::Duration;

pub(crate) fn gone(reconciler: &dyn Reconciler, id: &str) -> Failure {
    Failure {
        help: Some("it may have been deleted meanwhile; run the command again to make it anew".into()),
        ..Failure::new(FailureKind::Final, format!("the {} {id} is not there any more", reconciler.noun()))
    }
}

pub(crate) fn broken(reconciler: &dyn Reconciler, id: &str, reason: &str) -> Failure {
    Failure {
        residue: Some(format!("{id} stays as it is; the next run replaces it")),
        ..Failure::new(FailureKind::Final, format!("the {} does not work: {reason}", reconciler.noun()))
    }
}

pub(crate) fn never_settled(reconciler: &dyn Reconciler, id: &str, status: &str, deadline: Duration) -> Failure {
    let minutes = deadline.as_secs() / 60;
    Failure {
        residue: Some(format!("{id} exists and is {status}")),
        help: Some(Remedy::Several(vec!["the next run goes on waiting for it".into(), Remedy::WaitLonger])),
        ..Failure::new(FailureKind::Final, format!("the {} was still {status} after {minutes} min", reconciler.noun()))
    }
}

/// A deletion that waits for something at the end of its deadline.
pub(crate) fn never_gone(reconciler: &dyn Reconciler, id: &str, status: &str, deadline: Duration) -> Failure {
    let (noun, minutes) = (reconciler.noun(), deadline.as_secs() / 60);
    Failure {
        residue: Some(format!("{noun} {id} is still there, or parts of it")),
        help: Some(Remedy::Several(vec!["the next run goes on deleting it".into(), Remedy::WaitLonger])),
        ..Failure::new(
            FailureKind::Final,
            format!("the {noun} is not gone after {minutes} min (waiting for: {status})"),
        )
    }
}

pub(crate) fn beyond_the_plan(cause: &str, fresh: bool, id: &str) -> Failure {
    let message = match fresh {
        true => format!("AWS made it other than declared, and only a replacement would help: {cause}"),
        false => format!("it changed since the plan was made, and only a replacement would help: {cause}"),
    };
    Failure {
        residue: Some(format!("{id} stays as it is")),
        help: Some("run the command again to see the new plan".into()),
        ..Failure::new(FailureKind::Refused, message)
    }
}

pub(crate) fn unsupported_change(diff: &Diff, id: &str) -> Failure {
    let show = |change: &FieldChange| format!("{} is {} and should be {}", change.path, change.before, change.after);
    let fields: Vec<String> = diff.changes.iter().map(show).collect();
    Failure {
        residue: Some(format!("{id} exists and works, but not as declared")),
        ..Failure::new(FailureKind::Final, format!("AWS accepted the change, but {}", fields.join("; ")))
    }
}
