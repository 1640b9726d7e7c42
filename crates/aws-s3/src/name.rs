//! Names of buckets that were given up a while ago.

use crate::lookup::{self, Presence};
use aws_client::{Failure, FailureKind};
use aws_sdk_s3::Client;
use std::time::Duration;

/// The time for CreateBucket. AWS says that a name can take "some time" until it can be used again, and hours
/// where the bucket was in another region. People report minutes, and an hour or more.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/delete-bucket.html>
/// <https://aws.amazon.com/premiumsupport/knowledge-center/s3-conflicting-conditional-operation/>
/// <https://github.com/aws/aws-cli/issues/2593>
const FREE_WITHIN: Duration = Duration::from_secs(7200);

/// S3 is still at work on the deletion, also in another region.
const BEING_FREED: &str = "OperationAborted";

/// Classifies an error of CreateBucket. A name that S3 calls taken although nobody has it becomes free with time.
pub(crate) async fn explain(client: &Client, name: &str, failure: Failure) -> Failure {
    let is_going = match &failure {
        Failure { code: Some(code), .. } if code == BEING_FREED => true,
        Failure { kind: FailureKind::Exists, .. } => {
            matches!(lookup::find_presence(client, name).await, Ok(Presence::Nowhere))
        }
        _ => false,
    };
    if !is_going {
        return failure;
    }
    Failure {
        kind: FailureKind::Retryable(FREE_WITHIN),
        message: format!(
            "{} S3 frees the name of a deleted bucket after minutes, and after hours where it was in another region; \
             choose another name than {name}, or run the command again later, if that is too long",
            failure.message
        ),
        help: Some(format!("run the same command again later, or choose another name than {name}").into()),
        ..failure
    }
}
