//! Log groups of the platform.

use crate::{build_context::BuildContext, encryption::Keys};
use aws_logs::{Encryption, LogGroup, Retention};
use resource::{Handle, Reference, Stack, Tags};

/// A log group with the environment's retention, made before whatever writes to it.
pub(crate) fn log_group(
    stack: &mut Stack,
    context: &BuildContext,
    keys: &Keys,
    area: &str,
    address: &str,
    name: &str,
) -> Handle<LogGroup> {
    let (name, days) = (name.to_owned(), i32::from(context.environment.monitoring.log_retention_days));
    stack.add(area, address, keys.logs.clone().map(Reference::ready), move |key| LogGroup {
        name: name.clone(),
        retention: Retention::Days(days),
        encryption: key.map_or(Encryption::AwsManaged, |key| Encryption::Kms(key.arn)),
        tags: Tags::default(),
    })
}
