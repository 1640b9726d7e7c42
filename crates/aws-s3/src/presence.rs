//! Whether a bucket of a name exists, and where: one HeadBucket.

use aws_sdk_s3::Client;
use resource::{Attempt, Failure, FailureKind, Result, Sign};

/// How S3 answers a call about a bucket of another region.
pub(crate) const ELSEWHERE: &[Sign] = &[
    ("PermanentRedirect", ""),
    ("TemporaryRedirect", ""),
    ("AuthorizationHeaderMalformed", "region"),
    ("IllegalLocationConstraintException", ""),
];

/// What there is of a name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Nobody has it.
    Nowhere,
    /// It is this account's, in the client's region.
    Here,
    /// It is in this region.
    Elsewhere(String),
    /// It is another account's, or looking at it is not allowed: S3 does not say which.
    Closed,
}

/// HEAD has no body, so the answer lies in the status and in a header. `account` must be the owner:
/// somebody else's bucket that is open to everybody would otherwise look like one's own.
pub(crate) async fn of(client: &Client, name: &str, account: &str) -> Result<Presence> {
    let error = match client.head_bucket().bucket(name).expected_bucket_owner(account).send().await {
        Ok(_) => return Ok(Presence::Here),
        Err(error) => error,
    };
    let answer = error.raw_response();
    let region = answer.and_then(|answer| answer.headers().get("x-amz-bucket-region"));
    match (answer.map(|answer| answer.status().as_u16()), region) {
        (Some(404), _) => Ok(Presence::Nowhere),
        (Some(403), _) => Ok(Presence::Closed),
        (Some(301 | 307 | 400), Some(region)) => Ok(Presence::Elsewhere(region.to_owned())),
        _ => Err(error).during("HeadBucket"),
    }
}

pub(crate) fn closed(name: &str) -> Failure {
    Failure {
        help: Some("choose another name in the environment file, or allow s3:ListBucket on it if it is yours".into()),
        ..Failure::of(
            FailureKind::Exists,
            format!("the bucket name {name} is taken by another account, or looking at it is not allowed"),
        )
    }
}

pub(crate) fn elsewhere(name: &str, region: &str) -> Failure {
    Failure {
        help: Some("choose another name in the environment file, or remove that bucket if nothing needs it".into()),
        ..Failure::of(FailureKind::Exists, format!("the bucket {name} exists already, in {region}"))
    }
}
