//! The reason why a call or a step failed.

use crate::{Operation, Remedy, throttling::is_throttling};
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use std::{error::Error, fmt, time::Duration};

/// The result of a call to AWS.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// An AWS error code and a part of the message that must go with it (`""`: any).
pub type ErrorPattern = (&'static str, &'static str);

/// The reason why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The way in which the engine can go on.
    pub kind: FailureKind,
    /// The API operation, for example `CreateVpc`; empty where no call was made.
    pub operation: String,
    /// AWS's error code.
    pub code: Option<String>,
    /// AWS's message, or ours.
    pub message: String,
    /// AWS's request id, for its support.
    pub request_id: Option<String>,
    /// The things that may be left in the cloud.
    pub residue: Option<String>,
    /// The next thing to do.
    pub help: Option<Remedy>,
}

/// The ways in which the engine can go on after a [`Failure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// It passes with time: propagation, a busy resource, dependants that are still going away.
    /// Retried for as long as stated.
    Retryable(Duration),
    /// AWS asks to slow down.
    Throttled,
    /// The answer was lost: the call may or may not have taken effect.
    Ambiguous,
    /// Something with this name exists already.
    Exists,
    /// A permission is missing.
    Denied,
    /// A safety rule of ours forbids it, for example deleting data without consent.
    Refused,
    /// Anything else: trying again would fail again.
    Final,
}

impl FailureKind {
    /// True if a retry may succeed.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Retryable(_) | Self::Throttled | Self::Ambiguous)
    }
}

const EXISTS: &[&str] = &[
    "AlreadyExistsException",
    "BucketAlreadyExists",
    "BucketAlreadyOwnedByYou",
    "EntityAlreadyExists",
    "EntityAlreadyExistsException",
    "InvalidGroup.Duplicate",
    "RepositoryAlreadyExistsException",
    "ResourceAlreadyExistsException",
    "ResourceInUse.AlreadyExists",
    "StateMachineAlreadyExists",
];
const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "AuthorizationError",
    "AuthorizationErrorException",
];

/// The errors for credentials that were good once.
const EXPIRED: &[&str] = &["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"];
/// The error of EC2 for either: a date stamp of more than 15 minutes ago or ahead, or credentials that were good once.
const EXPIRED_OR_SKEWED: &str = "RequestExpired";
/// The errors for a signature from another time.
/// <https://github.com/aws/aws-sdk-js/issues/1652> <https://github.com/aws/aws-sdk-js/issues/527>
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
const SKEWED: &[ErrorPattern] = &[
    ("RequestTimeTooSkewed", ""),
    ("InvalidSignatureException", "Signature expired"),
    ("InvalidSignatureException", "Signature not yet current"),
    ("SignatureDoesNotMatch", "Signature expired"),
    ("SignatureDoesNotMatch", "Signature not yet current"),
];

/// The errors for credentials that a region does not accept. They are wrong or of another partition, or the account has
/// not enabled the region. Or they are temporary credentials from the global endpoint of STS.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html>
/// <https://github.com/aws/aws-sdk-ruby/issues/2850>
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
const UNKNOWN_CREDENTIALS: &[ErrorPattern] = &[
    ("InvalidClientTokenId", ""),
    ("UnrecognizedClientException", ""),
    ("AuthFailure", "not able to validate the provided access credentials"),
    ("InvalidAccessKeyId", ""),
    ("InvalidToken", ""),
];

/// The errors of a quota of the account that is used up, or that is 0 in a new account.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateDomain.html>
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
const USED_UP: &[ErrorPattern] = &[
    ("VpcLimitExceeded", ""),
    ("InternetGatewayLimitExceeded", ""),
    ("NatGatewayLimitExceeded", ""),
    ("VpcEndpointLimitExceeded", ""),
    ("ResourceLimitExceeded", ""),
    ("TooManyBuckets", ""),
];

