//! Operations on several things at once answer 200 and list what failed inside.

use aws_client::{Failure, FailureKind, Result, is_throttling};
use aws_sdk_ec2::types::UnsuccessfulItem;

/// The first of the listed failures, as if the call had answered with it.
pub(crate) fn none(operation: &str, items: &[UnsuccessfulItem]) -> Result<()> {
    let Some(item) = items.first() else { return Ok(()) };
    let error = item.error();
    let code = error.and_then(|error| error.code());
    let kind = match code {
        Some(code) if is_throttling(code) => FailureKind::Throttled,
        Some("UnauthorizedOperation") => FailureKind::Denied,
        _ => FailureKind::Final,
    };
    let message = error.and_then(|error| error.message()).unwrap_or("no message");
    Err(Failure { operation: operation.to_owned(), code: code.map(str::to_owned), ..Failure::new(kind, message) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ec2::types::UnsuccessfulItemError;

    #[test]
    fn a_failure_inside_a_success_is_a_failure() {
        let error = UnsuccessfulItemError::builder().code("InvalidFlowLogId.NotFound").message("fl-1").build();
        let failed = UnsuccessfulItem::builder().resource_id("fl-1").error(error).build();
        assert_eq!(none("DeleteFlowLogs", &[]), Ok(()));
        let failure = none("DeleteFlowLogs", &[failed]).unwrap_err();
        assert!(failure.matches(&[("InvalidFlowLogId.NotFound", "")]));
        assert_eq!(failure.to_string(), "DeleteFlowLogs: InvalidFlowLogId.NotFound: fl-1");
    }
}
