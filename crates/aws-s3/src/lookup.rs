//! Existence, region and owner of a bucket of a given name.

use aws_client::{Attempt, ErrorPattern, Failure, FailureKind, Remedy, Result};
use aws_sdk_s3::Client;

/// S3's errors for a call about a bucket of another region.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
pub(crate) const ELSEWHERE: &[ErrorPattern] = &[
    ("PermanentRedirect", ""),
    ("TemporaryRedirect", ""),
    ("AuthorizationHeaderMalformed", "region"),
    ("IllegalLocationConstraintException", ""),
];

/// The existence of a bucket of a name, as far as the caller may know.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// No account has a bucket of this name.
    Nowhere,
    /// It is this account's, in the client's region.
    Here,
    /// It is in this region.
    Elsewhere(String),
    /// It is another account's, or looking at it is not allowed: S3 does not say which.
    Closed,
}

/// HEAD has no body, so the answer lies in the status and in a header.
pub(crate) async fn find_presence(client: &Client, name: &str) -> Result<Presence> {
    let error = match client.head_bucket().bucket(name).send().await {
        Ok(_) => return Ok(Presence::Here),
        Err(error) => error,
    };
    let answer = error.raw_response();
    let region = answer.and_then(|answer| answer.headers().get("x-amz-bucket-region"));
    let own = client.config().region().map(AsRef::as_ref);
    match answer.and_then(|answer| presence(answer.status().as_u16(), region, own)) {
        Some(presence) => Ok(presence),
        None => Err(error).during("HeadBucket"),
    }
}

/// The meaning of an answer that is not 200, if it says something about the bucket.
fn presence(status: u16, region: Option<&str>, own: Option<&str>) -> Option<Presence> {
    // Expired credentials are refused with 400 and the region as well, which then is the client's own.
    let elsewhere = region.filter(|region| own != Some(region));
    match (status, elsewhere) {
        (404, _) => Some(Presence::Nowhere),
        (403, _) => Some(Presence::Closed),
        (301 | 307 | 400, Some(region)) => Some(Presence::Elsewhere(region.to_owned())),
        _ => None,
    }
}

/// True if S3 refused a call with 403. An answer to HEAD has no body, so its code is lost.
fn is_denied(failure: &Failure) -> bool {
    failure.kind == FailureKind::Denied || failure.message.starts_with("HTTP 403")
}

/// The owner of a bucket that exists and that S3 does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// This account's: a permission is missing.
    Own,
    /// Another account's.
    Foreign,
    /// These credentials may not list the account's buckets.
    Unknown,
}

/// S3 answers 403 both for another account's bucket and for a missing permission. Only the list of the account's own
/// buckets tells the two apart.
async fn owner_of(client: &Client, name: &str) -> Owner {
    // In lexical order, so that the very name comes first of those that begin with it.
    let listed = client.list_buckets().prefix(name).max_buckets(1).send().await;
    match listed {
        Ok(page) if page.buckets().iter().any(|bucket| bucket.name() == Some(name)) => Owner::Own,
        Ok(_) => Owner::Foreign,
        Err(_) => Owner::Unknown,
    }
}

/// Says of a call that S3 refused with 403 whether the bucket belongs to another account. `client` must be one that
/// names the expected owner; other failures stay as they are.
pub async fn explain_denial(client: &Client, name: &str, failure: Failure) -> Failure {
    if !is_denied(&failure) {
        return failure;
    }
    match owner_of(client, name).await {
        Owner::Own => failure,
        Owner::Foreign => foreign(name),
        Owner::Unknown => Failure {
            help: Some(
                format!(
                    "either these credentials may not do that, or the bucket {name} belongs to another account by \
                     now; with s3:ListAllMyBuckets mlopsctl could tell"
                )
                .into(),
            ),
            ..failure
        },
    }
}

/// True if a failed call shows that another account owns the bucket, so that nothing of it is this stack's.
pub(crate) async fn is_foreign(client: &Client, name: &str, failure: &Failure) -> bool {
    is_denied(failure) && owner_of(client, name).await == Owner::Foreign
}

fn foreign(name: &str) -> Failure {
    Failure {
        help: Some(Remedy::Several(vec![
            "let nothing write to it".into(),
            Remedy::RenameInFile,
            Remedy::Forget { environment: None, address: None },
        ])),
        ..Failure::new(FailureKind::Exists, format!("the bucket {name} exists and belongs to another account"))
    }
}

/// The error for a bucket name that cannot be used, of which HEAD says only that it is closed.
pub(crate) async fn closed(client: &Client, name: &str) -> Failure {
    match owner_of(client, name).await {
        Owner::Foreign => foreign(name),
        Owner::Own => Failure {
            operation: "HeadBucket".into(),
            help: Some(format!("allow s3:ListBucket on {name}").into()),
            ..Failure::new(FailureKind::Denied, format!("looking at the bucket {name} is not allowed"))
        },
        Owner::Unknown => Failure {
            help: Some(
                "choose another name in the environment file, or allow s3:ListBucket on it if it is yours".into(),
            ),
            ..Failure::new(
                FailureKind::Exists,
                format!("the bucket {name} belongs to another account, or looking at it is not allowed"),
            )
        },
    }
}

pub(crate) fn elsewhere(name: &str, region: &str) -> Failure {
    Failure {
        help: Some("choose another name in the environment file, or remove that bucket if nothing needs it".into()),
        ..Failure::new(FailureKind::Exists, format!("the bucket {name} exists already, in {region}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_is_elsewhere_only_if_the_answer_names_another_region() {
        let own = Some("eu-west-1");
        assert_eq!(presence(404, None, own), Some(Presence::Nowhere));
        assert_eq!(presence(403, Some("us-east-1"), own), Some(Presence::Closed));
        for status in [301, 307, 400] {
            let elsewhere = Presence::Elsewhere("us-east-1".to_owned());
            assert_eq!(presence(status, Some("us-east-1"), own), Some(elsewhere), "{status}");
            // The credentials have expired, or something else is wrong with the request.
            assert_eq!(presence(status, own, own), None, "{status}");
            assert_eq!(presence(status, None, own), None, "{status}");
        }
    }

    #[test]
    fn a_denial_is_known_by_its_code_and_where_a_head_has_none_by_its_status() {
        assert!(is_denied(&Failure::new(FailureKind::Denied, "Access Denied")));
        assert!(is_denied(&Failure::new(FailureKind::Final, "HTTP 403 with an empty body")));
        assert!(!is_denied(&Failure::new(FailureKind::Final, "HTTP 404 with an empty body")));
    }
}