/// The errors of an availability zone that AWS does not offer to the account, or not for this resource. AWS lists such
/// zones like any other.
const ZONE_REFUSED: &[ErrorPattern] = &[
    // CreateSubnet: <https://github.com/hashicorp/terraform/issues/3434>
    ("InvalidParameterValue", "for parameter availabilityZone is invalid"),
    // CreateNatGateway: <https://github.com/sysdiglabs/terraform-aws-secure-for-cloud/pull/52>
    ("NotAvailableInZone", ""),
    // CreateVpcEndpoint: <https://github.com/awslabs/aws-orbit-workbench/issues/320>
    ("InvalidParameter", "does not support the availability zone"),
    // CreateFunction: <https://github.com/keboola/developer-portal/issues/81>
    ("InvalidParameterValueException", "contain availability zone Lambda doesn't support"),
];

impl Failure {
    /// A failure of our own making, without a call.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            operation: String::new(),
            code: None,
            message: message.into(),
            request_id: None,
            residue: None,
            help: None,
        }
    }

    /// A rule of ours forbids what was asked for; `help` says how to allow it.
    pub fn refused(message: impl Into<String>, help: impl Into<Remedy>) -> Self {
        Self { help: Some(help.into()), ..Self::new(FailureKind::Refused, message) }
    }

    /// AWS's answer lacks something it always has.
    pub fn incomplete(operation: &str, what: &str) -> Self {
        Self {
            operation: operation.to_owned(),
            ..Self::new(FailureKind::Final, format!("the answer carries no {what}"))
        }
    }

    /// True if AWS did not find the resource or one that it refers to.
    pub fn says_missing(&self) -> bool {
        let code = self.code.as_deref().unwrap_or_default();
        code.contains("NotFound") || code.starts_with("NoSuch") || code == "ResourceNotFound"
    }

    /// True if AWS denied a permission, as opposed to rejecting the credentials.
    pub fn says_denied(&self) -> bool {
        self.code.as_deref().is_some_and(|code| DENIED.contains(&code))
    }

    /// True if this failure matches one of the patterns.
    pub fn matches(&self, patterns: &[ErrorPattern]) -> bool {
        patterns.iter().any(|(code, part)| self.code.as_deref() == Some(*code) && self.message.contains(part))
    }

    fn from_sdk<E: Error + ProvideErrorMetadata + 'static>(operation: &str, error: &SdkError<E, HttpResponse>) -> Self {
        let code = error.code().map(str::to_owned);
        let known = |codes: &[&str]| code.as_deref().is_some_and(|code| codes.contains(&code));
        let kind = match error {
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) => FailureKind::Ambiguous,
            // Without credentials nothing is sent.
            _ if lacks_credentials(error) => FailureKind::Denied,
            SdkError::DispatchFailure(dispatch) if dispatch.is_user() => FailureKind::Final,
            SdkError::DispatchFailure(_) => FailureKind::Ambiguous,
            SdkError::ServiceError(_) if code.as_deref().is_some_and(is_throttling) => FailureKind::Throttled,
            SdkError::ServiceError(_) if known(EXISTS) => FailureKind::Exists,
            SdkError::ServiceError(_) if known(DENIED) || known(EXPIRED) || known(&[EXPIRED_OR_SKEWED]) => {
                FailureKind::Denied
            }
            // AWS's errors have a code. A gateway in between may send none, and then it has not forwarded the call.
            SdkError::ServiceError(service) if code.is_none() && service.raw().status().as_u16() == 429 => {
                FailureKind::Throttled
            }
            // AWS failed, before or after it did what was asked.
            SdkError::ServiceError(service) if matches!(service.raw().status().as_u16(), 500 | 502..=504) => {
                FailureKind::Ambiguous
            }
            _ => FailureKind::Final,
        };
        let message = match error {
            SdkError::ServiceError(service) => match error.message() {
                Some(message) => message.to_owned(),
                None => not_from_aws(service.raw()),
            },
            _ if lacks_credentials(error) => format!("no credentials to send it with: {}", chain(error)),
            SdkError::ConstructionFailure(_) => format!("the request could not be built: {}", chain(error)),
            SdkError::TimeoutError(_) => "no answer in time".to_owned(),
            SdkError::DispatchFailure(dispatch) if dispatch.is_timeout() => {
                format!(
                    "no answer: {}",
                    dispatch.as_connector_error().map_or_else(|| chain(error), |cause| chain(cause))
                )
            }
            SdkError::DispatchFailure(_) => format!("could not be sent: {}", chain(error)),
            _ => format!("the answer was not understood: {}", chain(error)),
        };
        let request_id = error.meta().extra("aws_request_id").map(str::to_owned);
        let (expired, either) = (known(EXPIRED), known(&[EXPIRED_OR_SKEWED]));
        let failure =
            Self { kind, operation: operation.to_owned(), code, message, request_id, residue: None, help: None };
        let help: Remedy = match () {
            () if expired => {
                "the credentials have expired: log in again, and run the same command; it goes on from here".into()
            }
            () if either => {
                "log in again or set the clock of this machine, whichever is wrong, and run the same command".into()
            }
            () if failure.matches(SKEWED) => {
                "the clock of this machine is wrong: set it, and run the same command".into()
            }
            () if failure.matches(UNKNOWN_CREDENTIALS) => {
                "the region does not know these credentials: check them (AWS_PROFILE, `aws sso login`); enable the \
                 region, which AWS leaves to the account in newer regions; take temporary credentials from a regional \
                 endpoint of STS; China and GovCloud have accounts of their own"
                    .into()
            }
            () if failure.matches(USED_UP) => Remedy::Several(vec![
                "a quota of the account is used up, or 0 as in new accounts".into(),
                Remedy::perform(Operation::Doctor, None, "names those of the platform"),
                "ask for more in Service Quotas, then run the same command; it goes on from here".into(),
            ]),
            () if failure.matches(ZONE_REFUSED) => {
                "AWS does not offer this in every zone: name other zones in `zone_names` of [network]; subnets that \
                 exist stay where they are until they are destroyed"
                    .into()
            }
            () => return failure,
        };
        Self { help: Some(help), ..failure }
    }
}

/// An answer without an error code of AWS, as far as it tells who may have answered.
fn not_from_aws(answer: &HttpResponse) -> String {
    const SHOWN: usize = 80;
    let status = answer.status();
    let body = answer.body().bytes().unwrap_or_default();
    if body.is_empty() {
        return format!("HTTP {status} with an empty body");
    }
    let kind = answer.headers().get("content-type").unwrap_or("no content type");
    let begins: String = String::from_utf8_lossy(body).chars().take(SHOWN).collect();
    format!("HTTP {status} without an error code of AWS ({kind}): {}", begins.escape_debug())
}

/// True if an error comes from the source of the credentials: there are none, or they must not be used.
fn lacks_credentials(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(error.source(), |cause| (*cause).source()).any(|cause| cause.is::<CredentialsError>())
}

/// The causes of an error, which say more than `dispatch failure`. Some repeat the whole request, which nobody reads.
pub fn chain(error: &dyn Error) -> String {
    const LONGEST: usize = 300;
    let mut text = String::new();
    let mut next = error.source();
    while let Some(cause) = next {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.operation.is_empty() {
            write!(f, "{}: ", self.operation)?;
        }
        if let Some(code) = &self.code {
            write!(f, "{code}: ")?;
        }
        // One line, whatever AWS says: what follows a line of ours is ours.
        f.write_str(&self.message.replace(['\n', '\r'], " "))?;
        if let Some(id) = &self.request_id {
            write!(f, " (request {id})")?;
        }
        Ok(())
    }
}

impl Error for Failure {}

/// Turns the SDK's errors into [`Failure`]s that name what was attempted, and sorts them by error pattern.
///
/// ```text
/// client.delete_vpc().vpc_id(id).send().await.during("DeleteVpc")
///     .retry_on(&[("DependencyViolation", "")], Duration::from_secs(600))
///     .none_on(&[("InvalidVpcID.NotFound", "")])?;   // None: it was gone already
/// ```
pub trait Attempt<T>: Sized {
    /// Names the operation.
    fn during(self, operation: &str) -> Result<T>;
    /// Marks failures with one of these patterns as retryable for this time.
    fn retry_on(self, patterns: &[ErrorPattern], within: Duration) -> Result<T>;
    /// Marks failures with one of these patterns as "exists already", for services without a clear code.
    fn exists_on(self, patterns: &[ErrorPattern]) -> Result<T>;
    /// Turns failures with one of these patterns into `None`.
    fn none_on(self, patterns: &[ErrorPattern]) -> Result<Option<T>>;
    /// Adds what may be left in the cloud.
    fn leaving(self, residue: &str) -> Result<T>;
    /// Adds what to do next.
    fn help(self, help: &str) -> Result<T>;
}

impl<T, E: Error + ProvideErrorMetadata + 'static> Attempt<T> for std::result::Result<T, SdkError<E, HttpResponse>> {
    fn during(self, operation: &str) -> Result<T> {
        self.map_err(|error| Failure::from_sdk(operation, &error))
    }
    fn retry_on(self, patterns: &[ErrorPattern], within: Duration) -> Result<T> {
        self.during("").retry_on(patterns, within)
    }
    fn exists_on(self, patterns: &[ErrorPattern]) -> Result<T> {
        self.during("").exists_on(patterns)
    }
    fn none_on(self, patterns: &[ErrorPattern]) -> Result<Option<T>> {
        self.during("").none_on(patterns)
    }
    fn leaving(self, residue: &str) -> Result<T> {
        self.during("").leaving(residue)
    }
    fn help(self, help: &str) -> Result<T> {
        self.during("").help(help)
    }
}

impl<T> Attempt<T> for Result<T> {
    fn during(self, operation: &str) -> Result<T> {
        self.map_err(|failure| Failure { operation: operation.to_owned(), ..failure })
    }
    fn retry_on(self, patterns: &[ErrorPattern], within: Duration) -> Result<T> {
        self.map_err(|failure| match failure.matches(patterns) {
            true => Failure { kind: FailureKind::Retryable(within), ..failure },
            false => failure,
        })
    }
    fn exists_on(self, patterns: &[ErrorPattern]) -> Result<T> {
        self.map_err(|failure| match failure.matches(patterns) {
            true => Failure { kind: FailureKind::Exists, ..failure },
            false => failure,
        })
    }
    fn none_on(self, patterns: &[ErrorPattern]) -> Result<Option<T>> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(failure) if failure.matches(patterns) => Ok(None),
            Err(failure) => Err(failure),
        }
    }
    fn leaving(self, residue: &str) -> Result<T> {
        self.map_err(|failure| Failure { residue: Some(residue.to_owned()), ..failure })
    }
    fn help(self, help: &str) -> Result<T> {
        self.map_err(|failure| Failure { help: Some(help.into()), ..failure })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::{body::SdkBody, error::metadata::ErrorMetadata};

    fn answered(status: u16, code: &str, message: &str) -> Failure {
        let error = ErrorMetadata::builder().code(code).message(message).build();
        let response = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::empty());
        Failure::from_sdk("CreateVpc", &SdkError::service_error(error, response))
    }

    #[test]
    fn expired_credentials_and_a_wrong_clock_are_told_with_what_helps() {
        let expired = answered(400, "ExpiredToken", "The provided token has expired.");
        assert_eq!(expired.kind, FailureKind::Denied);
        assert!(expired.help.unwrap().advice().contains("log in again"));
        let words = "Signature expired: 20261126T120000Z is now earlier than 20261126T121500Z";
        for code in ["InvalidSignatureException", "SignatureDoesNotMatch"] {
            assert!(answered(403, code, words).help.unwrap().advice().contains("the clock of this machine is wrong"));
        }
        let either = answered(400, "RequestExpired", "Request has expired.").help.unwrap();
        let either = either.advice();
        assert!(either.contains("log in again") && either.contains("clock"), "{either}");
        let wrong_key = answered(403, "SignatureDoesNotMatch", "The request signature we calculated does not match");
        assert_eq!(wrong_key.help, None);
    }

    #[test]
    fn credentials_that_a_region_does_not_know_are_told_with_what_helps() {
        for (code, words) in [
            ("InvalidClientTokenId", "The security token included in the request is invalid."),
            ("UnrecognizedClientException", "The security token included in the request is invalid."),
            ("AuthFailure", "AWS was not able to validate the provided access credentials"),
        ] {
            let unknown = answered(403, code, words);
            assert!(unknown.help.unwrap().advice().contains("enable the region"), "{code}");
        }
        let of_address = answered(400, "AuthFailure", "You do not have permission to access the specified resource.");
        assert_eq!(of_address.help, None);
    }

    #[test]
    fn quota_that_is_used_up_is_told_with_what_helps() {
        let message = "The account-level service limit 'ml.m5.xlarge for training job usage' is 0 Instances";
        for code in ["VpcLimitExceeded", "ResourceLimitExceeded", "TooManyBuckets"] {
            let refused = answered(400, code, message);
            assert_eq!(refused.kind, FailureKind::Final);
            let Some(Remedy::Several(steps)) = refused.help else { panic!("{code}: {:?}", refused.help) };
            assert!(matches!(steps[1], Remedy::Perform { operation: Operation::Doctor, .. }), "{code}: {steps:?}");
            assert!(steps[2].advice().contains("ask for more in Service Quotas"), "{code}: {steps:?}");
        }
    }

    #[test]
    fn a_zone_that_aws_refuses_is_told_with_the_setting_that_helps() {
        let refusals = [
            (
                "InvalidParameterValue",
                "Value (us-east-1c) for parameter availabilityZone is invalid. Subnets can currently only be created in \
                 the following availability zones: us-east-1d, us-east-1a, us-east-1e, us-east-1b.",
            ),
            ("NotAvailableInZone", "Nat Gateway is not available in this availability zone"),
            (
                "InvalidParameter",
                "The VPC endpoint service com.amazonaws.us-east-1.lambda does not support the availability zone of the \
                 subnet: subnet-1.",
            ),
            (
                "InvalidParameterValueException",
                "The provided subnets contain availability zone Lambda doesn't support. Please use a different set of \
                 subnets.",
            ),
        ];
        for (code, message) in refusals {
            let refused = answered(400, code, message);
            assert_eq!(refused.kind, FailureKind::Final);
            assert!(refused.help.unwrap().advice().contains("`zone_names` of [network]"), "{code}");
        }
        assert_eq!(answered(400, "InvalidParameterValue", "Value (x) for parameter groupId is invalid.").help, None);
    }

    #[test]
    fn answers_without_a_code_are_shown_as_they_are() {
        let not_from_aws = |body: &'static str, kind: Option<&'static str>| {
            let mut answer = HttpResponse::new(StatusCode::try_from(403).unwrap(), SdkBody::from(body));
            if let Some(kind) = kind {
                answer.headers_mut().insert("content-type", kind);
            }
            Failure::from_sdk("CreateVpc", &SdkError::service_error(ErrorMetadata::builder().build(), answer)).message
        };
        assert_eq!(not_from_aws("", None), "HTTP 403 with an empty body");
        let page = not_from_aws("<html>\n<title>Blocked by the proxy", Some("text/html"));
        assert_eq!(page, r"HTTP 403 without an error code of AWS (text/html): <html>\n<title>Blocked by the proxy");
    }

    #[test]
    fn http_429_without_a_code_is_throttling() {
        let answer = HttpResponse::new(StatusCode::try_from(429).unwrap(), SdkBody::from("<html>Too Many Requests"));
        let error = SdkError::service_error(ErrorMetadata::builder().build(), answer);
        assert_eq!(Failure::from_sdk("GetObject", &error).kind, FailureKind::Throttled);
    }

    #[test]
    fn what_came_of_a_call_on_which_aws_failed_is_not_known() {
        assert_eq!(answered(500, "InternalFailure", "").kind, FailureKind::Ambiguous);
        assert_eq!(answered(503, "ServiceUnavailable", "").kind, FailureKind::Ambiguous);
        assert_eq!(answered(503, "SlowDown", "").kind, FailureKind::Throttled);
        assert_eq!(answered(501, "NotImplemented", "").kind, FailureKind::Final);
    }
}
